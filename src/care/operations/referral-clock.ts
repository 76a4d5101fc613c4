/** What happens to a referral by itself: release at the notify rule, and a new EDD (domain.md 1.2, 1.3 rules 6 and 7). */
import { Outcome } from '../../fhir/outcome.ts';
import type { StoredResource } from '../../fhir/types.ts';
import { codeSystem } from '../canon.ts';
import { changed } from '../change.ts';
import { civilDate, releaseOf, triageDue } from '../clock.ts';
import type { CareEntry, CarePort } from '../ports.ts';
import type { KnownEdd } from '../pregnancy.ts';
import {
  isReferralTask,
  pathwayOf,
  type Referral,
  readReferral,
  referralEvent,
  stateOf,
  windowOf,
} from '../referral.ts';
import { isObject, textAt } from '../shape.ts';
import { currentEdd } from './current-edd.ts';

/**
 * Releases every held referral whose day has come or whose dating scan is recorded. For the clock job (a port of the
 * service itself). Gives the Tasks released. One transaction each, so that one conflict holds up no other.
 */
export async function releaseHeld(port: CarePort): Promise<StoredResource[]> {
  const held = (await port.search('Task', { status: 'on-hold' })).filter(isReferralTask);
  const released: StoredResource[] = [];
  for (const task of held) {
    if (stateOf(task) !== 'held') continue;
    const done = await releaseOne(port, task).catch(lost);
    if (done !== undefined) released.push(done);
  }
  return released;
}

/** Somebody else was faster, or may no longer be read: the next round looks again. A bug is still a bug. */
function lost(problem: unknown): undefined {
  if (problem instanceof Outcome) return undefined;
  throw problem;
}

/** The Task as released; undefined while it stays held. */
async function releaseOne(port: CarePort, task: StoredResource): Promise<StoredResource | undefined> {
  const patient = textAt(task, 'for', 'reference') ?? '';
  const serviceRequest = await port.read(
    'ServiceRequest',
    (textAt(task, 'focus', 'reference') ?? '').replace('ServiceRequest/', ''),
  );
  const known = await currentEdd(port, patient);
  const entries = recomputed(port, { serviceRequest, task, state: 'held' }, known);
  const [written] = entries.length > 0 ? await port.transaction(entries) : [];
  return written?.resourceType === 'Task' && stateOf(written) === 'received' ? written : undefined;
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
  const occurrence = windowOf(known.edd, pathwayOf(task) ?? release.pathway, settings);
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
