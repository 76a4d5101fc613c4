/** Keys of system clients that end soon are told in the log, once a day each, by id; the page of clients shows them too. */
import type { Log } from '../log.ts';
import { keysEndingBefore } from '../store/models/clients.ts';
import type { Db } from '../store/reads.ts';

/** Days before the end from which it is told. */
export const KEY_WARNING_DAYS = 30;
const DAY = 86_400_000;

/** A function to be called as often as one likes. @returns how many it told */
export function createKeyWarnings(db: Db, log: Pick<Log, 'warn'>): (now: Date) => Promise<number> {
  let last = '';
  return async (now) => {
    const today = now.toISOString().slice(0, 10);
    if (today === last) return 0;
    const ending = await keysEndingBefore(db, now, new Date(now.getTime() + KEY_WARNING_DAYS * DAY));
    last = today;
    for (const { clientId, kid, expires } of ending) {
      const days = Math.ceil((expires.getTime() - now.getTime()) / DAY);
      log.warn('a key of a system client ends soon: register a new one beside it', { clientId, kid, days });
    }
    return ending.length;
  };
}
