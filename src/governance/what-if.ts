/**
 * Decisions under rules that are not in force: another grace after care ended, another time of reading on after an
 * agreement lapsed, a kind of record closed to a role. For replays; nothing that answers a request uses it.
 */
import { decideRow } from './decide.ts';
import type { Decision } from './decision-types.ts';
import type { World } from './evaluate.ts';
import { gate } from './gates.ts';
import { type RulePieces, rulePieces } from './row-rules.ts';
import type { RowRule } from './rule-types.ts';
import type { Ask, DataClass, Principal, Role } from './types.ts';
import { wordsFor } from './words.ts';

export interface RuleSettings {
  /** Days of reading after a relationship closed as planned; null = as it is. */
  graceDays: number | null;
  /** Days of reading on after an agreement's end; null = as it is. */
  lapseDays: number | null;
  /** A kind of record that a role would not see any more. */
  closed: { role: Role; dataClass: DataClass } | null;
}

export const AS_IT_IS: RuleSettings = { graceDays: null, lapseDays: null, closed: null };

/** As `decide`, under these settings. */
export function decideUnder(settings: RuleSettings, principal: Principal, ask: Ask, world: World): Decision {
  const shut = gate(principal, ask);
  if (shut !== null) return shut;
  const { closed } = settings;
  const decision = decideRow(principal, ask, world, piecesUnder(settings, rulePieces(principal, ask)));
  if (!decision.permit || closed?.role !== principal.role || closed.dataClass !== world.row.dataClass) return decision;
  const refusal = { permit: false, rules: ['R-05'], reason: 'role', text: wordsFor('role') } as const;
  return { ...decision, ...refusal, rules: [...refusal.rules], explanation: null, masks: [], wayIn: null };
}

function piecesUnder(settings: RuleSettings, parts: RulePieces): RulePieces {
  if (settings.graceDays === null && settings.lapseDays === null) return parts;
  return { ...parts, pieces: parts.pieces.map((piece) => ({ ...piece, rule: ruleUnder(settings, piece.rule) })) };
}

/** Only where there is a grace at all: what has none (writes, systems) gets none. */
function ruleUnder(settings: RuleSettings, rule: RowRule): RowRule {
  switch (rule.op) {
    case 'all':
    case 'any':
      return { ...rule, rules: rule.rules.map((one) => ruleUnder(settings, one)) };
    case 'not':
      return { ...rule, rule: ruleUnder(settings, rule.rule) };
    case 'related':
      return rule.graceDays === 0 ? rule : { ...rule, graceDays: settings.graceDays ?? rule.graceDays };
    case 'agreement':
      return rule.graceDays === 0 ? rule : { ...rule, graceDays: settings.lapseDays ?? rule.graceDays };
    default:
      return rule;
  }
}
