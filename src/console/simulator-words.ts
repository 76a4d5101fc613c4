/** The way of a decision in words, for the picture of it. Pure. */
import type { Purpose, RelationshipKind } from '../governance/types.ts';
import type { WayStep } from '../governance/way.ts';
import type { Simulated } from '../oversight/simulate.ts';
import { classWords } from './agreement-words.ts';
import { explanationWords, labelWords, purposeWords, reasonWords, roleWords, ruleWords } from './words.ts';

const STEPS: Readonly<Record<WayStep['name'], string>> = {
  gate: 'Who asks, and for which purpose',
  open: 'Needs no relationship of care',
  'test-data': 'Test and real data kept apart',
  held: 'Not a referral that is held back',
  'own-record': 'Not their own record',
  restriction: 'Use of the record is not restricted',
  relationship: 'A relationship of care with the family',
  deceased: 'Nobody it is about has died, or the care team asks',
  conflict: 'No declared interest in the family',
  agreement: 'Own service, or an agreement that covers it',
  sharing: 'Sharing was explained to the family',
  objection: 'No objection of the family',
  family: 'Released to the family',
  label: 'The label lets this role through',
  role: 'The role includes this kind of record',
  masks: 'Parts that stay hidden',
};
const KINDS: Readonly<Record<WayStep['kind'], string>> = { gate: 'Gate', row: 'Row rule', mask: 'Mask' };

/** Kinds of relationship as a person would name them; an agreement as its reference. */
const TIES: Readonly<Record<RelationshipKind, string>> = {
  'care-team': 'the care team',
  episode: 'an open episode of care',
  referral: 'an open referral',
  'referral-accepted': 'an accepted referral',
  appointment: 'an appointment',
  task: 'an open task',
  attendance: 'the family attends now',
  supervision: 'supervision',
  'self-claim': 'a relationship claimed with a reason',
  'break-glass': 'broken glass',
  'sealed-grant': 'a grant of two persons',
  history: 'a reason for earlier pregnancies',
  named: 'the named list',
  handler: 'the list of those who handle the record',
  subject: 'the person herself',
  'related-person': 'a related person',
  registered: 'the registration of a day',
};

function tieWords(through: string): string {
  return Object.hasOwn(TIES, through) ? TIES[through as RelationshipKind] : through;
}

/** One decision as a page shows it. */
export function simulatedWords({
  decision,
  status,
  way,
  purpose,
  name,
  role,
  dataClass,
  label,
  notFoundBy,
}: Simulated) {
  const { permit, reason, explanation, wayIn } = decision;
  return {
    permit,
    status,
    heading: permit ? 'They would see it' : 'They would not see it',
    who: `${name}, ${roleWords(role).toLowerCase()}`,
    what: `${classWords(dataClass)}, label ${labelWords(label).toLowerCase()}`,
    purpose: purposeWords(purpose),
    why: reason === null ? (explanation === null ? null : explanationWords(explanation)) : reasonWords(reason),
    wayIn:
      wayIn === null
        ? null
        : wayIn === 'self-claim'
          ? 'They are offered to claim a relationship'
          : 'They are offered break-glass access',
    concealed: !permit && decision.concealed,
    notFoundBy,
    steps: way.map((step) => ({
      ...step,
      kindWords: KINDS[step.kind],
      words: STEPS[step.name],
      rules: step.rules.map(ruleWords),
      hidden: step.hidden.map(({ rule, paths }) => ({ rule: ruleWords(rule), paths: paths.join(', ') })),
      through: step.through.map(tieWords).join(', '),
      quiet: step.kind === 'mask' && step.hidden.length === 0,
    })),
  };
}

/** Purposes to choose from; the first means what the role has when it says nothing. */
export const PURPOSE_ITEMS: { value: string; text: string }[] = [
  { value: '', text: 'What is usual for the role' },
  ...(
    ['TREAT', 'ETREAT', 'CAREMGT', 'COC', 'PATADMIN', 'BTG', 'HQUALIMP', 'HLEGAL', 'HSYSADMIN'] satisfies Purpose[]
  ).map((value) => ({ value, text: purposeWords(value) })),
];
