/**
 * Cover in two steps (domain.md 1.8): who is away and who covers until when, then what that opens, confirmed. Whoever covers
 * stands on the duty list of the absent colleague's teams until that day (R-06 d and e), so it ends by itself; the admin of
 * the teams' service writes it, as all of the duty list (5.3).
 */
import { refuse } from '../fhir/outcome.ts';
import { DUTY_TEAM } from '../governance/duty.ts';
import { entryOf } from '../record/entry.ts';
import { newId } from '../record/ids.ts';
import { audited } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { rolesByReference, teamsAt } from '../store/models/roles.ts';
import { inTransaction } from '../store/transaction.ts';
import { applyChanges, type Writable } from './apply.ts';
import { DUTY_ID } from './columns.ts';

export interface CoverAsk {
  /** Who is away (`PractitionerRole/..`), and who covers. */
  away: string;
  by: string;
  /** ISO instant. */
  until: string;
  reason: string;
  /** Step one: only say what it would open. */
  dryRun: boolean;
}

export interface Cover {
  /** Teams (`CareTeam/..`) whose families open to her. */
  teams: string[];
  until: string;
}

/** Longer absences are a change of the team, which two people make. */
export const LONGEST_DAYS = 28;

/** @throws Outcome 403 who does not keep the duty list of these teams, 422 what would cover nothing */
export function cover(door: Door, context: Context, asked: CoverAsk): Promise<Cover> {
  const detail = `$cover by ${asked.by}${asked.dryRun ? ' dry-run' : `; reason: ${asked.reason.slice(0, 300)}`}`;
  const entry = { ...entryOf(context, 'operation'), detail, rules: ['R-06'], entities: [asked.away] };
  return audited(door, entry, async () => {
    requireAdmin(context);
    const { teams, until } = await coverOf(door, context, asked);
    if (!asked.dryRun) {
      if (asked.reason.trim().length < 5) throw refuse(400, 'required', 'Say why, in five characters or more: reason');
      const changes = teams.flatMap((team) => dutyOf(context, team, asked.by, until));
      await inTransaction(door.pool, (client) => applyChanges(door, context, client, changes));
    }
    await door.audit.write(entry);
    return { teams, until };
  });
}

/** Lets an admin pass to a form that shows her own colleagues. @throws Outcome 403, recorded, for others */
export function enterCover(door: Door, context: Context): Promise<void> {
  const entry = { ...entryOf(context, 'operation'), detail: 'cover-form', rules: ['R-06'] };
  return audited(door, entry, async () => {
    requireAdmin(context);
    await door.audit.write(entry);
  });
}

function requireAdmin({ principal }: Context): void {
  if (principal.role !== 'admin')
    throw refuse(403, 'forbidden', "Cover is arranged by an admin of the team's service (5.3)");
}

async function coverOf(door: Door, context: Context, { away, by, until }: CoverAsk): Promise<Cover> {
  const wrong = (text: string) => refuse(422, 'business-rule', text, 'Parameters.parameter');
  const end = new Date(until);
  const days = (end.getTime() - context.now.getTime()) / 86_400_000;
  if (Number.isNaN(days) || days <= 0) throw wrong('The end of the cover is a time to come');
  if (days > LONGEST_DAYS)
    throw wrong(`Cover lasts ${LONGEST_DAYS} days at most; a longer absence is a change of the team`);
  if (away === by) throw wrong('Nobody covers for herself');
  const lines = await rolesByReference(door.pool, [away, by]);
  const [absent, covering] = [away, by].map((role) => lines.find((one) => one.role === role));
  if (absent === undefined || covering === undefined) throw wrong('The directory does not know one of the two roles');
  const now = context.now.toISOString();
  const isThere = covering.active && (covering.from ?? now) <= now && (covering.until === null || covering.until > now);
  if (!isThere) throw wrong('Whoever covers has no active role now');
  const [all, known] = await Promise.all([teamsAt(door.pool, away, context.now), teamsAt(door.pool, by, context.now)]);
  const own = all.filter(({ service }) => service === context.principal.service);
  if (all.length > 0 && own.length === 0)
    throw refuse(403, 'forbidden', "Cover is arranged by an admin of the team's service (5.3)");
  if (covering.service !== context.principal.service)
    throw wrong('Whoever covers is of the same service; another service gets a referral');
  const teams = own.map(({ team }) => team).filter((team) => !known.some((one) => one.team === team));
  if (teams.length === 0)
    throw wrong('She is in every team of the absent colleague already: there is nothing to cover');
  return { teams, until: end.toISOString() };
}

function dutyOf(context: Context, team: string, by: string, end: string): Writable[] {
  const extension = [{ url: DUTY_TEAM, valueReference: { reference: team } }];
  const [schedule, slot] = [newId(context.now), newId(context.now)];
  const start = context.now.toISOString();
  const identifier = [{ system: DUTY_ID, value: `cover/${slot}` }];
  return [
    {
      type: 'Schedule',
      id: schedule,
      version: null,
      resource: { resourceType: 'Schedule', identifier, extension, active: true, actor: [{ reference: by }] },
    },
    {
      type: 'Slot',
      id: slot,
      version: null,
      resource: {
        resourceType: 'Slot',
        identifier,
        extension,
        schedule: { reference: `Schedule/${schedule}` },
        status: 'busy',
        start,
        end,
        comment: 'Cover',
      },
    },
  ];
}
