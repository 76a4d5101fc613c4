/** The terminology operations over HTTP, GET and POST with Parameters (R4 terminology-service.html). */
import { TERM_OPERATIONS, type TermOperation } from '../../definitions/terms/operations.ts';
import { terminology } from '../../record/terminology.ts';
import type { Answer } from '../answer.ts';
import type { Operation } from '../fhir/dispatch.ts';
import type { FhirHandler } from '../fhir/request.ts';
import { JSON_BODIES, requireContentType } from '../negotiate.ts';

/** The route table's entries. */
export function terminologyOperations(): Operation[] {
  return TERM_OPERATIONS.flatMap((operation) =>
    operation.levels.map((level) => ({
      name: `$${operation.name}`,
      type: operation.type,
      level,
      methods: ['GET', 'POST'] as const,
      handler: handlerOf(operation),
      definition: `http://hl7.org/fhir/OperationDefinition/${operation.type}-${operation.name}`,
    })),
  );
}

function handlerOf(operation: TermOperation): FhirHandler {
  return async (door, request): Promise<Answer> => {
    const { id, query } = request.url;
    const body = request.method === 'POST' ? await request.body() : null;
    if (body !== null && body.length > 0) requireContentType(request.headers, JSON_BODIES);
    return { status: 200, body: await terminology(door, request.context, operation, { id, query, body }) };
  };
}
