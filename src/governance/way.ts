/** The way of one decision, step by step, for people who check the rules: gate, row rules, masks. Pure. */
import { evaluate, type World } from './evaluate.ts';
import { gate } from './gates.ts';
import { masksFor } from './masks.ts';
import { type PieceName, rulePieces } from './row-rules.ts';
import type { RowRule } from './rule-types.ts';
import type { Ask, Principal } from './types.ts';

export interface WayStep {
  kind: 'gate' | 'row' | 'mask';
  /** `open` = the row needs no relationship. */
  name: 'gate' | 'open' | 'masks' | PieceName;
  rules: string[];
  passed: boolean;
  /** What the masks take away, each with its rule: paths of elements. */
  hidden: { rule: string; paths: string[] }[];
  /** What a passed step rests on: kinds of relationship, agreements (`Contract/..`). */
  through: string[];
}

/** Every step, those after a refusal too: what else would stand in the way. Steps behind a closed gate are not asked. */
export function wayOf(principal: Principal, ask: Ask, world: World): WayStep[] {
  const closed = gate(principal, ask);
  const first = step('gate', 'gate', closed?.rules ?? ['R-01', 'R-02', 'R-03', 'R-05'], closed === null);
  if (closed !== null) return [first];
  const parts = rulePieces(principal, ask);
  if (evaluate(parts.open, world)) return [first, step('row', 'open', ['R-05'], true), maskStep(principal, world)];
  const rows = parts.pieces.map(({ name, rules, rule }) => {
    const passed = evaluate(rule, world);
    return { ...step('row', name, rules, passed), through: passed ? throughOf(name, rule, world) : [] };
  });
  if (rows.some(({ passed }) => !passed)) return [first, ...rows];
  return [first, ...rows, maskStep(principal, world)];
}

function maskStep(principal: Principal, world: World): WayStep {
  const hidden = masksFor(principal, world).map(({ rule, remove }) => ({ rule, paths: [...new Set(remove)] }));
  return { ...step('mask', 'masks', [...new Set(hidden.map(({ rule }) => rule))], true), hidden };
}

/** The facts by which alone a step would pass too: what an officer looks for when she asks why. */
function throughOf(name: PieceName, rule: RowRule, world: World): string[] {
  if (name === 'relationship') {
    if (evaluate(rule, { ...world, relationships: [] })) return [];
    const kinds = [...new Set(world.relationships.map(({ kind }) => kind))];
    const only = (kind: string) => world.relationships.filter((one) => one.kind === kind);
    return kinds.filter((kind) => evaluate(rule, { ...world, relationships: only(kind) }));
  }
  if (name !== 'agreement' || evaluate(rule, { ...world, agreements: [] })) return [];
  const papers = [...new Set(world.agreements.map(({ source }) => source))];
  const only = (source: string) => world.agreements.filter((one) => one.source === source);
  return papers.filter((source) => evaluate(rule, { ...world, agreements: only(source) }));
}

function step(kind: WayStep['kind'], name: WayStep['name'], rules: string[], passed: boolean): WayStep {
  return { kind, name, rules, passed, hidden: [], through: [] };
}
