/** GET [type]/[id]/_history/[vid] (R4 http.html#vread). */
import { subset } from '../../record/minimise.ts';
import { vread as vreadRecord } from '../../record/vread.ts';
import { readOptions } from './read-options.ts';
import { type FhirHandler, idOf, typeOf, unchanged, versionHeaders } from './request.ts';

export const vread: FhirHandler = async (door, request) => {
  const options = readOptions(request.url.query);
  const shown = await vreadRecord(door, request.context, typeOf(request), idOf(request), request.url.vid ?? '');
  const headers = versionHeaders(door, shown);
  if (unchanged(request, shown)) return { status: 304, headers };
  return { status: 200, headers, body: subset(door, options, shown.text) };
};
