/**
 * Retention and legal hold: what is due, what is held, and what two people agreed to destroy. The service asks; the
 * database removes, after it has looked at schedule, holds and approvals itself (086-retention.sql).
 */
import { NHS_NUMBER } from '../fhir/identifiers.ts';
import { londonDate } from '../fhir/london.ts';
import { refuse } from '../fhir/outcome.ts';
import { keepsRequests } from '../governance/subject-access-rule.ts';
import { reach } from '../record/decide.ts';
import { requestEntry } from '../record/inside-request.ts';
import { audited, notFound, refused } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { word, wordPrefix } from '../search/words.ts';
import { nhsNumbersOf } from '../store/models/cases.ts';
import {
  answerDestruction,
  answerRemoval,
  approvedDestructions,
  askLift,
  confirmLift,
  type Destruction,
  type Due,
  destroyNext,
  destructions,
  dueByReference,
  dueRecords,
  type Hold,
  insertDestruction,
  insertHold,
  keepCertificate,
  liveHolds,
  lookForDue,
  type RemovalAsked,
  type Schedule,
  schedule,
} from '../store/models/retention.ts';
import { removalsAsked } from '../store/models/trail-removals.ts';
import { readByNumber } from '../store/people.ts';
import type { PoolClient } from '../store/pool.ts';
import { inTransaction } from '../store/transaction.ts';
import { isSqlState } from '../store/write.ts';
import { jobEntry } from './job-entry.ts';
import { notYours, recordInside } from './officer.ts';
import { personOf } from './sar/bench.ts';
import { codeOf, type RetentionJob } from './trail-removal.ts';

export interface RetentionView {
  due: (Due & { numbers: string[] })[];
  holds: (Hold & { numbers: string[] })[];
  destructions: Destruction[];
  removals: RemovalAsked[];
  schedule: Schedule[];
}

/** Steps of the keepers of records alone; every refusal and failure is recorded. @throws Outcome 403 */
export function asRetentionKeeper<T>(
  door: Door,
  context: Context,
  detail: string,
  work: (client: PoolClient) => Promise<{ value: T; patients: string[]; detail?: string }>,
): Promise<T> {
  const entry = { ...requestEntry(context, null, detail), rules: ['R-34'] };
  return audited(door, entry, async () => {
    if (!keepsRequests(context.principal.role)) throw await refused(door, entry, notKeeper());
    return inTransaction(door.pool, async (client) => {
      const done = await work(client);
      await recordInside(client, { ...entry, patients: done.patients, detail: done.detail ?? detail });
      return done.value;
    });
  });
}

const notKeeper = () => ({
  ...notYours('conflict', 'Retention is kept by records officers and the Caldicott Guardian.'),
  rules: ['R-34'],
  reason: 'role' as const,
});

/** What is due, held, and waiting to be destroyed. @throws Outcome 403 */
export function readRetention(door: Door, context: Context): Promise<RetentionView> {
  return asRetentionKeeper(door, context, 'retention-read', async (client) => {
    const prefix = word(wordPrefix('Patient', 'identifier'), `${NHS_NUMBER}|`);
    const numbers = (patient: string | null) => (patient === null ? [] : nhsNumbersOf(client, [patient], prefix));
    const due: RetentionView['due'] = [];
    for (const one of await dueRecords(client)) due.push({ ...one, numbers: await numbers(one.patient) });
    const holds: RetentionView['holds'] = [];
    for (const one of await liveHolds(client)) holds.push({ ...one, numbers: await numbers(one.patient) });
    const patients = [...due.map(({ patient }) => patient), ...holds.flatMap(({ patient }) => patient ?? [])];
    const more = {
      destructions: await destructions(client),
      removals: await removalsAsked(client),
      schedule: await schedule(client),
    };
    return { value: { due, holds, ...more }, patients };
  });
}

/** Holds one record, or (null) all of them. One person suffices: a hold only keeps. @throws Outcome 403, 404 */
export async function placeHold(door: Door, context: Context, nhsNumber: string | null, reason: string): Promise<void> {
  await asRetentionKeeper(door, context, 'hold', async (client) => {
    const found = nhsNumber === null ? [] : await readByNumber(client, `${NHS_NUMBER}|${nhsNumber}`, reach(context));
    const entry = { ...requestEntry(context, null, 'hold'), rules: ['R-34'] };
    if (nhsNumber !== null && found.length === 0) throw await notFound(door, entry);
    const patients = nhsNumber === null ? [null] : found.map(({ row }) => `Patient/${row.id}`);
    for (const patient of patients)
      await insertHold(client, { patient, at: context.now, reason, by: personOf(context) });
    return { value: undefined, patients: patients.filter((one) => one !== null) };
  });
}

/** Asks that a hold ends, or, as the second person, ends it. @throws Outcome 409, 422 by the same person */
export async function liftHold(
  door: Door,
  context: Context,
  asked: { reference: string; reason: string | null },
): Promise<void> {
  const { reference, reason } = asked;
  await asRetentionKeeper(door, context, `hold-lift ${reference}`, (client) =>
    twoPersons(async () => {
      const by = personOf(context);
      const done =
        reason === null
          ? await confirmLift(client, reference, by, context.now)
          : await askLift(client, reference, by, { at: context.now, reason });
      return { done, patients: [] };
    }),
  );
}

/** Asks that a record that is due be destroyed. @throws Outcome 404, 409 */
export async function askDestruction(
  door: Door,
  context: Context,
  asked: { reference: string; words: string },
): Promise<void> {
  await asRetentionKeeper(door, context, `destruction-ask ${asked.reference}`, (client) =>
    twoPersons(async () => {
      const due = await dueByReference(client, asked.reference);
      if (due === null) throw refuse(404, 'not-found', 'This record is not on the list any more.');
      await insertDestruction(client, due, personOf(context), { at: context.now, words: asked.words });
      return { done: true, patients: [due.patient] };
    }),
  );
}

/** The second person agrees or not, to a destruction (`DES-..`) or a removal of the trail's beginning (`TRR-..`). */
export async function answer(
  door: Door,
  context: Context,
  asked: { reference: string; agreed: boolean },
): Promise<void> {
  const { reference, agreed } = asked;
  await asRetentionKeeper(door, context, `${agreed ? 'approve' : 'refuse'} ${reference}`, (client) =>
    twoPersons(async () => {
      const yes = { at: context.now, agreed };
      const done = reference.startsWith('TRR-')
        ? await answerRemoval(client, reference, personOf(context), yes)
        : await answerDestruction(client, reference, personOf(context), yes);
      return { done, patients: [] };
    }),
  );
}

/** The database keeps two persons apart (23514) and two asks from standing at once (23505). */
async function twoPersons(
  work: () => Promise<{ done: boolean; patients: string[] }>,
): Promise<{ value: undefined; patients: string[] }> {
  try {
    const { done, patients } = await work();
    if (!done) throw refuse(409, 'conflict', 'This does not wait for you any more; look at it again.');
    return { value: undefined, patients };
  } catch (error) {
    if (isSqlState(error, '23514'))
      throw refuse(422, 'business-rule', 'A second person agrees to what the first asked (R-27).');
    if (isSqlState(error, '23505')) throw refuse(409, 'conflict', 'Somebody has asked for this already.');
    throw error;
  }
}

/** The nightly look: every record that is due and not held stands in the list afterwards, and no other. */
export async function lookAtRetention({ pool, clock }: Pick<RetentionJob, 'pool' | 'clock'>): Promise<void> {
  const today = londonDate(clock());
  for (let after: string | null = ''; after !== null; ) after = await lookForDue(pool, after, today);
}

/** Rows removed in one commit. */
const STEP = 500;

/** Destroys what two people approved and the database lets go; each with a signed certificate. @returns how many */
export async function destroyApproved({ pool, keeper, clock, log }: RetentionJob): Promise<number> {
  let made = 0;
  for (const one of await approvedDestructions(pool)) {
    try {
      for (;;) {
        const { done, removed } = await inTransaction(pool, async (client) => {
          const step = await destroyNext(client, one.id, STEP);
          if (step.done) await certify(client, { pool, keeper, clock, log }, one, step.removed);
          return step;
        });
        if (done) break;
        log.info('a record is being destroyed', { destruction: one.reference, removed });
      }
      made += 1;
    } catch (error) {
      log.error('a record was not destroyed', { destruction: one.reference, why: codeOf(error) });
    }
  }
  return made;
}

async function certify(
  client: PoolClient,
  { keeper, clock }: RetentionJob,
  one: Destruction,
  removed: number,
): Promise<void> {
  const { reference, patient, due, rule, askedBy, approvedBy, words } = one;
  const statement = { reference, patient, due, rule, askedBy, approvedBy, words, removed, at: clock().toISOString() };
  await keepCertificate(client, one.id, await keeper.certify('destruction-certificate', statement));
  const detail = `destroyed ${reference} rows ${removed}`;
  await recordInside(client, jobEntry('retention', clock(), { detail, rules: ['R-34'], patients: [patient] }));
}
