/**
 * `Patient/[id]/$refer`, and what happens to a referral by itself: release at the notify rule, and a new EDD
 * (domain.md 1.2, 1.3 rules 5 to 7).
 */
import { refuse } from '../../fhir/outcome.ts';
import type { Resource, StoredResource } from '../../fhir/types.ts';
import { codeSystem, reference, SNOMED } from '../canon.ts';
import { changed, created, personOf } from '../change.ts';
import { civilDate, gestationDays, releaseOf, triageDue } from '../clock.ts';
import type { CareEntry, CarePort } from '../ports.ts';
import { EDD_CODE, eddOf, type KnownEdd } from '../pregnancy.ts';
import {
  isReferralTask,
  pathwayOf,
  type Referral,
  readReferral,
  referralEvent,
  referralRequest,
  referralTask,
  stateOf,
  stepProvenance,
  windowOf,
} from '../referral.ts';
import { isObject, textAt } from '../shape.ts';
import { sharingState } from '../sharing.ts';

/** Longest gestation that still belongs to the present pregnancy (44 weeks): older EDDs are of earlier ones. */
const LONGEST_DAYS = 44 * 7;

/** The EDD of the present pregnancy as recorded for a patient; undefined when there is none. */
export async function currentEdd(
  port: CarePort,
  patient: string,
): Promise<(KnownEdd & { from: StoredResource[] }) | undefined> {
  const code = `${SNOMED}|${EDD_CODE.scan},${SNOMED}|${EDD_CODE.lmp}`;
  const today = civilDate(port.now);
  const present = (await port.search('Observation', { patient, code })).filter((observation) => {
    const edd = textAt(observation, 'valueDateTime')?.slice(0, 10);
    if (edd === undefined) return false;
    const days = gestationDays(edd, today);
    return days >= 0 && days <= LONGEST_DAYS;
  });
  const known = eddOf(present);
  if (known === undefined) return undefined;
  return { ...known, from: present.filter((one) => textAt(one, 'valueDateTime')?.slice(0, 10) === known.edd) };
}

export interface ReferRequest {
  /** `Patient/..` of the mother. */
  patient: string;
  /** HealthcareService (or Organization) of the health visiting provider. */
  performer: string;
  /** The addressed team, `CareTeam/..`. */
  owner: string;
  /** Receiving service's Organization, to see whether she objected to sharing with it. */
  recipient?: string;
  priority?: 'routine' | 'urgent';
  safeguarding?: boolean;
  reason?: string;
  supportingInfo?: string[];
  /** Rationale of a safeguarding override when sharing is not explained or objected to. */
  override?: string;
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
  const code = `${codeSystem('jv-service')}|antenatal-hv-referral`;
  const open = await port.search('ServiceRequest', { patient: request.patient, code, status: 'active' });
  if (open.length > 0) throw refuse(409, 'duplicate', `an open referral exists already: ServiceRequest/${open[0]?.id}`);
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
  const order = created(referralRequest(referral));
  const work = created(referralTask(referral, reference(order.fullUrl)));
  const because = request.override === undefined ? undefined : `Safeguarding override: ${request.override}`;
  const provenance = created(stepProvenance(port, [order.fullUrl, work.fullUrl], who, because));
  const [serviceRequest, task] = await port.transaction([order, work, provenance]);
  if (serviceRequest === undefined || task === undefined) throw new Error('the transaction answered too few entries');
  return { serviceRequest, task, why: release.why };
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

/**
 * Releases every held referral whose day has come or whose dating scan is recorded. For the clock job (a port of the
 * service itself). Gives the Tasks released. One transaction each, so that one conflict holds up no other.
 */
export async function releaseHeld(port: CarePort): Promise<StoredResource[]> {
  const held = (await port.search('Task', { status: 'on-hold' })).filter(isReferralTask);
  const released: StoredResource[] = [];
  for (const task of held) {
    if (stateOf(task) !== 'held') continue;
    const [done] = await releaseOne(port, task);
    if (done !== undefined) released.push(done);
  }
  return released;
}

async function releaseOne(port: CarePort, task: StoredResource): Promise<StoredResource[]> {
  const patient = textAt(task, 'for', 'reference') ?? '';
  const serviceRequest = await port.read(
    'ServiceRequest',
    (textAt(task, 'focus', 'reference') ?? '').replace('ServiceRequest/', ''),
  );
  const known = await currentEdd(port, patient);
  const entries = recomputed(port, { serviceRequest, task, state: 'held' }, known);
  return entries.length > 0 ? port.transaction(entries) : [];
}

/**
 * After an EDD was recorded or changed: recomputes window, release and triage date of the patient's open referrals
 * (domain.md 1.2: any EDD change recomputes every window). Gives the ids of the ServiceRequests that changed.
 */
export async function recomputeForEdd(port: CarePort, patient: string): Promise<string[]> {
  const known = await currentEdd(port, patient);
  const code = `${codeSystem('jv-service')}|antenatal-hv-referral`;
  const open = await port.search('ServiceRequest', { patient, code, status: 'active' });
  const touched: string[] = [];
  for (const { id } of open) {
    const entries = recomputed(port, await readReferral(port, id), known);
    if (entries.length === 0) continue;
    await port.transaction(entries);
    touched.push(id);
  }
  return touched;
}

/** The writes a referral needs so that its window, dates and hold fit the EDD; none when they fit already. */
function recomputed(port: CarePort, referral: Referral, known: KnownEdd | undefined): CareEntry[] {
  if (known === undefined) return [];
  const { settings } = port;
  const { task, serviceRequest, state } = referral;
  const today = civilDate(port.now);
  const routine = serviceRequest.priority === 'routine';
  const release = releaseOf({
    edd: known.edd,
    datingScan: known.byScan,
    priority: routine ? 'routine' : 'urgent',
    safeguarding: false,
    today,
    rule: settings.notify,
    upperEdge: settings.upperEdge,
  });
  const goesOut = state === 'held' && release.state === 'received';
  const urgent = goesOut && release.priority === 'urgent' && routine ? { priority: 'urgent' } : {};
  const occurrence = windowOf(known.edd, pathwayOf(task) ?? (goesOut ? release.pathway : undefined), settings);
  const started = textAt(task, 'restriction', 'period', 'start') ?? today;
  const start = state !== 'held' ? started : (release.releaseOn ?? today);
  const period = { start, end: triageDue(start, occurrence, settings.calendar) };
  const occurrencePeriod = { start: occurrence.start, end: occurrence.end };
  const sameWindow =
    textAt(serviceRequest, 'occurrencePeriod', 'start') === occurrence.start &&
    textAt(serviceRequest, 'occurrencePeriod', 'end') === occurrence.end;
  const restriction = { ...(isObject(task.restriction) ? task.restriction : {}), period };
  if (goesOut) {
    return referralEvent(referral, 'release', {
      task: { restriction, ...urgent },
      ...(sameWindow && routine === (release.priority === 'routine')
        ? {}
        : { serviceRequest: { occurrencePeriod, ...urgent } }),
    }).entries;
  }
  const samePeriod =
    textAt(task, 'restriction', 'period', 'start') === period.start &&
    textAt(task, 'restriction', 'period', 'end') === period.end;
  return [
    ...(sameWindow ? [] : [changed(serviceRequest, { occurrencePeriod })]),
    ...(samePeriod ? [] : [changed(task, { restriction })]),
  ];
}
