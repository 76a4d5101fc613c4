/** POST [type]/$validate: what a write of this body would say, and nothing is kept (R4 resource-operation-validate). */
import { validate as validateRecord } from '../../record/validate.ts';
import { JSON_BODIES, requireContentType } from '../negotiate.ts';
import { type FhirHandler, typeOf } from './request.ts';

export const validate: FhirHandler = async (door, request) => {
  requireContentType(request.headers, JSON_BODIES);
  const body = await request.body();
  return {
    status: 200,
    body: await validateRecord(door, request.context, typeOf(request), { body, query: request.url.query }),
  };
};
