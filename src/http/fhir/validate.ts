/** $validate of the system, a type or an instance: what a write would say, and nothing is kept. */
import { validate as validateRecord } from '../../record/validate.ts';
import { JSON_BODIES, requireContentType } from '../negotiate.ts';
import type { FhirHandler } from './request.ts';

export const validate: FhirHandler = async (door, request) => {
  const { type, id, query } = request.url;
  const body = request.method === 'POST' ? await request.body() : Buffer.alloc(0);
  // A POST may leave its body out when an instance is meant as it is stored.
  if (request.method === 'POST' && (body.length > 0 || id === null)) requireContentType(request.headers, JSON_BODIES);
  return { status: 200, body: await validateRecord(door, request.context, { type, id, body, query }) };
};
