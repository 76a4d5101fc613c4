/** Lines of one import that say the same, or give one thing to two people. Pure. */
import type { Line } from './build-places.ts';
import type { Kind } from './columns.ts';
import type { ImportFault } from './records.ts';

/** Columns that together must differ from line to line. */
const KEYS: Readonly<Record<Kind, readonly string[]>> = {
  organisations: ['ods_code'],
  services: ['service_id'],
  locations: ['location_id'],
  teams: ['team_id'],
  people: ['staff_number'],
  roles: ['role_id'],
  members: ['team_id', 'role_id', 'start'],
  duty: ['team_id', 'role_id', 'start'],
};

export function repeated(lines: readonly Line[]): ImportFault[] {
  const first = new Map<string, string>();
  return lines.flatMap((line) => {
    const key = [line.record.kind, ...KEYS[line.record.kind].map((name) => line.get(name).toLowerCase())].join('\n');
    const before = first.get(key);
    if (before === undefined) first.set(key, line.where);
    return before === undefined
      ? []
      : [{ where: line.where, column: null, text: `The same is said on ${before}. Keep one of the two lines.` }];
  });
}

/** One person has one sign-in and one PIN: two lines that say the same one mean one person, or a mistake. */
export function shared(lines: readonly Line[]): ImportFault[] {
  const first = new Map<string, string>();
  return lines.flatMap((line) =>
    ['sds_user_id', 'nmc_pin'].flatMap((column) => {
      const value = line.record.kind === 'people' ? line.get(column).toLowerCase() : '';
      const before = first.get(`${column} ${value}`);
      if (value === '' || before === undefined) {
        first.set(`${column} ${value}`, line.where);
        return [];
      }
      return [{ where: line.where, column, text: `Somebody else has it on ${before}. One person has one entry.` }];
    }),
  );
}
