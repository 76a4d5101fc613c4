/** POST [type], also conditional (R4 http.html#create, #ccreate). */
import { create as createRecord } from '../../record/create.ts';
import { JSON_BODIES, requireContentType } from '../negotiate.ts';
import { type FhirHandler, header, noParameters, typeOf } from './request.ts';
import { writeAnswer } from './write-answer.ts';

export const create: FhirHandler = async (door, request) => {
  requireContentType(request.headers, JSON_BODIES);
  noParameters(request);
  const body = await request.body();
  const written = await createRecord(door, request.context, typeOf(request), {
    body,
    ifNoneExist: header(request, 'if-none-exist'),
  });
  return writeAnswer(door, request, written);
};
