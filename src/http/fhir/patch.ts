/** PATCH [type]/[id] and PATCH [type]?criteria: JSON Patch or FHIRPath Patch (R4 http.html#patch). */
import { patch as patchRecord } from '../../record/patch.ts';
import { JSON_BODIES, requireContentType } from '../negotiate.ts';
import { type FhirHandler, header, targetOf, typeOf } from './request.ts';
import { writeAnswer } from './write-answer.ts';

const JSON_PATCH = 'application/json-patch+json';

export const patch: FhirHandler = async (door, request) => {
  const type = requireContentType(request.headers, [JSON_PATCH, ...JSON_BODIES]);
  const kind = type === JSON_PATCH ? 'json' : 'fhirpath';
  const target = targetOf(request);
  const body = await request.body();
  const written = await patchRecord(door, request.context, typeOf(request), {
    target,
    body,
    kind,
    ifMatch: header(request, 'if-match'),
  });
  return writeAnswer(door, request, written);
};
