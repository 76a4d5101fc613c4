/**
 * The route table of the FHIR door. An address and a method name one interaction; a request line and a Bundle entry are
 * read by the same parser and served by the same handler, so a row is shown alike by both (H6).
 */
import { COMPARTMENTS } from '../../fhir/compartments-other.ts';
import { type EntryUrl, METADATA } from '../../fhir/entry-url.ts';
import { Outcome, refuse } from '../../fhir/outcome.ts';
import { EVERYTHING_TYPES } from '../../record/everything-scope.ts';
import type { Answer } from '../answer.ts';
import { META_OPERATIONS } from '../operations/meta.ts';
import { auditEvent } from './audit-event.ts';
import { bundle } from './bundle.ts';
import { create } from './create.ts';
import { everything } from './everything.ts';
import { history } from './history.ts';
import { patch } from './patch.ts';
import { read } from './read.ts';
import { remove } from './remove.ts';
import type { FhirHandler } from './request.ts';
import { search } from './search.ts';
import { update } from './update.ts';
import { validate } from './validate.ts';
import { vread } from './vread.ts';

/** An operation by name and level; `care/` and `events/` add theirs in `app.ts`. */
export interface Operation {
  name: string;
  /** `Type`, `*` for every type (but AuditEvent), or null for system. */
  type: string | null;
  level: 'system' | 'type' | 'instance';
  methods: readonly ('GET' | 'POST')[];
  handler: FhirHandler;
  /** Canonical of its OperationDefinition, when it is one of R4's own. */
  definition?: string;
}

export const STANDARD_OPERATIONS: readonly Operation[] = [
  ...META_OPERATIONS,
  ...['*', 'AuditEvent'].map(
    (type): Operation => ({ name: '$validate', type, level: 'type', methods: ['POST'], handler: validate }),
  ),
  { name: '$validate', type: null, level: 'system', methods: ['POST'], handler: validate },
  { name: '$validate', type: '*', level: 'instance', methods: ['GET', 'POST'], handler: validate },
  ...EVERYTHING_TYPES.map(
    (type): Operation => ({
      name: '$everything',
      type,
      level: 'instance',
      methods: ['GET', 'POST'],
      handler: everything,
    }),
  ),
];

/** Finds the handler. @throws Outcome 404 unknown address, 405 method not offered there */
export function dispatch(method: string, url: EntryUrl, operations: readonly Operation[]): FhirHandler {
  if (url.operation === METADATA) return async (_door, request) => capabilities(method, url.query, request.metadata);
  if (url.operation !== null) return operationOf(method, url, operations);
  if (url.within !== null) return within(method, url);
  if (url.type === 'AuditEvent') return auditEvent;
  const handler = interactionOf(method, url);
  if (handler !== null) return handler;
  throw notAllowed(
    `${method.slice(0, 20)} is not offered at this address`,
    METHODS.filter((one) => interactionOf(one, url) !== null),
  );
}

/** Compartments (R4 compartmentdefinition.html). */
function within(method: string, url: EntryUrl): FhirHandler {
  if (url.type === null || !COMPARTMENTS.includes(url.type))
    throw refuse(404, 'not-supported', `Compartments are those of ${COMPARTMENTS.join(', ')}; use /Type?reference=id`);
  if (url.within === 'AuditEvent')
    throw refuse(404, 'not-supported', 'Ask AuditEvent?patient=id for the access record');
  if (method === 'GET' || method === 'HEAD') return search;
  throw notAllowed('A compartment is only searched', ['GET', 'HEAD']);
}

/** The methods an address takes. */
export function offeredAt(url: EntryUrl, operations: readonly Operation[]): string[] {
  if (url.operation === METADATA) return ['GET', 'HEAD'];
  if (url.operation !== null) return [...(operationAt(url, operations)?.methods ?? unknownOperation(url))];
  if (url.within !== null) return ['GET', 'HEAD'];
  if (url.type === 'AuditEvent') return ['GET', 'HEAD'];
  return METHODS.filter((one) => interactionOf(one, url) !== null);
}

const METADATA_PARAMETERS = new Set(['mode', '_format', '_pretty', '_summary', '_elements']);

/** GET metadata, as a request and as an entry of a Bundle. Always the whole: R4 lets a server ignore `mode`. */
export function capabilities(method: string, query: string, text: () => string): Answer {
  if (method !== 'GET' && method !== 'HEAD') throw notAllowed('metadata is read with GET', ['GET', 'HEAD']);
  for (const name of new URLSearchParams(query).keys())
    if (!METADATA_PARAMETERS.has(name))
      throw refuse(400, 'not-supported', `metadata has no parameter ${name.slice(0, 40)}`);
  return { status: 200, body: text() };
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** 405 says what is offered instead (RFC 9110 15.5.6). */
export function notAllowed(diagnostics: string, offered: readonly string[]): Outcome {
  return new Outcome(405, [{ severity: 'error', code: 'not-supported', diagnostics }], { Allow: offered.join(', ') });
}

function interactionOf(method: string, url: EntryUrl): FhirHandler | null {
  const reads = method === 'GET' || method === 'HEAD';
  if (url.history) return reads ? history : null;
  if (url.vid !== null) return reads ? vread : null;
  if (url.search) return method === 'POST' ? search : null;
  if (url.type === null) return method === 'POST' ? bundle : reads ? search : null;
  if (url.id === null) {
    if (method === 'POST') return create;
    if (method === 'PUT') return update;
    if (method === 'PATCH') return patch;
    if (method === 'DELETE') return remove;
    return reads ? search : null;
  }
  if (reads) return read;
  if (method === 'PUT') return update;
  if (method === 'PATCH') return patch;
  return method === 'DELETE' ? remove : null;
}

function operationAt(
  url: EntryUrl,
  operations: readonly Operation[],
): Pick<Operation, 'methods' | 'handler'> | undefined {
  const level = url.id !== null ? 'instance' : url.type !== null ? 'type' : 'system';
  return operations.find(
    ({ name, type, level: at }) =>
      name === url.operation && (type === url.type || (type === '*' && url.type !== 'AuditEvent')) && at === level,
  );
}

function operationOf(method: string, url: EntryUrl, operations: readonly Operation[]): FhirHandler {
  const found = operationAt(url, operations);
  if (found === undefined) return unknownOperation(url);
  if (!found.methods.some((allowed) => allowed === method)) {
    throw notAllowed(`${url.operation} takes ${found.methods.join(' or ')}`, found.methods);
  }
  return found.handler;
}

function unknownOperation(url: EntryUrl): never {
  throw refuse(404, 'not-supported', `There is no operation ${url.operation} here`);
}
