/** The referral as FHIR: ServiceRequest and the Task that carries its state (domain.md 1.3, 2.8), and changing it. */
import { refuse } from '../fhir/outcome.ts';
import type { JsonObject, Reference, Resource, StoredResource } from '../fhir/types.ts';
import { codeSystem, local, localConcept, reference, snomed } from './canon.ts';
import { changed } from './change.ts';
import {
  antenatalContactWindow,
  type CivilDate,
  type DateWindow,
  jointWindow,
  type Release,
  triageDue,
} from './clock.ts';
import { maybe } from './extract-base.ts';
import type { CareEntry, CarePort, CareSettings } from './ports.ts';
import { codeIn, isObject, objectsAt, textAt } from './shape.ts';
import { isReferralState, nextReferral, REFERRAL, type ReferralState } from './states.ts';

export interface Referral {
  serviceRequest: StoredResource;
  task: StoredResource;
  state: ReferralState;
}

export interface NewReferral {
  patient: Reference;
  requester: Reference;
  /** HealthcareService or Organization of the provider the referral names. */
  performer: Reference;
  /** The addressed team: it owns the Task. */
  owner: Reference;
  release: Release;
  edd?: CivilDate;
  supportingInfo: Reference[];
  reason?: string;
  authoredOn: string;
  today: CivilDate;
  settings: CareSettings;
}

/** The window a referral is for: joint visit, or the 28-week contact when that is the pathway. */
export function windowOf(edd: CivilDate, pathway: string | undefined, settings: CareSettings): DateWindow {
  return pathway === 'hv-28-week' ? antenatalContactWindow(edd) : jointWindow(edd, settings.upperEdge);
}

export function referralRequest(referral: NewReferral): Resource {
  const { edd, release } = referral;
  const occurrence = edd === undefined ? undefined : windowOf(edd, release.pathway, referral.settings);
  return {
    resourceType: 'ServiceRequest',
    status: 'active',
    intent: 'order',
    priority: release.priority,
    category: [{ coding: [snomed('3457005', 'Patient referral')] }],
    code: localConcept('jv-service', 'antenatal-hv-referral', 'Antenatal referral to health visiting'),
    subject: referral.patient,
    ...maybe('occurrencePeriod', occurrence && { start: occurrence.start, end: occurrence.end }),
    authoredOn: referral.authoredOn,
    requester: referral.requester,
    performer: [referral.performer],
    ...maybe('reasonCode', referral.reason === undefined ? undefined : [{ text: referral.reason }]),
    ...maybe('supportingInfo', referral.supportingInfo),
  };
}

/**
 * The Task of a referral. `restriction.period` says when it is worked on: from its release (a held one: the day it goes
 * out by itself) until triage is due.
 */
export function referralTask(referral: NewReferral, serviceRequest: Reference): Resource {
  const { release } = referral;
  return {
    resourceType: 'Task',
    status: REFERRAL[release.state].task,
    businessStatus: localConcept('referral-state', release.state),
    intent: 'order',
    priority: release.priority,
    code: localConcept('jv-task', 'triage-referral'),
    focus: serviceRequest,
    for: referral.patient,
    authoredOn: referral.authoredOn,
    requester: referral.requester,
    owner: referral.owner,
    restriction: { period: workPeriod(release, referral.edd, referral.today, referral.settings) },
  };
}

/** From release to triage due. Without an EDD (urgent only) there is no window: ten working days from release. */
export function workPeriod(
  release: Release,
  edd: CivilDate | undefined,
  today: CivilDate,
  settings: CareSettings,
): { start: CivilDate; end: CivilDate } {
  const start = release.releaseOn ?? today;
  const window = edd === undefined ? { start, end: '9999-12-31' } : windowOf(edd, release.pathway, settings);
  return { start, end: triageDue(start, window, settings.calendar) };
}

/** State of a referral Task. Throws Outcome 422 when it carries none. */
export function stateOf(task: Resource): ReferralState {
  const state = codeIn(task.businessStatus, codeSystem('referral-state'));
  if (!isReferralState(state)) throw refuse(422, 'value', 'this Task carries no referral state', 'Task.businessStatus');
  return state;
}

/** True for the Task of a referral. */
export const isReferralTask = (task: Resource): boolean =>
  codeIn(task.code, codeSystem('jv-task')) === 'triage-referral';

/** The referral by its ServiceRequest id: the request and its living Task. Throws Outcome 404 when there is no Task. */
export async function readReferral(port: CarePort, id: string): Promise<Referral> {
  const serviceRequest = await port.read('ServiceRequest', id);
  const tasks = (await port.search('Task', { focus: `ServiceRequest/${id}` })).filter(isReferralTask);
  const living = tasks.filter((task) => stateOf(task) !== 'redirected' && task.status !== 'entered-in-error');
  const task = (living.length > 0 ? living : tasks).sort(byTime).at(-1);
  if (task === undefined) throw refuse(404, 'not-found', 'this ServiceRequest is not a referral with a Task');
  return { serviceRequest, task, state: stateOf(task) };
}

const byTime = (a: Resource, b: Resource): number =>
  (textAt(a, 'authoredOn') ?? '').localeCompare(textAt(b, 'authoredOn') ?? '');

/**
 * The writes of one event: Task always, ServiceRequest when its status changes. Throws Outcome 422 naming the allowed
 * events.
 */
export function referralEvent(
  referral: Referral,
  event: string,
  more: { task?: JsonObject; serviceRequest?: JsonObject } = {},
): { state: ReferralState; entries: CareEntry[] } {
  const state = nextReferral(referral.state, event);
  const row = REFERRAL[state];
  const entries = [
    changed(referral.task, {
      ...more.task,
      status: row.task,
      businessStatus: { ...concept(referral.task), coding: [local('referral-state', state)] },
    }),
  ];
  if (referral.serviceRequest.status !== row.serviceRequest || more.serviceRequest !== undefined) {
    entries.push(changed(referral.serviceRequest, { ...more.serviceRequest, status: row.serviceRequest }));
  }
  return { state, entries };
}

const concept = (task: Resource): JsonObject => (isObject(task.businessStatus) ? task.businessStatus : {});

/**
 * Provenance of one step: who did what to which resource, and why when there is something to say. R4 finds the patient
 * of a Provenance among its targets (compartment "target"), so she is the last of them: without her it belongs to nobody.
 */
export function stepProvenance(port: CarePort, targets: string[], step: ProvenanceStep): Resource {
  const { who, patient, reason } = step;
  return {
    resourceType: 'Provenance',
    target: [...targets, patient].map(reference),
    recorded: port.now.toISOString(),
    ...maybe('reason', reason === undefined ? undefined : [{ text: reason }]),
    agent: [{ who: reference(who), ...maybe('onBehalfOf', port.caller.service && reference(port.caller.service)) }],
  };
}

export interface ProvenanceStep {
  who: string;
  /** `Patient/..` */
  patient: string;
  reason?: string | undefined;
}

/** `Patient/..` a referral is about. */
export const patientOfReferral = ({ serviceRequest }: Referral): string =>
  textAt(serviceRequest, 'subject', 'reference') ?? '';

/** The pathway recorded at triage, from Task.output. */
export const pathwayOf = (task: Resource): string | undefined =>
  objectsAt(task, 'output')
    .map((output) => objectsAt(output, 'valueCodeableConcept', 'coding')[0])
    .map((coding) => (textAt(coding, 'system') === codeSystem('pathway') ? textAt(coding, 'code') : undefined))
    .find((code) => code !== undefined);
