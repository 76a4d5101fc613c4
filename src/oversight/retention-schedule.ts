/**
 * The retention schedule set in the console: one person asks, what it would do to the records here is counted, a
 * second one agrees, and a certificate stays. Never shorter than the rule says, never what a hold keeps; no source gives
 * years for a child who died, so nobody sets them here.
 */
import { londonDate } from '../fhir/london.ts';
import { refuse } from '../fhir/outcome.ts';
import type { Context, Door } from '../record/types.ts';
import { type Schedule, schedule } from '../store/models/retention.ts';
import {
  certificateOf,
  countAgain,
  countOn,
  insertScheduleChange,
  keepScheduleCertificate,
  refuseSchedule,
  type ScheduleChange,
  scheduleChange,
  scheduleChanges,
  scheduleRefusal,
  setSchedule,
  uncertified,
} from '../store/models/retention-schedule.ts';
import type { PoolClient } from '../store/pool.ts';
import { inTransaction } from '../store/transaction.ts';
import { isSqlState } from '../store/write.ts';
import { jobEntry } from './job-entry.ts';
import { recordInside } from './officer.ts';
import { asRetentionKeeper } from './retention.ts';
import { personOf } from './sar/bench.ts';
import { codeOf, type RetentionJob } from './trail-removal.ts';

export type { ScheduleChange };

/** Patients counted in one statement, and how long one request counts on. */
const STRETCH = 200;
const LONGEST_MS = 2_000;

const WORDS: Readonly<Record<string, string>> = {
  unknown: 'There is no such kind of record.',
  'no-source': 'No source gives years for this kind of record: it is kept until the rules say more (R-34).',
  same: 'It is kept so long already.',
  'too-short': 'This is shorter than R-34 says.',
  contradicts: 'A child who was 17 at the end of care is kept at least as long as every other child (R-34).',
};

/** What the database refuses, in words. */
const REFUSALS: Readonly<Record<string, [number, string]>> = {
  TDR01: [409, 'This does not wait for you any more; look at it again.'],
  TDR02: [422, 'A second person agrees to what the first asked (R-27).'],
  TDR03: [409, 'A hold keeps records that this would let go: the hold comes first (R-34).'],
  TDR05: [409, 'What it does has to be counted first.'],
};

export interface ScheduleView {
  schedule: Schedule[];
  changes: ScheduleChange[];
}

/** @throws Outcome 403 */
export function readSchedule(door: Door, context: Context): Promise<ScheduleView> {
  return asRetentionKeeper(door, context, 'schedule-read', async (client) => {
    const value = { schedule: await schedule(client), changes: await scheduleChanges(client) };
    return { value, patients: [] };
  });
}

/** Asks for other years, and counts what they would do. @throws Outcome 403, 409 another change waits, 422 with the reason */
export async function askSchedule(
  door: Door,
  context: Context,
  asked: { kind: string; years: number; words: string },
): Promise<void> {
  const reference = await asRetentionKeeper(door, context, 'schedule-ask', async (client) => {
    const why = await scheduleRefusal(client, asked.kind, asked.years);
    if (why !== null) throw refuse(422, 'business-rule', WORDS[why] ?? why);
    const one = { ...asked, by: personOf(context), at: context.now };
    const made = await told(() => insertScheduleChange(client, one));
    return { value: made, patients: [], detail: `schedule-ask ${made} ${asked.kind} ${asked.years}` };
  });
  await countSchedule(door, context, reference);
}

/** Counts on for a while. @returns true when the dry run is whole */
export async function countSchedule(door: Door, context: Context, reference: string): Promise<boolean> {
  const one = await waiting(door, context, reference);
  const until = Date.now() + LONGEST_MS;
  const today = londonDate(context.now);
  for (;;) {
    // Each stretch its own commit: a large store is counted over several requests.
    const whole = await inTransaction(door.pool, (client) => countOn(client, one.id, STRETCH, today));
    if (whole) return true;
    if (Date.now() > until) return false;
  }
}

/** The one that waits under this reference, for its keepers. @throws Outcome 403, 409 */
function waiting(door: Door, context: Context, reference: string): Promise<ScheduleChange> {
  return asRetentionKeeper(door, context, `schedule-count ${reference}`, async (client) => ({
    value: await live(client, reference),
    patients: [],
  }));
}

async function live(client: PoolClient, reference: string): Promise<ScheduleChange> {
  const one = await scheduleChange(client, reference);
  if (one !== null && one.approved === null && one.refusedBy === null) return one;
  throw refuse(409, 'conflict', 'This does not wait for you any more; look at it again.');
}

/** The second person agrees or not; whoever asked may take it back. @throws Outcome 403, 409, 422 */
export async function answerSchedule(
  door: Door,
  context: Context,
  asked: { reference: string; agreed: boolean },
): Promise<void> {
  const { reference, agreed } = asked;
  await asRetentionKeeper(door, context, `schedule-${agreed ? 'agree' : 'refuse'} ${reference}`, async (client) => {
    const { id } = await live(client, reference);
    const by = personOf(context);
    if (agreed) await told(() => setSchedule(client, id, by, context.now));
    else await refuseSchedule(client, id, by, context.now);
    return { value: undefined, patients: [] };
  });
}

/** Counts from the start: records or holds have changed since. @throws Outcome 403, 409 */
export async function recountSchedule(door: Door, context: Context, reference: string): Promise<void> {
  await asRetentionKeeper(door, context, `schedule-recount ${reference}`, async (client) => {
    await countAgain(client, (await live(client, reference)).id);
    return { value: undefined, patients: [] };
  });
  await countSchedule(door, context, reference);
}

/** A signed certificate as it is kept, a compact JWS. @throws Outcome 403, 404 */
export function certificateFile(door: Door, context: Context, reference: string): Promise<string> {
  return asRetentionKeeper(door, context, `certificate ${reference}`, async (client) => {
    const certificate = await certificateOf(client, reference);
    if (certificate === null) throw refuse(404, 'not-found', 'There is no certificate of this name.');
    return { value: certificate, patients: [] };
  });
}

async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isSqlState(error, '23505')) throw refuse(409, 'conflict', 'Another change waits for its second person.');
    if (isSqlState(error, 'TDR06') && error instanceof Error)
      throw refuse(422, 'business-rule', WORDS[error.message] ?? 'This cannot be set so.');
    for (const [state, [status, words]] of Object.entries(REFUSALS))
      if (isSqlState(error, state)) throw refuse(status, status === 422 ? 'business-rule' : 'conflict', words);
    throw error;
  }
}

/** Signs what two people set: part of the nightly job. */
export async function certifySchedule({ pool, keeper, clock, log }: RetentionJob): Promise<void> {
  for (const one of await uncertified(pool)) {
    try {
      const { reference, kind, years, before, askedBy, approvedBy, words, looked, newlyDue, noLonger } = one;
      const set = one.approved?.toISOString() ?? null;
      const counted = { looked, newlyDue, noLonger };
      const statement = {
        reference,
        kind,
        years,
        before,
        askedBy,
        approvedBy,
        words,
        set,
        ...counted,
        at: clock().toISOString(),
      };
      const certificate = await keeper.certify('retention-schedule', statement);
      await inTransaction(pool, async (client) => {
        await keepScheduleCertificate(client, one.id, certificate);
        await recordInside(
          client,
          jobEntry('retention', clock(), { detail: `schedule-set ${reference}`, rules: ['R-34'] }),
        );
      });
    } catch (error) {
      log.error('a change of the schedule was not certified', { change: one.reference, why: codeOf(error) });
    }
  }
}
