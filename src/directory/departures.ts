/**
 * What an import takes people out of: a role that ends leaves its teams, one that changes its service leaves the teams of the
 * old one. It stands in the plan, so that the dry run shows it; times of the duty list and contacts in subscriptions, which
 * those who keep the directory do not see, end right after the import (settle.ts).
 */
import { isObject } from '../fhir/resource.ts';
import type { Json, Resource } from '../fhir/types.ts';
import { directoryByReference } from '../store/models/directory.ts';
import { teamsNaming } from '../store/models/leavers.ts';
import { rolesOf } from '../store/models/roles.ts';
import type { Db } from '../store/reads.ts';
import { memberOf } from './build-people.ts';
import { isLive } from './differences.ts';
import { endedNow } from './end-missing.ts';
import { addStored, edit, identitiesOf, objects, referenceOf, targetsOf, type Workspace } from './workspace.ts';

export async function endDepartures(db: Db, workspace: Workspace): Promise<void> {
  await endRolesOfLeavers(db, workspace);
  for (const target of targetsOf(workspace)) {
    const { type, before, after, where, name } = target;
    if (type !== 'PractitionerRole' || before === null || where.length === 0 || !isLive(before, workspace.now))
      continue;
    const [from, to] = [before.organization, after.organization].map(referenceIn);
    const leaves = !isLive(after, workspace.now);
    if (!leaves && (from === to || from === null)) continue;
    const role = referenceOf(target);
    const stored = await directoryByReference(db, await teamsNaming(db, [role], leaves ? null : (from ?? null)));
    for (const team of addStored(workspace, stored)) {
      const [identity] = identitiesOf(team);
      // A team that no file could name is left to what follows the import.
      if (identity === undefined) continue;
      const why = `${name} ${leaves ? 'ends' : 'changes service'}`;
      edit(workspace, { type: 'CareTeam', ...identity }, why, (one) => without(one, role, workspace.now));
    }
  }
}

/** A person who ends, ends in all her roles. */
async function endRolesOfLeavers(db: Db, workspace: Workspace): Promise<void> {
  for (const person of targetsOf(workspace)) {
    const { type, before, after, where, name } = person;
    const ends = before !== null && isLive(before, workspace.now) && !isLive(after, workspace.now);
    if (type !== 'Practitioner' || where.length === 0 || !ends) continue;
    const active = (await rolesOf(db, referenceOf(person))).filter((one) => one.active).map(({ role }) => role);
    for (const role of addStored(workspace, await directoryByReference(db, active))) {
      const [identity] = identitiesOf(role);
      if (identity === undefined) continue;
      edit(workspace, { type: role.resourceType, ...identity }, `${name} ends`, (one) => endedNow(one, workspace.now));
    }
  }
}

/** Her times in it that have begun and go on end now; a new one of the same import stays. */
function without(team: Resource, role: string, now: Date): Resource {
  const at = now.toISOString();
  if (!objects(team.participant).some((one) => memberOf(one) === role)) return team;
  return {
    ...team,
    participant: objects(team.participant).map((one) => {
      const period = isObject(one.period) ? one.period : {};
      const { start, end } = period;
      const isOver = typeof end === 'string' && end <= at.slice(0, end.length);
      const isToCome = typeof start === 'string' && start > at;
      return memberOf(one) !== role || isOver || isToCome ? one : { ...one, period: { ...period, end: at } };
    }),
  };
}

function referenceIn(value: Json | undefined): string | null {
  return isObject(value) && typeof value.reference === 'string' ? value.reference : null;
}
