/**
 * `$extract` (SDC) of the two instruments: pure, response in, resources out (domain.md 2.6). Observation-based
 * extraction cannot set `focus`, so these are templates of ours. What is written where is decided by re-extract.ts.
 */
import { refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import { answeredPractitioners, booleanOf, codingsOf } from './answers.ts';
import { confidentiality, localConcept, profile, questionnaireUrl, V3_CONFIDENTIALITY } from './canon.ts';
import { type ExtractBase, type ExtractContext, extractBase, maybe } from './extract-base.ts';
import { headings, levelOfNeed, matrixFindings, priorities, riskAssessment, voices } from './extract-findings.ts';
import { type Extracted, extracted, keyOf, toExtracted } from './extract-identity.ts';
import { actions, carePlan, goals } from './extract-plan.ts';
import { NO_SAFEGUARDING } from './questionnaires/joint-visit-confidential.ts';
import { isObject, objectsAt, textAt } from './shape.ts';

const answers = (response: Resource, name: string): boolean =>
  textAt(response, 'questionnaire')?.split('|')[0] === questionnaireUrl(name);

/** True for a released joint visit assessment copy. */
export const isAssessmentCopy = (response: Resource): boolean =>
  answers(response, 'joint-visit-assessment') && profilesOf(response).includes(profile('JV-AssessmentCopy'));

const profilesOf = (resource: Resource): string[] => resource.meta?.profile ?? [];

/**
 * What a response yields. Throws Outcome 422 for anything but a released assessment copy or a confidential response
 * of status completed or amended: a working copy is never extracted.
 */
export function extract(response: Resource, context: ExtractContext): Extracted[] {
  if (answers(response, 'joint-visit-confidential')) return extractConfidential(response, context);
  if (!isAssessmentCopy(response)) {
    throw refuse(
      422,
      'business-rule',
      'only the released copy of a joint visit assessment, or a confidential response, can be extracted',
    );
  }
  return extractAssessment(response, context);
}

function extractAssessment(copy: Resource, context: ExtractContext): Extracted[] {
  const base = extractBase(copy, context);
  const matrix = matrixFindings(copy, base);
  const risk = riskAssessment(copy, base, matrix);
  const planGoals = goals(copy, base, risk);
  const planActions = actions(copy, base, planGoals);
  return [
    ...voices(copy, base),
    ...priorities(copy, base),
    ...headings(copy, base),
    ...matrix,
    ...risk,
    ...levelOfNeed(copy, base),
    ...planGoals,
    ...planActions,
    ...carePlan(copy, base, { careTeam: context.careTeam, goals: planGoals, actions: planActions }),
  ];
}

/** Everything from the confidential instrument is at least R and carries its sensitivity. */
function extractConfidential(response: Resource, context: ExtractContext): Extracted[] {
  const read = extractBase(response, context);
  const sensitive = read.security.filter((label) => label.system !== V3_CONFIDENTIALITY);
  const veryRestricted = read.security.some((label) => label.system === V3_CONFIDENTIALITY && label.code === 'V');
  const base = { ...read, security: [confidentiality(veryRestricted ? 'V' : 'R'), ...sensitive] };
  const concerns = codingsOf(response, 'jvc.safeguarding').filter((coding) => coding.code !== NO_SAFEGUARDING);
  const flags = concerns.map((coding) =>
    extracted(keyOf(base.responseId, `jvc.safeguarding/flag/${coding.code}`), {
      resourceType: 'Flag',
      meta: { security: base.security },
      status: 'active',
      category: [{ coding: [{ system: 'https://fhir.nhs.uk/CodeSystem/flag-categories-bars', code: 'SG' }] }],
      code: { coding: [coding] },
      subject: base.subject,
      period: { start: base.on },
      ...maybe('encounter', base.encounter),
      author: base.author,
    }),
  );
  const conditions = concerns.map((coding) => concern(base, coding.code ?? '', { coding: [coding] }));
  const review = flags.length === 0 ? [] : [safeguardingTask(base, flags, context)];
  const followUp = booleanOf(response, 'jvc.alone') === false ? [followUpTask(base)] : [];
  return [...flags, ...conditions, ...review, ...followUp];
}

function concern(base: ExtractBase, code: string, concept: { coding: object[] }): Extracted {
  return extracted(keyOf(base.responseId, `jvc.safeguarding/condition/${code}`), {
    resourceType: 'Condition',
    meta: { security: base.security },
    clinicalStatus: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }],
    },
    code: { coding: concept.coding.map((coding) => ({ ...coding })) },
    subject: base.subject,
    ...maybe('encounter', base.encounter),
    recordedDate: base.effective,
    recorder: base.author,
    evidence: [{ detail: [base.source] }],
  });
}

function safeguardingTask(base: ExtractBase, flags: readonly Extracted[], context: ExtractContext): Extracted {
  return extracted(keyOf(base.responseId, 'jvc.safeguarding/task'), {
    ...task(base, 'safeguarding-review', 'Safeguarding review'),
    ...maybe('focus', flags[0] && toExtracted(flags[0].key)),
    ...maybe('owner', context.safeguardingTeam),
  });
}

/** Not seen alone: ask in private at the next contact. The title says nothing to whoever reads over a shoulder. */
const followUpTask = (base: ExtractBase): Extracted =>
  extracted(keyOf(base.responseId, 'jvc.alone/task'), {
    ...task(base, 'ask-in-private', 'Follow-up call'),
    owner: base.author,
  });

function task(base: ExtractBase, code: string, description: string): Resource {
  return {
    resourceType: 'Task',
    meta: { security: base.security },
    status: 'requested',
    intent: 'order',
    code: localConcept('jv-task', code),
    description,
    for: base.subject,
    ...maybe('encounter', base.encounter),
    authoredOn: base.effective,
    requester: base.author,
  };
}

/**
 * Provenance of one extraction. R4 Provenance has no identifier, so its source version and time tell runs apart.
 * @param targets references or urns of what was written
 */
export function extractProvenance(response: Resource, targets: string[], recorded: Date): Resource {
  const version = response.meta?.versionId;
  const what = `QuestionnaireResponse/${response.id}${version === undefined ? '' : `/_history/${version}`}`;
  const signers = objectsAt(response, 'extension')
    .map((extension) => textAt(extension, 'valueSignature', 'who', 'reference'))
    .filter((who) => who !== undefined);
  const { subject } = response;
  const author = textAt(response, 'author', 'reference');
  const attended = answeredPractitioners(response);
  const people = [...new Set([...signers, ...(author === undefined ? [] : [author]), ...attended])];
  return {
    resourceType: 'Provenance',
    ...maybe('meta', response.meta?.security ? { security: response.meta.security } : undefined),
    // The patient among the targets puts it into her compartment (R4); without her it belongs to nobody.
    target: [...targets.map((target) => ({ reference: target })), ...(isObject(subject) ? [{ ...subject }] : [])],
    recorded: recorded.toISOString(),
    agent: people.map((who) => ({ who: { reference: who } })),
    entity: [{ role: 'source', what: { reference: what } }],
  };
}
