/**
 * Requests for one record by its Patient: the woman asks for her own and sees how it stands; those who keep requests,
 * and a health professional whom one names, see what they see on its page. Everybody else is told the same of every id.
 */
import { londonDate } from '../../fhir/london.ts';
import { refuse } from '../../fhir/outcome.ts';
import { gate } from '../../governance/gates.ts';
import { classesSeen } from '../../governance/role-views.ts';
import { scopesAllow } from '../../governance/scopes.ts';
import { keepsRequests } from '../../governance/subject-access-rule.ts';
import { ask } from '../../record/decide.ts';
import { requestEntry } from '../../record/inside-request.ts';
import { audited, notFound, refused } from '../../record/refusal.ts';
import type { Context, Door } from '../../record/types.ts';
import { isOnlineViewOff } from '../../store/models/own-access.ts';
import { insertJob, isChild, jobsAbout, type SarJob, sarLines } from '../../store/models/sar-jobs.ts';
import { inTransaction } from '../../store/transaction.ts';
import { lock, lockKey } from '../../store/write.ts';
import { recordInside } from '../officer.ts';
import { addSarLine, NOT_HERS, personOf } from './bench.ts';
import { type Clock, clockIn } from './clock.ts';
import { type RequestView, readRequest } from './requests.ts';

/** How her own request stands, as she is told: no step, no item, nobody's name. */
export interface OwnRequest {
  reference: string;
  received: string;
  ending: SarJob['ending'];
  clock: Clock;
}

/** Lets the woman herself pass; a family is told of nothing else. @throws Outcome 404 */
function asHerself<T>(
  door: Door,
  context: Context,
  asked: { id: string; detail: string },
  work: (patient: string, entry: ReturnType<typeof requestEntry>) => Promise<T>,
): Promise<T> {
  const patient = `Patient/${asked.id}`;
  const entry = { ...requestEntry(context, null, asked.detail), purpose: context.purpose };
  return audited(door, entry, async () => {
    const { principal } = context;
    const isHers = principal.kind === 'family' && principal.role === 'mother' && principal.patient === patient;
    const closed = gate(principal, ask(door, context, 'read', 'Patient'));
    if (!isHers || closed !== null || !scopesAllow(principal, 'read', 'Patient')) throw await notFound(door, entry);
    return work(patient, { ...entry, patients: [patient] });
  });
}

/** She asks for her own record; its keepers verify her before anything is collected. @returns the reference */
export function askForOwn(
  door: Door,
  context: Context,
  asked: { id: string; handover: string; wantsAccesses: boolean; wantsVersions: boolean },
): Promise<string> {
  return asHerself(door, context, { id: asked.id, detail: 'sar-ask' }, async (subject, entry) => {
    const { handover, wantsAccesses, wantsVersions } = asked;
    if (handover.trim().length < 3)
      throw refuse(400, 'required', 'Say how you want to have it', 'Parameters.parameter');
    return inTransaction(door.pool, async (client) => {
      // Under a lock of hers: asked twice at once it is one request.
      await lock(client, [lockKey(`own request ${subject}`)]);
      const running = (await jobsAbout(client, subject)).some(({ ended, asker }) => ended === null && asker === 'self');
      if (running) throw refuse(409, 'conflict', 'A request of yours is running already.');
      const received = londonDate(context.now);
      const made = await insertJob(client, {
        ...{ subject, asker: 'self', received, handover: handover.slice(0, 2_000), wantsAccesses, wantsVersions },
        ...{ openedBy: personOf(context).party, reason: OWN_REASON },
        child: await isChild(client, subject, received),
        classes: classesSeen('sar-officer', 'case', 'full'),
      });
      await addSarLine(client, context, made.id, { kind: 'open', words: OWN_REASON });
      await recordInside(client, { ...entry, detail: `sar-ask ${made.reference}` });
      return made.reference;
    });
  });
}

const OWN_REASON = 'She asked for it herself, signed in as herself';

/** Her own requests, newest first; null while what she sees online is switched off. */
export function ownRequests(door: Door, context: Context, id: string): Promise<OwnRequest[] | null> {
  return asHerself(door, context, { id, detail: 'sar-own' }, async (patient, entry) => {
    const isOff = await isOnlineViewOff(door.pool, patient);
    const jobs = isOff ? [] : await jobsAbout(door.pool, patient);
    const own: OwnRequest[] = [];
    for (const job of jobs.filter(({ asker }) => asker === 'self')) {
      const clock = clockIn(job, await sarLines(door.pool, job.id), context.now);
      own.push({ reference: job.reference, received: job.received, ending: job.ending, clock });
    }
    await door.audit.write(entry);
    return isOff ? null : own;
  });
}

/** Requests for this record that the caller is one of the people of. @throws Outcome 403, 404 there is none */
export async function requestsAbout(door: Door, context: Context, id: string): Promise<RequestView[]> {
  const jobs = await jobsFor(door, context, id);
  const views: RequestView[] = [];
  for (const { reference } of jobs) views.push(await readRequest(door, context, reference));
  return views;
}

/** That this request is for this record, before anything is done in it. @throws Outcome 403, 404 */
export async function requireAbout(
  door: Door,
  context: Context,
  asked: { id: string; reference: string },
): Promise<SarJob> {
  const job = (await jobsFor(door, context, asked.id)).find(({ reference }) => reference === asked.reference);
  if (job !== undefined) return job;
  throw await notFound(door, requestEntry(context, null, 'sar-about'));
}

/** An app that may only read takes no step. @throws Outcome 403 */
export function requireChanging({ principal }: Context): void {
  if (scopesAllow(principal, 'update', 'Patient')) return;
  throw refuse(403, 'forbidden', 'This needs a scope that may change Patient');
}

async function jobsFor(door: Door, context: Context, id: string): Promise<SarJob[]> {
  const entry = requestEntry(context, null, 'sar-about');
  return audited(door, entry, async () => {
    const { kind, role, practitionerRole } = context.principal;
    if (kind === 'family') throw await notFound(door, entry);
    const all = await jobsAbout(door.pool, `Patient/${id}`);
    const isKeeper = kind === 'staff' && keepsRequests(role);
    const mine = all.filter(
      ({ professional }) => isKeeper || (professional !== null && professional === practitionerRole),
    );
    if (!scopesAllow(context.principal, 'read', 'Patient') || (!isKeeper && mine.length === 0))
      throw await refused(door, entry, NOT_HERS);
    if (mine.length === 0) throw await notFound(door, entry);
    return mine;
  });
}
