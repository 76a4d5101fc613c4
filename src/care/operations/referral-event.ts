/** `ServiceRequest/[id]/$referral-event`: every step of a referral that needs no form of its own (domain.md 1.3). */
import { refuse } from '../../fhir/outcome.ts';
import type { JsonObject, Resource, StoredResource } from '../../fhir/types.ts';
import { localConcept, reference } from '../canon.ts';
import { created, personOf } from '../change.ts';
import type { CareEntry, CarePort } from '../ports.ts';
import { patientOfReferral, type Referral, readReferral, referralEvent, stepProvenance } from '../referral.ts';
import type { ReferralState } from '../states.ts';

const REASONS: ReadonlySet<string> = new Set(['wrong-area', 'duplicate', 'information-missing', 'other']);

/** Events that have an operation of their own because they record more than a step. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  accept: '$accept',
  triage: '$triage',
  book: 'the booking of a visit',
  release: 'the clock',
};

export interface ReferralEventRequest {
  event: string;
  /** `referral-reason` code; required to reject. */
  reason?: string | undefined;
  note?: string | undefined;
  /** New team (`CareTeam/..`), required to redirect; sending team, required to send outside: it waits for the answer. */
  owner?: string | undefined;
}

export interface ReferralStep {
  state: ReferralState;
  serviceRequest: Resource;
  task: Resource;
}

/** Applies one event as the calling person. Throws Outcome 403 without a person, 422 when not allowed or incomplete. */
export async function applyReferralEvent(
  port: CarePort,
  id: string,
  request: ReferralEventRequest,
): Promise<ReferralStep> {
  const who = personOf(port);
  const elsewhere = Object.hasOwn(ELSEWHERE, request.event) ? ELSEWHERE[request.event] : undefined;
  if (elsewhere !== undefined) throw refuse(422, 'business-rule', `"${request.event}" is done by ${elsewhere}`);
  const referral = await readReferral(port, id);
  const { state, entries } = referralEvent(referral, request.event, { task: taskChange(request) });
  const moved = request.event === 'redirect' ? redirected(port, referral, request.owner, who) : [];
  const target = [`Task/${referral.task.id}`];
  const provenance = created(
    stepProvenance(port, target, { who, patient: patientOfReferral(referral), reason: request.note }),
  );
  const stored = await port.transaction([...entries, ...moved, provenance]);
  return stepOf(state, referral, stored);
}

/** What stands after a transaction: the versions written, else those read. */
export function stepOf(state: ReferralState, before: Referral, stored: readonly StoredResource[]): ReferralStep {
  const now = (resource: StoredResource): Resource =>
    stored.find((one) => one.resourceType === resource.resourceType && one.id === resource.id) ?? resource;
  return { state, serviceRequest: now(before.serviceRequest), task: now(before.task) };
}

function taskChange(request: ReferralEventRequest): JsonObject {
  if (request.event === 'send-outside') {
    if (request.owner === undefined) throw refuse(422, 'required', 'to send outside, name the sending team that waits');
    return { owner: reference(request.owner) };
  }
  if (request.event === 'end-pregnancy' && (request.note !== undefined || request.reason !== undefined)) {
    // The addressee reads this Task and its Provenance: how a pregnancy ended stays with who treated her.
    throw refuse(422, 'business-rule', 'end-pregnancy takes no reason and no note: others learn only that it ended');
  }
  if (request.event !== 'reject') return {};
  if (request.reason === undefined || !REASONS.has(request.reason)) {
    throw refuse(422, 'required', `to reject, give a reason: ${[...REASONS].join(', ')}`);
  }
  return { statusReason: localConcept('referral-reason', request.reason, request.note) };
}

/** A new Task for the new team; the old one, kept as redirected, is named by `partOf`. */
function redirected(port: CarePort, referral: Referral, owner: string | undefined, who: string): CareEntry[] {
  if (owner === undefined) throw refuse(422, 'required', 'to redirect, name the new team');
  const { id, meta: _meta, statusReason: _reason, output: _output, text: _text, ...task } = referral.task;
  return [
    created({
      ...task,
      resourceType: 'Task',
      status: 'requested',
      businessStatus: localConcept('referral-state', 'received'),
      authoredOn: port.now.toISOString(),
      requester: reference(who),
      owner: reference(owner),
      partOf: [reference(`Task/${id}`)],
    }),
  ];
}
