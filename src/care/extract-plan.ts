/** The plan of a joint visit assessment: Goals, Tasks or draft referrals, and the CarePlan (domain.md 2.6). */
import type { JsonObject, Reference, Resource } from '../fhir/types.ts';
import { codeOf, codingsOf, dateOf, groupAt, integerOf, itemsOf, referenceOf, textOf } from './answers.ts';
import { localConcept, snomed } from './canon.ts';
import { type ExtractBase, maybe } from './extract-base.ts';
import { type Extracted, extracted, keyOf, toExtracted } from './extract-identity.ts';
import { textAt } from './shape.ts';

/** Goals in the family's words, addressing the place on the matrix when there is one. */
export function goals(response: JsonObject, base: ExtractBase, addresses: readonly Extracted[]): Extracted[] {
  return itemsOf(groupAt(response, 'plan'), 'plan.goal').flatMap((item, index) => {
    const text = textOf(item, 'plan.goal.text');
    if (text === undefined) return [];
    const dueDate = dateOf(item, 'plan.goal.target');
    const lead = codeOf(item, 'plan.goal.lead');
    const why = textOf(item, 'plan.goal.why');
    const notes = [
      ...(why === undefined ? [] : [{ text: why }]),
      ...(lead === undefined ? [] : [leadNote(item, lead)]),
    ];
    const resource: Resource = {
      resourceType: 'Goal',
      meta: { security: base.security },
      lifecycleStatus: 'active',
      ...maybe(
        'category',
        codingsOf(item, 'plan.goal.indicator').map((coding) => ({ coding: [coding] })),
      ),
      description: { text },
      subject: base.subject,
      startDate: base.on,
      ...maybe('target', dueDate === undefined ? undefined : [{ dueDate }]),
      expressedBy: base.subject,
      ...maybe(
        'addresses',
        addresses.map(({ key }) => toExtracted(key)),
      ),
      ...maybe('note', notes),
    };
    return [extracted(keyOf(base.responseId, 'plan.goal', { item, index }), resource)];
  });
}

/** R4 Goal has no performer and its note no PractitionerRole as author: who leads stands in words. */
function leadNote(item: JsonObject, lead: string): JsonObject {
  const who = textAt(referenceOf(item, 'plan.goal.lead.ref'), 'display');
  return { text: who === undefined ? `Lead: ${lead}` : `Lead: ${lead} (${who})` };
}

/** Actions as Tasks; `refer` becomes a draft referral that a clinician confirms, never one that sends itself. */
export function actions(response: JsonObject, base: ExtractBase, planGoals: readonly Extracted[]): Extracted[] {
  return itemsOf(groupAt(response, 'plan'), 'plan.action').flatMap((item, index) => {
    const text = textOf(item, 'plan.action.text');
    if (text === undefined) return [];
    const goal = planGoals[(integerOf(item, 'plan.action.goal') ?? 0) - 1];
    const refer = codeOf(item, 'plan.action.type') === 'refer';
    const resource = refer ? draftReferral(item, base, text) : actionTask({ item, base, text, goal });
    return [extracted(keyOf(base.responseId, 'plan.action', { item, index }), resource)];
  });
}

function actionTask(action: {
  item: JsonObject;
  base: ExtractBase;
  text: string;
  goal: Extracted | undefined;
}): Resource {
  const { item, base, text, goal } = action;
  const end = dateOf(item, 'plan.action.by');
  const who = textOf(item, 'plan.action.who');
  const code = localConcept('jv-task', 'plan-action');
  return {
    resourceType: 'Task',
    meta: { security: base.security },
    status: 'requested',
    intent: 'order',
    code: { coding: [...(code.coding ?? []), ...codingsOf(item, 'plan.action.type')] },
    description: text,
    ...maybe('focus', goal && toExtracted(goal.key)),
    for: base.subject,
    ...maybe('encounter', base.encounter),
    authoredOn: base.effective,
    requester: base.author,
    ...maybe('note', who === undefined ? undefined : [{ text: `Who: ${who}` }]),
    ...maybe('restriction', end === undefined ? undefined : { period: { end } }),
  };
}

function draftReferral(item: JsonObject, base: ExtractBase, text: string): Resource {
  const end = dateOf(item, 'plan.action.by');
  return {
    resourceType: 'ServiceRequest',
    meta: { security: base.security },
    status: 'draft',
    intent: 'order',
    category: [{ coding: [snomed('3457005', 'Patient referral')] }],
    code: { text },
    subject: base.subject,
    ...maybe('encounter', base.encounter),
    ...maybe('occurrencePeriod', end === undefined ? undefined : { start: base.on, end }),
    authoredOn: base.effective,
    requester: base.author,
    supportingInfo: [base.source],
  };
}

/** The plan itself: author the care team, contributors both practitioners, tied to babies and copy. */
export function carePlan(
  response: JsonObject,
  base: ExtractBase,
  parts: { careTeam: Reference | undefined; goals: readonly Extracted[]; actions: readonly Extracted[] },
): Extracted[] {
  const plan = groupAt(response, 'plan');
  if (plan === undefined) return [];
  const review = dateOf(plan, 'plan.review');
  const category = localConcept('plan-category', 'joint-visit-plan');
  const activity = parts.actions.map(({ key }): JsonObject => ({ reference: toExtracted(key) }));
  if (review !== undefined) {
    activity.push({
      detail: { status: 'not-started', description: 'Review of the plan', scheduledPeriod: { start: review } },
    });
  }
  const resource: Resource = {
    resourceType: 'CarePlan',
    meta: { security: base.security },
    status: 'active',
    intent: 'plan',
    category: [{ coding: [...(category.coding ?? []), snomed('734163000', 'Care plan')] }],
    subject: base.subject,
    ...maybe('encounter', base.encounter),
    period: { start: base.on },
    created: base.effective,
    author: parts.careTeam ?? base.author,
    contributor: base.practitioners,
    ...maybe('careTeam', parts.careTeam && [parts.careTeam]),
    supportingInfo: [...base.babies, base.source],
    ...maybe(
      'goal',
      parts.goals.map(({ key }) => toExtracted(key)),
    ),
    ...maybe('activity', activity),
  };
  return [extracted(keyOf(base.responseId, 'plan'), resource)];
}
