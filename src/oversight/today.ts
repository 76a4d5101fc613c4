/**
 * "What needs me today", for everybody who signs in: officers, Guardians and those who keep the directory, keepers of
 * requests, and people of the services. Counts alone; each is what the page behind it shows her.
 */
import { londonDate } from '../fhir/london.ts';
import { keepsRequests, mayJudgeHarm } from '../governance/subject-access-rule.ts';
import type { Role } from '../governance/types.ts';
import { audited } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { recentConcerns } from '../store/concerns.ts';
import { type EndingAgreement, endingAgreements, guardiansOf } from '../store/models/agreements.ts';
import { type Desk, deskOf } from '../store/models/alerts.ts';
import { proposalsFor, stuckReferrals } from '../store/models/desk-work.ts';
import { notArrivedCount, notArrivedFor } from '../store/models/waits.ts';
import { WARN_DAYS } from './agreement-view.ts';
import { deskEntry, interested, officerOf, onDesk, withoutInterests } from './officer.ts';
import { isKeeper } from './proposals.ts';
import { askedOfMe } from './sar/asked.ts';
import { type OpenRequests, openRequests } from './sar/open-requests.ts';
import { askerOf, startEntry, unacceptedCount, WAITERS } from './waits.ts';

export interface Ending extends EndingAgreement {
  /** Names of the sides whose Caldicott Guardian she is: the warning is addressed to her. */
  hers: string[];
}

export interface Today {
  /** Of officers and Guardians. */
  desk: Desk | null;
  /** Proposals that another person made; null for those who confirm none. */
  proposals: number | null;
  /** Agreements with a term that ends within 60 days; null for those who do not keep them. */
  ending: Ending[] | null;
  /** Referrals that did not arrive anywhere, for officers. */
  stuck: number;
  /** Of keepers of requests for a record. */
  requests: OpenRequests | null;
  /** Of people of the services; null = not theirs. */
  waits: { notArrived: number; unaccepted: number } | null;
  /** Requests that ask for her opinion and still wait for it. */
  opinions: number | null;
  /** Concerns about a child of the last seven days, for safeguarding. */
  concerns: number | null;
  /** News of her service that did not arrive, for its lead: a count alone. */
  ofService: number | null;
}

const OFFICERS: readonly Role[] = ['ig-officer', 'caldicott-guardian'];

/** What waits for whoever signed in. */
export function readToday(door: Door, context: Context): Promise<Today> {
  const { role } = context.principal;
  if (OFFICERS.includes(role)) {
    const entry = deskEntry(context, 'desk');
    return onDesk(door, context, entry, async (own) => {
      const asked = { officer: officerOf(context), today: londonDate(context.now), ...interested(context, own) };
      const desk = await deskOf(door.pool, asked);
      await door.audit.write(entry);
      const rows = await stuckReferrals(door.pool, MOST);
      const stuck = await withoutInterests(door, context, own, { rows, about: ({ patients }) => patients });
      return { ...(await shared(door, context)), desk, stuck: stuck.length };
    });
  }
  const entry = startEntry(context, 'start');
  return audited(door, entry, async () => {
    await door.audit.write(entry);
    return { ...(await shared(door, context)), ...(await ofServices(door, context)) };
  });
}

async function shared(door: Door, context: Context): Promise<Today> {
  const { practitionerRole = '', practitioner = null } = context.principal;
  const keeps = isKeeper(context.principal);
  return {
    desk: null,
    stuck: 0,
    proposals: keeps ? await proposalsFor(door.pool, practitionerRole, practitioner) : null,
    ending: keeps ? await endingFor(door, context) : null,
    requests: keepsRequests(context.principal.role) ? await openRequests(door, context) : null,
    waits: null,
    opinions: null,
    concerns: null,
    ofService: null,
  };
}

async function endingFor(door: Door, context: Context): Promise<Ending[]> {
  const ending: Ending[] = [];
  for (const one of await endingAgreements(door.pool, context.now, WARN_DAYS)) {
    const guardians = await guardiansOf(door.pool, one.contract, context.now);
    const hers = guardians.filter(({ party }) => party !== null && party === context.principal.practitionerRole);
    ending.push({ ...one, hers: hers.map(({ sideName }) => sideName) });
  }
  return ending;
}

async function ofServices(door: Door, context: Context): Promise<Partial<Today>> {
  const { role, service } = context.principal;
  const isWaiter = WAITERS.includes(role);
  return {
    ...(isWaiter
      ? {
          waits: {
            notArrived: (await notArrivedFor(door.pool, askerOf(context), MOST)).length,
            unaccepted: await unacceptedCount(door, context),
          },
        }
      : {}),
    ...(mayJudgeHarm(role) ? { opinions: await opinionsFor(door, context) } : {}),
    ...(role === 'safeguarding'
      ? { concerns: await recentConcerns(door.pool, new Date(context.now.getTime() - WEEK)) }
      : {}),
    ...(role === 'service-lead' && service !== undefined
      ? { ofService: await notArrivedCount(door.pool, service) }
      : {}),
  };
}

async function opinionsFor(door: Door, context: Context): Promise<number> {
  const asked = await askedOfMe(door, context);
  return asked.filter(({ given, toDecide, toReview }) => !given || toDecide + toReview > 0).length;
}

const MOST = 100;
const WEEK = 7 * 86_400_000;
