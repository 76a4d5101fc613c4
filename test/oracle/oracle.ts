/**
 * The oracle of the rules: `mayRead` straight from domain.md section 5, over whole resources, in the plainest words. It
 * shares no code with the service: what the two agree on, two readings of the domain agree on.
 */
import type { Resource } from '../../src/fhir/types.ts';
import { CLASS_TYPES, VIEW } from './cells.ts';
import type { Person } from './people.ts';
import {
  addresseeOf,
  DAY,
  find,
  has,
  isSealed,
  kindOf,
  type Loose,
  labelOf,
  loose,
  pregnancyOf,
  recordedBy,
  stateOf,
  subjectsOf,
  type World,
} from './reading.ts';
import { authorsTeams, grantsOf, supervisedTies, type Tie, teamsOf, tiesOf } from './ties.ts';

interface Question {
  world: World;
  person: Person;
  resource: Resource;
  now: number;
  kind: string;
  label: 'N' | 'R' | 'V';
  subjects: string[];
  owner: string | null;
}

/** May this person read this resource now? */
export const mayRead = (world: World, person: Person, resource: Resource, now: number): boolean =>
  refusalOf(world, person, resource, now) === null;

/** Why not; null = she may. Of several reasons the first in the order in which a refusal is explained. */
export type Refusal =
  | 'role'
  | 'family'
  | 'held'
  | 'own-record'
  | 'no-tie'
  | 'restricted'
  | 'died'
  | 'conflict'
  | 'no-agreement'
  | 'not-explained'
  | 'objected'
  | 'label'
  | 'view';

/**
 * @param current the version that stands now, when `resource` is an earlier one: the stricter of both labels counts
 */
export function refusalOf(
  world: World,
  person: Person,
  resource: Resource,
  now: number,
  current: Resource = resource,
): Refusal | null {
  const q = questionOf(world, person, resource, now, current);
  const cell = (VIEW[q.kind] ?? '').split(' ').find((one) => one.split(':')[0] === person.role);
  // About nobody: free for whoever has the cell; of the diaries a family sees only its own appointments.
  if (q.subjects.length === 0 && ['directory', 'agreements', 'conformance', 'schedule'].includes(q.kind))
    return cell !== undefined && (q.kind !== 'schedule' || person.kind !== 'family') ? null : 'role';
  if (person.role === 'ig-officer')
    return cell !== undefined && q.kind === 'consent' && q.label === 'N' ? null : 'role';
  const isViewed = cell !== undefined && takes(q, cell.split(':')[1]);
  if (person.kind === 'family') return isViewed && family(q) ? null : 'family';
  if (isHeldFrom(q)) return 'held';
  if (isOwnRecord(q)) return 'own-record';
  if (!isTied(q)) return 'no-tie';
  if (isRestricted(q)) return 'restricted';
  if (hasDied(q) && !isNear(q)) return 'died';
  if (isConflicted(q) && !isGlassBroken(q)) return 'conflict';
  if (!isAgreed(q)) return 'no-agreement';
  if (!isExplained(q)) return 'not-explained';
  if (isObjected(q)) return 'objected';
  if (!isLabelOpen(q)) return 'label';
  return isViewed ? null : 'view';
}

function questionOf(world: World, person: Person, resource: Resource, now: number, current: Resource): Question {
  const kind = kindOf(world, resource);
  // Vector 54: what a superseded copy or finding said may have moved to the confidential response since.
  const isPast = resource !== current && ['assessment-copy', 'findings'].includes(kind);
  // So is what was filed in another woman's record: it says what is hers who is named now.
  const [then, hers] = [subjectsOf(world, resource), subjectsOf(world, current)];
  const hasMoved = then.length > 0 && hers.length > 0 && !then.some((one) => hers.includes(one));
  const labels = [labelOf(world, resource), labelOf(world, current), isPast || hasMoved ? 'R' : 'N'];
  return {
    world,
    person,
    resource,
    now,
    kind,
    label: labels.includes('V') ? 'V' : labels.includes('R') ? 'R' : 'N',
    subjects: then,
    owner: recordedBy(world, resource),
  };
}

const isOwn = (q: Question) => q.owner !== null && q.owner === q.person.service;

/** What a cell asks beyond the role. */
function takes(q: Question, condition: string | undefined): boolean {
  const r = loose(q.resource);
  switch (condition) {
    case undefined:
      return true;
    case 'edd':
      return has(r.code, '738070007');
    case 'extracted':
      return q.resource.resourceType === 'Observation';
    case 'shared':
      return says(q, 'override') || says(q, 'permit');
    case 'authors':
      return isByMyTeam(q);
    case 'care-team':
      return isGlassBroken(q) || reach(q, ties(q, ['care-team', 'episode']));
    case 'attendance':
      return isGlassBroken(q) || reach(q, ties(q, ['attendance']));
    case 'supervision':
      return isGlassBroken(q) || isSupervised(q, false);
    default:
      return false;
  }
}

function isByMyTeam(q: Question): boolean {
  const author = loose(q.resource).author?.reference;
  const mine = teamsOf(q.world, q.person, q.now);
  return (
    author === `PractitionerRole/${q.person.id}` ||
    authorsTeams(q.world, q.resource, q.now).some((team) => mine.includes(team))
  );
}

/** */
function family(q: Question): boolean {
  const r = loose(q.resource);
  const isHers = q.subjects.length > 0 && q.subjects.every((one) => one === q.person.patient);
  const isSafe =
    !hasDied(q) && q.label === 'N' && !isUnreleased(q) && !['RelatedPerson', 'Group'].includes(q.resource.resourceType);
  const isPermitted =
    q.person.role === 'mother' ||
    consents(q).some(
      (one) =>
        one.status === 'active' &&
        one.provision.type === 'permit' &&
        !has(one.category, 'overridden') &&
        one.provision.actor?.[0]?.reference.reference === q.person.relatedPerson,
    );
  return isHers && isSafe && isPermitted && r.resourceType !== 'Flag';
}

/** Not yet told to its addressee, not signed, or a draft. */
function isUnreleased(q: Question): boolean {
  const r = loose(q.resource);
  if (q.kind === 'assessment-copy') return r.status !== 'completed' && r.status !== 'amended';
  if (r.resourceType === 'DocumentReference') return r.docStatus === 'preliminary';
  if (r.resourceType === 'Task' && q.kind === 'referral') return isUntold(q.world, r);
  if (r.resourceType !== 'ServiceRequest' || !r.performer) return false;
  const tasks = q.world
    .map(loose)
    .filter((one) => one.resourceType === 'Task' && one.focus?.reference === `ServiceRequest/${r.id}`);
  return tasks.length === 0 || tasks.some((one) => isUntold(q.world, one));
}

function isUntold(_world: World, task: Loose): boolean {
  return ![
    'received',
    'opened',
    'accepted',
    'triaged',
    'scheduled',
    'visited',
    'plan-agreed',
    'sent-outside',
    'closed',
  ].includes(stateOf(task));
}

/** R-06 c: a held referral is not there for its addressee (unless it is her own service's). */
function isHeldFrom(q: Question): boolean {
  const r = loose(q.resource);
  const request = r.resourceType === 'Task' ? find(q.world, r.focus?.reference) : r;
  const addressee = q.kind === 'referral' ? addresseeOf(q.world, request) : null;
  return isUnreleased(q) && addressee !== null && addressee === q.person.service && !isOwn(q);
}

/** */
function isOwnRecord(q: Question): boolean {
  return q.subjects.some(
    (one) => q.person.nhsNumber !== undefined && find(q.world, one)?.identifier?.[0]?.value === q.person.nhsNumber,
  );
}

/** Is everybody the row is about reached by one of these? One of several is not enough. */
const reach = (q: Question, list: readonly { patient?: string | undefined }[]): boolean =>
  q.subjects.length > 0 && q.subjects.every((subject) => list.some((one) => one.patient === subject));

/** Hers and her teams' own ties, or those of her whole service (R-06 f): of several women not one by this and one by that. */
function reachOneWay(q: Question, list: readonly Tie[]): boolean {
  if (q.person.kind === 'system') return reach(q, list);
  const [own, service] = [
    list.filter(({ kind }) => kind !== 'attendance'),
    list.filter(({ kind }) => kind === 'attendance'),
  ];
  return reach(q, own) || reach(q, service);
}

const WIDE = ['demographics', 'consent', 'safeguarding-flag', 'scene-safety'];

/** The ties that reach this row in its own pregnancy, or the whole record. */
function ties(q: Question, kinds?: readonly Tie['kind'][]): Tie[] {
  const pregnancy = pregnancyOf(q.world, q.resource);
  const wide = WIDE.includes(q.kind);
  return tiesOf(q.world, q.person, q.now).filter(
    (one) =>
      one.kind !== 'referral' &&
      (kinds === undefined || kinds.includes(one.kind)) &&
      (wide || one.pregnancy === null || one.pregnancy === pregnancy),
  );
}

/** whoever gave a reason for her earlier pregnancies, and has a tie with her now. */
function isHistoryOpen(q: Question): boolean {
  if (q.person.purpose === 'BTG') return false;
  const now = tiesOf(q.world, q.person, q.now).filter((one) => one.kind !== 'referral');
  return reachOneWay(q, now) && reach(q, grantsOf(q.world, q.person, ['history'], q.now));
}

/** R-06 g: whom she supervises is assigned to this family. Warnings and names belong to the woman, not one pregnancy. */
function isSupervised(q: Question, mayBeWide = true): boolean {
  const pregnancy = pregnancyOf(q.world, q.resource);
  const wide = mayBeWide && WIDE.includes(q.kind);
  const theirs = supervisedTies(q.world, q.person, q.now);
  return reach(
    q,
    theirs.filter((one) => wide || one.pregnancy === null || one.pregnancy === pregnancy),
  );
}

const CLINICAL =
  'midwife health-visitor hospital-midwife nursery-nurse safeguarding gp social-worker student team-lead'.split(' ');
const isClinical = ({ role }: Person): boolean => CLINICAL.includes(role);

/** On the list of everybody the row is about. */
const isListed = (q: Question): boolean =>
  q.person.kind === 'staff' &&
  reach(
    q,
    q.world
      .map(loose)
      .filter(
        (one) =>
          one.resourceType === 'Named' && one.list === 'named' && one.holder === `PractitionerRole/${q.person.id}`,
      ),
  );

/** Of a record that is V in all of it, its list makes a tie; but not under broken glass. */
const isOnSealedList = (q: Question): boolean =>
  isSealed(q.world, q.resource) && q.person.purpose !== 'BTG' && isListed(q);

/** kept, not used. */
const isRestricted = (q: Question) =>
  q.world.map(loose).some((one) => one.resourceType === 'Restriction' && q.subjects.includes(one.patient));

/** somebody the row is about has died. */
const hasDied = (q: Question) => q.subjects.some((subject) => find(q.world, subject)?.deceasedBoolean === true);

/** Then it is for the care team (of any pregnancy), safeguarding, supervision, broken glass, and who keeps the row. */
function isNear(q: Question): boolean {
  if (q.person.role === 'safeguarding' || isGlassBroken(q) || (q.person.kind === 'system' && isOwn(q))) return true;
  if (reach(q, supervisedTies(q.world, q.person, q.now)) || isOnSealedList(q)) return true;
  const isClose = ({ kind }: Tie) => kind === 'care-team' || kind === 'episode';
  return reach(q, tiesOf(q.world, q.person, q.now).filter(isClose));
}

/** a relative by number, or an interest declared. */
function isConflicted(q: Question): boolean {
  const isKin = (one: Loose) =>
    one.resourceType === 'RelatedPerson' &&
    q.person.nhsNumber !== undefined &&
    one.identifier?.[0]?.value === q.person.nhsNumber &&
    subjectsOf(q.world, one).some((subject) => q.subjects.includes(subject));
  const isDeclared = (one: Loose) =>
    one.resourceType === 'Conflict' &&
    one.holder === `PractitionerRole/${q.person.id}` &&
    q.subjects.includes(one.patient);
  return q.world.map(loose).some((one) => isKin(one) || isDeclared(one));
}

/** a live grant about everybody the row is about. */
const isGlassBroken = (q: Question) =>
  reach(
    q,
    tiesOf(q.world, q.person, q.now).filter((one) => one.kind === 'glass'),
  );

/** a tie, or an open referral for what it covers; a system holds its own service's rows. */
function isTied(q: Question): boolean {
  if (q.person.kind === 'system' && isOwn(q)) return true;
  if (isOnSealedList(q)) return true;
  if (reachOneWay(q, ties(q)) || isHistoryOpen(q) || isSupervised(q)) return true;
  const self = `${q.resource.resourceType}/${q.resource.id}`;
  const pregnancy = pregnancyOf(q.world, q.resource);
  const referrals = tiesOf(q.world, q.person, q.now).filter((one) => one.kind === 'referral');
  const isNamed = ({ scope }: Tie) => scope.includes(self);
  const isOfThis = (one: Tie) => one.pregnancy === null || one.pregnancy === pregnancy;
  const isEdd = has(loose(q.resource).code, '738070007') && reach(q, referrals.filter(isOfThis));
  return (q.kind === 'demographics' && reach(q, referrals)) || reach(q, referrals.filter(isNamed)) || isEdd;
}

/** within the own service none (but a system's R); else an agreement, 28 days longer for people, or an override. */
function isAgreed(q: Question): boolean {
  const isSystem = q.person.kind === 'system';
  if (isOwn(q) && (!isSystem || q.label === 'N')) return true;
  if (!isSystem && (says(q, 'override') || isGlassBroken(q))) return true;
  const rank = 'NRV';
  return q.world.map(loose).some((one) => {
    if (one.resourceType !== 'Contract' || !['executed', 'amended'].includes(one.status)) return false;
    const [term] = one.term;
    const [from, to] = term.offer.party.map((party: Loose) => party.reference[0].reference);
    const types = term.asset[0].type.flatMap((type: Loose) => type.coding.map((coding: Loose) => coding.code));
    const covers = (CLASS_TYPES[q.kind] ?? []).some((type) => types.includes(type));
    const end = one.applies.end ? Date.parse(one.applies.end) + (isSystem ? 0 : 28) * DAY : Infinity;
    const label = term.securityLabel[0].classification.code;
    const isFor = term.securityLabel[0].control.some((control: Loose) => control.code === q.person.purpose);
    return (
      from === q.owner &&
      to === q.person.service &&
      covers &&
      isFor &&
      q.now < end &&
      Date.parse(one.applies.start) <= q.now &&
      rank.indexOf(q.label) <= rank.indexOf(label)
    );
  });
}

const consents = (q: Question): Loose[] =>
  q.world.map(loose).filter((one) => one.resourceType === 'Consent' && q.subjects.includes(one.patient.reference));

/** Consents about one of those the row is about. */
const consentsOf = (q: Question, subject: string): Loose[] =>
  consents(q).filter((one) => subjectsOf(q.world, one).includes(subject));

/** An active Consent about my service, of everybody the row is about: override (marked so) or permit. */
function says(q: Question, what: 'override' | 'permit'): boolean {
  const holds = (subject: string) =>
    consentsOf(q, subject).some(
      (one) =>
        one.status === 'active' &&
        one.provision.type === 'permit' &&
        names(one, q) &&
        has(one.category, 'overridden') === (what === 'override'),
    );
  return q.subjects.length > 0 && q.subjects.every(holds);
}

function names(one: Loose, q: Question): boolean {
  return one.provision.actor?.some((actor: Loose) => actor.reference.reference === q.person.service) === true;
}

/** 1.3 rule 5: other services see nothing before sharing was explained to each of them. An objection shows that it was. */
function isExplained(q: Question): boolean {
  if (isOwn(q) || says(q, 'override') || isGlassBroken(q)) return true;
  const isTo = (subject: string) =>
    consentsOf(q, subject).some((one) => one.status === 'active' && (one.provision.type === 'deny' || isTold(one, q)));
  return q.subjects.length > 0 && q.subjects.every(isTo);
}

/** Those it names, and the services that recorded it: it was explained as sharing between them. */
function isTold(consent: Loose, q: Question): boolean {
  const recorded = [consent.organization].flat().some((one: Loose) => one?.reference === q.person.service);
  const actors: Loose[] = consent.provision.actor ?? [];
  const isForServices = actors.some((one) => !/^RelatedPerson/.test(one.reference.reference));
  return names(consent, q) || (recorded && isForServices);
}

/** An objection without an actor is against everyone outside; to one type, against that. */
function isObjected(q: Question): boolean {
  if (isOwn(q) || says(q, 'override')) return false;
  const teams = teamsOf(q.world, q.person, q.now);
  return consents(q).some((one) => {
    if (one.status !== 'active' || one.provision.type !== 'deny') return false;
    const actors = one.provision.actor?.map((actor: Loose) => actor.reference.reference);
    const types = one.provision.class?.map((coding: Loose) => coding.code);
    const isMe =
      actors === undefined ||
      actors.includes(q.person.service) ||
      actors.some((actor: string) => teams.includes(actor));
    return isMe && (types === undefined || (CLASS_TYPES[q.kind] ?? []).some((type) => types.includes(type)));
  });
}

/** N for all with a tie; R for registered clinicians of the care team or attending, and safeguarding; V by name. */
function isLabelOpen(q: Question): boolean {
  if (q.label === 'N') return true;
  // Two persons open V, to the one who is named, in an emergency.
  if (q.label === 'V') {
    const isInEmergency = reach(q, grantsOf(q.world, q.person, ['emergency'], q.now)) && isGlassBroken(q);
    return isInEmergency || (isClinical(q.person) && isListed(q));
  }
  // Who is named for what is V is named for what is R.
  if (isClinical(q.person) && isListed(q)) return true;
  if (q.person.role === 'system') return true;
  // what she claimed for herself covers N alone.
  if (q.person.role === 'safeguarding') {
    const about = (one: { patient?: string | undefined }) => q.subjects.every((subject) => subject === one.patient);
    const others = tiesOf(q.world, q.person, q.now).filter(({ kind }) => kind !== 'claim');
    return q.subjects.length > 0 && (others.some(about) || supervisedTies(q.world, q.person, q.now).some(about));
  }
  // 5.3: that there is a safeguarding flag.
  if (q.kind === 'safeguarding-flag' && ['nursery-nurse', 'admin'].includes(q.person.role)) return true;
  if (!['midwife', 'health-visitor', 'hospital-midwife', 'gp', 'team-lead'].includes(q.person.role)) return false;
  if (q.kind === 'working-copy') return isByMyTeam(q);
  if (q.person.role === 'team-lead' && isSupervised(q, false)) return true;
  return reachOneWay(q, ties(q, ['care-team', 'episode', 'attendance'])) || isGlassBroken(q);
}
