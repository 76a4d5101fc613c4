/** Content negotiation of the FHIR door: JSON and XML, in and out (R4 http.html#mime-type). */
import type { IncomingHttpHeaders } from 'node:http';
import { refuse } from '../fhir/outcome.ts';

/** How an answer is written. */
export interface Form {
  format: 'json' | 'xml';
  pretty: boolean;
}

const JSON_TYPES = ['application/fhir+json', 'application/json', 'text/json', 'json', 'application/*', '*/*'];
const XML_TYPES = ['application/fhir+xml', 'application/xml', 'text/xml', 'xml'];
/** What each name asks for; people's browsers get JSON. */
const FORMATS = new Map<string, Form['format']>([
  ...JSON_TYPES.map((type) => [type, 'json'] as const),
  ...XML_TYPES.map((type) => [type, 'xml'] as const),
  ['text/html', 'json'],
]);
const PLAIN: Form = Object.freeze({ format: 'json', pretty: false });

/**
 * The form of the answer: `_format` before `Accept`, and without either the form of the body that came (R4).
 * @param query raw text after `?`
 * @throws Outcome 406 when nothing that is offered was asked for, or another version of FHIR
 */
export function formOf(headers: IncomingHttpHeaders, query: string): Form {
  const { accept } = headers;
  const said = query.includes('_format') || query.includes('_pretty');
  if (!said && accept === undefined && headers['content-type'] === undefined) return PLAIN;
  const asked = said ? new URLSearchParams(query) : null;
  const pretty = asked?.get('_pretty') ?? null;
  if (pretty !== null && pretty !== 'true' && pretty !== 'false')
    throw refuse(400, 'value', '_pretty is true or false', '_pretty');
  const wanted = asked?.get('_format') ?? null;
  const format = wanted === null ? acceptedOf(headers) : formatOf(wanted);
  return pretty === 'true' ? { format, pretty: true } : format === 'json' ? PLAIN : { format, pretty: false };
}

function formatOf(text: string): Form['format'] {
  // A plus sign in a query is a space unless it is encoded; nobody means a space here.
  const type = mediaType(text.replace(/^\s*(\w+\/\w+) (?=\w)/, '$1+'));
  const format = type.name === 'text/html' ? undefined : FORMATS.get(type.name);
  if (format !== undefined && isR4(type)) return format;
  throw refuse(406, 'not-supported', `_format ${text.slice(0, 40)} is not supported; use json or xml, in FHIR 4.0`);
}

function acceptedOf(headers: IncomingHttpHeaders): Form['format'] {
  const sent = FORMATS.get(mediaType(headers['content-type'] ?? '').name) ?? 'json';
  const { accept } = headers;
  if (accept === undefined || accept === '' || accept === '*/*') return sent;
  let best: { format: Form['format']; weight: number } | null = null;
  for (const type of accept.split(',').map(mediaType)) {
    const format = type.name === '*/*' || type.name === 'application/*' ? sent : FORMATS.get(type.name);
    if (format === undefined || type.weight <= 0 || !isR4(type)) continue;
    if (best === null || type.weight > best.weight) best = { format, weight: type.weight };
  }
  if (best !== null) return best.format;
  throw refuse(406, 'not-supported', 'Offered are application/fhir+json and application/fhir+xml, in FHIR 4.0');
}

export const JSON_BODIES = ['application/fhir+json', 'application/json'] as const;

/** A body in FHIR XML, which the router turns into JSON before any handler sees it. */
export function isXmlBody(headers: IncomingHttpHeaders): boolean {
  const type = headers['content-type'];
  return type?.includes('xml') === true && XML_TYPES.includes(mediaType(type).name);
}

/**
 * @throws Outcome 415 when the body is not declared as one of `allowed` (XML was turned into JSON before), in another
 *   character set than UTF-8, or in another version of FHIR
 */
export function requireContentType(headers: IncomingHttpHeaders, allowed: readonly string[]): string {
  const type = mediaType(headers['content-type'] ?? '');
  if (!allowed.includes(type.name)) {
    const also = allowed.includes(JSON_BODIES[0]) ? ', or application/fhir+xml' : '';
    const none = type.name === '' ? '; none was sent' : '';
    throw refuse(415, 'not-supported', `Content-Type must be ${allowed.join(' or ')}${also}${none}`);
  }
  if (!/^(?:utf-?8)?$/i.test(type.charset)) throw refuse(415, 'not-supported', 'FHIR is sent in UTF-8 only');
  if (!isR4(type)) throw refuse(415, 'not-supported', 'Only FHIR 4.0 is taken here');
  return type.name;
}

interface MediaType {
  name: string;
  weight: number;
  charset: string;
  fhirVersion: string;
}

function mediaType(value: string): MediaType {
  const [name = '', ...parameters] = value.split(';');
  const type: MediaType = { name: name.trim().toLowerCase(), weight: 1, charset: '', fhirVersion: '' };
  for (const parameter of parameters) {
    const [key = '', text = ''] = parameter.split('=').map((part) => part.trim().replace(/^"|"$/g, ''));
    if (key === 'q') type.weight = Number(text);
    else if (key.toLowerCase() === 'charset') type.charset = text;
    else if (key.toLowerCase() === 'fhirversion') type.fhirVersion = text;
  }
  return type;
}

/** The `fhirVersion` parameter, when there is one, names R4 (R4 http.html#version-parameter). */
function isR4({ fhirVersion }: MediaType): boolean {
  return fhirVersion === '' || fhirVersion === '4.0' || fhirVersion === '4.0.1';
}

/** The `Prefer` header's directives that matter here. Unknown ones are ignored, as RFC 7240 says. */
export interface Preferences {
  return: 'minimal' | 'representation' | 'OperationOutcome' | null;
  handling: 'lenient' | 'strict';
  async: boolean;
}

export function preferences(headers: IncomingHttpHeaders): Preferences {
  const raw = headers.prefer;
  const text = Array.isArray(raw) ? raw.join(',') : (raw ?? '');
  const directive = (name: string): string | null =>
    new RegExp(`(?:^|[,;])\\s*${name}\\s*=\\s*"?([A-Za-z-]+)"?`).exec(text)?.[1] ?? null;
  const wanted = directive('return');
  return {
    return: wanted === 'minimal' || wanted === 'representation' || wanted === 'OperationOutcome' ? wanted : null,
    handling: directive('handling') === 'lenient' ? 'lenient' : 'strict',
    async: /(?:^|[,;])\s*respond-async\s*(?:[,;]|$)/.test(text),
  };
}
