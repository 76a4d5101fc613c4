/** The operations of the mission over HTTP: `POST [type]/[id]/$name`, as the calling person, through her own port. */
import { CARE_OPERATIONS, type CareOperation, runCareOperation } from '../../care/operations/routes.ts';
import type { CarePort, CareSettings } from '../../care/ports.ts';
import { readResource, searchResources, writeResources } from '../../record/as-caller.ts';
import { parseBody } from '../../record/document.ts';
import { entryOf } from '../../record/entry.ts';
import { audited } from '../../record/refusal.ts';
import type { Context, Door } from '../../record/types.ts';
import type { Operation } from '../fhir/dispatch.ts';
import { idOf } from '../fhir/request.ts';
import { JSON_BODIES, requireContentType } from '../negotiate.ts';

/** Binds the port of `care/` to one request. */
export function carePort(door: Door, context: Context, settings: CareSettings): CarePort {
  const { practitionerRole, service, teams } = context.principal;
  return {
    now: context.now,
    caller: {
      teams,
      ...(practitionerRole === undefined ? {} : { practitionerRole }),
      ...(service === undefined ? {} : { service }),
    },
    settings,
    read: (type, id) => readResource(door, context, type, id),
    search: (type, params) => searchResources(door, context, type, params),
    transaction: (entries) => writeResources(door, context, entries),
  };
}

/** The route table's entries. */
export function careOperations(settings: CareSettings): Operation[] {
  return CARE_OPERATIONS.map((operation) => ({
    name: `$${operation.name}`,
    type: operation.type,
    level: 'instance',
    methods: operation.affectsState ? ['POST'] : ['GET', 'POST'],
    handler: (door, request) => run(operation, settings, door, request),
  }));
}

async function run(
  operation: CareOperation,
  settings: CareSettings,
  door: Door,
  request: Parameters<Operation['handler']>[1],
) {
  const { context } = request;
  const entry = {
    ...entryOf(context, 'operation'),
    entities: [`${operation.type}/${idOf(request)}`],
    detail: `$${operation.name}`,
  };
  return audited(door, entry, async () => {
    const bytes = request.method === 'POST' ? await request.body() : Buffer.alloc(0);
    if (bytes.length > 0) requireContentType(request.headers, JSON_BODIES);
    const body = bytes.length > 0 ? parseBody(door, bytes).resource : undefined;
    const result = await runCareOperation(
      operation,
      carePort(door, { ...context, operation: `$${operation.name}` }, settings),
      idOf(request),
      body,
    );
    await door.audit.write(entry);
    return { status: 200, body: JSON.stringify(result) };
  });
}
