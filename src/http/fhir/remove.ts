/** DELETE [type]/[id] and DELETE [type]?criteria (R4 http.html#delete, R-33). */
import { operationOutcome } from '../../fhir/outcome.ts';
import { remove as removeRecord } from '../../record/remove.ts';
import { type FhirHandler, header, targetOf, typeOf } from './request.ts';
import { outcomeText } from './write-answer.ts';

export const remove: FhirHandler = async (door, request) => {
  const target = targetOf(request);
  const removed = await removeRecord(door, request.context, typeOf(request), {
    target,
    ifMatch: header(request, 'if-match'),
  });
  const headers: Record<string, string> = removed === null ? {} : { ETag: `W/"${removed.version}"` };
  if (request.prefer.return !== 'OperationOutcome') return { status: 204, headers };
  const nothing = {
    severity: 'information' as const,
    code: 'informational',
    diagnostics: 'There was nothing to delete',
  };
  const body = removed === null ? JSON.stringify(operationOutcome([nothing])) : outcomeText(removed);
  return { status: 200, headers, body };
};
