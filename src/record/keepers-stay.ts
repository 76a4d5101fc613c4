/** A change of people or roles that would leave nobody to keep the directory is refused, however it arrives. */
import { refuse } from '../fhir/outcome.ts';
import { type DirectoryRow, directoryOf } from '../governance/directory.ts';
import { KEEPERS, lockedOutAt } from '../governance/keepers.ts';
import { keeperRows } from '../store/models/keepers.ts';
import type { Db } from '../store/reads.ts';
import type { Change } from './plan.ts';
import type { Context } from './types.ts';

const TYPES: readonly string[] = ['PractitionerRole', 'Practitioner'];

/** @throws Outcome 422. The demo's loader may: nobody administers a demo. */
export async function requireKeepersStay(db: Db, context: Context, changes: readonly Change[]): Promise<void> {
  const touched = changes.filter(({ type, current }) => TYPES.includes(type) && current !== null);
  if (touched.length === 0 || context.principal.role === 'steward') return;
  const before = await keeperRows(db, KEEPERS);
  const fresh = changes.filter(({ type }) => TYPES.includes(type));
  const named = new Set(fresh.map(({ type, id }) => `${type}/${id}`));
  const rows = fresh.flatMap(({ document, id }): DirectoryRow[] =>
    document === null ? [] : directoryOf({ ...document.resource, id }),
  );
  const after = [...before.filter(({ member }) => !named.has(member)), ...rows];
  const at = lockedOutAt(before, after, context.now);
  if (at === null) return;
  const when = at <= context.now.toISOString() ? 'now' : `from ${at}`;
  throw refuse(
    422,
    'business-rule',
    `Fewer than two people would be left (${when}) who keep the directory, and what widens access takes two (R-27). Give somebody else the role first.`,
    'PractitionerRole',
  );
}
