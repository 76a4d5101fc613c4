/**
 * Removing the oldest segments of the sealed trail: a segment ends at a signed checkpoint; one person asks, another
 * approves, the job removes it under the owner's role and leaves a signed certificate from which the rest is proven.
 */
import { refuse } from '../fhir/outcome.ts';
import type { JsonObject } from '../fhir/types.ts';
import { keepsRequests } from '../governance/subject-access-rule.ts';
import type { Log } from '../log.ts';
import { requestEntry } from '../record/inside-request.ts';
import { audited } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import type { RemovalAsked } from '../store/models/retention.ts';
import { approvedRemovals, insertRemoval, type Removed, removeSegment } from '../store/models/trail-removals.ts';
import type { Pool } from '../store/pool.ts';
import { inTransaction } from '../store/transaction.ts';
import { jobEntry } from './job-entry.ts';
import { recordInside } from './officer.ts';
import { personOf } from './sar/bench.ts';
import type { TrailKeeper } from './verify-trail.ts';

/** Who signs certificates. */
export interface Certifier extends Pick<TrailKeeper, 'read'> {
  certify(
    kind: 'trail-removal' | 'destruction-certificate' | 'retention-schedule',
    statement: JsonObject,
  ): Promise<string>;
}

export interface RetentionJob {
  pool: Pool;
  keeper: Certifier;
  clock: () => Date;
  log: Log;
}

/** Makes every removal that two people approved; one that the database refuses stays, and is told. @returns how many */
export async function removeSegments({ pool, keeper, clock, log }: RetentionJob): Promise<number> {
  let made = 0;
  for (const asked of await approvedRemovals(pool)) {
    try {
      const { marks } = await keeper.read();
      await inTransaction(pool, async (client) => {
        const ends = marks.map(({ seq }) => seq).filter((seq) => seq <= asked.toSeq);
        const what = { asked: asked.id, end: Math.max(0, ...ends) };
        const segment = await removeSegment(client, what, null);
        if (!marks.some(({ seq, hash }) => seq === segment.to && hash === segment.hash))
          throw new Error('a segment ends at a signed checkpoint');
        const certificate = await keeper.certify('trail-removal', statementOf(asked, segment, clock()));
        await removeSegment(client, what, certificate);
        const detail = `trail-removed ${segment.from}-${segment.to} ${asked.reference}`;
        await recordInside(
          client,
          jobEntry('retention', clock(), { detail, rules: ['R-35'], entities: ['AuditEvent'] }),
        );
      });
      made += 1;
    } catch (error) {
      log.error('a segment of the trail was not removed', { removal: asked.reference, why: codeOf(error) });
    }
  }
  return made;
}

function statementOf(asked: RemovalAsked, segment: Removed, at: Date): JsonObject {
  const { reference, askedBy, approvedBy, words } = asked;
  return { ...segment, reference, askedBy, approvedBy, words, at: at.toISOString() };
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error
    ? String(error.code)
    : error instanceof Error
      ? error.name
      : 'unknown';
}

/** Asks that the trail up to a record be removed; it ends at a signed checkpoint. @throws Outcome 403, 422 */
export function askRemoval(door: Door, context: Context, asked: { upTo: number; words: string }): Promise<void> {
  const entry = { ...requestEntry(context, null, 'trail-removal-ask'), rules: ['R-35'] };
  return audited(door, entry, async () => {
    if (!keepsRequests(context.principal.role))
      throw refuse(403, 'forbidden', 'Retention is kept by records officers (R-35)');
    await inTransaction(door.pool, async (client) => {
      const { upTo: toSeq, words } = asked;
      const reference = await insertRemoval(client, toSeq, personOf(context), { at: context.now, words });
      await recordInside(client, { ...entry, detail: `trail-removal-ask ${reference} up to ${toSeq}` });
    });
  });
}
