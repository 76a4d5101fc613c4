/** PUT [type]/[id] and PUT [type]?criteria (R4 http.html#update, #cond-update). */
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
  });
  return writeAnswer(door, request, written);
};
