/** What a handler answers with, and the one place where an answer or a refusal becomes HTTP. */
import type { ServerResponse } from 'node:http';
import { prettyJson } from '../fhir/json-pretty.ts';
import { Outcome, operationOutcome } from '../fhir/outcome.ts';
import type { XmlShapes } from '../fhir/xml-shape.ts';
import { writeXml } from '../fhir/xml-write.ts';
import type { Log } from '../log.ts';
import { storeFault } from '../record/store-fault.ts';
import { codingFor, compress } from './compress.ts';
import type { Form } from './negotiate.ts';

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  /** Body text; absent or empty = no body. */
  body?: string;
  /** Default `application/fhir+json; charset=utf-8`. */
  contentType?: string;
  /** The form that the body of the request asked for, when it did (a search by POST). */
  form?: Form;
}

export const FHIR_JSON = 'application/fhir+json; charset=utf-8';
const FHIR_XML = 'application/fhir+xml; charset=utf-8';

/** The answer in the form that was asked for; answers of other content types stay as they are. */
export function shaped(answer: Answer, { format, pretty }: Form, shapes: XmlShapes): Answer {
  const { body, contentType } = answer;
  if ((format === 'json' && !pretty) || body === undefined || body === '' || contentType !== undefined) return answer;
  if (format === 'json') return { ...answer, body: prettyJson(body) };
  return { ...answer, body: writeXml(body, shapes, pretty), contentType: FHIR_XML };
}

/** What the request said about how it wants to be answered. */
export interface Asked {
  head?: boolean;
  /** `Accept-Encoding`. */
  encodings?: string | undefined;
}

/** Sends an answer. Personal data: nothing on the way may keep it. */
export async function send(response: ServerResponse, answer: Answer, asked: Asked = {}): Promise<void> {
  if (response.headersSent || response.destroyed) return;
  const { body } = answer;
  const headers: Record<string, string | number> = { 'Cache-Control': 'no-store', ...answer.headers };
  if (body === undefined || body === '') {
    if (answer.status !== 204 && answer.status !== 304) headers['Content-Length'] = 0;
    response.writeHead(answer.status, headers).end();
    return;
  }
  headers['Content-Type'] = answer.contentType ?? FHIR_JSON;
  const bytes = Buffer.byteLength(body);
  const coding = asked.head === true ? null : codingFor(asked.encodings, bytes);
  if (coding === null) {
    headers['Content-Length'] = bytes;
    response.writeHead(answer.status, headers);
    if (asked.head === true) response.end();
    else response.end(body);
    return;
  }
  const packed = await compress(body, coding);
  if (response.headersSent || response.destroyed) return;
  response.appendHeader('Vary', 'Accept-Encoding');
  headers['Content-Encoding'] = coding;
  headers['Content-Length'] = packed.length;
  response.writeHead(answer.status, headers).end(packed);
}

/** A thrown Outcome as an answer; anything else is a bug: 500 with an id and no content. */
export function answerOf(error: unknown, requestId: string, log: Log): Answer {
  if (error instanceof Outcome) return refusalOf(error);
  const fault = storeFault(error);
  if (fault !== null) {
    log.error('the database cannot serve', { requestId, error: faultName(error) });
    return refusalOf(fault);
  }
  log.error('request failed', { requestId, error: faultName(error) });
  const diagnostics = `Something went wrong here, not in your request. Quote this id: ${requestId}`;
  return {
    status: 500,
    body: JSON.stringify(operationOutcome([{ severity: 'fatal', code: 'exception', diagnostics }])),
  };
}

function refusalOf({ status, headers, issues }: Outcome): Answer {
  const close = status === 408 || status === 413 ? { Connection: 'close' } : {};
  return { status, headers: { ...close, ...headers }, body: JSON.stringify(operationOutcome(issues)) };
}

/**
 * What may be said of a bug in the log: its class, code and place in our source, never its message, which may quote
 * record content (H8).
 */
export function faultName(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : '';
  const place = error.stack?.split('\n').find((line) => line.includes('/src/'));
  return `${error.name}${code}${
    place === undefined
      ? ''
      : ` at ${place
          .trim()
          .replace(/^at /, '')
          .replace(/file:.*\/src\//, 'src/')}`
  }`;
}
