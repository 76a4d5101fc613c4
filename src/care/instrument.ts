/** A Questionnaire compiled once into the tree that answers are checked against. */
import type { JsonObject, Resource } from '../fhir/types.ts';
import { isObject, objectsAt, textAt } from './shape.ts';

const EXT = 'http://hl7.org/fhir/StructureDefinition';

export interface EnableWhen {
  question: string;
  operator: string;
  /** The expected `answer[x]` value as JSON. */
  answer: JsonObject;
}

export interface InstrumentItem {
  linkId: string;
  type: string;
  required: boolean;
  repeats: boolean;
  enableWhen: EnableWhen[];
  enableAll: boolean;
  valueSet: string | null;
  /** `system|code` of codings, or JSON text of other options; null = not restricted by options. */
  options: ReadonlySet<string> | null;
  min: number | null;
  max: number | null;
  minOccurs: number;
  maxOccurs: number;
  maxLength: number;
  targets: ReadonlySet<string>;
  constraints: { key: string; expression: string; human: string }[];
  children: InstrumentItem[];
}

export interface Instrument {
  url: string;
  children: InstrumentItem[];
  /** Every linkId with the chain of its ancestors' linkIds, outermost first. */
  parents: ReadonlyMap<string, readonly string[]>;
}

const compiled = new WeakMap<Resource, Instrument>();

/** The compiled form of a Questionnaire; compiled at first use and kept with it. */
export function instrument(questionnaire: Resource): Instrument {
  const known = compiled.get(questionnaire);
  if (known) return known;
  const parents = new Map<string, readonly string[]>();
  const children = objectsAt(questionnaire, 'item').map((item) => compileItem(item, [], parents));
  const made: Instrument = { url: textAt(questionnaire, 'url') ?? '', children, parents };
  compiled.set(questionnaire, made);
  return made;
}

function compileItem(
  item: JsonObject,
  above: readonly string[],
  parents: Map<string, readonly string[]>,
): InstrumentItem {
  const linkId = textAt(item, 'linkId') ?? '';
  parents.set(linkId, above);
  const options = objectsAt(item, 'answerOption');
  const integer = (name: string): number | null => {
    const value = extensionOf(item, `${EXT}/${name}`)?.valueInteger;
    return typeof value === 'number' ? value : null;
  };
  const repeats = item.repeats === true;
  return {
    linkId,
    type: textAt(item, 'type') ?? 'display',
    required: item.required === true,
    repeats,
    enableWhen: objectsAt(item, 'enableWhen').map(enableWhenOf),
    enableAll: item.enableBehavior === 'all',
    valueSet: textAt(item, 'answerValueSet') ?? null,
    options: options.length === 0 ? null : new Set(options.map(optionKey)),
    min: integer('minValue'),
    max: integer('maxValue'),
    minOccurs: integer('questionnaire-minOccurs') ?? 0,
    maxOccurs: integer('questionnaire-maxOccurs') ?? (repeats ? Number.POSITIVE_INFINITY : 1),
    maxLength: typeof item.maxLength === 'number' ? item.maxLength : Number.POSITIVE_INFINITY,
    targets: new Set(
      extensionsOf(item, `${EXT}/questionnaire-referenceResource`).map((ext) => textAt(ext, 'valueCode') ?? ''),
    ),
    constraints: extensionsOf(item, `${EXT}/questionnaire-constraint`).flatMap(constraintOf),
    children: objectsAt(item, 'item').map((child) => compileItem(child, [...above, linkId], parents)),
  };
}

const extensionsOf = (item: JsonObject, url: string): JsonObject[] =>
  objectsAt(item, 'extension').filter((extension) => extension.url === url);

const extensionOf = (item: JsonObject, url: string): JsonObject | undefined => extensionsOf(item, url)[0];

/** Only `error` constraints refuse an answer; warnings are for the screen. */
function constraintOf(extension: JsonObject): InstrumentItem['constraints'] {
  const part = (url: string): JsonObject | undefined =>
    objectsAt(extension, 'extension').find((inner) => inner.url === url);
  if (textAt(part('severity'), 'valueCode') !== 'error') return [];
  return [
    {
      key: textAt(part('key'), 'valueId') ?? '',
      expression: textAt(part('expression'), 'valueString') ?? 'true',
      human: textAt(part('human'), 'valueString') ?? '',
    },
  ];
}

function enableWhenOf(when: JsonObject): EnableWhen {
  const { question, operator, ...answer } = when;
  return { question: String(question), operator: String(operator), answer };
}

/** The comparable key of an option or an answer: `system|code` for codings, else its JSON text. */
export function optionKey(holder: JsonObject): string {
  const coding = holder.valueCoding;
  if (isObject(coding)) return `${textAt(coding, 'system') ?? ''}|${textAt(coding, 'code') ?? ''}`;
  const name = Object.keys(holder).find((key) => key.startsWith('value'));
  return name === undefined ? '' : JSON.stringify(holder[name]);
}
