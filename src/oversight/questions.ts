/**
 * Questions of officers by name (domain.md 6.2). Each is a table of at most MAX_ROWS rows, newest or most first, that can
 * be shown and exported; a family is asked about through its case. Nothing in a table is clinical content.
 */
import type { Table } from '../audit/export-text.ts';
import type { AuditEntry } from '../audit/types.ts';
import { refuse } from '../fhir/outcome.ts';
import { refused } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { peopleNamed } from '../store/models/officer-questions.ts';
import { sealDurable } from '../store/seal.ts';
import type { Period } from '../store/trail-sql.ts';
import { openTo } from './cases.ts';
import { deskEntry, interestsOf, isAbout, notYours, type Own, onDesk } from './officer.ts';
import { ANSWERS } from './question-answers.ts';

/** `needs`: a person or system by name or id, a case, one of them, either or nothing, or nothing at all. */
export const QUESTIONS = [
  {
    id: 'timeline',
    q: 'Q2',
    words: 'What did this person or system look at, from where, in what order?',
    needs: 'person',
  },
  { id: 'unexplained', q: 'Q3', words: 'Which accesses to this family are not personally explained?', needs: 'case' },
  { id: 'unreviewed', q: 'Q4', words: 'Which break-glass and claimed accesses has nobody reviewed?', needs: 'nothing' },
  {
    id: 'notable',
    q: 'Q5 Q6 Q8 Q9',
    words: 'Which accesses stand out: own or kin, unusual hours or places, after the end, sensitive records?',
    needs: 'one',
  },
  { id: 'busy', q: 'Q7', words: 'Who opened the most different records in a day?', needs: 'nothing' },
  { id: 'disclosures', q: 'Q10', words: 'Who received something about this family, and which version?', needs: 'case' },
  {
    id: 'reconcile',
    q: '6.7-6',
    words: 'Who opened this family’s record beside which appointment or relationship?',
    needs: 'case',
  },
  {
    id: 'partner',
    q: '4.12',
    words: 'Who opened this family’s record in a partner’s system, as the partner says?',
    needs: 'case',
  },
  { id: 'refusals', q: 'Q11', words: 'What was refused, to whom, by what rule?', needs: 'any' },
  { id: 'changes', q: 'Q12', words: 'Who changed consents, agreements, roles and teams?', needs: 'nothing' },
  { id: 'family-changes', q: 'Q12', words: 'Who changed labels and consents of this family?', needs: 'case' },
  { id: 'policy', q: 'Q12', words: 'Who changed alert rules, and what did two people decide?', needs: 'nothing' },
  { id: 'proofs', q: 'Q13', words: 'Is the access record whole?', needs: 'nothing' },
  { id: 'roles', q: 'Q15', words: 'Which roles are dormant, never used, or used after they ended?', needs: 'nothing' },
] as const;
export type QuestionId = (typeof QUESTIONS)[number]['id'];

export interface Question extends Period {
  id: QuestionId;
  /** Name, role id or client id; '' = nobody named. */
  person: string;
  /** Case reference; '' = none. */
  case: string;
  /** `R-07`: refusals by this rule alone; '' = by any. */
  rule: string;
}

/** What a question is about once its person and its case are known. */
export interface About {
  period: Period;
  party: string | null;
  /** The family of the case; null = no case was named. */
  patients: string[] | null;
  rule: string;
}

export interface Answered {
  table: Table;
  /** People whose records the rows are about. */
  patients: string[];
  /** The people of each row, in the order of the table; null = every row is about all of `patients`. */
  rowPatients: readonly (readonly string[])[] | null;
  /** Of a table that stands for nobody in particular, the people of each row: an officer's own are left out by it. */
  rowsAbout: readonly (readonly string[])[] | null;
  /** Several people have this name: choose one. */
  choices: { party: string; name: string }[];
}

export const MAX_ROWS = 500;

/** Answers one question; recorded with what was asked before anything is shown. @throws Outcome 403, 404 */
export function askQuestion(door: Door, context: Context, question: Question): Promise<Answered> {
  const entry = deskEntry(context, `question ${question.id}`);
  return onDesk(door, context, entry, async (own) => {
    const answer = await withoutOwn(door, await answerTo(door, question, { entry, own, context }), { own, context });
    const { person, case: reference, rule } = question;
    const raw = new URLSearchParams({ agent: person, case: reference, rule }).toString();
    const query = { ...door.auditQuery(raw, context.requestId), count: answer.table.rows.length };
    await door.audit.write({ ...entry, patients: answer.patients, query });
    return answer;
  });
}

/** Of answers about many families, no row about one she has an interest in. */
async function withoutOwn(door: Door, answer: Answered, { own, context }: Omit<Asking, 'entry'>): Promise<Answered> {
  const { table, rowPatients } = answer;
  const rowsAbout = rowPatients ?? answer.rowsAbout;
  if (rowsAbout === null) return answer;
  const closed = await interestsOf(door, context, own, rowsAbout.flat());
  if (closed.size === 0) return answer;
  const isOpen = rowsAbout.map((people) => !people.some((one) => closed.has(one)));
  const kept = <T>(all: readonly T[]): T[] => all.filter((_, at) => isOpen[at]);
  return {
    ...answer,
    table: { ...table, rows: kept(table.rows) },
    rowPatients: rowPatients === null ? null : kept(rowPatients),
    rowsAbout: kept(rowsAbout),
    patients: rowPatients === null ? answer.patients : [...new Set(kept(rowPatients).flat())],
  };
}

interface Asking {
  entry: AuditEntry;
  own: Own;
  context: Context;
}

async function answerTo(door: Door, question: Question, asking: Asking): Promise<Answered> {
  await sealDurable(door.pool);
  const needs = QUESTIONS.find(({ id }) => id === question.id)?.needs ?? 'nothing';
  const about: About = { period: question, party: null, patients: null, rule: question.rule };
  if (needs !== 'nothing' && needs !== 'person' && question.case !== '') {
    about.patients = await familyOfCase(door, question.case, asking);
  } else if (needs === 'case') {
    throw refuse(422, 'required', 'Name a case: a family is asked about inside its case.');
  } else if (needs !== 'nothing') {
    const people = question.person === '' ? [] : await peopleNamed(door.broadPool, question.person);
    const [one, ...others] = people;
    if (others.length > 0)
      return { table: { columns: [], rows: [] }, patients: [], rowPatients: null, rowsAbout: null, choices: people };
    if (one === undefined && question.person !== '')
      throw refuse(404, 'not-found', 'Nobody in the directory and no system has this name.');
    if (one === undefined && needs !== 'any') throw refuse(422, 'required', 'Name a person or system, or a case.');
    about.party = one?.party ?? null;
    if (isAbout(asking.own, [about.party]) && question.id !== 'timeline')
      throw await refused(door, asking.entry, OWN_ACCESS);
  }
  return ANSWERS[question.id](door.broadPool, about, MAX_ROWS);
}

const OWN_ACCESS = notYours('conflict', 'It is about your own access: a colleague has to look at it.');

async function familyOfCase(door: Door, reference: string, asking: Asking): Promise<string[]> {
  return (await openTo(door, asking.context, asking, reference)).patients;
}
