/** Cases in words. */
import type { CaseAct, CaseLineKind, CaseOutcome, CaseState } from '../audit/case-rules.ts';

const OUTCOME_WORDS: Readonly<Record<CaseOutcome, string>> = {
  appropriate: 'Appropriate',
  'training-need': 'Training is needed',
  'policy-gap': 'The policy has a gap',
  inappropriate: 'Inappropriate',
  malicious: 'Malicious',
};

const STATES: Readonly<Record<CaseState, string>> = {
  new: 'New',
  assigned: 'Taken, nothing gathered yet',
  gathering: 'Being looked into',
  asked: 'Somebody was asked',
  decided: 'Decided, not closed',
  acting: 'Decided, actions under way',
  closed: 'Closed',
};

const LINES: Readonly<Record<CaseLineKind, string>> = {
  open: 'opened the case',
  assign: 'took the case',
  note: 'noted',
  gather: 'gathered the evidence',
  reconcile: 'compared with attendance',
  ask: 'asked',
  answer: 'recorded the answer',
  breach: 'recognised a breach',
  explain: 'closed it as explained',
  decide: 'decided',
  revoke: 'took the access away',
  hr: 'told human resources',
  inform: 'decided about telling the family',
  ico: 'decided about telling the ICO',
  datix: 'recorded the incident',
  close: 'closed the case',
  evidence: 'fixed what was known',
  content: 'looked at what was read',
};

export const outcomeWords = (outcome: CaseOutcome): string => OUTCOME_WORDS[outcome];
export const lineWords = (kind: CaseLineKind): string => LINES[kind];

/** `Closed: Appropriate`. */
export function stateWords(state: CaseState, outcome: CaseOutcome | null): string {
  return outcome === null ? STATES[state] : `${STATES[state]}: ${OUTCOME_WORDS[outcome]}`;
}

/** What an officer asks, neutrally: no name of the family, no conclusion, no threat. */
export function neutralQuestion(at: string | null): string {
  const when = at === null ? 'Recently' : `On ${at}`;
  return (
    `${when} a record was opened under your name (for a manager: under the name of somebody in your team). ` +
    'Please say in a few words what the work was, and who asked for it. We ask this about many accesses; nothing has been decided.'
  );
}

/** The forms of steps that take words: what stands above the field, and on the button. */
export const STEP_FORMS: readonly { act: CaseAct; label: string; hint: string; button: string }[] = [
  { act: 'note', label: 'Add a note', hint: 'What you found.', button: 'Add the note' },
  { act: 'answer', label: 'Record the answer', hint: 'Who answered, and what.', button: 'Record the answer' },
  {
    act: 'breach',
    label: 'Recognise a breach',
    hint: 'What was breached. The 72 hours for the ICO begin.',
    button: 'Recognise it',
  },
  { act: 'explain', label: 'Close it as explained', hint: 'What explains this access.', button: 'Close as explained' },
  {
    act: 'revoke',
    label: 'Take the access away',
    hint: 'Why. It holds from the next request on.',
    button: 'Take it away',
  },
  { act: 'hr', label: 'Human resources', hint: 'Whom you told, and their reference.', button: 'Record it' },
  {
    act: 'inform',
    label: 'The family',
    hint: 'Whether they are told, how, or why not.',
    button: 'Record what the family is told',
  },
  {
    act: 'ico',
    label: 'The ICO',
    hint: 'Told or not, why, and the reference.',
    button: 'Record what the ICO is told',
  },
  {
    act: 'datix',
    label: 'Incident system',
    hint: 'The reference, for example of Datix.',
    button: 'Record the reference',
  },
];
