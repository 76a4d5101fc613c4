/**
 * What a change of a sharing agreement does, by its rows alone: whether it permits anything more than before (then two
 * persons decide, R-27), and where agreements contradict each other. Pure.
 */
import type { AgreementRow, Label } from './types.ts';

const RANK: Readonly<Record<Label, number>> = { N: 0, R: 1, V: 2 };
const START = (row: AgreementRow): number => (row.from === null ? Number.NEGATIVE_INFINITY : Date.parse(row.from));
const END = (row: AgreementRow): number => (row.until === null ? Number.POSITIVE_INFINITY : Date.parse(row.until));

/** True when `after` permits anything at any time that no single row of `before` permitted. */
export function widens(before: readonly AgreementRow[], after: readonly AgreementRow[]): boolean {
  return after.some((row) => !row.revoked && !before.some((one) => !one.revoked && contains(one, row)));
}

function contains(outer: AgreementRow, inner: AgreementRow): boolean {
  return (
    samePair(outer, inner) &&
    inner.classes.every((one) => outer.classes.includes(one)) &&
    inner.purposes.every((one) => outer.purposes.includes(one)) &&
    RANK[inner.maxLabel] <= RANK[outer.maxLabel] &&
    START(inner) >= START(outer) &&
    END(inner) <= END(outer)
  );
}

/**
 * The first of `others` that says another highest label than `row` for the same direction, purpose, class and time: two
 * papers of which nobody could say which one holds. Null when none does; what is revoked says nothing any more.
 */
export function contradiction(row: AgreementRow, others: readonly AgreementRow[]): AgreementRow | null {
  if (row.revoked) return null;
  const against = others.find(
    (one) =>
      !one.revoked &&
      samePair(one, row) &&
      one.maxLabel !== row.maxLabel &&
      one.purposes.some((purpose) => row.purposes.includes(purpose)) &&
      one.classes.some((dataClass) => row.classes.includes(dataClass)) &&
      START(one) < END(row) &&
      START(row) < END(one),
  );
  return against ?? null;
}

function samePair(a: AgreementRow, b: AgreementRow): boolean {
  return a.fromService === b.fromService && a.toService === b.toService;
}
