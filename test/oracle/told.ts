/** 403 or 404, straight from domain.md 5.1: who is told that a row is there which she may not read. */
import type { Resource } from '../../src/fhir/types.ts';
import { CLASS_TYPES, VIEW } from './cells.ts';
import { refusalOf } from './oracle.ts';
import type { Person } from './people.ts';
import { kindOf, type Loose, labelOf, loose, recordedBy, subjectsOf, type World } from './reading.ts';

const CLINICAL = [
  'midwife',
  'health-visitor',
  'hospital-midwife',
  'nursery-nurse',
  'safeguarding',
  'gp',
  'social-worker',
  'student',
  'team-lead',
];

/** Has this role a cell for anything that comes in this type? Staff and systems hear 403 whatever they ask of others. */
export function hasCell(person: Person, kinds: readonly string[]): boolean {
  return kinds.some((kind) => (VIEW[kind] ?? '').split(' ').some((cell) => cell.split(':')[0] === person.role));
}

/** The statuses that a refusal of this row may have. */
export function statusesOf(
  world: World,
  person: Person,
  resource: Resource,
  now: number,
  current: Resource = resource,
): number[] {
  const why = refusalOf(world, person, resource, now, current);
  const isSealed = [resource, current].some((one) => labelOf(world, one) === 'V');
  if (person.kind === 'family' || person.role === 'ig-officer' || why === 'held' || isSealed) return [404];
  // Its authors are told that it is restricted, nobody else.
  if (why === 'restricted') return [403, 404];
  const isFar = why === 'no-tie' || why === 'died';
  if (isFar && isFlagged(world, resource)) return [404];
  if (person.kind === 'system') return [why === 'no-agreement' && isOver(world, person, resource, now) ? 403 : 404];
  return [CLINICAL.includes(person.role) || !isFar ? 403 : 404];
}

function isFlagged(world: World, resource: Resource): boolean {
  const subjects = subjectsOf(world, resource);
  return world
    .map(loose)
    .some(
      (one) =>
        one.resourceType === 'Patient' &&
        subjectsOf(world, one).some((subject) => subjects.includes(subject)) &&
        one.meta?.security?.some(({ code }: Loose) => code === 'R'),
    );
}

/** there was an agreement about this, and it is over. */
function isOver(world: World, person: Person, resource: Resource, now: number): boolean {
  const covering = world.map(loose).filter((one) => {
    if (one.resourceType !== 'Contract' || !['executed', 'amended', 'revoked'].includes(one.status)) return false;
    const [term] = one.term;
    const [from, to] = term.offer.party.map((party: Loose) => party.reference[0].reference);
    const types = term.asset[0].type.flatMap((type: Loose) => type.coding.map((coding: Loose) => coding.code));
    const covers = (CLASS_TYPES[kindOf(world, resource)] ?? []).some((type) => types.includes(type));
    return from === recordedBy(world, resource) && to === person.service && covers;
  });
  const isLive = (one: Loose) => one.status !== 'revoked' && !(one.applies.end && Date.parse(one.applies.end) <= now);
  return covering.length > 0 && !covering.some(isLive);
}
