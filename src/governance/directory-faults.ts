/** What a directory resource may not say of itself: more than one role in one PractitionerRole, a supervisor who is herself. */
import type { Resource } from '../fhir/types.ts';
import { rolesNamed } from './directory.ts';
import { supervisorOf } from './duty.ts';
import { object, text } from './elements.ts';
import { endOf } from './instants.ts';

/** Whether a PractitionerRole is over at a moment: switched off, or past its last day. */
function isOver(role: Resource, now: Date): boolean {
  if (role.active === false) return true;
  const until = endOf(text(object(role.period)?.end));
  return until !== null && Date.parse(until) <= now.getTime();
}

/** A role that ended does not begin again: nothing of what hung on it may come back with it. */
export function revives(before: Resource, after: Resource, now: Date): boolean {
  return isOver(before, now) && !isOver(after, now);
}

export interface DirectoryFault {
  text: string;
  expression: string;
}

export function roleFaults(resource: Resource): DirectoryFault[] {
  const named = rolesNamed(resource);
  const several = named.find((roles) => roles.length > 1);
  const own = `PractitionerRole/${resource.id ?? ''}`;
  return [
    ...(several === undefined
      ? []
      : [
          {
            text: `One PractitionerRole has one role, this one names ${several.join(' and ')}: make one for each`,
            expression: 'PractitionerRole.code',
          },
        ]),
    ...(supervisorOf(resource) === own
      ? [{ text: 'Nobody supervises herself (R-40)', expression: 'PractitionerRole.extension' }]
      : []),
  ];
}
