/** Checks particular to a type that a write must pass, gathered from the rooms that own them (composition root). */
import { guardAppointment, guardEncounter, guardReferralTask } from '../care/guards.ts';
import { isReferralTask, stateOf } from '../care/referral.ts';
import type { EndpointPolicy } from '../events/endpoint.ts';
import { guardSubscription } from '../events/subscription.ts';
import { Outcome, refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import { agreementFaults, contradictoryTerms } from '../governance/agreements.ts';
import { consentFaults } from '../governance/consent-faults.ts';
import { overrideFaults } from '../governance/consents.ts';
import { revives, roleFaults } from '../governance/directory-faults.ts';
import type { Context, WriteGuard } from '../record/types.ts';

const ASSESSMENT_COPY = 'https://tandem.example/fhir/StructureDefinition/JV-AssessmentCopy';

/** The guards by resource type. */
export function writeGuards(policy: EndpointPolicy): ReadonlyMap<string, readonly WriteGuard[]> {
  return new Map<string, readonly WriteGuard[]>([
    ['QuestionnaireResponse', [(response, context) => guardCopy(response, context)]],
    ['Task', [(task, context, previous) => guardReferral(task, context, previous)]],
    ['Appointment', [(appointment) => guardAppointment(appointment)]],
    ['Encounter', [(encounter) => guardEncounter(encounter)]],
    ['Consent', [(consent) => guardConsent(consent), (consent, context) => guardOverride(consent, context)]],
    ['PractitionerRole', [(role, context, previous) => guardRole(role, context, previous)]],
    ['Contract', [(contract) => guardAgreement(contract)]],
    ['Subscription', [(subscription, context) => guardSubscription(subscription, context.principal.clientId, policy)]],
  ]);
}

/** The copy for the family is made by release alone, from what both signed (domain.md 2.5). The demo's loader may. */
function guardCopy(response: Resource, context: Context): void {
  const isCopy = response.meta?.profile?.includes(ASSESSMENT_COPY) === true;
  if (!isCopy || context.operation === '$release' || context.principal.role === 'steward') return;
  throw refuse(
    422,
    'business-rule',
    'The shared copy is made by $release from the signed assessment, never written by hand',
    'QuestionnaireResponse.meta.profile',
  );
}

/** Rule 6: however a referral arrives, the notify rule releases it; only the service's own clock says `received`. */
function guardReferral(task: Resource, context: Context, previous: Resource | null): void {
  if (context.principal.role === 'steward') return;
  guardReferralTask(task, previous ?? undefined);
  if (context.operation !== undefined || !isReferralTask(task) || task.status === 'entered-in-error') return;
  const before = previous !== null && isReferralTask(previous) ? stateOf(previous) : 'held';
  if (before === 'held' && stateOf(task) === 'received') throw heldFirst();
}

function heldFirst() {
  return refuse(
    422,
    'business-rule',
    'A referral is released by the notify rule: send the ServiceRequest alone, or its Task as held; urgent ones go out at once',
    'Task.businessStatus',
  );
}

/** an override without its reasons is none. The demo's loader writes what it is told. */
function guardOverride(consent: Resource, context: Context): void {
  if (context.principal.role === 'steward' || consent.status !== 'active') return;
  const faults = overrideFaults(consent);
  if (faults.length === 0) return;
  const issue = { severity: 'error' as const, code: 'business-rule', expression: 'Consent.extension' };
  throw new Outcome(
    422,
    faults.map((fault) => ({ ...issue, diagnostics: `A safeguarding override says more (R-22): ${fault}` })),
  );
}

/** A role that contradicts itself would be read one way here and another way there. */
function guardRole(role: Resource, context: Context, previous: Resource | null): void {
  const [fault] = roleFaults(role);
  if (fault !== undefined) throw refuse(422, 'business-rule', fault.text, fault.expression);
  if (previous === null || context.principal.role === 'steward' || !revives(previous, role, context.now)) return;
  const words =
    'This role has ended. Who comes back gets a new one, so that nothing of the old comes back with it (R-08)';
  throw refuse(422, 'business-rule', words, 'PractitionerRole.period');
}

/** An agreement that contradicts itself is refused with every reason. */
function guardAgreement(contract: Resource): void {
  refuseFaults([...agreementFaults(contract), ...contradictoryTerms(contract)]);
}

/** So is a consent or objection of which nobody could say what the family meant. */
function guardConsent(consent: Resource): void {
  refuseFaults(consentFaults(consent));
}

function refuseFaults(faults: readonly { expression: string; text: string }[]): void {
  if (faults.length === 0) return;
  const issue = { severity: 'error' as const, code: 'business-rule' };
  throw new Outcome(
    422,
    faults.map(({ expression, text }) => ({ ...issue, diagnostics: text, expression })),
  );
}
