/** What was gathered in a case, in words: each access with what stands beside it, under which rules, and what was found. */
import { type EvidenceRow, FINDINGS, type Finding } from '../oversight/case-evidence.ts';
import type { CaseView } from '../oversight/cases.ts';
import { shownTime } from './times.ts';
import { explanationWords, isExplanation, relationshipWords, ruleWords } from './words.ts';

const FINDING_WORDS: Readonly<Record<Finding, string>> = {
  agrees: 'Agrees with attendance',
  differs: 'Does not agree',
  'not-known': 'Cannot be told',
};
const COLOURS: Readonly<Record<Finding, string>> = { agrees: 'green', differs: 'red', 'not-known': 'grey' };

export const FINDING_ITEMS = FINDINGS.map((value) => ({ value, text: FINDING_WORDS[value] }));

export interface BesideLine {
  /** Rule that makes it a ground, or null: it only helps to judge. */
  rule: string | null;
  words: string;
}

/** What stands beside one access, strongest first; each ground with its rule (domain.md 5.2). */
export function besideLines(one: EvidenceRow): BesideLine[] {
  const day = (at: string) => {
    const { day: date, time } = shownTime(at);
    return `${date}, ${time.slice(0, 5)}`;
  };
  const contact = (what: string, { at, status }: { at: string; status: string | null }) =>
    `${what} ${day(at)}${status === null ? '' : ` (${status.replaceAll('-', ' ')})`}`;
  const lines: (BesideLine | null)[] = [
    one.visit && { rule: 'R-06 f', words: contact('Own visit', one.visit) },
    one.appointment && { rule: 'R-06 d', words: contact('Own appointment', one.appointment) },
    one.attended && { rule: null, words: contact('The family was seen', one.attended) },
    one.duty === 'family' ? { rule: 'R-06 d', words: 'On the duty list of a team that cares for the family' } : null,
    one.duty === 'elsewhere' ? { rule: null, words: 'On a duty list of another team' } : null,
    one.handover === null ? null : { rule: null, words: `Handover ${day(one.handover)}` },
    one.recorded === null ? null : { rule: null, words: `Recorded something about the family ${day(one.recorded)}` },
    ...one.own
      .filter((kind) => !isShown(kind, one))
      .map((kind) => ({ rule: ruleOfKind(kind), words: relationshipWords(kind) })),
    ...one.team
      .filter((kind) => !one.own.includes(kind))
      .map((kind) => ({ rule: ruleOfKind(kind), words: `By team alone: ${relationshipWords(kind).toLowerCase()}` })),
  ];
  return lines.filter((line) => line !== null);
}

/** The explanation in words, where nothing beside it says the same with a day or a rule. */
function explanationOf({ explanation, appointment, own, duty, handover, recorded }: EvidenceRow): string | null {
  const isSaid =
    (explanation === 'own-appointment' && (appointment !== null || own.includes('appointment'))) ||
    (explanation === 'own-task' && own.includes('task')) ||
    (explanation === 'duty-list' && duty === 'family') ||
    (explanation === 'handover' && handover !== null) ||
    (explanation === 'record-event' && recorded !== null);
  return explanation === null || isSaid || !isExplanation(explanation) ? null : explanationWords(explanation);
}

/** An appointment or a visit of her own that stands above says more than the relationship it makes. */
function isShown(kind: string, { appointment, visit }: EvidenceRow): boolean {
  return (kind === 'appointment' && appointment !== null) || (kind === 'attendance' && visit !== null);
}

const RULE_OF_KIND: Readonly<Record<string, string>> = {
  'care-team': 'R-06 a',
  episode: 'R-06 b',
  referral: 'R-06 c',
  'referral-accepted': 'R-06 c',
  appointment: 'R-06 d',
  task: 'R-06 e',
  attendance: 'R-06 f',
  supervision: 'R-06 g',
  'self-claim': 'R-07',
  'break-glass': 'R-18',
  'sealed-grant': 'R-18',
};
const ruleOfKind = (kind: string): string | null => RULE_OF_KIND[kind] ?? null;

/** For the page of the case; null = nothing was gathered. */
export function evidenceShown({ evidence, findings, lines }: CaseView) {
  if (evidence === null) return null;
  const gathered = lines.findLast(({ kind }) => kind === 'gather');
  const accesses = evidence.accesses.map((one) => {
    const found = findings.get(one.record);
    return {
      ...{ record: one.record, who: one.who, at: shownTime(one.at), beside: besideLines(one) },
      explanation: explanationOf(one),
      rules: one.rules,
      found:
        found === undefined ? null : { ...found, text: FINDING_WORDS[found.finding], colour: COLOURS[found.finding] },
    };
  });
  const compared = accesses.filter(({ found }) => found !== null).length;
  return {
    ...{ isWhole: evidence.isWhole, accesses, compared },
    rules: [...new Set(evidence.accesses.flatMap(({ rules }) => rules))].sort().map(ruleWords),
    at: gathered === undefined ? null : shownTime(gathered.at),
  };
}
