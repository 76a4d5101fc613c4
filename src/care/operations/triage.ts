/** `ServiceRequest/[id]/$triage`: pathway and level of need, never mixed, by a named person with a rationale. */
import { refuse } from '../../fhir/outcome.ts';
import type { JsonObject } from '../../fhir/types.ts';
import { type LocalSystem, localConcept } from '../canon.ts';
import { created, personOf } from '../change.ts';
import { civilDate, jointWindow } from '../clock.ts';
import type { CarePort } from '../ports.ts';
import { patientOfReferral, readReferral, referralEvent, stepProvenance, windowOf } from '../referral.ts';
import { textAt } from '../shape.ts';
import { currentEdd } from './current-edd.ts';
import { type ReferralStep, stepOf } from './referral-event.ts';

const PATHWAYS: ReadonlySet<string> = new Set(['enhanced-joint-visit', 'hv-28-week', 'safeguarding']);
const LEVELS: ReadonlySet<string> = new Set([
  'community',
  'universal',
  'targeted',
  'specialist',
  'safeguarding-advice-sought',
]);

export interface TriageDecision {
  pathway: string;
  level: string;
  rationale: string;
}

/**
 * Records the decision on the Task and fits the referral's window to the pathway. A human judgement: nothing is
 * computed from answers. Throws Outcome 403 without a person; 422 for an unknown code, an empty rationale, a joint visit
 * after its window has closed, or a state that does not allow it.
 */
export async function triage(port: CarePort, id: string, decision: TriageDecision): Promise<ReferralStep> {
  const who = personOf(port);
  if (!PATHWAYS.has(decision.pathway))
    throw refuse(422, 'code-invalid', `pathway is one of ${[...PATHWAYS].join(', ')}`);
  if (!LEVELS.has(decision.level))
    throw refuse(422, 'code-invalid', `level of need is one of ${[...LEVELS].join(', ')}`);
  if (decision.rationale.trim() === '') throw refuse(422, 'required', 'a triage decision needs a rationale');
  const referral = await readReferral(port, id);
  const known = await currentEdd(port, textAt(referral.serviceRequest, 'subject', 'reference') ?? '');
  const joint = decision.pathway === 'enhanced-joint-visit';
  if (joint && known !== undefined && civilDate(port.now) > jointWindow(known.edd, port.settings.upperEdge).end) {
    throw refuse(422, 'business-rule', 'the joint visit window has closed: the pathway is hv-28-week');
  }
  const window = known && windowOf(known.edd, decision.pathway, port.settings);
  const { state, entries } = referralEvent(referral, 'triage', {
    task: { output: outputOf(decision) },
    ...(window === undefined ? {} : { serviceRequest: { occurrencePeriod: { start: window.start, end: window.end } } }),
  });
  const provenance = created(
    stepProvenance(port, [`Task/${referral.task.id}`], { who, patient: patientOfReferral(referral) }),
  );
  return stepOf(state, referral, await port.transaction([...entries, provenance]));
}

/** Pathway, level and rationale as Task outputs; the words are for people, the codings for systems. */
function outputOf(decision: TriageDecision): JsonObject[] {
  const coded = (text: string, system: LocalSystem, code: string): JsonObject => ({
    type: { text },
    valueCodeableConcept: localConcept(system, code),
  });
  return [
    coded('Pathway', 'pathway', decision.pathway),
    coded('Level of need', 'level-of-need', decision.level),
    { type: { text: 'Rationale' }, valueString: decision.rationale },
  ];
}
