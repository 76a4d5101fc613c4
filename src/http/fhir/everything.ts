/** GET or POST Patient/[id]/$everything (R4 operation-patient-everything). */
import { everything as everythingRecord } from '../../record/everything.ts';
import { type FhirHandler, idOf } from './request.ts';

export const everything: FhirHandler = async (door, request) => ({
  status: 200,
  body: await everythingRecord(door, request.context, idOf(request), request.url.query),
});
