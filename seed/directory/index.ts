/** The directory of the demo, in the order in which it can be written: it stays even when no families are wanted. */
import type { CivilDate } from '../../src/care/clock.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { places } from './places.ts';
import { sharingProtocols } from './sharing-protocols.ts';
import { practitionerRoles, practitioners, teams } from './staff.ts';

/** One transaction each; later ones name people and places of earlier ones. */
export const directory = (today: CivilDate): Resource[][] => [
  places(),
  [...practitioners(today), ...practitionerRoles(today)],
  [...teams(today), ...sharingProtocols(today)],
];
