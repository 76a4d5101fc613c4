/** Small constructors of row rules, and folding of what a request already settles. Sources: types.ts `RowRule`. */
import type { RowRule } from './rule-types.ts';
import type { ConsentRow, DataClass, Label, Purpose, RelationshipKind } from './types.ts';

export const TRUE: RowRule = { op: 'true' };
export const FALSE: RowRule = { op: 'false' };

/** Every rule holds; flattened, with `true` left out and `false` deciding. */
export function all(...rules: readonly RowRule[]): RowRule {
  const kept = rules.flatMap((rule) => (rule.op === 'all' ? rule.rules : [rule])).filter((rule) => rule.op !== 'true');
  if (kept.some((rule) => rule.op === 'false')) return FALSE;
  if (kept.length === 0) return TRUE;
  return kept.length === 1 && kept[0] ? kept[0] : { op: 'all', rules: kept };
}

/** Some rule holds; flattened, with `false` left out and `true` deciding. */
export function any(...rules: readonly RowRule[]): RowRule {
  const kept = rules.flatMap((rule) => (rule.op === 'any' ? rule.rules : [rule])).filter((rule) => rule.op !== 'false');
  if (kept.some((rule) => rule.op === 'true')) return TRUE;
  if (kept.length === 0) return FALSE;
  return kept.length === 1 && kept[0] ? kept[0] : { op: 'any', rules: kept };
}

/** The rule does not hold. */
export function not(rule: RowRule): RowRule {
  if (rule.op === 'true') return FALSE;
  if (rule.op === 'false') return TRUE;
  return rule.op === 'not' ? rule.rule : { op: 'not', rule };
}

export function inClasses(classes: readonly DataClass[]): RowRule {
  return classes.length === 0 ? FALSE : { op: 'class', in: [...classes] };
}

export function inTypes(...types: readonly string[]): RowRule {
  return { op: 'type', in: [...types] };
}

export function tagged(...tags: readonly string[]): RowRule {
  return { op: 'tag', any: [...tags] };
}

export function byAuthor(parties: readonly string[]): RowRule {
  return parties.length === 0 ? FALSE : { op: 'author', any: [...parties] };
}

/** The row is one of these services' own. */
export function ofService(services: readonly string[]): RowRule {
  return services.length === 0 ? FALSE : { op: 'service', in: [...services] };
}

/** A consent row for some subject; what speaks against access. */
export function consentFor(kind: ConsentRow['kind'], parties: readonly string[]): RowRule {
  return { op: 'consent', kind, parties: [...parties] };
}

/** A consent row for every subject; what widens access. */
export function consentForEvery(kind: ConsentRow['kind'], parties: readonly string[]): RowRule {
  return { op: 'consent', kind, parties: [...parties], every: true };
}

export function agreedWith(to: string | undefined, purpose: Purpose, graceDays: number, reaching?: Label): RowRule {
  if (to === undefined) return FALSE;
  return { op: 'agreement', to, purpose, graceDays, ...(reaching === undefined ? {} : { reaching }) };
}

interface RelatedOptions {
  graceDays?: number;
  pregnancy?: 'row' | 'any';
  scoped?: boolean;
}

/** A relationship of one of these kinds with one of these parties; this pregnancy unless told otherwise. */
export function related(
  parties: readonly string[],
  kinds: readonly RelationshipKind[],
  options: RelatedOptions = {},
): RowRule {
  if (parties.length === 0 || kinds.length === 0) return FALSE;
  return {
    op: 'related',
    parties: [...parties],
    kinds: [...kinds],
    graceDays: options.graceDays ?? 0,
    pregnancy: options.pregnancy ?? 'row',
    scoped: options.scoped ?? false,
  };
}

/**
 * The same rule for rows known to be of one type and one of its classes: atoms the type settles are folded away, so
 * that a search pays only for what can differ between its rows.
 */
export function specialise(rule: RowRule, type: string, classes: readonly DataClass[]): RowRule {
  switch (rule.op) {
    case 'all':
      return all(...rule.rules.map((one) => specialise(one, type, classes)));
    case 'any':
      return any(...rule.rules.map((one) => specialise(one, type, classes)));
    case 'not':
      return not(specialise(rule.rule, type, classes));
    case 'type':
      return rule.in.includes(type) ? TRUE : FALSE;
    case 'class': {
      const possible = classes.filter((one) => rule.in.includes(one));
      if (possible.length === classes.length) return TRUE;
      return possible.length === 0 ? FALSE : { op: 'class', in: possible };
    }
    default:
      return rule;
  }
}
