/**
 * A record can become stricter after its release: an address is restricted, danger at home is recorded, an item is
 * raised, moved or marked as an error. Then no further copy is made before a Guardian or a safeguarding nurse looked again.
 */
import { refuse } from '../../fhir/outcome.ts';
import { insertStanding, lastStanding, type Strictness, strictnessOf } from '../../store/models/sar-standing.ts';
import type { PoolClient } from '../../store/pool.ts';
import type { Db } from '../../store/reads.ts';

/** Keeps how strict it stands now, as whoever lets it leave has seen it. Inside the transaction of that step. */
export async function keepStanding(client: PoolClient, job: number, by: { at: Date; party: string }): Promise<void> {
  await insertStanding(client, job, { ...by, ...(await strictnessOf(client, job)) });
}

/** What became stricter since somebody has seen it, in words, or null. */
export async function grownSince(db: Db, job: number): Promise<string | null> {
  return grown(await strictnessOf(db, job), await lastStanding(db, job));
}

/** How strict it stands, for a copy. @throws Outcome 409 when it became stricter than somebody has seen */
export async function requireSeen(db: Db, job: number): Promise<Strictness> {
  const now = await strictnessOf(db, job);
  const words = grown(now, await lastStanding(db, job));
  if (words === null) return now;
  const who = 'the Caldicott Guardian or a safeguarding nurse looks again first (R-14, R-16)';
  throw refuse(409, 'business-rule', `Since the release ${words}: ${who}`);
}

function grown(now: Strictness, before: Strictness | null): string | null {
  const seen = before ?? { address: false, warnings: 0, items: 0 };
  const words = [
    ...(now.address && !seen.address ? ['the address was restricted'] : []),
    ...(now.warnings > seen.warnings ? ['there are new signs of danger at home'] : []),
    ...(now.items > seen.items ? ['items that left were restricted, moved or marked as an error'] : []),
  ];
  return words.length === 0 ? null : words.join(', ');
}

export { type Strictness, strictnessOf };
