/** The way of a decision in words, for the picture of it. Pure. */
import type { Purpose } from '../governance/types.ts';
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

/** One decision as a page shows it. */
export function simulatedWords({ decision, status, way, purpose, name, role, dataClass, label }: Simulated) {
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
    steps: way.map((step) => ({
      ...step,
      kindWords: KINDS[step.kind],
      words: STEPS[step.name],
      rules: step.rules.map(ruleWords),
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
