/** What an import may not say of itself and of what is there: somebody at work who has left, work in a service that ended. */

import { isObject } from '../fhir/resource.ts';
import type { Json, JsonObject } from '../fhir/types.ts';
import { endOf, startOf } from '../governance/instants.ts';
import { memberOf } from './build-people.ts';
import { isLive } from './differences.ts';
import type { ImportFault } from './records.ts';
import { objects, referenceOf, type Target, targetsOf, type Workspace } from './workspace.ts';

export function contradictions(workspace: Workspace): ImportFault[] {
  const targets = targetsOf(workspace);
  const at = new Map(targets.map((target) => [referenceOf(target), target]));
  const ended = (value: Json | undefined): Target | null => {
    const found = isObject(value) && typeof value.reference === 'string' ? at.get(value.reference) : undefined;
    return found !== undefined && !isLive(found.after, workspace.now) ? found : null;
  };
  return targets.flatMap(({ type, after, where }) => {
    const line = where.at(-1);
    if (line === undefined || !isLive(after, workspace.now)) return [];
    const fault = (text: string): ImportFault[] => [{ where: line, column: null, text }];
    if (type === 'PractitionerRole') {
      const [person, service] = [ended(after.practitioner), ended(after.organization)];
      return [
        ...(person === null
          ? []
          : fault(`${person.name} is ended, so she has no role. End the role, or take her back first.`)),
        ...(service === null ? [] : fault(`${service.name} is ended, so nobody has a role in it.`)),
      ];
    }
    if (type === 'CareTeam') return objects(after.participant).flatMap((one) => memberFaults(one, at, line));
    const parent = ended(after.partOf) ?? ended(after.providedBy) ?? ended(after.managingOrganization);
    return parent === null ? [] : fault(`${parent.name} is ended. End this too, or name another.`);
  });
}

/** Organisations that would be part of themselves, through others. `parents`: what stands there, child to parent. */
export function circles(workspace: Workspace, parents: ReadonlyMap<string, string>): ImportFault[] {
  const targets = targetsOf(workspace).filter(({ type }) => type === 'Organization');
  const above = new Map(parents);
  for (const target of targets) {
    const parent = isObject(target.after.partOf) ? target.after.partOf.reference : undefined;
    if (typeof parent === 'string') above.set(referenceOf(target), parent);
    else above.delete(referenceOf(target));
  }
  return targets.flatMap((target): ImportFault[] => {
    const where = target.where.at(-1);
    const seen = new Set<string>();
    let at: string | undefined = referenceOf(target);
    while (at !== undefined && !seen.has(at)) {
      seen.add(at);
      at = above.get(at);
    }
    if (where === undefined || at !== referenceOf(target)) return [];
    return [{ where, column: 'part_of', text: `${target.name} would be part of itself. Correct one of the lines.` }];
  });
}

/** A time in a team that lies wholly outside the role: it would never open anything, so it is a mistake. */
function memberFaults(participant: JsonObject, at: ReadonlyMap<string, Target>, line: string): ImportFault[] {
  const role = at.get(memberOf(participant));
  if (role === undefined) return [];
  const [own, whole] = [periodOf(participant.period), periodOf(role.after.period)];
  const isOutside =
    (own.until !== null && whole.from !== null && own.until <= whole.from) ||
    (own.from !== null && whole.until !== null && own.from >= whole.until);
  if (!isOutside) return [];
  const text = `${role.name} is in the team at a time when she has not the role. Correct the days.`;
  return [{ where: line, column: null, text }];
}

function periodOf(value: Json | undefined): { from: string | null; until: string | null } {
  const { start, end } = isObject(value) ? value : {};
  return {
    from: startOf(typeof start === 'string' ? start : null),
    until: endOf(typeof end === 'string' ? end : null),
  };
}
