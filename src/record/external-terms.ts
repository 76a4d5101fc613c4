/** Asking another terminology server what is not held here, with codes and canonicals alone. */

import { verdictParameters } from '../definitions/terms/answers.ts';
import { type Arguments, codingsOf, type GivenCode } from '../definitions/terms/arguments.ts';
import type { ExternalAnswer } from '../definitions/terms/external.ts';
import { TermFault } from '../definitions/terms/faults.ts';
import type { TermOperation } from '../definitions/terms/operations.ts';
import { Outcome } from '../fhir/outcome.ts';
import { isObject } from '../fhir/resource.ts';
import type { Resource } from '../fhir/types.ts';
import { outcomeOf } from './term-outcome.ts';
import type { Door } from './types.ts';

interface Elsewhere {
  operation: TermOperation;
  args: Arguments;
  /** The resource of the address or the body; what is only here cannot be asked about elsewhere. */
  subject: Resource | null;
  fault: TermFault;
}

/**
 * Parameters that may go out: canonicals, codes, and how the answer is wanted. Displays, the texts of concepts and the
 * words of a search stay here: they may have been written about somebody.
 */
const MAY_GO = [
  'url',
  'system',
  'version',
  'systemVersion',
  'valueSetVersion',
  'displayLanguage',
  'target',
  'targetsystem',
  'source',
];
const FLAGS = ['abstract', 'activeOnly', 'includeDesignations', 'excludeNested', 'reverse'];

/**
 * The other server's answer.
 * @throws Outcome of the fault when there is no other server, or it does not know; 503 when it does not answer
 */
export async function askElsewhere(door: Door, question: Elsewhere): Promise<Resource> {
  const { operation, args, subject, fault } = question;
  const askable = fault.reason === 'not-found' || fault.reason === 'undecidable';
  if (door.externalTerms === null || !askable || subject !== null) throw outcomeOf(fault);
  if (args.text('filter') !== null) {
    throw outcomeOf(new TermFault(fault.reason, `${fault.message} The words of a search are not passed on to others.`));
  }
  const name = `${operation.type}/$${operation.name}`;
  let last: ExternalAnswer = { kind: 'unknown' };
  for (const parameters of questionsOf(operation, args)) {
    last = await door.externalTerms.ask(name, parameters);
    if (last.kind === 'away') throw away(fault);
    if (last.kind === 'answer' && (operation.name !== 'validate-code' || says(last.resource, true))) break;
  }
  if (last.kind !== 'answer') throw outcomeOf(fault);
  return operation.name === 'validate-code' ? judged(last.resource, args) : last.resource;
}

/** One question per coding, as the operation takes them; of a concept nothing but its codings goes out. */
function questionsOf(operation: TermOperation, args: Arguments): Record<string, string>[] {
  const common: Record<string, string> = {};
  for (const name of MAY_GO) if (name in operation.spec) put(common, name, args.text(name));
  for (const name of FLAGS) if (name in operation.spec) put(common, name, args.flag(name)?.toString() ?? null);
  for (const name of ['count', 'offset'])
    if (name in operation.spec) put(common, name, args.whole(name)?.toString() ?? null);
  if (operation.name === 'expand') return [common];
  if (operation.name === 'subsumes') return [{ ...common, ...pair(args) }];
  const concept = args.object('coding') ?? args.object('codeableConcept');
  if (concept === null) return [{ ...common, code: args.text('code') ?? '' }];
  return codingsOf(concept).map((given) => ({ ...common, ...codeOf(operation, given) }));
}

function put(into: Record<string, string>, name: string, value: string | null): void {
  if (value !== null) into[name] = value;
}

function codeOf(operation: TermOperation, { code, system }: GivenCode): Record<string, string> {
  // CodeSystem/$validate-code names the system as url
  const name = 'system' in operation.spec ? 'system' : 'url';
  return { code, ...(system === undefined ? {} : { [name]: system }) };
}

function pair(args: Arguments): Record<string, string> {
  const found: Record<string, string> = {};
  for (const which of ['A', 'B']) {
    const [coding] = codingsOf({ coding: [args.object(`coding${which}`) ?? {}] });
    put(found, `code${which}`, coding?.code ?? args.text(`code${which}`));
    if (coding?.system !== undefined) found.system = coding.system;
  }
  return found;
}

function partValue(answer: Resource, name: string, value: string): unknown {
  const parts = Array.isArray(answer.parameter) ? answer.parameter : [];
  const part = parts.find((one) => isObject(one) && one.name === name);
  return isObject(part) ? part[value] : undefined;
}

const says = (answer: Resource, result: boolean): boolean => partValue(answer, 'result', 'valueBoolean') === result;

/** The words were not sent, so they are compared here with those that came back. */
function judged(answer: Resource, args: Arguments): Resource {
  const display = partValue(answer, 'display', 'valueString');
  const given = args.text('display') ?? args.object('coding')?.display;
  const isOther =
    typeof display === 'string' &&
    typeof given === 'string' &&
    given.trim().toLowerCase() !== display.trim().toLowerCase();
  if (!says(answer, true) || !isOther) return answer;
  return verdictParameters({ result: false, message: 'The code is right, but these are not its words.', display });
}

function away(fault: TermFault): Outcome {
  const diagnostics = `${fault.message} The terminology server that may know does not answer; try again later.`;
  return new Outcome(503, [{ severity: 'error', code: 'transient', diagnostics }], { 'Retry-After': '30' });
}
