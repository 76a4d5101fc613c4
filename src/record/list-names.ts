/** Names of people handled with care in lists: asked only when a page holds one. */

import type { Mask } from '../governance/decision-types.ts';
import { evaluate } from '../governance/evaluate.ts';
import { nameInLists, nameMask } from '../governance/handling.ts';
import { readSeveral } from '../store/reads.ts';
import type { FoundRow } from '../store/search.ts';
import { reach } from './decide.ts';
import type { Context, Door } from './types.ts';

/**
 * The mask of each found row that calls somebody handled with care by her name, for who is not near her. By the people
 * this version is about, whoever the row is about now: a history holds both.
 */
export async function namesMasked(
  door: Door,
  context: Context,
  found: readonly FoundRow[],
): Promise<(one: FoundRow) => Mask[]> {
  const { principal, now } = context;
  const handled = found.filter(({ consents }) => consents.some(({ kind }) => kind === 'handled'));
  if (handled.length === 0 || principal.kind !== 'staff') return () => [];
  const people = [...new Set(handled.flatMap(({ row }) => row.subjects))];
  const known = await readSeveral(door.pool, people, reach(context));
  const relationships = [...known.values()].flatMap((one) => one.relationships);
  const rule = nameInLists(principal);
  const hidden = new Set(
    handled.filter(({ row, consents }) => !evaluate(rule, { row, relationships, consents, agreements: [], now })),
  );
  return (one) => (hidden.has(one) ? [nameMask(one.row.type)] : []);
}
