/** Visits of a family: Appointment, Encounter and the practitioners' time, as they stand in a state of domain.md 1.3. */
import { local, localConcept, profile, reference, V3_ACT, V3_PARTICIPATION } from '../../src/care/canon.ts';
import { addDays, type CivilDate } from '../../src/care/clock.ts';
import { attendedBy, outcomeExtension, plannedEncounter, proposedAppointment } from '../../src/care/joint-visit.ts';
import { VISIT, type VisitState } from '../../src/care/states.ts';
import type { JsonObject, Reference, Resource } from '../../src/fhir/types.ts';
import { londonInstant, workingDay } from '../days.ts';
import { type Family, motherOf, type VisitSpec } from './model.ts';

/** The interpreter of the directory. */
const INTERPRETER = reference('PractitionerRole/in-urdu');
const MINUTES = 90;

export interface VisitTime {
  date: CivilDate;
  start: string;
  end: string;
}

/** When the visit is or was: moved to a working day, away from the day of the seed; one of today stays. */
export function timeOf(family: Family, visit: VisitSpec): VisitTime {
  const wanted = addDays(family.today, visit.day);
  const date = visit.day === 0 ? wanted : workingDay(wanted, visit.day < 0 ? -1 : 1);
  const [hours = 0, minutes = 0] = visit.time.split(':').map(Number);
  const end = hours * 60 + minutes + MINUTES;
  const clock = `${String(Math.floor(end / 60)).padStart(2, '0')}:${String(end % 60).padStart(2, '0')}`;
  return { date, start: londonInstant(date, visit.time), end: londonInstant(date, clock) };
}

/** Appointment, Slots and (once booked) Encounter. */
export function visitOf(family: Family, visit: VisitSpec, id = `${family.id}-visit`): Resource[] {
  const time = timeOf(family, visit);
  const appointment = appointmentOf(family, visit, time, id);
  const row = VISIT[visit.state];
  const planned = row.encounter !== null && (visit.state !== 'cancelled' || visit.outcome !== undefined);
  return [
    appointment,
    ...slots(family, visit, time, id),
    ...(planned ? [encounterOf(family, visit, time, appointment)] : []),
  ];
}

const staffOf = (family: Family, visit: VisitSpec): string[] =>
  visit.kind === 'joint-visit' ? [family.midwife, family.healthVisitor] : [family.healthVisitor];

function appointmentOf(family: Family, visit: VisitSpec, time: VisitTime, id: string): Resource & { id: string } {
  const proposed = proposedAppointment({
    serviceRequest: reference(`ServiceRequest/${family.id}-referral`),
    patient: motherOf(family),
    practitioners: staffOf(family, visit).map(reference),
    ...(visit.interpreter === true ? { interpreter: INTERPRETER } : {}),
    slots: staffOf(family, visit).map((_who, n) => reference(`Slot/${id}-${n + 1}`)),
    start: time.start,
    end: time.end,
    mode: visit.mode ?? 'home',
    created: londonInstant(workingDay(addDays(time.date, -9), -1), '12:15'),
  });
  const participant = (Array.isArray(proposed.participant) ? proposed.participant : []).map((one, n) =>
    Object.assign({}, one, { status: answerOf(visit.state, n) }),
  );
  const base: Resource & { id: string } = {
    ...proposed,
    id,
    ...(visit.kind === 'joint-visit' ? { meta: { profile: [profile('JV-JointAppointment')] } } : {}),
    status: VISIT[visit.state].appointment,
    serviceType: [localConcept('jv-service', visit.kind)],
    participant,
  };
  if (visit.state === 'not-in') return { ...base, extension: outcomeExtension(base, 'family-not-in') };
  if (visit.state !== 'cancelled') return base;
  return { ...base, cancelationReason: localConcept('visit-outcome', 'cancelled-family') };
}

/** The n-th participant's answer in a state: midwife, health visitor, mother, interpreter. */
function answerOf(state: VisitState, n: number): string {
  if (state === 'proposed') return 'needs-action';
  if (state === 'pending') return n === 0 ? 'accepted' : n === 1 ? 'tentative' : 'needs-action';
  return state === 'cancelled' && n === 2 ? 'declined' : 'accepted';
}

const SLOT_STATUS: Readonly<Partial<Record<VisitState, string>>> = {
  proposed: 'busy-tentative',
  pending: 'busy-tentative',
  cancelled: 'free',
};

function slots(family: Family, visit: VisitSpec, time: VisitTime, id: string): Resource[] {
  return staffOf(family, visit).map((who, n) => ({
    resourceType: 'Slot',
    id: `${id}-${n + 1}`,
    serviceType: [localConcept('jv-service', visit.kind)],
    schedule: reference(`Schedule/${who.slice('PractitionerRole/'.length)}`),
    status: SLOT_STATUS[visit.state] ?? 'busy',
    start: time.start,
    end: time.end,
  }));
}

function encounterOf(
  family: Family,
  visit: VisitSpec,
  time: VisitTime,
  appointment: Resource & { id: string },
): Resource {
  const episodes: Reference[] = ['mat', 'hv'].map((one) => reference(`EpisodeOfCare/${family.id}-${one}`));
  const status = VISIT[visit.state].encounter ?? 'planned';
  const joint = visit.kind === 'joint-visit';
  const base = plannedEncounter(appointment, episodes);
  const planned: Resource = {
    ...base,
    id: appointment.id,
    ...(joint ? { meta: { profile: [profile('JV-JointVisit')] } } : antenatalContact(base, family)),
    status,
    location: [{ location: reference(`Location/area-${family.area.id}`) }],
  };
  if (visit.state !== 'finished') return planned;
  const who = visit.outcome === 'single-practitioner' ? [family.healthVisitor] : staffOf(family, visit);
  const attended = who.map((one) => ({ who: one, start: time.start, end: time.end }));
  return {
    ...planned,
    ...(joint ? { extension: outcomeExtension(planned, visit.outcome ?? 'joint-complete') } : {}),
    participant: attendedBy(planned, attended),
    period: { start: time.start, end: time.end },
  };
}

/** The ordinary health visitor contact at 28 weeks or later: one practitioner, not a joint visit. */
function antenatalContact(base: Resource, family: Family): JsonObject {
  return {
    class: base.class ?? { system: V3_ACT, code: 'HH' },
    type: [{ coding: [local('jv-service', 'hv-antenatal-contact')] }],
    participant: [
      {
        type: [{ coding: [{ system: V3_PARTICIPATION, code: 'PPRF' }] }],
        individual: reference(family.healthVisitor),
      },
    ],
  };
}
