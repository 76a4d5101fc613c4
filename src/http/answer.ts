/** What a handler answers with, and the one place where an answer or a refusal becomes HTTP. */
import type { ServerResponse } from 'node:http';
import { Outcome, operationOutcome } from '../fhir/outcome.ts';
import type { Log } from '../log.ts';

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  /** Body text; absent or empty = no body. */
  body?: string;
  /** Default `application/fhir+json; charset=utf-8`. */
  contentType?: string;
}

export const FHIR_JSON = 'application/fhir+json; charset=utf-8';

/** Sends an answer. Personal data: nothing on the way may keep it. */
export function send(response: ServerResponse, answer: Answer, head = false): void {
  if (response.headersSent || response.destroyed) return;
  const headers: Record<string, string | number> = { 'Cache-Control': 'no-store', ...answer.headers };
  if (answer.body !== undefined && answer.body !== '') {
    headers['Content-Type'] = answer.contentType ?? FHIR_JSON;
    headers['Content-Length'] = Buffer.byteLength(answer.body);
  } else if (answer.status !== 204 && answer.status !== 304) {
    headers['Content-Length'] = 0;
  }
  response.writeHead(answer.status, headers);
  if (head || answer.body === undefined) response.end();
  else response.end(answer.body);
}

/** A thrown Outcome as an answer; anything else is a bug: 500 with an id and no content. */
export function answerOf(error: unknown, requestId: string, log: Log): Answer {
  if (error instanceof Outcome) {
    const close = error.status === 408 || error.status === 413 ? { Connection: 'close' } : {};
    return {
      status: error.status,
      headers: { ...close, ...error.headers },
      body: JSON.stringify(operationOutcome(error.issues)),
    };
  }
  log.error('request failed', { requestId, error: faultName(error) });
  const diagnostics = `Something went wrong here, not in your request. Quote this id: ${requestId}`;
  return {
    status: 500,
    body: JSON.stringify(operationOutcome([{ severity: 'fatal', code: 'exception', diagnostics }])),
  };
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
