/**
 * What of the access record is a colleague's to look at: whatever names a person whose record is the asker's own, a
 * relative's, or one she declared an interest in under any of her roles.
 */
import type { AuditEntry, StoredAudit } from '../audit/types.ts';
import type { Decision } from '../governance/decision-types.ts';
import { interestsIn } from '../store/models/interests.ts';
import { roleReferencesOf } from '../store/models/roles.ts';
import { readGeneration } from '../store/standing.ts';
import { checkGeneration, refused } from './refusal.ts';
import type { Context, Door } from './types.ts';

/** Of people, those in whose record she has an interest now. */
export type Interests = (patients: readonly string[]) => Promise<Set<string>>;

/** @throws StaleStanding when what is kept of her is not what the directory says now: her own number may be new */
export async function interestsOf(door: Door, context: Context): Promise<Interests> {
  const { principal, now } = context;
  checkGeneration(context, await readGeneration(door.pool));
  const { practitioner = null, ownRecordKey: key = null } = principal;
  const roles = practitioner === null ? [] : await roleReferencesOf(door.pool, practitioner);
  const parties = [...new Set([...principal.parties, ...roles])];
  return (patients) => interestsIn(door.pool, { key, parties }, patients, now);
}

export const OWN_INTEREST: Decision = {
  ...{ permit: false, rules: ['R-11', 'R-12'], reason: 'own-record', explanation: null, masks: [] },
  ...{ text: 'You have an interest in this record: a colleague has to look.', concealed: false, wayIn: null },
};

/** What is done about the people an entry names is a colleague's to do. @throws Outcome 403, recorded */
export async function requireNoInterest(door: Door, context: Context, entry: AuditEntry): Promise<void> {
  const found = await (await interestsOf(door, context))(entry.patients);
  if (found.size > 0) throw await refused(door, entry, OWN_INTEREST);
}

/** Of rows of the trail, the numbers of those closed to her. */
export type Closed = (rows: readonly StoredAudit[]) => Promise<Set<number>>;

/** A row is hers or not as a whole: its events about other people are of the same look, and their numbers have no gaps. */
export async function closedTo(door: Door, context: Context): Promise<Closed> {
  const interests = await interestsOf(door, context);
  return async (rows) => {
    const named = rows.map((row) => ({ seq: row.seq, people: peopleIn(row) }));
    const found = await interests([...new Set(named.flatMap(({ people }) => people))]);
    return new Set(named.filter(({ people }) => people.some((one) => found.has(one))).map(({ seq }) => seq));
  };
}

/** Everybody a row names: whom it is about, what was touched or asked for, and who asked. */
export function peopleIn({ patients, body }: Pick<StoredAudit, 'patients' | 'body'>): string[] {
  const inside = [...body.matchAll(/Patient(?:\/|%2F)([A-Za-z0-9\-.]{1,64})/g)].map(([, id]) => `Patient/${id}`);
  return [...new Set([...patients, ...inside])];
}
