/** What every step of a request for a record has in common: who may, that it is recorded with it, and its own log. */
import { createHash } from 'node:crypto';
import type { AuditEntry } from '../../audit/types.ts';
import { londonDate } from '../../fhir/london.ts';
import { refuse } from '../../fhir/outcome.ts';
import type { Decision } from '../../governance/decision-types.ts';
import { keepsRequests, mayJudgeHarm } from '../../governance/subject-access-rule.ts';
import type { Role } from '../../governance/types.ts';
import { enterRequest, forRequest, requestEntry } from '../../record/inside-request.ts';
import { audited, refused } from '../../record/refusal.ts';
import type { Context, Door } from '../../record/types.ts';
import {
  changeJob,
  insertSarLine,
  type JobChange,
  jobByReference,
  lastSarLine,
  type SarJob,
  type SarLine,
} from '../../store/models/sar-jobs.ts';
import type { PoolClient } from '../../store/pool.ts';
import { inTransaction } from '../../store/transaction.ts';
import { isSqlState } from '../../store/write.ts';
import { recordInside } from '../officer.ts';

/** Roles that see the list with its clocks; the privacy officer sees no more of it. */
const LIST: readonly Role[] = ['sar-officer', 'caldicott-guardian', 'ig-officer'];

export interface Person {
  party: string;
  name: string;
  /** The human behind the role: one human with two roles is one. */
  person: string;
  role: Role;
}

export function personOf({ principal }: Context): Person {
  const party = principal.practitionerRole ?? principal.subject;
  return { party, name: principal.name, person: principal.practitioner ?? party, role: principal.role };
}

export const NOT_HERS: Decision = {
  permit: false,
  rules: ['R-26', 'R-28'],
  reason: 'role',
  text: 'Requests for a record are kept by subject access officers and the Caldicott Guardian.',
  explanation: null,
  masks: [],
  concealed: false,
  wayIn: null,
};

/** Runs a step on the list of requests. A health professional sees those that name her. @throws Outcome 403 */
export function onList<T>(
  door: Door,
  context: Context,
  detail: string,
  work: (entry: AuditEntry) => Promise<T>,
): Promise<T> {
  const entry = requestEntry(context, null, detail);
  return audited(door, entry, async () => {
    const { role } = context.principal;
    const passes = context.principal.kind === 'staff' && (LIST.includes(role) || mayJudgeHarm(role));
    if (!passes) throw await refused(door, entry, NOT_HERS);
    return work(entry);
  });
}

/** Runs a step that only keepers of requests take. @throws Outcome 403 */
export function asKeeper<T>(
  door: Door,
  context: Context,
  detail: string,
  work: (entry: AuditEntry) => Promise<T>,
): Promise<T> {
  const entry = requestEntry(context, null, detail);
  return audited(door, entry, async () => {
    if (!keepsRequests(context.principal.role)) throw await refused(door, entry, NOT_HERS);
    return work(entry);
  });
}

/** Acts that show content. */
const CONTENT = ['queue', 'item', 'file', 'decide', 'review'];

/** Runs a step inside one request, for its people alone. @throws Outcome 403, 404 no such request */
export function inside<T>(
  door: Door,
  context: Context,
  asked: { reference: string; act: string },
  work: (job: SarJob, entry: AuditEntry) => Promise<T>,
): Promise<T> {
  const detail = `sar-${asked.act} ${asked.reference.slice(0, 20)}`;
  const entry = requestEntry(context, null, detail);
  return audited(door, entry, async () => {
    const { role, practitionerRole } = context.principal;
    const job = await jobByReference(door.pool, asked.reference);
    const isPerson =
      keepsRequests(role) || (job !== null && practitionerRole === job.professional && mayJudgeHarm(role));
    if (!isPerson) throw await refused(door, entry, NOT_HERS);
    if (job === null) throw refuse(404, 'not-found', 'There is no such request.');
    // What a health professional is let into ends with the request; copies are its keepers' alone.
    const shows = asked.act === 'copy' || (job.ended !== null && CONTENT.includes(asked.act));
    if (shows && !keepsRequests(role)) throw await refused(door, requestEntry(context, job, detail), NOT_HERS);
    const own = requestEntry(context, job, detail);
    await enterRequest(door, forRequest(context), job, own);
    return work(job, own);
  });
}

/** Changes a request, its log and the trail in one commit. @throws Outcome 409 ended, or somebody was faster */
export function step(
  door: Door,
  context: Context,
  { job, entry, change }: { job: SarJob; entry: AuditEntry; change: JobChange },
  said: Pick<SarLine, 'kind' | 'words'> & { onDate?: string },
  more: (client: PoolClient) => Promise<void> = async () => {},
): Promise<void> {
  return told(() =>
    inTransaction(door.pool, async (client) => {
      await more(client);
      if (!(await changeJob(client, job, change)))
        throw refuse(409, 'conflict', 'A colleague has changed this request, or it has ended; look at it again.');
      await addSarLine(client, context, job.id, said);
      await recordInside(client, entry);
    }),
  );
}

export async function addSarLine(
  client: PoolClient,
  context: Context,
  job: number,
  said: Pick<SarLine, 'kind' | 'words'> & { onDate?: string },
): Promise<void> {
  const before = await lastSarLine(client, job);
  const { party, name, person, role } = personOf(context);
  const line: SarLine = {
    n: before.n + 1,
    at: context.now.toISOString(),
    byParty: party,
    byName: name,
    person,
    role,
    kind: said.kind,
    words: said.words.slice(0, 2_000),
    onDate: said.onDate ?? londonDate(context.now),
  };
  await insertSarLine(client, job, { ...line, hash: sarLineHash(before.hash, line) });
}

/** Hex SHA-256 over the hash of the line before and this line: a line that is changed or taken out shows. */
export function sarLineHash(before: string, line: SarLine): string {
  const { n, at, byParty, byName, person, role, kind, words, onDate } = line;
  return createHash('sha256')
    .update(JSON.stringify([before, n, at, byParty, byName, person, role, kind, words, onDate]))
    .digest('hex');
}

/** The number of the first line whose hash does not follow, or null when the log is whole. */
export function brokenSarLine(lines: readonly (SarLine & { hash: string })[]): number | null {
  let before = '';
  for (const [i, line] of lines.entries()) {
    if (line.n !== i + 1 || line.hash !== sarLineHash(before, line)) return i + 1;
    before = line.hash;
  }
  return null;
}

/** What the database refuses, in words. */
const REFUSALS: Readonly<Record<string, [number, string]>> = {
  TDS01: [409, 'This request has ended; nothing more can be done in it.'],
  TDS02: [422, 'A second person reviews what the first decided (R-28).'],
  TDS03: [409, 'There is a newer decision about this item; look at it again.'],
  TDS05: [422, 'What was held back for serious harm is judged by the health professional this request names (R-28).'],
};

export async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    for (const [state, [status, words]] of Object.entries(REFUSALS))
      if (isSqlState(error, state)) throw refuse(status, status === 422 ? 'business-rule' : 'conflict', words);
    // Two reviews of one decision at once: the primary key decides.
    if (isSqlState(error, '23505')) throw refuse(409, 'conflict', 'Somebody else has just done this.');
    throw error;
  }
}
