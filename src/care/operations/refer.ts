/** `Patient/[id]/$refer`: making a referral, and adopting one that arrived without its Task (domain.md 1.3 rules 5 to 7). */
import { refuse } from '../../fhir/outcome.ts';
import type { Resource, StoredResource } from '../../fhir/types.ts';
import { codeSystem, reference } from '../canon.ts';
import { created, criteriaOf, personOf } from '../change.ts';
import { civilDate, releaseOf } from '../clock.ts';
import type { CareEntry, CarePort } from '../ports.ts';
import { isReferralTask, referralRequest, referralTask, stepProvenance } from '../referral.ts';
import { codeIn, textAt } from '../shape.ts';
import { sharingState } from '../sharing.ts';
import { currentEdd } from './current-edd.ts';

export { recomputeForEdd, releaseHeld } from './referral-clock.ts';

export interface ReferRequest {
  /** `Patient/..` of the mother. */
  patient: string;
  /** HealthcareService (or Organization) of the health visiting provider. */
  performer: string;
  /** The addressed team, `CareTeam/..`. */
  owner: string;
  /** Receiving service's Organization, to see whether she objected to sharing with it. */
  recipient?: string | undefined;
  priority?: 'routine' | 'urgent';
  safeguarding?: boolean;
  reason?: string | undefined;
  supportingInfo?: string[];
  /** Rationale of a safeguarding override when sharing is not explained or objected to. */
  override?: string | undefined;
}

/**
 * Makes the referral: ServiceRequest and Task, `held` or `received` by the notify rule. Throws Outcome 403 without a
 * person, 409 when one is open already, 422 when sharing does not allow it or a routine one has no EDD.
 */
export async function refer(
  port: CarePort,
  request: ReferRequest,
): Promise<{ serviceRequest: Resource; task: Resource; why: string }> {
  const who = personOf(port);
  await refuseIfNotShareable(port, request);
  const known = await currentEdd(port, request.patient);
  const today = civilDate(port.now);
  const release = releaseOf({
    ...(known === undefined ? {} : { edd: known.edd }),
    datingScan: known?.byScan === true,
    priority: request.priority ?? 'routine',
    safeguarding: request.safeguarding === true,
    today,
    rule: port.settings.notify,
    upperEdge: port.settings.upperEdge,
  });
  const eddSources = (known?.from ?? []).map(({ id }) => `Observation/${id}`);
  const referral = {
    patient: reference(request.patient),
    requester: reference(who),
    performer: reference(request.performer),
    owner: reference(request.owner),
    release,
    ...(known === undefined ? {} : { edd: known.edd }),
    supportingInfo: [...new Set([...eddSources, ...(request.supportingInfo ?? [])])].map(reference),
    ...(request.reason === undefined ? {} : { reason: request.reason }),
    authoredOn: port.now.toISOString(),
    today,
    settings: port.settings,
  };
  const order = onlyOpenReferral(request.patient, created(referralRequest(referral)));
  const work = created(referralTask(referral, reference(order.fullUrl)));
  const because = request.override === undefined ? undefined : `Safeguarding override: ${request.override}`;
  const provenance = created(
    stepProvenance(port, [order.fullUrl, work.fullUrl], { who, patient: request.patient, reason: because }),
  );
  const [serviceRequest, task] = await port.transaction([order, work, provenance]);
  if (serviceRequest === undefined || task === undefined) throw new Error('the transaction answered too few entries');
  return { serviceRequest, task, why: release.why };
}

/** Asked under its lock in the transaction that writes: two who refer her at once make one referral, and one gets 409. */
function onlyOpenReferral<E extends CareEntry>(patient: string, order: E): E {
  const criteria = { patient, code: `${codeSystem('jv-service')}|antenatal-hv-referral`, status: 'active' };
  return { ...order, ifNoneExist: criteriaOf(criteria), refuseExisting: 'an open referral exists already' };
}

/**
 * Gives a referral that arrived without a Task (an EPR posted the ServiceRequest alone) its Task, `held` or `received`
 * by the same rule, however it arrived (rule 6). Undefined when it has one already or is no referral of ours.
 * @param owner the addressed team, found by routing
 */
export async function adoptReferral(port: CarePort, id: string, owner: string): Promise<StoredResource | undefined> {
  const serviceRequest = await port.read('ServiceRequest', id);
  if (codeIn(serviceRequest.code, codeSystem('jv-service')) !== 'antenatal-hv-referral') return undefined;
  if ((await port.search('Task', { focus: `ServiceRequest/${id}` })).some(isReferralTask)) return undefined;
  const patient = textAt(serviceRequest, 'subject', 'reference') ?? '';
  const known = await currentEdd(port, patient);
  const today = civilDate(port.now);
  const release = releaseOf({
    ...(known === undefined ? {} : { edd: known.edd }),
    datingScan: known?.byScan === true,
    priority: serviceRequest.priority === 'routine' ? 'routine' : 'urgent',
    safeguarding: false,
    today,
    rule: port.settings.notify,
    upperEdge: port.settings.upperEdge,
  });
  const task = referralTask(
    {
      patient: reference(patient),
      requester: reference(textAt(serviceRequest, 'requester', 'reference') ?? patient),
      performer: reference(owner),
      owner: reference(owner),
      release,
      ...(known === undefined ? {} : { edd: known.edd }),
      supportingInfo: [],
      authoredOn: port.now.toISOString(),
      today,
      settings: port.settings,
    },
    reference(`ServiceRequest/${id}`),
  );
  // Several processes keep a clock: whoever comes second finds the Task of the first.
  const criteria = { focus: `ServiceRequest/${id}`, code: `${codeSystem('jv-task')}|triage-referral` };
  const [stored] = await port.transaction([created(task, criteriaOf(criteria))]);
  return stored;
}

/** Rule 5: sharing explained and no objection, or a safeguarding override with its rationale. */
async function refuseIfNotShareable(port: CarePort, request: ReferRequest): Promise<void> {
  if (request.override !== undefined && request.override.trim() !== '') return;
  const state = sharingState(
    await port.search('Consent', { patient: request.patient, status: 'active' }),
    request.recipient,
  );
  if (state === 'not-yet-asked') {
    throw refuse(
      422,
      'business-rule',
      'explain sharing to the mother and record it first, or give a safeguarding override',
    );
  }
  if (state === 'objected') {
    throw refuse(422, 'business-rule', 'the mother objects to sharing with this service; ask again later in pregnancy');
  }
}
