/** The way of one decision, step by step, for people who check the rules: gate, row rules, masks. Pure. */
import { evaluate, type World } from './evaluate.ts';
import { gate } from './gates.ts';
import { masksFor } from './masks.ts';
import { type PieceName, rulePieces } from './row-rules.ts';
import type { Ask, Principal } from './types.ts';

export interface WayStep {
  kind: 'gate' | 'row' | 'mask';
  /** `open` = the row needs no relationship. */
  name: 'gate' | 'open' | 'masks' | PieceName;
  rules: string[];
  passed: boolean;
  /** Paths a mask takes away. */
  hidden: string[];
}

/** Every step, those after a refusal too: what else would stand in the way. Steps behind a closed gate are not asked. */
export function wayOf(principal: Principal, ask: Ask, world: World): WayStep[] {
  const closed = gate(principal, ask);
  const first = step('gate', 'gate', closed?.rules ?? ['R-01', 'R-02', 'R-03', 'R-05'], closed === null);
  if (closed !== null) return [first];
  const parts = rulePieces(principal, ask);
  if (evaluate(parts.open, world)) return [first, step('row', 'open', ['R-05'], true)];
  const rows = parts.pieces.map(({ name, rules, rule }) => step('row', name, rules, evaluate(rule, world)));
  if (rows.some(({ passed }) => !passed)) return [first, ...rows];
  const masks = masksFor(principal, world);
  const mask = step('mask', 'masks', [...new Set(masks.map(({ rule }) => rule))], true);
  return [first, ...rows, { ...mask, hidden: [...new Set(masks.flatMap(({ remove }) => remove))] }];
}

function step(kind: WayStep['kind'], name: WayStep['name'], rules: string[], passed: boolean): WayStep {
  return { kind, name, rules, passed, hidden: [] };
}
