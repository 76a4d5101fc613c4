/**
 * What still names a role in resources after it has ended, or after it left a service: teams, times of the duty list,
 * subscription contacts. None of it opens anything (the role is refused, and a mover's names were taken out of the old
 * teams with the same commit, migration 123); it is taken out at once after each ending, and each minute for roles whose
 * last day has come. It is safe to repeat.
 */
import { isObject } from '../fhir/resource.ts';
import type { JsonObject, Resource } from '../fhir/types.ts';
import { internalContext } from '../record/internal.ts';
import type { Door } from '../record/types.ts';
import { dutyNaming, markSettled, personEnded, rolesToSettle, teamsNaming } from '../store/models/leavers.ts';
import { rolesByReference, rolesOf } from '../store/models/roles.ts';
import type { PoolClient } from '../store/pool.ts';
import { inTransaction } from '../store/transaction.ts';
import { memberOf } from './build-people.ts';
import { type Lessening, writeByRule } from './by-rule.ts';
import { removeContact } from './contacts.ts';
import { endedNow } from './end-missing.ts';
import { objects } from './workspace.ts';

export interface Settled {
  memberships: number;
  /** Times of the duty list. */
  duty: number;
  contacts: number;
}

const JOB = 'leavers and movers';
export const NOTHING_SETTLED: Settled = { memberships: 0, duty: 0, contacts: 0 };

/** All who wait for it. One that fails is told by id and waits for the next minute. @returns how many were settled */
export async function settleAll(door: Door): Promise<number> {
  let count = 0;
  for (const one of await rolesToSettle(door.pool, door.clock())) {
    try {
      await settle(door, one);
      count += 1;
    } catch (error) {
      const name = error instanceof Error ? error.name : 'unknown';
      door.log.warn('what an ended role is named in could not be settled', { role: one.role, error: name });
    }
  }
  return count;
}

/** One role, right after it ended; what cannot be done now is done within a minute. */
export async function settleNow(door: Door, role: string): Promise<Settled> {
  try {
    return await settle(door, { role, movedFrom: null });
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown';
    door.log.warn('what an ended role is named in could not be settled', { role, error: name });
    return NOTHING_SETTLED;
  }
}

/** Who is taken out, when, and how often it was done. */
interface Leaving {
  members: readonly string[];
  now: Date;
  memberships: number;
  duty: number;
}

async function settle(door: Door, { role, movedFrom }: { role: string; movedFrom: string | null }): Promise<Settled> {
  const [line] = await rolesByReference(door.pool, [role]);
  const context = await internalContext(door, movedFrom ?? line?.service ?? '', JOB);
  const person = line?.practitioner ?? null;
  const settled = await inTransaction(door.pool, async (db) => {
    // Whoever has another role goes on as a person.
    const gone = movedFrom === null && person !== null && !(await goesOn(db, person, context.now)) ? person : null;
    const contacts = gone === null ? 0 : await removeContact(door, context, db, gone);
    const members = [role, ...(gone === null ? [] : [gone])];
    const leaving: Leaving = { members, now: context.now, memberships: 0, duty: 0 };
    const teams = (await teamsNaming(db, members, movedFrom)).map((team) => outOfTeam(leaving, team));
    const lists = (await dutyNaming(db, { members, service: movedFrom, now: context.now })).flatMap((one) => [
      ...(one.shared ? [] : one.slots.map((slot) => outOfSlot(leaving, slot))),
      outOfSchedule(leaving, one.schedule),
    ]);
    // A person who has ended has no role, whoever ended her.
    const isOut = movedFrom === null && person !== null && (await personEnded(db, person));
    const wanted = [...teams, ...lists, ...(isOut ? [outOfRole(leaving, role)] : [])];
    await writeByRule(door, context, db, { wanted, detail: movedFrom === null ? 'leaver' : 'mover' });
    await markSettled(db, role, context.now);
    return { memberships: leaving.memberships, duty: leaving.duty, contacts };
  });
  door.wake();
  return settled;
}

async function goesOn(db: PoolClient, person: string, now: Date): Promise<boolean> {
  const at = now.toISOString();
  if (await personEnded(db, person)) return false;
  return (await rolesOf(db, person)).some(({ active, until }) => active && (until === null || until > at));
}

function outOfRole({ now }: Leaving, reference: string): Lessening {
  return { reference, change: (role) => (role.active === false ? null : endedNow(role, now)) };
}

function outOfTeam(leaving: Leaving, reference: string): Lessening {
  return {
    reference,
    change: (team) => {
      const { fresh, count } = withoutMembers(team, leaving);
      leaving.memberships += count;
      return count === 0 ? null : fresh;
    },
  };
}

function outOfSchedule({ members }: Leaving, reference: string): Lessening {
  return {
    reference,
    change: (schedule) => {
      const others = objects(schedule.actor).filter(({ reference: one }) => !members.includes(String(one)));
      return others.length > 0 ? { ...schedule, actor: others } : { ...schedule, active: false };
    },
  };
}

function outOfSlot(leaving: Leaving, reference: string): Lessening {
  return {
    reference,
    change: (slot) => {
      leaving.duty += 1;
      const hasBegun = typeof slot.start === 'string' && Date.parse(slot.start) < leaving.now.getTime();
      return hasBegun ? { ...slot, end: leaving.now.toISOString() } : { ...slot, status: 'entered-in-error' };
    },
  };
}

/** Every time of theirs in a team that has not ended, ended now; a time that has not begun never was. */
function withoutMembers(
  team: Resource,
  { members, now }: Pick<Leaving, 'members' | 'now'>,
): { fresh: Resource; count: number } {
  const at = now.toISOString();
  let count = 0;
  const participant = objects(team.participant).flatMap((one): JsonObject[] => {
    const period = isObject(one.period) ? one.period : {};
    const { start, end } = period;
    const isOver = typeof end === 'string' && end <= at.slice(0, end.length);
    if (!members.includes(memberOf(one)) || isOver) return [one];
    count += 1;
    return typeof start === 'string' && start > at ? [] : [{ ...one, period: { ...period, end: at } }];
  });
  const { participant: _all, ...rest } = team;
  return { fresh: participant.length === 0 ? rest : { ...rest, participant }, count };
}
