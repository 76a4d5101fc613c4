/** `Appointment/[id]/$visit-event`: arrive, start, finish, not-in, cancel (domain.md 1.3). */
import { refuse } from '../../fhir/outcome.ts';
import type { JsonObject, Resource, StoredResource } from '../../fhir/types.ts';
import { localConcept } from '../canon.ts';
import { addressed, changed, personOf } from '../change.ts';
import { type Attendance, attendedBy, outcomeExtension, outcomeOf } from '../joint-visit.ts';
import type { CareEntry, CarePort } from '../ports.ts';
import { readReferral, referralEvent } from '../referral.ts';
import { objectsAt, textAt } from '../shape.ts';
import { nextVisit, REFERRAL, VISIT, type VisitState, visitStateOf } from '../states.ts';
import { freedSlots } from './book.ts';

export interface VisitEventRequest {
  event: string;
  /** Who attended and when; required to finish. */
  attended?: Attendance[];
  /** `visit-outcome` code; required to cancel. */
  reason?: string | undefined;
}

const CANCEL_REASONS: ReadonlySet<string> = new Set(['cancelled-family', 'cancelled-service', 'pregnancy-ended']);
const REFERRAL_EVENT: Readonly<Partial<Record<VisitState, string>>> = {
  finished: 'visit-finished',
  'not-in': 'visit-not-in',
  cancelled: 'visit-cancelled',
};

/**
 * Applies one event to Appointment, Encounter, slots and referral in one transaction. A visit counts as joint only when
 * both services attended (hard rule 1). Throws Outcome 403 without a person, 422 when not allowed or incomplete.
 */
export async function visitEvent(
  port: CarePort,
  id: string,
  request: VisitEventRequest,
): Promise<{ state: VisitState; appointment: Resource; encounter?: Resource }> {
  personOf(port);
  const appointment = await port.read('Appointment', id);
  const encounter = (await port.search('Encounter', { appointment: `Appointment/${id}` }))[0];
  const before = visitStateOf(textAt(appointment, 'status'), textAt(encounter, 'status'));
  if (before === undefined) throw refuse(422, 'business-rule', 'this Appointment is not a visit that can go on');
  const state = nextVisit(before, request.event);
  const entries: CareEntry[] = [changed(appointment, appointmentChange(appointment, state, request))];
  if (encounter !== undefined) {
    entries.push(changed(encounter, await encounterChange(port, encounter, state, request)));
  } else if (VISIT[state].encounter !== null && state !== 'cancelled' && state !== 'not-in') {
    throw refuse(422, 'business-rule', 'the visit has no Encounter: it was not booked here');
  }
  if (state === 'cancelled') entries.push(...(await freedSlots(port, appointment)));
  entries.push(...(await referralStep(port, appointment, eventOf(state, request))));
  const stored = await port.transaction(entries);
  const after = stored[0] ?? appointment;
  const met = stored.find((one) => one.resourceType === 'Encounter');
  return met === undefined ? { state, appointment: after } : { state, appointment: after, encounter: met };
}

function appointmentChange(appointment: Resource, state: VisitState, request: VisitEventRequest): JsonObject {
  const status = VISIT[state].appointment;
  if (state === 'not-in') return { status, extension: outcomeExtension(appointment, 'family-not-in') };
  if (state !== 'cancelled') return { status };
  const { reason } = request;
  if (reason === undefined || !CANCEL_REASONS.has(reason)) {
    throw refuse(422, 'required', `to cancel, give a reason: ${[...CANCEL_REASONS].join(', ')}`);
  }
  return { status, cancelationReason: localConcept('visit-outcome', reason) };
}

async function encounterChange(
  port: CarePort,
  encounter: Resource,
  state: VisitState,
  request: VisitEventRequest,
): Promise<JsonObject> {
  const status = VISIT[state].encounter ?? 'planned';
  if (state !== 'finished') return { status };
  const attended = request.attended ?? [];
  const asked = objectsAt(encounter, 'participant').map((one) => textAt(one, 'individual', 'reference'));
  const stranger = attended.find(({ who }) => !asked.includes(who));
  if (attended.length === 0) throw refuse(422, 'required', 'to finish, say who attended and when');
  if (stranger !== undefined) throw refuse(422, 'business-rule', 'only participants of the visit can have attended it');
  if (attended.some(({ start, end }) => !(Date.parse(start) <= Date.parse(end)))) {
    throw refuse(422, 'value', 'each who attended has a start and an end, with offset');
  }
  const roles = await Promise.all(
    attended.map(({ who }) => port.read('PractitionerRole', addressed(who, 'PractitionerRole').id)),
  );
  const byTime = (a: string, b: string): number => Date.parse(a) - Date.parse(b);
  return {
    status,
    extension: outcomeExtension(encounter, outcomeOf(roles)),
    participant: attendedBy(encounter, attended),
    period: {
      start: attended.map(({ start }) => start).sort(byTime)[0] ?? '',
      end:
        attended
          .map(({ end }) => end)
          .sort(byTime)
          .at(-1) ?? '',
    },
  };
}

/** What the visit's new state means for the referral; a pregnancy that ended ends it (1.3, "as the reason says"). */
function eventOf(state: VisitState, request: VisitEventRequest): string | undefined {
  if (state === 'cancelled' && request.reason === 'pregnancy-ended') return 'end-pregnancy';
  return REFERRAL_EVENT[state];
}

/** The referral's own step, when it is still at the visit. */
async function referralStep(
  port: CarePort,
  appointment: StoredResource,
  event: string | undefined,
): Promise<CareEntry[]> {
  const order = textAt(objectsAt(appointment, 'basedOn')[0], 'reference');
  if (event === undefined || order === undefined) return [];
  const referral = await readReferral(port, addressed(order, 'ServiceRequest').id);
  return Object.hasOwn(REFERRAL[referral.state].next, event) ? referralEvent(referral, event).entries : [];
}
