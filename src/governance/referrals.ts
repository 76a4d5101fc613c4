/** The referral's Task: its state decides what the addressed service may know (domain.md 1.3, R-06 c, R-13). */
import type { Resource } from '../fhir/types.ts';
import { codes, hasCode, isTo, type Lookup, ref, refs, unique } from './elements.ts';
import type { Touch } from './facts.ts';
import { local } from './vocabulary.ts';

/** Before a person took it; taken by a person; over. `held` and unknown states show nothing. */
const OFFERED = ['received', 'opened'];
const ACCEPTED = ['accepted', 'triaged', 'scheduled', 'visited', 'plan-agreed', 'sent-outside'];
const KNOWN_AND_OVER = [
  'closed',
  'rejected',
  'redirected',
  'declined-by-family',
  'moved-out',
  'withdrawn',
  'pregnancy-ended',
];

export interface Referral {
  stage: 'held' | 'offered' | 'accepted' | 'closed' | 'over';
  patient: string | null;
  owner: string | null;
  /** The addressed service, `Organization/..`. */
  addressee: string | null;
  /** What an open referral covers before acceptance: itself, its Task, and what its supportingInfo names. */
  scope: string[];
  touch: Touch;
}

export function isReferralTask(resource: Resource): boolean {
  return resource.resourceType === 'Task' && hasCode(codes(resource.code), local('jv-task'), 'triage-referral');
}

/** What `referralOf` reads: the request, and then its performer and the owner's team. */
export function referralLookups(resource: Resource): string[] {
  if (resource.resourceType === 'ServiceRequest')
    return refs(resource.performer).filter((one) => isTo(one, 'HealthcareService'));
  return isReferralTask(resource) ? [...refs(resource.focus), ...refs(resource.owner)] : [];
}

/**
 * The referral a Task stands for, or null when it is no referral Task, names no request, or one of somebody else. `wasReleased`: whether its
 * addressee was ever told; a referral withdrawn while held stays untold (1.3, `held`).
 */
export function referralOf(task: Resource, lookup: Lookup, wasReleased: boolean): Referral | null {
  if (!isReferralTask(task)) return null;
  const focus = ref(task.focus);
  if (focus === null || !isTo(focus, 'ServiceRequest')) return null;
  const request = lookup(focus);
  const patient = ref(task.for) ?? ref(request?.subject);
  // Whoever may write about one family does not release, hold or readdress the referral of another.
  if (request !== null && ref(request.subject) !== patient) return null;
  const stage = stageOf(task);
  const addressee = addressedService(task, request, lookup);
  const released = stage === 'over' ? wasReleased : stage !== 'held';
  const self = task.id === undefined ? [] : [`Task/${task.id}`];
  return {
    stage,
    patient,
    owner: ref(task.owner),
    addressee,
    scope: unique([...self, focus, ...refs(request?.supportingInfo)]),
    touch: { type: 'ServiceRequest', id: focus.slice('ServiceRequest/'.length), released, addressee },
  };
}

function stageOf(task: Resource): Referral['stage'] {
  const found = codes(task.businessStatus);
  const is = (states: readonly string[]) => hasCode(found, local('referral-state'), ...states);
  if (task.status === 'entered-in-error') return 'over';
  if (is(OFFERED)) return 'offered';
  if (is(ACCEPTED)) return 'accepted';
  if (is(['closed'])) return 'closed';
  return is(KNOWN_AND_OVER) ? 'over' : 'held';
}

/** The service the request is addressed to: of its performer, else of the team or service that owns the Task. */
function addressedService(task: Resource, request: Resource | null, lookup: Lookup): string | null {
  const performers = [...refs(request?.performer), ...refs(task.owner)];
  for (const performer of performers) {
    if (isTo(performer, 'Organization')) return performer;
    const named = lookup(performer);
    const service = ref(named?.providedBy) ?? ref(named?.organization) ?? ref(named?.managingOrganization);
    if (service !== null) return service;
  }
  return null;
}
