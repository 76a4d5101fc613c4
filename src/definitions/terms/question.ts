/** A terminology question as plain data, and its answer: computed in the process that was asked, or in a thread apart. */
import type { Resource } from '../../fhir/types.ts';
import { readArguments } from './arguments.ts';
import { TermFault, type TermReason } from './faults.ts';
import { subjectOf, TERM_OPERATIONS, type TermOperation } from './operations.ts';
import { bounded, overlaid, type TermLibrary } from './source.ts';

export interface TermQuestion {
  type: string;
  name: string;
  query: string;
  /** The Parameters of a POST. */
  body: Resource | null;
  /** The resource of the address. */
  instance: Resource | null;
}

export type TermAnswered = { answer: Resource } | { fault: TermReason; message: string };

/** Ran out of steps: more of them may answer it. */
export class OutOfSteps extends TermFault {}

/**
 * The answer within so many steps (some 2 us each).
 * @throws TermFault; Outcome 400 for a question that is not understood
 */
export function answerTerm(
  terms: TermLibrary,
  operation: TermOperation,
  question: TermQuestion,
  steps: number,
): Resource {
  const args = readArguments(operation.spec, question.query, question.body);
  const { canonical, given } = subjectOf(operation, args);
  const own = question.instance ?? given;
  const first = overlaid({ find: () => null }, own === null ? [] : [own]);
  const source = bounded(
    { find: (type, named) => first.find(type, named) ?? terms.find(type, named) },
    steps,
    (message) => new OutOfSteps('too-costly', message),
  );
  const subject = own ?? (canonical === null ? null : source.find(operation.type, canonical));
  if (subject === null && canonical !== null) {
    throw new TermFault('not-found', `There is no ${operation.type} ${canonical.slice(0, 200)} here.`);
  }
  const maps = operation.name === 'translate' && subject === null ? terms.conceptMaps() : [];
  return operation.run({ args, source, subject, maps });
}

/** For the thread: nothing is thrown across. */
export function answered(terms: TermLibrary, question: TermQuestion, steps: number): TermAnswered {
  const operation = TERM_OPERATIONS.find(({ type, name }) => type === question.type && name === question.name);
  if (operation === undefined) throw new Error(`no terminology operation ${question.type}/$${question.name}`);
  try {
    return { answer: answerTerm(terms, operation, question, steps) };
  } catch (error) {
    if (!(error instanceof TermFault)) throw error;
    return { fault: error.reason, message: error.message };
  }
}
