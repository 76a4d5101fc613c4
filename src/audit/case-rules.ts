/** The workflow of a case (domain.md 6.6): what may follow what, who may not, and its clocks. Pure. */
import { createHash } from 'node:crypto';
import { londonDate } from '../fhir/london.ts';

export type CaseState = 'new' | 'assigned' | 'gathering' | 'asked' | 'decided' | 'acting' | 'closed';
export type CaseOutcome = 'appropriate' | 'training-need' | 'policy-gap' | 'inappropriate' | 'malicious';
/** What follows a decision, each a line of the log: access taken away, HR, the family, the ICO, the incident system. */
export type CaseAction = 'revoke' | 'hr' | 'inform' | 'ico' | 'datix';
export type CaseAct =
  | 'assign'
  | 'note'
  | 'gather'
  | 'reconcile'
  | 'ask'
  | 'answer'
  | 'breach'
  | 'explain'
  | 'decide'
  | CaseAction
  | 'close';
/** Lines that are no step of an officer's own: how it began, what was fixed, what a Guardian looked at. */
export type CaseLineKind = CaseAct | 'open' | 'evidence' | 'content';

export const ACTIONS: readonly CaseAction[] = ['revoke', 'hr', 'inform', 'ico', 'datix'];

export const OUTCOMES: readonly CaseOutcome[] = [
  'appropriate',
  'training-need',
  'policy-gap',
  'inappropriate',
  'malicious',
];

export interface CaseStanding {
  state: CaseState;
  outcome: CaseOutcome | null;
  /** People whose access is looked into. */
  parties: readonly string[];
  decidedBy: string | null;
  /** Two people close it whatever the outcome: the officer's own team lead is concerned. */
  twoNeeded: boolean;
  /** Kinds of the lines so far. */
  done: readonly CaseLineKind[];
}

const WORKED: readonly CaseState[] = ['assigned', 'gathering', 'asked'];
const OPEN: readonly CaseState[] = ['new', ...WORKED, 'decided', 'acting'];
const AFTER: readonly CaseState[] = ['decided', 'acting'];

/** What may follow what: nobody decides before something was gathered, nothing follows before a decision but what is urgent. */
const FROM: Readonly<Record<CaseAct, readonly CaseState[]>> = {
  assign: ['new', ...WORKED],
  note: OPEN,
  gather: WORKED,
  reconcile: ['gathering', 'asked'],
  ask: ['gathering', 'asked'],
  answer: ['asked'],
  breach: [...WORKED, ...AFTER],
  explain: ['new', ...WORKED],
  decide: ['gathering', 'asked'],
  revoke: [...WORKED, ...AFTER],
  hr: AFTER,
  inform: AFTER,
  ico: [...WORKED, ...AFTER],
  datix: [...WORKED, ...AFTER],
  close: AFTER,
};

/** Outcomes that two people sign: a colleague's name and work hang on them. */
const GRAVE: readonly CaseOutcome[] = ['inappropriate', 'malicious'];

export function isGrave(outcome: CaseOutcome | null): boolean {
  return outcome !== null && GRAVE.includes(outcome);
}

export const ACTS: readonly CaseAct[] = [
  ...(['assign', 'note', 'gather', 'reconcile', 'ask', 'answer', 'breach', 'explain', 'decide'] as const),
  ...ACTIONS,
  'close',
];

/** The acts that are open in a state, for the page. */
export function actsIn(state: CaseState): CaseAct[] {
  return ACTS.filter((act) => FROM[act].includes(state));
}

/** Why this officer may not do this now, in words; null when she may. `own`: her references under all her roles. */
export function refusalOf(act: CaseAct, standing: CaseStanding, own: ReadonlySet<string>): string | null {
  if (standing.parties.some((party) => own.has(party)))
    return 'It is about your own access: a colleague has to look at it.';
  if (!FROM[act].includes(standing.state)) return `This is not possible while the case is ${standing.state}.`;
  if (act === 'explain' && standing.twoNeeded)
    return 'It is about your own team lead: decide it, and a colleague closes it.';
  if (act === 'breach' && standing.done.includes('breach')) return 'The breach is recognised already.';
  if (
    act === 'close' &&
    (isGrave(standing.outcome) || standing.done.includes('breach')) &&
    !standing.done.includes('ico')
  )
    return 'Record first whether the ICO is told.';
  const needsTwo = isGrave(standing.outcome) || standing.twoNeeded;
  if (act === 'close' && needsTwo && standing.decidedBy !== null && own.has(standing.decidedBy)) {
    return 'A second person closes a case with this outcome.';
  }
  return null;
}

/** Working days until a case must have been reviewed. */
export const REVIEW_DAYS = 5;
/** Hours to decide whether the ICO is told, from the moment a breach is recognised. */
export const BREACH_HOURS = 72;

/** The London date this many working days after an instant: Monday to Friday; public holidays are not known here. */
export function workingDaysAfter(instant: Date, days: number): string {
  const day = new Date(`${londonDate(instant)}T12:00:00Z`);
  for (let left = days; left > 0; ) {
    day.setUTCDate(day.getUTCDate() + 1);
    if (day.getUTCDay() !== 0 && day.getUTCDay() !== 6) left -= 1;
  }
  return day.toISOString().slice(0, 10);
}

export interface CaseLine {
  n: number;
  at: string;
  byParty: string;
  byName: string;
  kind: CaseLineKind;
  words: string;
}

/** Hex SHA-256 over the hash of the line before and this line: a line that is changed or taken out shows. */
export function lineHash(before: string, line: CaseLine): string {
  const { n, at, byParty, byName, kind, words } = line;
  return createHash('sha256')
    .update(JSON.stringify([before, n, at, byParty, byName, kind, words]))
    .digest('hex');
}

/** The number of the first line whose hash does not follow, or null when the log is whole. */
export function brokenLine(lines: readonly (CaseLine & { hash: string })[]): number | null {
  let before = '';
  for (const [i, line] of lines.entries()) {
    if (line.n !== i + 1 || line.hash !== lineHash(before, line)) return i + 1;
    before = line.hash;
  }
  return null;
}
