/** Cases in words. */
import type { CaseAct, CaseOutcome, CaseState } from '../audit/case-rules.ts';

const OUTCOME_WORDS: Readonly<Record<CaseOutcome, string>> = {
  appropriate: 'Appropriate',
  'training-need': 'Training is needed',
  'policy-gap': 'The policy has a gap',
  inappropriate: 'Inappropriate',
  malicious: 'Malicious',
};

const STATES: Readonly<Record<CaseState, string>> = {
  new: 'New',
  assigned: 'Being looked into',
  decided: 'Decided, not closed',
  closed: 'Closed',
};

const LINES: Readonly<Record<CaseAct | 'open' | 'evidence', string>> = {
  open: 'opened the case',
  assign: 'took the case',
  note: 'noted',
  ask: 'asked the person or their manager',
  explain: 'closed it as explained',
  decide: 'decided',
  close: 'closed the case',
  evidence: 'fixed the evidence',
};

export const outcomeWords = (outcome: CaseOutcome): string => OUTCOME_WORDS[outcome];
export const lineWords = (kind: CaseAct | 'open' | 'evidence'): string => LINES[kind];

/** `Closed: Appropriate`. */
export function stateWords(state: CaseState, outcome: CaseOutcome | null): string {
  return outcome === null ? STATES[state] : `${STATES[state]}: ${OUTCOME_WORDS[outcome]}`;
}
