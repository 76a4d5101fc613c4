/**
 * Nobody locks everybody out: what widens access takes two people, so two different people who may do it must
 * stay, now and at every later moment at which there would have been two without the change. Pure.
 */
import type { DirectoryRow } from './directory.ts';
import { cellOf } from './role-views.ts';
import type { Role } from './types.ts';

const ALL: readonly Role[] = ['sysadmin', 'ig-officer', 'caldicott-guardian', 'sar-officer', 'service-lead', 'admin'];

/** The roles that keep agreements and directory (5.3). */
export const KEEPERS: readonly Role[] = ALL.filter((role) => cellOf(role, 'directory').write === 'two-person');
/** Fewer cannot change anything any more. */
const FEWEST = 2;

/** The moment (ISO) from which fewer than two would be left by this change, or null. */
export function lockedOutAt(before: readonly DirectoryRow[], after: readonly DirectoryRow[], now: Date): string | null {
  const moments = [now.toISOString(), ...after.flatMap(boundaries)].filter((at) => at >= now.toISOString()).toSorted();
  return moments.find((at) => keepersAt(after, at) < FEWEST && keepersAt(before, at) >= FEWEST) ?? null;
}

function boundaries(row: DirectoryRow): string[] {
  return row.kind === 'role' && row.until !== null ? [row.until] : [];
}

/** How many different people keep them at a moment. */
function keepersAt(rows: readonly DirectoryRow[], at: string): number {
  const gone = new Set(rows.flatMap((row) => (row.kind === 'person' && !row.active ? [row.member] : [])));
  const people = rows.flatMap((row) => {
    if (row.kind !== 'role' || !row.active || row.role === null || !KEEPERS.includes(row.role)) return [];
    const isNow = (row.from === null || row.from <= at) && (row.until === null || at < row.until);
    return isNow && !gone.has(row.practitioner ?? '') ? [row.practitioner ?? row.member] : [];
  });
  return new Set(people).size;
}
