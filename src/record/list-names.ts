/** Names of people handled with care in lists: asked only when a page holds one. */

import type { Mask } from '../governance/decision-types.ts';
import { evaluate } from '../governance/evaluate.ts';
import { nameInLists, nameMask } from '../governance/handling.ts';
import { readSeveral } from '../store/reads.ts';
import type { FoundRow } from '../store/search.ts';
import { reach } from './decide.ts';
import type { Context, Door } from './types.ts';

/** `Type/id` of the rows whose name this caller does not see in a list, with the mask. */
export async function namesMasked(
  door: Door,
  context: Context,
  found: readonly FoundRow[],
): Promise<(one: FoundRow) => Mask[]> {
  const { principal, now } = context;
  const handled = found.filter(({ consents }) => consents.some(({ kind }) => kind === 'handled'));
  if (handled.length === 0 || principal.kind !== 'staff') return () => [];
  const keyOf = ({ row }: FoundRow) => `${row.type}/${row.id}`;
  const rows = await readSeveral(door.pool, [...new Set(handled.map(keyOf))], reach(context));
  const rule = nameInLists(principal);
  const hidden = new Set(
    handled.map(keyOf).filter((key) => {
      const row = rows.get(key);
      return row === undefined || !evaluate(rule, { ...row, now });
    }),
  );
  return (one) => (hidden.has(keyOf(one)) ? [nameMask(one.row.type)] : []);
}
