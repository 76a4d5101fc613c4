/** What every extracted resource of one response shares: subject, labels, visit, people, source. */
import { refuse } from '../fhir/outcome.ts';
import type { Coding, JsonObject, Reference, Resource } from '../fhir/types.ts';
import { itemsOf, practitionersOf, referenceOf } from './answers.ts';
import { confidentiality, reference } from './canon.ts';
import { civilDate } from './clock.ts';
import { isObject, objectsAt, textAt } from './shape.ts';

export interface ExtractContext {
  /** When the visit took place (FHIR dateTime); stays the same when the copy is released again. */
  effective: string;
  careTeam?: Reference;
  /** Owner of the safeguarding Task (confidential responses). */
  safeguardingTeam?: Reference;
}

export interface ExtractBase {
  responseId: string;
  subject: Reference;
  encounter?: Reference;
  /** Fetus Patients: they become Observation.focus until birth. */
  babies: Reference[];
  practitioners: Reference[];
  /** Who completed the response; the first practitioner when nobody is named. */
  author: Reference;
  security: Coding[];
  effective: string;
  /** Civil date of the visit. */
  on: string;
  source: Reference;
}

/** Reads what is common. Throws Outcome 422 for a response that is not released or has no subject or practitioner. */
export function extractBase(response: Resource, context: ExtractContext): ExtractBase {
  const status = textAt(response, 'status');
  if (status !== 'completed' && status !== 'amended') {
    throw refuse(
      422,
      'business-rule',
      'only a completed or amended response can be extracted',
      'QuestionnaireResponse.status',
    );
  }
  const { id, subject } = response;
  if (id === undefined || !isObject(subject)) {
    throw refuse(422, 'required', 'the response needs an id and a subject', 'QuestionnaireResponse.subject');
  }
  const attended = practitionersOf(response).filter((one) => one.attended);
  const author = isObject(response.author) ? response.author : attended[0]?.who;
  if (author === undefined) {
    throw refuse(422, 'required', 'a person must stand behind what is extracted', 'QuestionnaireResponse.author');
  }
  const babies = itemsOf(response, 'baby').flatMap((baby): Reference[] => {
    const who = referenceOf(baby, 'baby.ref');
    return who === undefined ? [] : [who];
  });
  return {
    responseId: id,
    subject,
    ...(isObject(response.encounter) ? { encounter: response.encounter } : {}),
    babies,
    practitioners: attended.length > 0 ? attended.map((one) => one.who) : [author],
    author,
    security: labelsOf(response),
    effective: context.effective,
    on: civilDate(new Date(context.effective)),
    source: reference(`QuestionnaireResponse/${id}`),
  };
}

/** Labels are inherited; a response without any is taken as normal. */
function labelsOf(response: Resource): Coding[] {
  const security = objectsAt(response, 'meta', 'security').flatMap(({ system, code }) =>
    typeof system === 'string' && typeof code === 'string' ? [{ system, code }] : [],
  );
  return security.length > 0 ? security : [confidentiality('N')];
}

/** The members all our extracted Observations share; `focus` = the unborn babies (domain.md 3.5). */
export function observation(base: ExtractBase, about: JsonObject, focus: Reference[] = base.babies): Resource {
  return {
    resourceType: 'Observation',
    meta: { security: base.security },
    status: 'final',
    category: [
      {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'social-history' }],
      },
    ],
    subject: base.subject,
    ...(focus.length > 0 ? { focus } : {}),
    ...(base.encounter === undefined ? {} : { encounter: base.encounter }),
    effectiveDateTime: base.effective,
    performer: base.practitioners,
    derivedFrom: [base.source],
    ...about,
  };
}

/** An optional member, left out when there is nothing to say. */
export const maybe = (name: string, value: JsonObject[string] | undefined): JsonObject =>
  value === undefined || (Array.isArray(value) && value.length === 0) ? {} : { [name]: value };
