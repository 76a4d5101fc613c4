/** CORS (fetch standard): pages of configured origins may use the API; nobody's cookies are involved, so none are allowed. */
import type { ServerResponse } from 'node:http';

/** What a page may read of an answer besides its body. */
const EXPOSED = 'ETag, Location, Content-Location, Last-Modified, X-Request-Id, X-Progress, Retry-After';
/** What a page may send. */
const REQUEST_HEADERS =
  'Authorization, Content-Type, Accept, Prefer, If-Match, If-None-Match, If-Modified-Since, If-None-Exist, ' +
  'X-Request-Id, X-Purpose-Of-Use';
const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';
/** Seconds a browser may remember a preflight. */
const MAX_AGE = '600';

/** Says to a browser that this page may read the answer; says nothing to pages of other origins. */
export function allowOrigin(origins: readonly string[], origin: string, response: ServerResponse): void {
  response.setHeader('Vary', 'Origin');
  if (!origins.includes(origin)) return;
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Access-Control-Expose-Headers', EXPOSED);
}

/** What a preflight is told besides the origin, or nothing to pages of other origins. */
export function preflight(origins: readonly string[], origin: string | undefined): Record<string, string> {
  if (origin === undefined || !origins.includes(origin)) return {};
  return {
    'Access-Control-Allow-Methods': METHODS,
    'Access-Control-Allow-Headers': REQUEST_HEADERS,
    'Access-Control-Max-Age': MAX_AGE,
  };
}
