/** DELETE [type]/[id] and DELETE [type]?criteria (R4 http.html#delete, R-33). */
import { remove as removeRecord } from '../../record/remove.ts';
import { type FhirHandler, header, targetOf, typeOf } from './request.ts';

export const remove: FhirHandler = async (door, request) => {
  const target = targetOf(request);
  const removed = await removeRecord(door, request.context, typeOf(request), {
    target,
    ifMatch: header(request, 'if-match'),
  });
  return { status: 204, headers: removed === null ? {} : { ETag: `W/"${removed.version}"` } };
};
