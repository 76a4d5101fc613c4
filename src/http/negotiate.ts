/** Content negotiation of the FHIR door: JSON in and out (XML is refused clearly, not ignored). */
import type { IncomingHttpHeaders } from 'node:http';
import { refuse } from '../fhir/outcome.ts';

const JSON_TYPES = new Set(['application/fhir+json', 'application/json', 'text/json', 'json', 'application/*', '*/*']);

/** @throws Outcome 406 when neither `_format` nor `Accept` leaves room for JSON (R4 http.html#mime-type) */
export function requireJsonAccepted(headers: IncomingHttpHeaders, format: string | null): void {
  if (format !== null) {
    if (JSON_TYPES.has(mimeOf(format.replaceAll(' ', '+')))) return;
    throw refuse(406, 'not-supported', `_format ${format.slice(0, 40)} is not supported; use application/fhir+json`);
  }
  const accept = headers.accept;
  if (accept === undefined || accept === '') return;
  const accepted = accept.split(',').map(mimeOf);
  if (accepted.some((type) => JSON_TYPES.has(type) || type === 'text/html')) return;
  throw refuse(406, 'not-supported', 'Only application/fhir+json is offered; ask for it in Accept');
}

/** @throws Outcome 415 when the body is not declared as one of `allowed` */
export function requireContentType(headers: IncomingHttpHeaders, allowed: readonly string[]): string {
  const type = mimeOf(headers['content-type'] ?? '');
  if (allowed.includes(type)) return type;
  throw refuse(
    415,
    'not-supported',
    `Content-Type must be ${allowed.join(' or ')}${type === '' ? '; none was sent' : ''}`,
  );
}

export const JSON_BODIES = ['application/fhir+json', 'application/json'] as const;

function mimeOf(value: string): string {
  return (value.split(';')[0] ?? '').trim().toLowerCase();
}

/** The `Prefer` header's directives that matter here. Unknown ones are ignored, as RFC 7240 says. */
export interface Preferences {
  return: 'minimal' | 'representation' | 'OperationOutcome' | null;
  handling: 'lenient' | 'strict';
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
  };
}
