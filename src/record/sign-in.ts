/** From somebody a sign-in has proven to the PractitionerRole she acts in; whether it is active the standing says. */
import { word, wordPrefix } from '../search/words.ts';
import { rolesOfPerson } from '../store/models/people.ts';
import { type RoleLine, rolesByReference } from '../store/models/roles.ts';
import { endSessions, readSessionEnds } from '../store/models/session-ends.ts';
import type { Caller, Door } from './types.ts';

/** Identifier systems of domain.md 3.2. */
const SDS_USER = 'https://fhir.nhs.uk/Id/sds-user-id';
const SDS_ROLE_PROFILE = 'https://fhir.nhs.uk/Id/sds-role-profile-id';

/**
 * The role of the person with this SDS user id: the one with the role profile id, or without one her only role.
 * `unknown`: the directory holds nobody, or several people, under the number, or no such role of hers; `several`: she
 * has more than one active role and the sign-in did not say which: she chooses.
 */
export async function roleAt(
  door: Pick<Door, 'pool' | 'clock'>,
  proven: { userId: string; roleProfileId: string | null },
): Promise<{ fhirUser: string } | 'unknown' | { several: RoleLine[] }> {
  const person = word(wordPrefix('Practitioner', 'identifier'), `${SDS_USER}|${proven.userId}`);
  const profile =
    proven.roleProfileId === null
      ? null
      : word(wordPrefix('PractitionerRole', 'identifier'), `${SDS_ROLE_PROFILE}|${proven.roleProfileId}`);
  const roles = await rolesOfPerson(door.pool, person, profile);
  const meant = profile === null ? roles : roles.filter(({ named }) => named);
  const [only, second] = meant;
  if (only === undefined) return 'unknown';
  if (second === undefined) return { fhirUser: only.role };
  const lines = await rolesByReference(
    door.pool,
    meant.map(({ role }) => role),
  );
  const active = lines.filter((one) => isActive(one, door.clock().toISOString()));
  const [first, another] = active;
  if (first === undefined) return 'unknown';
  return another === undefined ? { fhirUser: first.role } : { several: active };
}

function isActive({ active, from, until }: RoleLine, now: string): boolean {
  return active && (from === null || from <= now) && (until === null || now < until);
}

type Who = Pick<Caller, 'issuer' | 'subject'>;
const wordsOf = ({ issuer, subject }: Who): string => `${issuer} ${subject}`;

/** How often her sessions were ended everywhere; a session that began at another number is over, in every process. */
export function sessionEndsOf(door: Pick<Door, 'pool'>, who: Who): Promise<number> {
  return readSessionEnds(door.pool, wordsOf(who));
}

/** Ends all her sessions, in every process, from the next request on. */
export function endEverywhere(door: Pick<Door, 'pool'>, who: Who): Promise<void> {
  return endSessions(door.pool, wordsOf(who));
}
