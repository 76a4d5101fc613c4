/**
 * Conditions on a new Patient's number are questions whether somebody is here, like a trace. One that ends in a
 * record asks nothing that the record does not say; one that fails, for whatever reason, leaves no other mark: so each is
 * recorded about the person it met and counts as a trace.
 */
import { refuse } from '../fhir/outcome.ts';
import { countTrace, tracesMade } from '../store/access-grants.ts';
import type { ResourceRow } from '../store/rows.ts';
import { VersionConflict } from '../store/write.ts';
import { entryOf, withRows } from './entry.ts';
import { MOST_TRACES } from './trace.ts';
import { type Context, type Door, StaleStanding } from './types.ts';

/** What one condition met out of sight; null = nobody, or somebody in sight. */
export type Probe = ResourceRow | null;

/** Runs a write whose conditions are collected in `probes`; when it fails they are recorded and counted. */
export async function withProbes<T>(door: Door, context: Context, work: (probes: Probe[]) => Promise<T>): Promise<T> {
  const probes: Probe[] = [];
  try {
    return await work(probes);
  } catch (error) {
    // What is repeated at once is not a failure yet.
    if (error instanceof StaleStanding || error instanceof VersionConflict) throw error;
    for (const met of probes) {
      await countTrace(door.pool, callerOf(context), context.now);
      const entry = { ...entryOf(context, 'operation'), rules: ['R-50'] };
      const detail = met === null ? '$trace:condition' : '$trace:match-restricted';
      await door.audit.write({ ...(met === null ? entry : withRows(entry, [met])), detail });
    }
    throw error;
  }
}

/** @throws Outcome 429 when her questions of this quarter of an hour are used up */
export async function requireProbesLeft(door: Door, context: Context): Promise<void> {
  const { kind } = context.principal;
  const made = await tracesMade(door.pool, callerOf(context), context.now);
  if (made < MOST_TRACES[kind === 'system' ? 'system' : 'person']) return;
  throw refuse(429, 'throttled', 'Too many conditions on numbers have failed in a quarter of an hour (R-50); wait');
}

function callerOf({ principal }: Context): string {
  return principal.practitionerRole ?? principal.clientId;
}
