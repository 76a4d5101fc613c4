/** An import that would leave nobody to keep the directory says so in its dry run, as the record would when it is carried out. */
import { type DirectoryRow, directoryOf } from '../governance/directory.ts';
import { KEEPERS, lockedOutAt } from '../governance/keepers.ts';
import { keeperRows } from '../store/models/keepers.ts';
import type { Db } from '../store/reads.ts';
import type { PlannedChange } from './plan.ts';
import type { ImportFault } from './records.ts';

const TYPES: readonly string[] = ['PractitionerRole', 'Practitioner'];

export async function lockoutFaults(db: Db, changes: readonly PlannedChange[], now: Date): Promise<ImportFault[]> {
  const people = changes.filter(({ type, action }) => TYPES.includes(type) && action !== 'unchanged');
  if (people.every(({ version }) => version === null)) return [];
  const before = await keeperRows(db, KEEPERS);
  const named = new Set(people.map(({ type, id }) => `${type}/${id}`));
  const rows = people.flatMap(({ resource }): DirectoryRow[] => directoryOf(resource));
  const at = lockedOutAt(before, [...before.filter(({ member }) => !named.has(member)), ...rows], now);
  if (at === null) return [];
  const when = at <= now.toISOString() ? 'now' : `from ${at}`;
  const text = `Fewer than two people would be left (${when}) who keep the directory (R-27). Give somebody else the role first.`;
  return [{ where: 'the import', column: null, text }];
}
