/**
 * From the working copy to the JVA copy (domain.md 2.5): signatures over the content, the checks of a release, the copy
 * as a resource of its own. Family and system clients only ever see copies; history of the working one keeps every word.
 */

import { createHash } from 'node:crypto';
import { formOf } from '../definitions/answers/form.ts';
import { Outcome, type OutcomeIssue } from '../fhir/outcome.ts';
import type { Coding, JsonObject, Reference, Resource, StoredResource } from '../fhir/types.ts';
import { booleanOf, codeOf, groupAt, practitionersOf } from './answers.ts';
import { confidentiality, idSystem, profile, questionnaireUrl } from './canon.ts';
import { maybe } from './extract-base.ts';
import { instrumentOf } from './questionnaires/all.ts';
import { canonicalText, copyOf, isObject, objectsAt, textAt } from './shape.ts';

export const SIGNATURE = 'http://hl7.org/fhir/StructureDefinition/questionnaireresponse-signature';
const ITEM_AUTHOR = 'http://hl7.org/fhir/StructureDefinition/questionnaireresponse-author';
/** ASTM purpose of signature: author's signature. */
const AUTHOR_SIGNATURE: Coding = { system: 'urn:iso-astm:E1762-95:2013', code: '1.2.840.10065.1.12.1.1' };

/** Base64 SHA-256 over the answers: a signature stands only for the words that were signed. */
export const answersDigest = (response: Resource): string =>
  createHash('sha256').update(canonicalText(response.item)).digest('base64');

/** The response with one more signature, replacing an earlier one of the same person. */
export function withSignature<R extends Resource>(response: R, who: Reference, when: Date): R {
  const others = objectsAt(response, 'extension').filter(
    (extension) =>
      extension.url !== SIGNATURE || textAt(extension, 'valueSignature', 'who', 'reference') !== who.reference,
  );
  const signature: JsonObject = {
    url: SIGNATURE,
    valueSignature: {
      type: [AUTHOR_SIGNATURE],
      when: when.toISOString(),
      who: { ...who },
      sigFormat: 'application/octet-stream',
      data: answersDigest(response),
    },
  };
  return { ...response, extension: [...others, signature] };
}

/** References of those whose signature covers the answers as they are now. */
export function signedBy(response: Resource): string[] {
  const digest = answersDigest(response);
  return objectsAt(response, 'extension')
    .filter((extension) => extension.url === SIGNATURE && textAt(extension, 'valueSignature', 'data') === digest)
    .flatMap((extension) => textAt(extension, 'valueSignature', 'who', 'reference') ?? []);
}

/** Practitioners who attended and have not signed these words. Empty = all required signatures stand. */
export function missingSignatures(response: Resource): string[] {
  const signed = new Set(signedBy(response));
  return practitionersOf(response)
    .filter(({ attended }) => attended)
    .flatMap(({ who }) => who.reference ?? [])
    .filter((who) => !signed.has(who));
}

const fault = (code: string, diagnostics: string, expression = 'QuestionnaireResponse.item'): OutcomeIssue => ({
  severity: 'error',
  code,
  diagnostics,
  expression,
});

/** What stands in the way of a release; empty when nothing does. */
export function releaseFaults(working: Resource): OutcomeIssue[] {
  const faults: OutcomeIssue[] = [];
  if (textAt(working, 'questionnaire')?.split('|')[0] !== questionnaireUrl('joint-visit-assessment')) {
    return [fault('value', 'only a joint visit assessment has a copy', 'QuestionnaireResponse.questionnaire')];
  }
  if ((working.meta?.profile ?? []).includes(profile('JV-AssessmentCopy'))) {
    return [
      fault('business-rule', 'this is a copy already: release its working copy', 'QuestionnaireResponse.meta.profile'),
    ];
  }
  const attended = practitionersOf(working).filter((one) => one.attended);
  if (attended.length === 0) faults.push(fault('required', 'visit.practitioners: nobody is said to have attended'));
  for (const who of missingSignatures(working)) {
    faults.push(fault('business-rule', `the signature of ${who} over the present answers is missing`));
  }
  const sharing = groupAt(working, 'sharing');
  if (booleanOf(sharing, 'sharing.explained') !== true) {
    faults.push(fault('business-rule', "sharing.explained: the mother's yes to this copy is not recorded"));
  }
  if (codeOf(sharing, 'sharing.objection') === 'full') {
    faults.push(fault('business-rule', 'sharing.objection: she objects to sharing; nothing is released'));
  }
  return [...faults, ...confidentialFaults(working)];
}

/** nothing in the copy but answers of the shared instrument; no narrative, no contained resource. */
function confidentialFaults(working: Resource): OutcomeIssue[] {
  const form = instrumentOf(textAt(working, 'questionnaire'));
  const known = form === undefined ? new Map<string, unknown>() : formOf(form).homes;
  const strange = everyItem(working).filter((item) => !known.has(textAt(item, 'linkId') ?? ''));
  const faults = strange.map(() => fault('business-rule', 'an answer does not belong to the shared instrument'));
  if (working.contained !== undefined) {
    faults.push(fault('business-rule', 'contained resources cannot be released', 'QuestionnaireResponse.contained'));
  }
  return faults;
}

function everyItem(holder: JsonObject): JsonObject[] {
  return objectsAt(holder, 'item').flatMap((item) => [
    item,
    ...everyItem(item),
    ...objectsAt(item, 'answer').flatMap(everyItem),
  ]);
}

/** Identifier that ties a copy to its working response: there is one copy per working response. */
export const copyIdentifier = (workingId: string): JsonObject => ({
  system: idSystem('assessment-copy'),
  value: workingId,
});

export interface ReleasePlan {
  copy: Resource;
  provenance: Resource;
}

/**
 * The copy (its next version, when one exists) and the Provenance that names the working version. Throws Outcome 422
 * with everything that stands in the way. Only what the profile of the copy knows is carried over: answers with their
 * item authors, and the signatures.
 * @param copyAddress `QuestionnaireResponse/<id>` of the existing copy, or the urn of a new one
 */
export function planRelease(
  working: StoredResource,
  existing: StoredResource | undefined,
  copyAddress: string,
  now: Date,
): ReleasePlan {
  const faults = releaseFaults(working);
  if (faults.length > 0) throw new Outcome(422, faults);
  const { subject, encounter, author, source, authored } = working;
  const copy: Resource = {
    resourceType: 'QuestionnaireResponse',
    ...maybe('id', existing?.id),
    meta: { profile: [profile('JV-AssessmentCopy')], security: [confidentiality('N')] },
    extension: objectsAt(working, 'extension')
      .filter((extension) => extension.url === SIGNATURE)
      .map((extension) => copyOf(extension)),
    identifier: copyIdentifier(working.id),
    ...maybe('questionnaire', working.questionnaire),
    status: existing === undefined ? 'completed' : 'amended',
    ...maybe('subject', subject),
    ...maybe('encounter', encounter),
    ...maybe('authored', authored),
    ...maybe('author', author),
    ...maybe('source', source),
    item: objectsAt(working, 'item').map(sharedItem),
  };
  const provenance: Resource = {
    resourceType: 'Provenance',
    meta: { security: [confidentiality('N')] },
    // The patient among the targets puts it into her compartment (R4); without her it belongs to nobody.
    target: [{ reference: copyAddress }, ...(isObject(subject) ? [{ ...subject }] : [])],
    recorded: now.toISOString(),
    agent: signedBy(working).map((who) => ({ who: { reference: who } })),
    entity: [
      {
        role: 'source',
        what: { reference: `QuestionnaireResponse/${working.id}/_history/${working.meta.versionId}` },
      },
    ],
  };
  return { copy, provenance };
}

/** One item as it may stand on the copy: linkId, id, text, answers, children, and who wrote it. */
function sharedItem(item: JsonObject): JsonObject {
  const authors = objectsAt(item, 'extension').filter((extension) => extension.url === ITEM_AUTHOR);
  const answer = objectsAt(item, 'answer').map(sharedAnswer);
  const children = objectsAt(item, 'item').map(sharedItem);
  return {
    ...maybe('id', item.id),
    ...maybe('extension', authors.map(copyOf)),
    ...maybe('linkId', item.linkId),
    ...maybe('text', item.text),
    ...maybe('answer', answer),
    ...maybe('item', children),
  };
}

/** The value and nested items; an answer's own extensions could carry anything and stay behind. */
function sharedAnswer(answer: JsonObject): JsonObject {
  const shared: JsonObject = {};
  for (const [name, value] of Object.entries(answer)) {
    if (name === 'id' || (name.startsWith('value') && value !== undefined)) {
      shared[name] = isObject(value) ? copyOf(value) : value;
    }
  }
  const children = objectsAt(answer, 'item').map(sharedItem);
  return children.length > 0 ? { ...shared, item: children } : shared;
}
