/**
 * Legitimate relationships as resources state them: care teams, episodes, referrals, tasks, appointments and
 * attendance. Everything a source said before is replaced at its next write, so whoever is taken out is out at once.
 * The patient is as the resource names her and the pregnancy null: `resolveFacts` settles both.
 */
import type { JsonObject, Resource } from '../fhir/types.ts';
import { isTo, type Lookup, object, objects, ref, refs, text, unique } from './elements.ts';
import { earlier, endOf, later, plusDays, startOf } from './instants.ts';
import { isReferralTask, referralLookups, referralOf } from './referrals.ts';
import type { Relationship, RelationshipKind } from './types.ts';

interface Context {
  lookup: Lookup;
  /** ISO UTC: when an ending is known only by its status, it ended now. */
  now: string;
}

/** R-06 d: an appointment makes a relationship this many days around it. */
const APPOINTMENT_DAYS = 30;
/** R-06 f: attendance lasts until 24 h after its end. */
const ATTENDANCE_DAYS = 1;
/** Task.status values in which somebody has something to do. */
const OPEN_TASK = ['requested', 'received', 'accepted', 'ready', 'in-progress', 'on-hold'];
const PEOPLE = ['PractitionerRole', 'Practitioner', 'CareTeam', 'Organization'];

/** References `relationshipsOf` reads: the service behind a person, team or healthcare service; a Task's request. */
export function relationshipLookups(resource: Resource): string[] {
  switch (resource.resourceType) {
    case 'CareTeam':
      return resource.subject === undefined ? [] : peopleOf(objects(resource.participant).map((one) => one.member));
    case 'Task':
      return isReferralTask(resource) ? referralLookups(resource) : peopleOf([resource.owner]);
    case 'ServiceRequest':
      return referralLookups(resource);
    case 'Appointment':
      return peopleOf(objects(resource.participant).map((one) => one.actor));
    default:
      return [];
  }
}

/** The relationships one resource makes; none for other types or when it has no id. */
export function relationshipsOf(resource: Resource, context: Context): Relationship[] {
  if (resource.id === undefined) return [];
  return MAKERS[resource.resourceType]?.(resource, context) ?? [];
}

const MAKERS: Readonly<Record<string, (resource: Resource, context: Context) => Relationship[]>> = {
  CareTeam: ofCareTeam,
  EpisodeOfCare: ofEpisode,
  Task: ofTask,
  Appointment: ofAppointment,
  Encounter: ofEncounter,
};

type Span = Pick<Relationship, 'from' | 'until' | 'ending'>;

function make(
  resource: Resource,
  patient: string,
  kind: RelationshipKind,
  parties: readonly string[],
  span: Span,
): Relationship[] {
  const source = `${resource.resourceType}/${resource.id}`;
  return unique(parties).map((party) => ({ party, patient, pregnancy: null, kind, ...span, source, scope: [] }));
}

/** R-06 a. A participant without a period has no access (our CareTeam profile makes it mandatory, 3.4). */
function ofCareTeam(resource: Resource, context: Context): Relationship[] {
  const patient = patientIn(resource.subject);
  if (patient === null) return [];
  const whole = spanOf(object(resource.period));
  return objects(resource.participant).flatMap((participant) => {
    const period = object(participant.period);
    if (period === null || startOf(text(period.start)) === null) return [];
    const span = statusSpan(intersect(spanOf(period), whole), text(resource.status), context.now);
    if (span === null) return [];
    const member = refs(participant.member);
    const parties = [...member, ...servicesOf(member, context.lookup), ...refs(participant.onBehalfOf)];
    return make(
      resource,
      patient,
      'care-team',
      parties.filter((one) => isTo(one, ...PEOPLE)),
      span,
    );
  });
}

/** R-06 b: the episode's teams and care manager; the service itself for its own system. */
function ofEpisode(resource: Resource, context: Context): Relationship[] {
  const patient = patientIn(resource.patient);
  const span = statusSpan(spanOf(object(resource.period)), text(resource.status), context.now);
  if (patient === null || span === null || span.from === null) return [];
  const parties = [...refs(resource.team), ...refs(resource.careManager), ...refs(resource.managingOrganization)];
  return make(
    resource,
    patient,
    'episode',
    parties.filter((one) => isTo(one, ...PEOPLE)),
    span,
  );
}

/** R-06 c and e: a referral's Task by its state; any other open Task for whoever owns it. */
function ofTask(resource: Resource, context: Context): Relationship[] {
  const referral = referralOf(resource, context.lookup, true);
  if (referral !== null) return ofReferral(resource, referral, context);
  const patient = patientIn(resource.for);
  const owner = refs(resource.owner).filter((one) => isTo(one, ...PEOPLE));
  if (isReferralTask(resource) || patient === null || !OPEN_TASK.includes(text(resource.status) ?? '')) return [];
  const span: Span = { from: startOf(text(resource.authoredOn)), until: null, ending: null };
  const parties = [...owner, ...servicesOf(owner, context.lookup)];
  const self = `Task/${resource.id}`;
  return make(resource, patient, 'task', parties, span).map((one) => ({ ...one, scope: [self] }));
}

function ofReferral(
  resource: Resource,
  referral: NonNullable<ReturnType<typeof referralOf>>,
  context: Context,
): Relationship[] {
  if (referral.patient === null || referral.stage === 'held') return [];
  const isOver = referral.stage === 'closed' || referral.stage === 'over';
  const ending = referral.stage === 'over' ? ('revoked' as const) : null;
  const span: Span = { from: null, until: isOver ? context.now : null, ending };
  const kind: RelationshipKind = referral.stage === 'offered' ? 'referral' : 'referral-accepted';
  const parties = [referral.owner, referral.addressee]
    .filter((one) => one !== null)
    .filter((one) => isTo(one, ...PEOPLE));
  return make(resource, referral.patient, kind, parties, span).map((one) => ({ ...one, scope: referral.scope }));
}

/** R-06 d: her own appointment, thirty days either side; not one that was cancelled or never was. */
function ofAppointment(resource: Resource, context: Context): Relationship[] {
  const status = text(resource.status);
  const start = startOf(text(resource.start));
  if (start === null || status === 'cancelled' || status === 'entered-in-error') return [];
  const end = endOf(text(resource.end)) ?? start;
  const span: Span = { from: plusDays(start, -APPOINTMENT_DAYS), until: plusDays(end, APPOINTMENT_DAYS), ending: null };
  const people = objects(resource.participant).filter((one) => one.status !== 'declined');
  const actors = people.flatMap((one) => refs(one.actor));
  const staff = actors.filter((one) => isTo(one, ...PEOPLE));
  const parties = [...staff, ...servicesOf(staff, context.lookup)];
  return unique(actors.filter((one) => one.startsWith('Patient/'))).flatMap((patient) =>
    make(resource, patient, 'appointment', parties, span),
  );
}

/** R-06 f: who is at a unit of the service now, and until a day after; a visit at home or by video is not attendance. */
function ofEncounter(resource: Resource, _context: Context): Relationship[] {
  const patient = patientIn(resource.subject);
  const service = refs(resource.serviceProvider);
  const period = spanOf(object(resource.period));
  const status = text(resource.status) ?? '';
  const place = text(object(resource.class)?.code);
  if (patient === null || place === 'HH' || place === 'VR') return [];
  const isThere = status === 'arrived' || status === 'triaged' || status === 'in-progress' || status === 'onleave';
  const wasThere = status === 'finished' && period.until !== null;
  if (!isThere && !wasThere) return [];
  const until = period.until === null ? null : plusDays(period.until, ATTENDANCE_DAYS);
  return make(resource, patient, 'attendance', service, { from: period.from, until, ending: null });
}

/** The span under a status: active ones run, finished ones closed as planned, mistaken ones are revoked now. */
function statusSpan(span: Span, status: string | null, now: string): Span | null {
  switch (status) {
    case 'active':
    case 'onhold':
      return span;
    case 'inactive':
    case 'finished':
      return { from: span.from, until: earlier(span.until, now), ending: 'closed' };
    case 'cancelled':
    case 'entered-in-error':
      return { from: span.from, until: earlier(span.until, now), ending: 'revoked' };
    default:
      return null;
  }
}

/** A period's end is a planned ending. */
function spanOf(period: JsonObject | null): Span {
  const until = endOf(text(period?.end));
  return { from: startOf(text(period?.start)), until, ending: until === null ? null : 'closed' };
}

function intersect(a: Span, b: Span): Span {
  const until = earlier(a.until, b.until);
  return { from: later(a.from, b.from), until, ending: until === null ? null : 'closed' };
}

/** The services behind people and teams, so that their system can synchronise what they work on. */
function servicesOf(references: readonly string[], lookup: Lookup): string[] {
  return references.flatMap((reference) => {
    const named = isTo(reference, 'PractitionerRole', 'CareTeam', 'HealthcareService') ? lookup(reference) : null;
    return [...refs(named?.organization), ...refs(named?.managingOrganization), ...refs(named?.providedBy)];
  });
}

function peopleOf(values: readonly JsonObject[string][]): string[] {
  return values
    .flatMap((value) => refs(value))
    .filter((one) => isTo(one, 'PractitionerRole', 'CareTeam', 'HealthcareService'));
}

function patientIn(value: JsonObject[string]): string | null {
  const reference = ref(value);
  return reference?.startsWith('Patient/') === true ? reference : null;
}
