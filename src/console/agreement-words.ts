/** Sharing agreements in plain words: states, clauses, and forms of what may be shared. Pure. */
import type { AgreementRow, DataClass, Purpose } from '../governance/types.ts';
import type { AgreementState, AgreementView } from '../oversight/agreement-view.ts';
import type { ServiceNames } from '../oversight/agreements.ts';
import { shownTime } from './times.ts';
import { labelWords, purposeWords } from './words.ts';

const CLASSES: Readonly<Record<DataClass, string>> = {
  demographics: 'personal details and family',
  referral: 'referrals',
  pregnancy: 'pregnancy and due date',
  schedule: 'appointments',
  visit: 'visits',
  'working-copy': 'working copies of assessments',
  'assessment-copy': 'shared copies of assessments',
  findings: 'assessment answers and findings',
  confidential: 'confidential answers',
  plan: 'care plans and goals',
  'safeguarding-flag': 'safeguarding flags',
  'scene-safety': 'warnings for the visit',
  'third-party': 'information about other people',
  consent: 'what was agreed about sharing',
  documents: 'documents and messages',
  feedback: 'feedback',
  audit: 'access records',
  directory: 'staff and services',
  agreements: 'sharing agreements',
  subscription: 'notifications',
  conformance: 'definitions',
  'other-clinical': 'other clinical records',
  'not-served': 'nothing that is kept here',
};

/** State in words, with the colour of its tag. */
export const STATES: Readonly<Record<AgreementState, { text: string; colour: string }>> = {
  faulty: { text: 'Contradicts itself', colour: 'red' },
  lapsed: { text: 'Ended: staff may read for 28 days more', colour: 'red' },
  ending: { text: 'Ends soon', colour: 'orange' },
  'in-force': { text: 'In force', colour: 'green' },
  'not-yet': { text: 'Begins later', colour: 'blue' },
  draft: { text: 'Not in force', colour: 'grey' },
  ended: { text: 'Ended', colour: 'grey' },
  revoked: { text: 'Revoked', colour: 'grey' },
};

/** Kinds of record that care is made of: what a role may be closed to in a replay. */
export const REPLAY_CLASSES: readonly DataClass[] = [
  ...(['demographics', 'referral', 'pregnancy', 'schedule', 'visit', 'working-copy', 'assessment-copy'] as const),
  ...(['findings', 'confidential', 'plan', 'safeguarding-flag', 'scene-safety', 'third-party', 'consent'] as const),
  ...(['documents', 'other-clinical'] as const),
];

export const classWords = (dataClass: DataClass): string => CLASSES[dataClass];

/** `ends in 21 days, on 19 Dec 2026`. */
export function endWords({ until, daysLeft }: Pick<AgreementView, 'until' | 'daysLeft'>): string {
  if (until === null) return 'No end';
  const last = lastDay(until);
  if (daysLeft === null) return `Ended after ${last}`;
  return `${daysLeft} ${daysLeft === 1 ? 'day' : 'days'} left, until ${last}`;
}

/** An end is the first instant that is not covered. */
function lastDay(until: string): string {
  return shownTime(new Date(Date.parse(until) - 1)).day;
}

/** What stays with its authors or belongs to no family, whatever types a paper lists: naming it would say too much. */
const NEVER_BY_AGREEMENT: readonly DataClass[] = ['working-copy', 'third-party', 'feedback', 'audit', 'directory'];

export interface Clause {
  from: string;
  to: string;
  purposes: string;
  label: string;
  what: string[];
  dates: string;
  revoked: boolean;
}

/** One clause of an agreement as a sentence's parts. */
export function clauseOf(row: AgreementRow, names: ServiceNames): Clause {
  const last = row.until === null ? null : lastDay(row.until);
  return {
    from: names.get(row.fromService) ?? row.fromService,
    to: names.get(row.toService) ?? row.toService,
    purposes: row.purposes.map((one: Purpose) => purposeWords(one).toLowerCase()).join(', '),
    label:
      row.maxLabel === 'N'
        ? 'normal records only'
        : `normal records and up to: ${labelWords(row.maxLabel).toLowerCase()}`,
    what: row.classes.filter((one) => !NEVER_BY_AGREEMENT.includes(one)).map(classWords),
    dates: `${row.from === null ? 'from the beginning' : `from ${shownTime(row.from).day}`}${last === null ? ', without an end' : ` to ${last}`}`,
    revoked: row.revoked,
  };
}

/** Names of the services that an agreement is between, once each. */
export function betweenWords(rows: readonly AgreementRow[], names: ServiceNames): string {
  const services = [...new Set(rows.flatMap(({ fromService, toService }) => [fromService, toService]))];
  return services.map((one) => names.get(one) ?? one).join(' and ');
}

/** Clauses, with what they cover said once where all of them cover the same. */
export function clausesOf(rows: readonly AgreementRow[], names: ServiceNames): { clauses: Clause[]; all: string[] } {
  const clauses = rows.map((row) => clauseOf(row, names));
  const all = clauses[0]?.what ?? [];
  const isSame = clauses.length > 1 && clauses.every(({ what }) => what.join() === all.join());
  return isSame ? { clauses: clauses.map((one) => ({ ...one, what: [] })), all } : { clauses, all: [] };
}
