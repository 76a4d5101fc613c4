/** Terminology operations through the door: gate, what the caller may see, audit, answer; elsewhere only when needed. */
import { type Arguments, readArguments } from '../definitions/terms/arguments.ts';
import { TermFault } from '../definitions/terms/faults.ts';
import { subjectOf, type TermOperation } from '../definitions/terms/operations.ts';
import { answerTerm, OutOfSteps, type TermQuestion } from '../definitions/terms/question.ts';
import { FEW_STEPS } from '../definitions/terms/source.ts';
import { refuse } from '../fhir/outcome.ts';
import { isObject } from '../fhir/resource.ts';
import type { Resource } from '../fhir/types.ts';
import { gate } from '../governance/gates.ts';
import { readResource } from './as-caller.ts';
import type { Asking } from './canonical.ts';
import { ask } from './decide.ts';
import { parseBody } from './document.ts';
import { entryOf } from './entry.ts';
import { askElsewhere } from './external-terms.ts';
import { audited, refused } from './refusal.ts';
import type { Context, Door } from './types.ts';

export interface TermRequest {
  /** Id of the instance, or null at type level. */
  id: string | null;
  query: string;
  /** Bytes of a Parameters resource; null for GET. */
  body: Buffer | null;
}

/** The text of the operation's answer: Parameters, or the expanded ValueSet. */
export function terminology(
  door: Door,
  context: Context,
  operation: TermOperation,
  request: TermRequest,
): Promise<string> {
  const { type, name } = operation;
  const place = request.id === null ? type : `${type}/${request.id}`;
  const entry = { ...entryOf(context, 'operation'), entities: [place], detail: `$${name}` };
  return audited(door, entry, async () => {
    const closed = gate(context.principal, ask(door, context, 'read', type));
    if (closed !== null) throw await refused(door, entry, closed);
    const body = request.body === null || request.body.length === 0 ? null : parseBody(door, request.body).resource;
    const args = readArguments(operation.spec, request.query, body);
    const asked = { args, query: request.query, body, id: request.id };
    const answer = await answerTo({ door, context, db: door.pool }, operation, asked);
    await door.audit.write(entry);
    return JSON.stringify(answer);
  });
}

async function answerTo(
  asking: Asking,
  operation: TermOperation,
  request: { args: Arguments; query: string; body: Resource | null; id: string | null },
): Promise<Resource> {
  const { args, id } = request;
  const { canonical, given } = subjectOf(operation, args);
  const instance = id === null ? null : await readResource(asking.door, asking.context, operation.type, id);
  if (instance !== null && (canonical !== null || given !== null)) {
    throw refuse(400, 'invalid', 'The address names the resource already; leave it out of the parameters');
  }
  // what another process was given a moment ago counts as well
  await asking.door.live.refresh();
  const { type, name } = operation;
  const question = { type, name, query: request.query, body: request.body, instance };
  try {
    const answer = await computed(asking.door, operation, question);
    if (isDecided(operation, answer)) return answer;
    throw new TermFault('undecidable', messageOf(answer));
  } catch (error) {
    if (!(error instanceof TermFault)) throw error;
    return askElsewhere(asking.door, { operation, args, subject: instance ?? given, fault: error });
  }
}

/** Here when it takes a tenth of a second, else in a thread of its own. @throws TermFault */
async function computed(
  { definitions, live }: Door,
  operation: TermOperation,
  question: TermQuestion,
): Promise<Resource> {
  try {
    return answerTerm(definitions.terms, operation, question, FEW_STEPS);
  } catch (error) {
    if (!(error instanceof OutOfSteps)) throw error;
    const found = await live.apart.term(question);
    if (found === null) throw error;
    if ('answer' in found) return found.answer;
    throw new TermFault(found.fault, found.message);
  }
}

const partsOf = (answer: Resource): Resource['parameter'][] =>
  Array.isArray(answer.parameter) ? answer.parameter : [];

/** $validate-code leaves its result out while nobody could decide it. */
function isDecided({ name }: TermOperation, answer: Resource): boolean {
  return name !== 'validate-code' || partsOf(answer).some((part) => isObject(part) && part.name === 'result');
}

function messageOf(answer: Resource): string {
  const message = partsOf(answer).find((part) => isObject(part) && part.name === 'message');
  return isObject(message) && typeof message.valueString === 'string'
    ? message.valueString
    : 'This cannot be decided here.';
}
