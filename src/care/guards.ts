/**
 * Checks of the mission on writes that do not come through its operations: whoever posts a Task, an Appointment or an
 * Encounter directly meets the same tables. Pure; each throws Outcome 422. `app.ts` registers them.
 */
import { refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import { codeSystem } from './canon.ts';
import { VISIT_OUTCOME } from './joint-visit.ts';
import { isReferralTask, stateOf } from './referral.ts';
import { codeIn, objectsAt, textAt } from './shape.ts';
import { REFERRAL } from './states.ts';

/**
 * A referral Task: its FHIR status is that of its state, and it moves only as the table allows.
 * @param previous the version before, when it is an update
 */
export function guardReferralTask(task: Resource, previous?: Resource): void {
  refuseTwoCodes(task);
  if (!isReferralTask(task) || task.status === 'entered-in-error') return;
  const state = stateOf(task);
  const { task: wanted } = REFERRAL[state];
  if (task.status !== wanted) {
    throw refuse(422, 'business-rule', `a referral that is "${state}" has Task.status "${wanted}"`, 'Task.status');
  }
  // The addressee reads this Task.
  if (state === 'pregnancy-ended' && saysMore(task, previous)) {
    const text =
      'a referral of a pregnancy that ended says no reason and adds no note: others learn only that it ended';
    throw refuse(422, 'business-rule', text, 'Task.statusReason');
  }
  if (previous === undefined || !isReferralTask(previous)) {
    if (state === 'held' || state === 'received') return;
    throw refuse(422, 'business-rule', 'a new referral is "held" or "received"', 'Task.businessStatus');
  }
  const before = stateOf(previous);
  const allowed = Object.values(REFERRAL[before].next);
  if (before === state || allowed.includes(state)) return;
  const ways = allowed.length === 0 ? 'it is over' : `allowed: ${[...new Set(allowed)].join(', ')}`;
  throw refuse(
    422,
    'business-rule',
    `a referral cannot go from "${before}" to "${state}"; ${ways}`,
    'Task.businessStatus',
  );
}

/** Words that the version before did not have. */
const saysMore = (task: Resource, previous: Resource | undefined): boolean =>
  ['statusReason', 'note'].some((name) => {
    const now = JSON.stringify(task[name]);
    return now !== undefined && now !== JSON.stringify(previous?.[name]);
  });

/** One kind of task and one state: of two, the check could read the one and the rules the other. */
function refuseTwoCodes(task: Resource): void {
  for (const [element, system] of [
    ['code', 'jv-task'],
    ['businessStatus', 'referral-state'],
  ] as const) {
    const found = objectsAt(task, element, 'coding').filter((coding) => coding.system === codeSystem(system));
    if (found.length > 1) throw refuse(422, 'business-rule', `${element} has one code of ${system}`, `Task.${element}`);
  }
}

const isJointVisit = (concepts: Resource[string]): boolean =>
  Array.isArray(concepts) && concepts.some((concept) => codeIn(concept, codeSystem('jv-service')) === 'joint-visit');

/** A joint Appointment is booked only when every needed participant has accepted. */
export function guardAppointment(appointment: Resource): void {
  if (!isJointVisit(appointment.serviceType) || appointment.status !== 'booked') return;
  const open = objectsAt(appointment, 'participant').filter(
    (one) => one.required !== 'optional' && one.status !== 'accepted',
  );
  if (open.length === 0) return;
  throw refuse(422, 'business-rule', 'a joint visit is booked when all have accepted', 'Appointment.participant');
}

/** Hard rule 1, as far as one resource can tell: `joint-complete` needs a finished visit that two attended. */
export function guardEncounter(encounter: Resource): void {
  if (!isJointVisit(encounter.type)) return;
  const outcome = objectsAt(encounter, 'extension').find((extension) => extension.url === VISIT_OUTCOME);
  if (textAt(outcome, 'valueCoding', 'code') !== 'joint-complete') return;
  const attended = objectsAt(encounter, 'participant').filter((one) => textAt(one, 'period', 'start') !== undefined);
  if (encounter.status === 'finished' && attended.length >= 2) return;
  throw refuse(422, 'business-rule', 'a visit is joint when it is finished and both attended', 'Encounter.participant');
}
