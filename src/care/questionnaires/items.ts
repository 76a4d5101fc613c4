/** Small builders of Questionnaire items, so that each instrument reads like its table in domain.md 2.5. */
import type { Coding, Json, JsonObject, Resource } from '../../fhir/types.ts';
import { CANON, type LocalSystem, questionnaireUrl, valueSet } from '../canon.ts';

const EXT = 'http://hl7.org/fhir/StructureDefinition';
const SDC = 'http://hl7.org/fhir/uv/sdc/StructureDefinition';

export type ItemType = 'display' | 'boolean' | 'integer' | 'date' | 'string' | 'text' | 'choice' | 'reference';

/** Everything an item may add to linkId, type and text. */
export interface ItemMore {
  required?: boolean;
  repeats?: boolean;
  readOnly?: boolean;
  code?: Coding[];
  answerValueSet?: string;
  answerOption?: JsonObject[];
  enableWhen?: JsonObject[];
  enableBehavior?: 'all' | 'any';
  extension?: JsonObject[];
}

export interface Item extends JsonObject {
  linkId: string;
  type: string;
  text?: string;
  item?: Item[];
}

const present = (more: object): JsonObject => {
  const out: JsonObject = {};
  for (const [name, value] of Object.entries(more)) out[name] = value as Json;
  return out;
};

export function item(linkId: string, type: ItemType, text: string, more: ItemMore = {}): Item {
  return { linkId, type, text, ...present(more) };
}

export function group(linkId: string, text: string, items: Item[], more: ItemMore = {}): Item {
  return { linkId, type: 'group', text, ...present(more), item: items };
}

/** A choice whose answers come from one of our own value sets (domain.md 2.8). */
export function choice(linkId: string, text: string, set: LocalSystem, more: ItemMore = {}): Item {
  return item(linkId, 'choice', text, { ...more, answerValueSet: valueSet(set) });
}

/** Words for the practitioner beside a heading: never an answer, never counted. */
export function prompt(linkId: string, text: string): Item {
  const control = { system: 'http://hl7.org/fhir/questionnaire-item-control', code: 'help' };
  return item(linkId, 'display', text, {
    extension: [{ url: `${EXT}/questionnaire-itemControl`, valueCodeableConcept: { coding: [control] } }],
  });
}

export const whenCode = (question: string, system: string, code: string, operator: '=' | '!=' = '='): JsonObject => ({
  question,
  operator,
  answerCoding: { system, code },
});

export const whenTrue = (question: string): JsonObject => ({ question, operator: '=', answerBoolean: true });

/** `questionnaire-constraint` of severity error; the expression runs on the group's QuestionnaireResponse item. */
export function constraint(key: string, expression: string, human: string): JsonObject {
  return {
    url: `${EXT}/questionnaire-constraint`,
    extension: [
      { url: 'key', valueId: key },
      { url: 'severity', valueCode: 'error' },
      { url: 'expression', valueString: expression },
      { url: 'human', valueString: human },
    ],
  };
}

export const minOccurs = (count: number): JsonObject => ({
  url: `${EXT}/questionnaire-minOccurs`,
  valueInteger: count,
});
export const maxOccurs = (count: number): JsonObject => ({
  url: `${EXT}/questionnaire-maxOccurs`,
  valueInteger: count,
});
export const minValue = (value: number): JsonObject => ({ url: `${EXT}/minValue`, valueInteger: value });
export const maxValue = (value: number): JsonObject => ({ url: `${EXT}/maxValue`, valueInteger: value });
export const hidden = (): JsonObject => ({ url: `${EXT}/questionnaire-hidden`, valueBoolean: true });

/** Allowed targets of a reference item. */
export const targets = (...types: string[]): JsonObject[] =>
  types.map((type) => ({ url: `${EXT}/questionnaire-referenceResource`, valueCode: type }));

export const initialExpression = (expression: string): JsonObject => ({
  url: `${SDC}/sdc-questionnaire-initialExpression`,
  valueExpression: { language: 'text/fhirpath', expression },
});

export const variable = (name: string, query: string): JsonObject => ({
  url: `${EXT}/variable`,
  valueExpression: { name, language: 'application/x-fhir-query', expression: query },
});

/** SDC launch context: who the form is about, which visit, who is filling it in. */
export function launchContext(code: 'patient' | 'encounter' | 'user', type: string): JsonObject {
  return {
    url: `${SDC}/sdc-questionnaire-launchContext`,
    extension: [
      {
        url: 'name',
        valueCoding: { system: 'http://hl7.org/fhir/uv/sdc/CodeSystem/launchContext', code },
      },
      { url: 'type', valueCode: type },
    ],
  };
}

export const OGL_NOTICE =
  'Contains public sector information licensed under the Open Government Licence v3.0. My World Triangle headings and wellbeing indicators: Crown copyright (Scottish Government). Prompts and layout are our own.';
export const SNOMED_NOTICE =
  'This material includes SNOMED Clinical Terms (SNOMED CT), which is used by permission of SNOMED International.';

export interface Instrument {
  /** Last part of the canonical URL, e.g. `joint-visit-assessment`. */
  name: string;
  /** Computer name, e.g. `JointVisitAssessment`. */
  computerName: string;
  title: string;
  description: string;
  copyright: string;
  subjectType: string[];
  extension: JsonObject[];
  items: Item[];
}

/** The Questionnaire resource of an instrument; its id is its name, so that definitions can publish it as it is. */
export function questionnaire(instrument: Instrument): Resource {
  return {
    resourceType: 'Questionnaire',
    id: instrument.name,
    ...(instrument.extension.length > 0 ? { extension: instrument.extension } : {}),
    url: questionnaireUrl(instrument.name),
    version: '0.1.0',
    name: instrument.computerName,
    title: instrument.title,
    status: 'draft',
    ...(instrument.subjectType.length > 0 ? { subjectType: instrument.subjectType } : {}),
    publisher: 'Tandem',
    description: instrument.description,
    copyright: instrument.copyright,
    item: instrument.items,
  };
}

/** BCP-47 languages; the smaller common-languages set lacks many that families speak. */
export const LANGUAGES = 'http://hl7.org/fhir/ValueSet/all-languages';

/** Canonical base, for texts that name one of our systems. */
export const localSystem = (name: LocalSystem): string => `${CANON}/CodeSystem/${name}`;
