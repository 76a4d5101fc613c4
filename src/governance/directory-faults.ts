/** What a directory resource may not say of itself: more than one role in one PractitionerRole, a supervisor who is herself. */
import type { Resource } from '../fhir/types.ts';
import { rolesNamed } from './directory.ts';
import { supervisorOf } from './duty.ts';

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
