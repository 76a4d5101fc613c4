/** Steps of a request in words: who is verified and may ask, the clock, opinions, and how it ends. */
import { londonDate } from '../../fhir/london.ts';
import { refuse } from '../../fhir/outcome.ts';
import { keepsRequests, mayJudgeHarm } from '../../governance/subject-access-rule.ts';
import type { Context, Door } from '../../record/types.ts';
import { rolesByReference } from '../../store/models/roles.ts';
import { peopleOfRoles, restoreJob, type SarJob, type SarLine, sarLines } from '../../store/models/sar-jobs.ts';
import { inTransaction } from '../../store/transaction.ts';
import { recordInside } from '../officer.ts';
import { addSarLine, inside, personOf, step } from './bench.ts';
import { clockIn, type Day } from './clock.ts';
import { JUDGES } from './requests.ts';
import { keepStanding } from './standing.ts';

/** What each step must at least say, in characters. */
export const LEAST = {
  ...{ verify: 10, authority: 15, pause: 10, resume: 3, extend: 15, interest: 15, opinion: 15, note: 3, refuse: 15 },
  ...{ withdraw: 15, restore: 15, 'hand-over': 3, recheck: 15 },
} as const;
export type Act = keyof typeof LEAST;
export const ACTS = Object.keys(LEAST).filter((one): one is Act => one in LEAST);

export interface Step {
  reference: string;
  act: Act;
  words: string;
  version: number;
  onDate: Day | null;
}

/** One step of a request in words. @throws Outcome 403 for who may not, 409 when it is not possible now, 422 */
export function stepRequest(door: Door, context: Context, asked: Step): Promise<void> {
  const { reference, act, words } = asked;
  return inside(door, context, { reference, act }, async (found, entry) => {
    const lines = await sarLines(door.pool, found.id);
    const no = refusalOf(act, { job: found, lines }, context);
    if (no !== null) throw refuse(409, 'business-rule', no);
    const onDate = dayOf(asked, { job: found, lines }, context);
    const job = { ...found, version: asked.version };
    if (act === 'hand-over' || act === 'recheck') {
      await inTransaction(door.pool, async (client) => {
        await addSarLine(client, context, job.id, { kind: act, words, onDate });
        if (act === 'recheck') await keepStanding(client, job.id, { at: context.now, party: personOf(context).party });
        const recipient = { recipient: 'the requester', interaction: 'disclosure' as const, action: 'R' as const };
        await recordInside(client, act === 'recheck' ? entry : { ...entry, ...recipient });
      });
      return;
    }
    if (act === 'restore') {
      await inTransaction(door.pool, async (client) => {
        if (!(await restoreJob(client, job)))
          throw refuse(409, 'conflict', 'A colleague has changed this request; look at it again.');
        await addSarLine(client, context, job.id, { kind: act, words, onDate });
        await recordInside(client, entry);
      });
      return;
    }
    const ending = act === 'refuse' ? 'refused' : act === 'withdraw' ? 'withdrawn' : null;
    const change = ending === null ? {} : ({ ended: context.now, ending } as const);
    await step(door, context, { job, entry, change }, { kind: act, words, onDate });
  });
}

interface Standing {
  job: SarJob;
  lines: readonly SarLine[];
}

/** The day a step counts from. A pause begins no earlier than the request, and ends no earlier than it began. */
function dayOf({ act, onDate: stated }: Step, { job, lines }: Standing, { now }: Context): Day {
  const today = londonDate(now);
  const onDate = stated ?? today;
  if (onDate > today) throw refuse(422, 'value', 'The clock counts days that have passed.');
  const clocked = lines.filter(({ kind }) => kind === 'pause' || kind === 'resume').map((line) => line.onDate);
  const first = clocked.at(-1) ?? job.received;
  if (act !== 'note' && onDate < first) throw refuse(422, 'value', `This day is before ${first}.`);
  return onDate;
}

/** Why this step is not possible now, or null. */
function refusalOf(act: Act, standing: Standing, context: Context): string | null {
  const { job, lines } = standing;
  const { role } = context.principal;
  if (act === 'hand-over') return job.ending === 'released' ? null : 'Nothing has been released yet.';
  if (act === 'recheck') {
    if (job.ending !== 'released') return 'Nothing has been released yet.';
    return role === 'caldicott-guardian' || role === 'safeguarding'
      ? null
      : 'The Caldicott Guardian or a safeguarding nurse looks again at what became stricter.';
  }
  if (act === 'restore') {
    if (!keepsRequests(role)) return KEEPERS_ONLY;
    return job.ending === 'withdrawn' || job.ending === 'refused'
      ? null
      : 'Only what was withdrawn or refused goes on.';
  }
  if (job.ended !== null) return 'This request has ended.';
  if (act === 'opinion') return noOpinion(job, context);
  if (act === 'interest') return job.asker === 'self' ? 'She asks for her own record.' : null;
  if (act === 'note') return null;
  if (!keepsRequests(role)) return KEEPERS_ONLY;
  if (act === 'authority') return job.asker === 'self' ? 'She asks for her own record.' : null;
  return refusalOfClock(act, { job, lines }, context.now);
}

const KEEPERS_ONLY = 'This step is for those who keep requests.';

function noOpinion(job: SarJob, { principal }: Context): string | null {
  if (job.professional === null || job.professional !== principal.practitionerRole || !mayJudgeHarm(principal.role))
    return 'The opinion on serious harm is given by the health professional this request names (R-28).';
  return job.collected === null ? 'Nothing has been collected yet.' : null;
}

function refusalOfClock(act: Act, { job, lines }: Standing, now: Date): string | null {
  const count = (kind: string) => lines.filter((line) => line.kind === kind).length;
  const paused = count('pause') > count('resume');
  if (act === 'pause') return paused ? 'The clock stands still already.' : null;
  if (act === 'resume') return paused ? null : 'The clock is running.';
  if (act !== 'extend') return null;
  if (count('extend') > 0) return 'It has been extended once.';
  // UK GDPR Article 12(3): she is told of an extension, and why, within the month.
  return clockIn(job, lines, now).left < 0
    ? 'The month has passed: she has to be told of an extension within it (UK GDPR Article 12(3)).'
    : null;
}

/**
 * Names the health professional whose opinion is asked: another human than whoever names her.
 * @throws Outcome 409, 422
 */
export function nameProfessional(
  door: Door,
  context: Context,
  asked: { reference: string; professional: string; version: number },
): Promise<void> {
  const { reference, professional } = asked;
  return inside(door, context, { reference, act: 'name' }, async (found, entry) => {
    if (!keepsRequests(context.principal.role)) throw refuse(409, 'business-rule', KEEPERS_ONLY);
    const people = await peopleOfRoles(door.pool, JUDGES, context.now);
    const one = people.find(({ party }) => party === professional);
    if (one === undefined) throw refuse(422, 'value', 'Select a health professional of the directory.');
    const [role] = await rolesByReference(door.pool, [professional]);
    if (role?.practitioner === personOf(context).person)
      throw refuse(
        422,
        'business-rule',
        'The opinion is another person’s than that of whoever keeps the request (R-28).',
      );
    const job = { ...found, version: asked.version };
    await step(door, context, { job, entry, change: { professional } }, { kind: 'name', words: one.name });
  });
}
