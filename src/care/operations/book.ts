/**
 * Booking a joint visit on fixed slots: `ServiceRequest/[id]/$propose-visit`, `Appointment/[id]/$respond` (domain.md
 * 1.3, 1.5). Two practitioners and the family each answer; the last yes books. A time that is taken is a 409.
 */
import { Outcome, refuse } from '../../fhir/outcome.ts';
import type { JsonObject, Resource, StoredResource } from '../../fhir/types.ts';
import { localConcept, reference } from '../canon.ts';
import { addressed, changed, created, personOf } from '../change.ts';
import {
  isVisitMode,
  patientOf,
  plannedEncounter,
  practitionersOf,
  proposedAppointment,
  sideOf,
} from '../joint-visit.ts';
import type { CareEntry, CarePort } from '../ports.ts';
import { readReferral, referralEvent } from '../referral.ts';
import { at, objectsAt, textAt } from '../shape.ts';
import { nextReferral, nextVisit, VISIT, type VisitState, visitStateOf } from '../states.ts';

export interface ProposeRequest {
  /** Two `PractitionerRole/..`, one of each service. */
  practitioners: string[];
  /** `RelatedPerson/..` or `PractitionerRole/..` of a needed interpreter. */
  interpreter?: string | undefined;
  /** Free slots that cover the time, one per practitioner. */
  slots: string[];
  /** Instants with offset. */
  start: string;
  end: string;
  mode?: string | undefined;
}

const taken = (words: string): Outcome => refuse(409, 'conflict', words);

/** Lost races show as 412 (a version moved on) and mean here that somebody else took the time. */
async function orTaken<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (problem) {
    if (problem instanceof Outcome && problem.status === 412)
      throw taken('this time has just been taken by another booking');
    throw problem;
  }
}

/**
 * Proposes a joint visit: Appointment `proposed`, its slots `busy-tentative`. Throws Outcome 409 when a slot is not
 * free or a practitioner is booked elsewhere, 422 when the referral is not triaged or the two services are not both there.
 */
export async function proposeVisit(
  port: CarePort,
  serviceRequestId: string,
  request: ProposeRequest,
): Promise<Resource> {
  personOf(port);
  const referral = await readReferral(port, serviceRequestId);
  nextReferral(referral.state, 'book');
  await refuseUnlessBothServices(port, request.practitioners);
  const slots = await Promise.all(request.slots.map((slot) => port.read('Slot', addressed(slot, 'Slot').id)));
  refuseUnlessFree(slots, request, ['free']);
  await refuseIfBusy(port, request.practitioners, request);
  const appointment = created(
    proposedAppointment({
      serviceRequest: reference(`ServiceRequest/${serviceRequestId}`),
      patient: reference(textAt(referral.serviceRequest, 'subject', 'reference') ?? ''),
      practitioners: request.practitioners.map(reference),
      ...(request.interpreter === undefined ? {} : { interpreter: reference(request.interpreter) }),
      slots: request.slots.map(reference),
      start: request.start,
      end: request.end,
      mode: isVisitMode(request.mode) ? request.mode : 'home',
      created: port.now.toISOString(),
    }),
  );
  const held = slots.map((slot) => changed(slot, { status: 'busy-tentative' }));
  const [stored] = await orTaken(port.transaction([appointment, ...held]));
  if (stored === undefined) throw new Error('the transaction answered too few entries');
  return stored;
}

async function refuseUnlessBothServices(port: CarePort, practitioners: readonly string[]): Promise<void> {
  const roles = await Promise.all(
    practitioners.map((who) => port.read('PractitionerRole', addressed(who, 'PractitionerRole').id)),
  );
  const sides = new Set(roles.map(sideOf));
  if (!sides.has('midwifery') || !sides.has('health-visiting')) {
    throw refuse(422, 'business-rule', 'a joint visit needs one midwifery and one health visiting practitioner');
  }
}

function refuseUnlessFree(slots: readonly Resource[], time: { start: string; end: string }, allowed: string[]): void {
  if (!(Date.parse(time.start) < Date.parse(time.end)))
    throw refuse(422, 'value', 'a visit needs a start before its end');
  for (const slot of slots) {
    if (!allowed.includes(textAt(slot, 'status') ?? '')) throw taken(`Slot/${slot.id} is not free`);
    const covers =
      Date.parse(textAt(slot, 'start') ?? '') <= Date.parse(time.start) &&
      Date.parse(textAt(slot, 'end') ?? '') >= Date.parse(time.end);
    if (!covers) throw refuse(422, 'business-rule', `Slot/${slot.id} does not cover the time of the visit`);
  }
}

const HOLDS_TIME: ReadonlySet<string> = new Set(['pending', 'booked', 'arrived']);

/** Refuses when a practitioner has another visit at that time. */
async function refuseIfBusy(
  port: CarePort,
  practitioners: readonly string[],
  time: { start: string; end: string },
  except?: string,
): Promise<void> {
  const from = Date.parse(time.start);
  const to = Date.parse(time.end);
  const earliest = new Date(from - 86_400_000).toISOString();
  for (const actor of practitioners) {
    const others = await port.search('Appointment', { actor, date: `ge${earliest}` });
    const clash = others.some(
      (other) =>
        other.id !== except &&
        HOLDS_TIME.has(textAt(other, 'status') ?? '') &&
        Date.parse(textAt(other, 'start') ?? '') < to &&
        Date.parse(textAt(other, 'end') ?? '') > from,
    );
    if (clash) throw taken(`${actor} has another visit at that time`);
  }
}

export interface Answer {
  status: string;
  /** Who answers; default the calling practitioner. A practitioner may answer for the family or interpreter, never for a colleague. */
  actor?: string | undefined;
}

/** One answer. Throws Outcome 403 for a colleague's answer, 409 when the time is taken, 422 when it is not awaited. */
export async function respond(
  port: CarePort,
  id: string,
  answer: Answer,
): Promise<{ appointment: Resource; encounter?: Resource }> {
  const who = personOf(port);
  const actor = answer.actor ?? who;
  if (actor.startsWith('PractitionerRole/') && actor !== who)
    throw refuse(403, 'forbidden', 'a colleague answers for herself');
  if (!['accepted', 'declined', 'tentative'].includes(answer.status)) {
    throw refuse(422, 'code-invalid', 'an answer is accepted, declined or tentative');
  }
  const appointment = await port.read('Appointment', id);
  const participant = answered(appointment, actor, answer.status);
  const entries = await afterAnswer(port, appointment, participant, { status: answer.status, actor });
  const response = created({
    resourceType: 'AppointmentResponse',
    appointment: reference(`Appointment/${id}`),
    actor: reference(actor),
    participantStatus: answer.status,
  });
  const stored = await orTaken(port.transaction([...entries, response]));
  const [updated] = stored;
  if (updated === undefined) throw new Error('the transaction answered too few entries');
  const encounter = stored.find((one) => one.resourceType === 'Encounter');
  return encounter === undefined ? { appointment: updated } : { appointment: updated, encounter };
}

function answered(appointment: Resource, actor: string, status: string): JsonObject[] {
  const participants = objectsAt(appointment, 'participant');
  if (!participants.some((one) => textAt(one, 'actor', 'reference') === actor)) {
    throw refuse(422, 'business-rule', `${actor} is not asked to this visit`);
  }
  return participants.map((one) => (textAt(one, 'actor', 'reference') === actor ? { ...one, status } : one));
}

/** The Appointment first, then what its new state brings: slots, planned Encounter, referral. */
async function afterAnswer(
  port: CarePort,
  appointment: StoredResource,
  participant: JsonObject[],
  answer: { status: string; actor: string },
): Promise<CareEntry[]> {
  const { status, actor } = answer;
  const before = visitStateOf(textAt(appointment, 'status'), undefined);
  if (before !== 'proposed' && before !== 'pending') {
    throw refuse(422, 'business-rule', `the visit is "${before ?? 'in error'}": no answer is awaited`);
  }
  if (status === 'declined') return declined(port, appointment, { participant, actor });
  const all = participant.every((one) => one.status === 'accepted');
  const one = participant.some(
    (other) => other.status === 'accepted' && String(at(other, 'actor', 'reference')).startsWith('PractitionerRole/'),
  );
  if (all) return booking(port, appointment, participant, nextVisit(before, 'all-accepted'));
  const after = one && before === 'proposed' ? nextVisit(before, 'first-accepted') : before;
  return [changed(appointment, { status: VISIT[after].appointment, participant })];
}

/** A no ends the proposal: cancelled by whoever declined, its slots free again. */
async function declined(
  port: CarePort,
  appointment: StoredResource,
  by: { participant: JsonObject[]; actor: string },
): Promise<CareEntry[]> {
  const reason = by.actor.startsWith('Patient/') ? 'cancelled-family' : 'cancelled-service';
  return [
    changed(appointment, {
      status: VISIT.cancelled.appointment,
      participant: by.participant,
      cancelationReason: localConcept('visit-outcome', reason),
    }),
    ...(await freedSlots(port, appointment)),
  ];
}

/** The slots of a cancelled visit are free again. */
export async function freedSlots(port: CarePort, appointment: Resource): Promise<CareEntry[]> {
  const slots = await slotsOf(port, appointment);
  return slots.map((slot) => changed(slot, { status: 'free' }));
}

function slotsOf(port: CarePort, appointment: Resource): Promise<StoredResource[]> {
  const ids = objectsAt(appointment, 'slot').map((slot) => addressed(textAt(slot, 'reference'), 'Slot').id);
  return Promise.all(ids.map((id) => port.read('Slot', id)));
}

async function booking(
  port: CarePort,
  appointment: StoredResource,
  participant: JsonObject[],
  state: VisitState,
): Promise<CareEntry[]> {
  const time = { start: textAt(appointment, 'start') ?? '', end: textAt(appointment, 'end') ?? '' };
  const slots = await slotsOf(port, appointment);
  refuseUnlessFree(slots, time, ['free', 'busy-tentative']);
  await refuseIfBusy(port, practitionersOf(appointment), time, appointment.id);
  const patient = patientOf(appointment) ?? '';
  const episodes = await port.search('EpisodeOfCare', { patient, status: 'active' });
  const order = addressed(textAt(objectsAt(appointment, 'basedOn')[0], 'reference'), 'ServiceRequest');
  const referral = await readReferral(port, order.id);
  return [
    changed(appointment, { status: VISIT[state].appointment, participant }),
    ...slots.map((slot) => changed(slot, { status: 'busy' })),
    created(
      plannedEncounter(
        appointment,
        episodes.map(({ id }) => reference(`EpisodeOfCare/${id}`)),
      ),
    ),
    ...referralEvent(referral, 'book').entries,
  ];
}
