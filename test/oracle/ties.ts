/** the ties between a person and patients at one instant, read from whole resources. */
import type { Resource } from '../../src/fhir/types.ts';
import { type Person, TEAMS } from './people.ts';
import {
  addresseeOf,
  DAY,
  has,
  type Loose,
  loose,
  pregnancyOf,
  serviceOf,
  stateOf,
  subjectsOf,
  type World,
} from './reading.ts';

export interface Tie {
  kind: 'care-team' | 'episode' | 'referral' | 'accepted' | 'task' | 'appointment' | 'attendance' | 'claim' | 'glass';
  patient: string | undefined;
  pregnancy: string | null;
  scope: string[];
}

const OFFERED = ['received', 'opened'];
const TAKEN = ['accepted', 'triaged', 'scheduled', 'visited', 'plan-agreed', 'sent-outside'];

/** Teams of the directory in which somebody stands now. */
export const teamsOf = once(teamsNow);

function teamsNow(world: World, person: Person, now: number): string[] {
  return TEAMS.filter((team) =>
    world.some((one) => {
      const t = loose(one);
      if (one.resourceType === 'Slot') return isOnDuty(world, t, team, person, now);
      if (one.resourceType !== 'CareTeam' || t.subject || `CareTeam/${t.id}` !== team || t.status !== 'active')
        return false;
      return t.participant.some(
        (p: Loose) => p.member.reference === `PractitionerRole/${person.id}` && runs(p.period, now, 0),
      );
    }),
  );
}

/** The author's teams when it was written: what she wrote stays theirs. In a world that nobody wrote down, her teams now. */
export function authorsTeams(world: World, resource: Resource, now: number): string[] {
  const author = String(loose(resource).author?.reference);
  const written = Date.parse(loose(resource).meta?.lastUpdated ?? '');
  const colleague: Person = {
    role: '',
    kind: 'staff',
    id: author.split('/')[1] ?? '',
    service: serviceOf(author),
    purpose: 'author',
  };
  return teamsOf(world, colleague, Number.isNaN(written) ? now : written);
}

/** A duty slot of this team, which is of her own service, whose schedule, of the same team, names her. */
function isOnDuty(world: World, slot: Loose, team: string, person: Person, now: number): boolean {
  const of = (one: Loose) =>
    one?.extension?.find((ext: Loose) => ext.url.endsWith('/duty-team'))?.valueReference.reference;
  const schedule = world
    .map(loose)
    .find((one) => `Schedule/${one.id}` === slot.schedule?.reference && one.resourceType === 'Schedule');
  const isHers = schedule?.actor?.some((one: Loose) => one.reference === `PractitionerRole/${person.id}`) === true;
  const isNow = slot.status === 'busy' && Date.parse(slot.start) <= now && now < Date.parse(slot.end);
  const kept = world.map(loose).find((one) => one.resourceType === 'CareTeam' && `CareTeam/${one.id}` === team);
  const isOfHers = kept?.managingOrganization?.[0]?.reference === person.service;
  return of(slot) === team && of(schedule) === team && isOfHers && isHers && isNow;
}

/** R-06 g: ties of those whose PractitionerRole names her as their supervisor, by their own name and without grace. */
export const supervisedTies = once(tiesOfSupervised);

function tiesOfSupervised(world: World, person: Person, now: number): Tie[] {
  if (person.kind !== 'staff' || person.purpose === 'BTG') return [];
  const theirs = world
    .map(loose)
    .filter(
      (one) =>
        one.resourceType === 'PractitionerRole' &&
        one.extension?.some(
          (ext: Loose) =>
            ext.url.endsWith('/supervisor') && ext.valueReference.reference === `PractitionerRole/${person.id}`,
        ),
    );
  const isMe = (reference: string | undefined) => theirs.some((one) => reference === `PractitionerRole/${one.id}`);
  const me = { isMe, ofService: () => false, isSystem: false, now, grace: 0 };
  const kinds = ['care-team', 'episode', 'accepted'];
  return world.flatMap((one) => tiesIn(world, one, me)).filter((one) => kinds.includes(one.kind));
}

/** A period holds from its start until before its end; one that ended as planned holds `grace` days longer. */
function runs(period: Loose, now: number, grace: number): boolean {
  if (!period?.start || Date.parse(period.start) > now) return false;
  return !period.end || now < Date.parse(period.end) + grace * DAY;
}

/** The same question of the same world is answered once: a world is asked it for each of its rows. */
function once<T>(answer: (world: World, person: Person, now: number) => T): typeof answer {
  const known = new WeakMap<World, Map<string, T>>();
  return (world, person, now) => {
    const answers = known.get(world) ?? new Map<string, T>();
    known.set(world, answers);
    const key = `${person.id} ${person.purpose} ${now}`;
    const found = answers.get(key);
    if (found !== undefined) return found;
    const fresh = answer(world, person, now);
    answers.set(key, fresh);
    return fresh;
  };
}

/** Every tie of a person now; reads keep what closed as planned for fourteen days. */
export const tiesOf = once(allTies);

function allTies(world: World, person: Person, now: number): Tie[] {
  const mine = new Set(
    person.kind === 'system' ? [] : [`PractitionerRole/${person.id}`, ...teamsOf(world, person, now)],
  );
  const ofService = (service: string | null | undefined) => service !== null && service === person.service;
  // A system stands for its service: what its people and teams work on.
  const isMe = (reference: string | undefined) => {
    if (reference === undefined) return false;
    if (person.kind === 'staff') return mine.has(reference);
    return /^(PractitionerRole|CareTeam)\//.test(reference) && ofService(serviceOf(reference));
  };
  const found = world.flatMap((resource) =>
    tiesIn(world, resource, { isMe, ofService, isSystem: person.kind === 'system', now }),
  );
  // under BTG nothing else counts; a grant counts in an emergency only, for those who may hold one.
  if (person.purpose === 'BTG') return found.filter((one) => one.kind === 'glass');
  const mayHold = ['midwife', 'health-visitor', 'hospital-midwife', 'safeguarding', 'gp', 'team-lead'];
  const isEmergency = person.purpose === 'ETREAT' && mayHold.includes(person.role);
  return found.filter((one) => one.kind !== 'glass' || isEmergency);
}

/** Live grants of a kind that this person holds: they are no resources, only notes beside them. */
export function grantsOf(world: World, person: Person, kinds: readonly string[], now: number): Loose[] {
  return world
    .map(loose)
    .filter(
      (one) =>
        one.resourceType === 'Grant' &&
        kinds.includes(one.kind) &&
        one.holder === `PractitionerRole/${person.id}` &&
        Date.parse(one.at) <= now &&
        now < Date.parse(one.until),
    );
}

interface Me {
  isMe(reference: string | undefined): boolean;
  ofService(service: string | null | undefined): boolean;
  isSystem: boolean;
  now: number;
  /** Days a planned ending is read on; 14 unless told otherwise. */
  grace?: number;
}

function tiesIn(world: World, resource: Resource, me: Me): Tie[] {
  const r = loose(resource);
  const tie = (kind: Tie['kind'], scope: string[] = []): Tie[] =>
    subjectsOf(world, resource).map((patient) => ({ kind, patient, pregnancy: pregnancyOf(world, resource), scope }));
  switch (resource.resourceType) {
    case 'CareTeam': {
      const isOn = r.subject && (r.status === 'active' || (r.status === 'inactive' && me.grace !== 0));
      const members = (r.participant ?? []).filter((one: Loose) => me.isMe(one.member.reference));
      // An inactive team closed when it was written, which in these worlds is now.
      return isOn && members.some((one: Loose) => runs(one.period, me.now, me.grace ?? 14)) ? tie('care-team') : [];
    }
    case 'EpisodeOfCare': {
      const statuses = me.grace === 0 ? ['active', 'onhold'] : ['active', 'onhold', 'finished'];
      const isOn = statuses.includes(r.status) && runs(r.period, me.now, me.grace ?? 14);
      const isMine = me.isSystem
        ? me.ofService(r.managingOrganization?.reference)
        : r.team?.some((one: Loose) => me.isMe(one.reference));
      return isOn && isMine ? tie('episode') : [];
    }
    case 'Task':
      return has(r.code, 'triage-referral') ? referralTies(world, r, me, tie) : taskTies(r, me, tie);
    case 'Appointment': {
      const near = Date.parse(r.start) - 30 * DAY <= me.now && me.now < Date.parse(r.end) + 30 * DAY;
      const isThere = r.participant.some((one: Loose) => one.status !== 'declined' && me.isMe(one.actor.reference));
      return near && isThere && r.status !== 'cancelled' ? tie('appointment') : [];
    }
    case 'Encounter': {
      const isOpen = r.status === 'in-progress' && Date.parse(r.period.start) <= me.now;
      const isRecent =
        r.status === 'finished' &&
        r.period.end &&
        Date.parse(r.period.start) <= me.now &&
        me.now < Date.parse(r.period.end) + DAY;
      return r.class.code !== 'HH' && me.ofService(r.serviceProvider?.reference) && (isOpen || isRecent)
        ? tie('attendance')
        : [];
    }
    // Who registered her stands for the care team, for a day.
    case 'Named':
      return r.list === 'registered' && me.grace !== 0 && !me.isSystem && me.isMe(r.holder)
        ? [{ kind: 'care-team', patient: r.patient, pregnancy: null, scope: [] }]
        : [];
    case 'Grant': {
      const isLive = !me.isSystem && me.isMe(r.holder) && Date.parse(r.at) <= me.now && me.now < Date.parse(r.until);
      const claim: Tie = { kind: 'claim', patient: r.patient, pregnancy: r.pregnancy, scope: [] };
      if (isLive && r.kind === 'self-claim') return [claim];
      const isGlass = r.kind === 'break-glass' || r.kind === 'emergency';
      return isLive && isGlass ? [{ ...claim, kind: 'glass', pregnancy: null }] : [];
    }
    default:
      return [];
  }
}

function referralTies(world: World, task: Loose, me: Me, tie: (kind: Tie['kind'], scope: string[]) => Tie[]): Tie[] {
  const request = world
    .map(loose)
    .find((one) => `ServiceRequest/${one.id}` === task.focus?.reference && one.resourceType === 'ServiceRequest');
  if (!request || task.status === 'entered-in-error') return [];
  if (!me.ofService(addresseeOf(world, request)) && !me.isMe(task.owner.reference)) return [];
  const scope = [
    `Task/${task.id}`,
    `ServiceRequest/${request.id}`,
    ...(request.supportingInfo ?? []).map((one: Loose) => one.reference),
  ];
  if (OFFERED.includes(stateOf(task))) return tie('referral', scope);
  // Once accepted it is the accepting team's (and the service's own system's), no longer the whole service's.
  const isTheirs = me.isMe(task.owner.reference) || (me.isSystem && me.ofService(addresseeOf(world, request)));
  return TAKEN.includes(stateOf(task)) && isTheirs ? tie('accepted', scope) : [];
}

function taskTies(task: Loose, me: Me, tie: (kind: Tie['kind'], scope: string[]) => Tie[]): Tie[] {
  const isOpen =
    ['requested', 'accepted', 'in-progress'].includes(task.status) && Date.parse(task.authoredOn) <= me.now;
  return isOpen && me.isMe(task.owner?.reference) ? tie('task', []) : [];
}
