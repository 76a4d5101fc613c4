/**
 * Requests of people for their own record: opened by NHS number and reason, with who asks and for whom; the
 * clock; who was verified, asked and told; and taking in what is to be looked at. Content is decided in `queue.ts`.
 */
import { NHS_NUMBER } from '../../fhir/identifiers.ts';
import { londonDate } from '../../fhir/london.ts';
import { refuse } from '../../fhir/outcome.ts';
import { classesSeen } from '../../governance/role-views.ts';
import { keepsRequests, mayJudgeHarm } from '../../governance/subject-access-rule.ts';
import type { Role } from '../../governance/types.ts';
import { reach } from '../../record/decide.ts';
import { openable } from '../../record/inside-request.ts';
import { notFound, refused } from '../../record/refusal.ts';
import type { Context, Door } from '../../record/types.ts';
import { word, wordPrefix } from '../../search/words.ts';
import { namesOf } from '../../store/models/alerts.ts';
import { nhsNumbersOf } from '../../store/models/cases.ts';
import { type ItemState, itemCounts } from '../../store/models/sar-items.ts';
import {
  insertJob,
  isChild,
  jobsOf,
  openPoints,
  type Professional,
  peopleOfRoles,
  type SarJob,
  type SarLine,
  sarLines,
} from '../../store/models/sar-jobs.ts';
import { readByNumber } from '../../store/people.ts';
import { inTransaction } from '../../store/transaction.ts';
import { recordInside } from '../officer.ts';
import { addSarLine, asKeeper, brokenSarLine, inside, onList, personOf } from './bench.ts';
import { type Clock, clockIn, type Day } from './clock.ts';
import { grownSince } from './standing.ts';

export type { Professional, SarJob, SarLine };

export interface NewRequest {
  /** Ten digits, checked. */
  nhsNumber: string;
  reason: string;
  asker: SarJob['asker'];
  received: Day;
  wantsAccesses: boolean;
  wantsVersions: boolean;
  /** How she asked to have it, in the officer's words. */
  handover: string;
}

/** Opens a request. @returns its reference. @throws Outcome 403, 404 nobody under this number, 422 */
export function openRequest(door: Door, context: Context, asked: NewRequest): Promise<string> {
  return asKeeper(door, context, 'sar-open', async (plain) => {
    const raw = new URLSearchParams({ identifier: `${NHS_NUMBER}|${asked.nhsNumber}` }).toString();
    const entry = { ...plain, query: door.auditQuery(raw, context.requestId) };
    if (asked.received > londonDate(context.now)) throw refuse(422, 'value', 'A request cannot come in tomorrow.');
    // who looked is told to nobody but the person herself.
    if (asked.asker !== 'self' && asked.wantsAccesses)
      throw refuse(422, 'business-rule', 'The list of who looked is given to the person herself alone (R-14).');
    const [found, ...more] = await readByNumber(door.pool, `${NHS_NUMBER}|${asked.nhsNumber}`, reach(context));
    if (found === undefined) throw await notFound(door, entry);
    if (more.length > 0)
      throw refuse(409, 'multiple-matches', 'Two records carry this number; they have to be put right first.');
    const subject = `Patient/${found.row.id}`;
    const closed = openable(door, context, found);
    // A record of named people alone is as unknown here as a number that nobody has: its Guardian keeps such a request.
    if (closed !== null)
      throw await refused(door, { ...entry, patients: [subject] }, { ...closed, concealed: closed.reason === 'label' });
    return inTransaction(door.pool, async (client) => {
      const { nhsNumber: _, ...rest } = asked;
      const child = await isChild(client, subject, asked.received);
      const classes = classesSeen('sar-officer', 'case', 'full');
      const made = await insertJob(client, { ...rest, openedBy: personOf(context).party, subject, child, classes });
      await addSarLine(client, context, made.id, { kind: 'open', words: asked.reason });
      await recordInside(client, { ...entry, patients: [subject], detail: `sar-open ${made.reference}` });
      return made.reference;
    });
  });
}

export interface RequestRow {
  job: SarJob;
  clock: Clock;
}

const JOBS_SHOWN = 100;

/** The list with its clocks: whose record it is stays out. A health professional sees those that name her. */
export function listRequests(door: Door, context: Context): Promise<RequestRow[]> {
  return onList(door, context, 'sar-list', async (entry) => {
    const { role, practitionerRole = '' } = context.principal;
    const isLister = keepsRequests(role) || role === 'ig-officer';
    const jobs = await jobsOf(door.pool, isLister ? null : practitionerRole, JOBS_SHOWN);
    const rows: RequestRow[] = [];
    for (const job of jobs) rows.push({ job, clock: clockIn(job, await sarLines(door.pool, job.id), context.now) });
    await door.audit.write(entry);
    return rows;
  });
}

/** Lets keepers of requests pass to the empty form. @throws Outcome 403 */
export function enterForm(door: Door, context: Context): Promise<void> {
  return asKeeper(door, context, 'sar-form', (entry) => door.audit.write(entry));
}

export interface RequestView {
  job: SarJob;
  clock: Clock;
  nhsNumbers: string[];
  lines: (SarLine & { hash: string })[];
  /** First line of the log that was changed, or null. */
  broken: number | null;
  counts: Record<ItemState, number>;
  /** What is missing before anything may leave. */
  points: { point: string; n: number }[];
  professional: string | null;
  /** Whom an officer may name. */
  professionals: Professional[];
  isKeeper: boolean;
  mayJudge: boolean;
  /** May look again at what became stricter after the release. */
  mayRecheck: boolean;
  /** Why no further copy is made before somebody looked again, or null. */
  stricter: string | null;
}

/** Health professionals whom a request may name. */
export const JUDGES: readonly Role[] = [
  ...(['midwife', 'health-visitor', 'hospital-midwife', 'perinatal-mental-health', 'safeguarding', 'gp'] as const),
  'team-lead',
];

/** One request with its clock, log and what is still open. @throws Outcome 403, 404 */
export function readRequest(door: Door, context: Context, reference: string): Promise<RequestView> {
  return inside(door, context, { reference, act: 'read' }, async (job, entry) => {
    const prefix = word(wordPrefix('Patient', 'identifier'), `${NHS_NUMBER}|`);
    const [lines, counts, points, nhsNumbers, names, professionals] = await Promise.all([
      sarLines(door.pool, job.id),
      itemCounts(door.pool, job.id),
      openPoints(door.pool, job.id),
      nhsNumbersOf(door.pool, [job.subject], prefix),
      job.professional === null ? [] : namesOf(door.pool, [job.professional]),
      peopleOfRoles(door.pool, JUDGES, context.now),
    ]);
    await door.audit.write(entry);
    const { role, practitionerRole } = context.principal;
    const clock = clockIn(job, lines, context.now);
    const isKeeper = keepsRequests(role);
    const mayJudge = job.professional !== null && job.professional === practitionerRole && mayJudgeHarm(role);
    const mayRecheck = role === 'caldicott-guardian' || (mayJudge && role === 'safeguarding');
    const stricter = job.ending === 'released' ? await grownSince(door.pool, job.id) : null;
    const seen = { mayRecheck, stricter, nhsNumbers, lines, counts, points, professionals, isKeeper, mayJudge };
    return { job, clock, ...seen, broken: brokenSarLine(lines), professional: names[0] ?? null };
  });
}
