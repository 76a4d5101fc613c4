/** GET [type]/[id], conditional read included (R4 http.html#read, #cread). */

import { subset } from '../../record/minimise.ts';
import { read as readRecord } from '../../record/read.ts';
import type { Answer } from '../answer.ts';
import { readOptions } from './read-options.ts';
import { type FhirHandler, idOf, typeOf, unchanged, versionHeaders } from './request.ts';

export const read: FhirHandler = async (door, request): Promise<Answer> => {
  const options = readOptions(request.url.query);
  const shown = await readRecord(door, request.context, typeOf(request), idOf(request));
  const headers = versionHeaders(door, shown);
  if (unchanged(request, shown)) return { status: 304, headers };
  return { status: 200, headers, body: subset(door, options, shown.text) };
};
