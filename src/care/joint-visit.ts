/** The joint visit as FHIR: Appointment and Encounter (domain.md 1.3, 2.8, 3.4), and what makes a visit joint. */
import type { JsonObject, Reference, Resource } from '../fhir/types.ts';
import {
  codeSystem,
  local,
  localConcept,
  profile,
  reference,
  SNOMED,
  snomed,
  V3_ACT,
  V3_PARTICIPATION,
} from './canon.ts';
import { maybe } from './extract-base.ts';
import { codeIn, objectsAt, textAt } from './shape.ts';

export const VISIT_OUTCOME = profile('visit-outcome');
export type VisitMode = 'home' | 'clinic' | 'family-hub' | 'video';

/** Encounter.class of a visit mode (domain.md 2.5). */
const CLASS: Readonly<Record<VisitMode, string>> = { home: 'HH', clinic: 'AMB', 'family-hub': 'AMB', video: 'VR' };
export const isVisitMode = (word: string | undefined): word is VisitMode =>
  word !== undefined && Object.hasOwn(CLASS, word);

export interface Proposal {
  serviceRequest: Reference;
  patient: Reference;
  /** One midwifery and one health visiting PractitionerRole. */
  practitioners: Reference[];
  /** A needed interpreter is a participant as the others are. */
  interpreter?: Reference;
  slots: Reference[];
  start: string;
  end: string;
  mode: VisitMode;
  created: string;
}

/** A proposed joint Appointment: nobody has answered, everybody is needed. */
export function proposedAppointment(proposal: Proposal): Resource {
  const people = [...proposal.practitioners, proposal.patient, ...(proposal.interpreter ? [proposal.interpreter] : [])];
  return {
    resourceType: 'Appointment',
    status: 'proposed',
    serviceCategory: [localConcept('visit-mode', proposal.mode)],
    serviceType: [localConcept('jv-service', 'joint-visit')],
    start: proposal.start,
    end: proposal.end,
    slot: proposal.slots,
    created: proposal.created,
    basedOn: [proposal.serviceRequest],
    participant: people.map((actor) => ({ actor, required: 'required', status: 'needs-action' })),
  };
}

export function modeOf(appointment: Resource): VisitMode {
  const code = codeIn(objectsAt(appointment, 'serviceCategory')[0], codeSystem('visit-mode'));
  return isVisitMode(code) ? code : 'home';
}

export const patientOf = (appointment: Resource): string | undefined =>
  actorsOf(appointment).find((actor) => actor.startsWith('Patient/'));

export const practitionersOf = (appointment: Resource): string[] =>
  actorsOf(appointment).filter((actor) => actor.startsWith('PractitionerRole/'));

const actorsOf = (appointment: Resource): string[] =>
  objectsAt(appointment, 'participant').flatMap((one) => textAt(one, 'actor', 'reference') ?? []);

/** The planned Encounter of a booked Appointment; nobody has attended, so no participant has a period yet. */
export function plannedEncounter(appointment: Resource & { id: string }, episodes: Reference[]): Resource {
  const mode = modeOf(appointment);
  const type = [
    local('jv-service', 'joint-visit'),
    ...(mode === 'home' ? [snomed('225929007', 'Joint home visit')] : []),
  ];
  const patient = patientOf(appointment);
  return {
    resourceType: 'Encounter',
    status: 'planned',
    class: { system: V3_ACT, code: CLASS[mode] },
    type: [{ coding: type }],
    ...maybe('subject', patient === undefined ? undefined : reference(patient)),
    ...maybe('episodeOfCare', episodes),
    ...maybe('basedOn', appointment.basedOn),
    participant: practitionersOf(appointment).map((who) => ({
      type: [{ coding: [{ system: V3_PARTICIPATION, code: 'PPRF' }] }],
      individual: reference(who),
    })),
    appointment: [reference(`Appointment/${appointment.id}`)],
  };
}

export interface Attendance {
  /** `PractitionerRole/..` */
  who: string;
  /** Instants, with offset. */
  start: string;
  end: string;
}

/** Encounter.participant with the period of each who attended: R4's only sign of attendance. */
export function attendedBy(encounter: Resource, attended: readonly Attendance[]): JsonObject[] {
  return objectsAt(encounter, 'participant').map((participant) => {
    const one = attended.find(({ who }) => who === textAt(participant, 'individual', 'reference'));
    const { period: _period, ...rest } = participant;
    return one === undefined ? rest : { ...rest, period: { start: one.start, end: one.end } };
  });
}

/** The visit outcome as an extension, on Encounter, or on Appointment when nobody met. */
export function outcomeExtension(resource: Resource, code: string): JsonObject[] {
  const others = objectsAt(resource, 'extension').filter((extension) => extension.url !== VISIT_OUTCOME);
  return [...others, { url: VISIT_OUTCOME, valueCoding: local('visit-outcome', code) }];
}

const MIDWIFERY: ReadonlySet<string> = new Set(['158999002', '309453006']);
const HEALTH_VISITING: ReadonlySet<string> = new Set(['1052581000000109']);

/** Which service a PractitionerRole stands for, by its SNOMED role (domain.md 3.7); null for any other. */
export function sideOf(role: Resource): 'midwifery' | 'health-visiting' | null {
  const codes = objectsAt(role, 'code')
    .flatMap((concept) => objectsAt(concept, 'coding'))
    .filter((coding) => coding.system === SNOMED)
    .flatMap((coding) => textAt(coding, 'code') ?? []);
  if (codes.some((code) => MIDWIFERY.has(code))) return 'midwifery';
  return codes.some((code) => HEALTH_VISITING.has(code)) ? 'health-visiting' : null;
}

/** Hard rule 1: a finished visit is joint only when both services attended. */
export function outcomeOf(roles: readonly Resource[]): 'joint-complete' | 'single-practitioner' {
  const sides = new Set(roles.map(sideOf));
  return sides.has('midwifery') && sides.has('health-visiting') ? 'joint-complete' : 'single-practitioner';
}
