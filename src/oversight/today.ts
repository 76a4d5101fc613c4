/** "What needs me today" for each of those who work in the console: officers, Guardians, and those who keep the directory. */
import { londonDate } from '../fhir/london.ts';
import { audited } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { type EndingAgreement, endingAgreements } from '../store/models/agreements.ts';
import { type Desk, deskOf } from '../store/models/alerts.ts';
import { proposalsFor, stuckReferrals } from '../store/models/desk-work.ts';
import { WARN_DAYS } from './agreement-view.ts';
import { deskEntry, officerOf, onDesk } from './officer.ts';
import { isKeeper, requireKeeper } from './proposals.ts';

export interface Today {
  /** Of officers and Guardians. */
  desk: Desk | null;
  /** Proposals that another person made. */
  proposals: number;
  /** Agreements with a term that ends within 60 days. */
  ending: EndingAgreement[];
  /** Referrals that did not arrive. */
  stuck: number;
}

/** @throws Outcome 403 for everybody else */
export function readToday(door: Door, context: Context): Promise<Today> {
  const entry = deskEntry(context, 'desk');
  const work = async (desk: () => Promise<Desk | null>): Promise<Today> => {
    const { practitionerRole = '', practitioner = null } = context.principal;
    const ending = isKeeper(context.principal) ? await endingAgreements(door.pool, context.now, WARN_DAYS) : [];
    const today = {
      desk: await desk(),
      proposals: await proposalsFor(door.pool, practitionerRole, practitioner),
      ending,
      stuck: (await stuckReferrals(door.pool, MOST)).length,
    };
    await door.audit.write(entry);
    return today;
  };
  if (context.principal.role === 'sysadmin') {
    return audited(door, entry, () => {
      requireKeeper(context);
      return work(async () => null);
    });
  }
  const desk = () => deskOf(door.pool, officerOf(context), londonDate(context.now));
  return onDesk(door, context, entry, () => work(desk));
}

const MOST = 100;
