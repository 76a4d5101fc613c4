/** PUT [type]/[id] and PUT [type]?criteria (R4 http.html#update, #cond-update). */

import { refuse } from '../../fhir/outcome.ts';
import { update as updateRecord } from '../../record/update.ts';
import { JSON_BODIES, requireContentType } from '../negotiate.ts';
import { type FhirHandler, header, targetOf, typeOf } from './request.ts';
import { writeAnswer } from './write-answer.ts';

export const update: FhirHandler = async (door, request) => {
  requireContentType(request.headers, JSON_BODIES);
  const target = targetOf(request);
  const body = await request.body();
  const written = await updateRecord(door, request.context, typeOf(request), {
    target,
    body,
    ifMatch: header(request, 'if-match'),
    onlyNew: onlyNew(header(request, 'if-none-match')),
  });
  return writeAnswer(door, request, written);
};

/** `If-None-Match: *`: write only if nothing is there yet (RFC 9110 13.1.2). Other tags mean nothing on a write. */
function onlyNew(noneMatch: string | null): boolean {
  if (noneMatch === null) return false;
  if (noneMatch.trim() === '*') return true;
  throw refuse(400, 'not-supported', 'If-None-Match on an update can only be *; use If-Match to name a version');
}
