/** GET [type]/[id], conditional read included (R4 http.html#read, #cread). */

import { subset } from '../../record/minimise.ts';
import { read as readRecord } from '../../record/read.ts';
import type { Answer } from '../answer.ts';
import { readOptions } from './read-options.ts';
import { type FhirHandler, header, idOf, typeOf, versionHeaders } from './request.ts';

export const read: FhirHandler = async (door, request): Promise<Answer> => {
  const options = readOptions(request.url.query);
  const shown = await readRecord(door, request.context, typeOf(request), idOf(request));
  const headers = versionHeaders(door, shown);
  if (unchanged(header(request, 'if-none-match'), header(request, 'if-modified-since'), shown))
    return { status: 304, headers };
  return { status: 200, headers, body: subset(door, options, shown.text) };
};

/** If-None-Match wins over If-Modified-Since (RFC 9110 13.1.3). */
function unchanged(noneMatch: string | null, since: string | null, shown: { version: number; updated: Date }): boolean {
  if (noneMatch !== null) {
    return noneMatch
      .split(',')
      .some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === `"${shown.version}"`);
  }
  if (since === null) return false;
  const at = Date.parse(since);
  return !Number.isNaN(at) && Math.floor(shown.updated.getTime() / 1000) * 1000 <= at;
}
