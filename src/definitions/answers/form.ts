/** A Questionnaire compiled once into the tree that answers are checked against (R4 questionnaire.html). */
import type { Json, JsonObject, Resource } from '../../fhir/types.ts';
import type { ElementFacts, ElementOf } from '../element-of.ts';
import { choiceName, object, objects, text } from '../reading.ts';

const EXT = 'http://hl7.org/fhir/StructureDefinition';

export interface EnableWhen {
  question: string;
  operator: string;
  /** The expected `answer[x]`: its JSON name and value. */
  name: string;
  expected: Json | undefined;
}

/** `questionnaire-constraint`: must not be false once the response is complete. */
export interface Constraint {
  key: string;
  expression: string;
  human: string;
  severity: 'error' | 'warning';
}

export interface FormItem {
  linkId: string;
  type: string;
  required: boolean;
  enableWhen: readonly EnableWhen[];
  enableAll: boolean;
  /** Canonical as written, version or `#id` included. */
  valueSet: string | null;
  /** Keys of the options (`optionKey`); null = not restricted by options. */
  options: ReadonlySet<string> | null;
  /** JSON names of the options' values, e.g. `valueInteger` for a choice among numbers. */
  optionNames: ReadonlySet<string>;
  /** Keys of options that stand alone (`questionnaire-optionExclusive`). */
  exclusive: ReadonlySet<string>;
  /** Bounds: a number, or a date, dateTime, instant or time as text. */
  min: number | string | null;
  max: number | string | null;
  minOccurs: number;
  maxOccurs: number;
  minLength: number;
  maxLength: number;
  decimals: number;
  regex: string | null;
  targets: ReadonlySet<string>;
  /** `system|code` of units a quantity may have; empty = any. */
  units: ReadonlySet<string>;
  unitValueSet: string | null;
  mimeTypes: readonly string[];
  /** Bytes. */
  maxSize: number;
  constraints: readonly Constraint[];
  children: readonly FormItem[];
  /** Position of each child by linkId. */
  order: ReadonlyMap<string, number>;
}

export interface Form {
  url: string;
  version: string | null;
  subjectTypes: readonly string[];
  constraints: readonly Constraint[];
  children: readonly FormItem[];
  order: ReadonlyMap<string, number>;
  /** Every linkId with the linkId of the item that holds it; null at the top. */
  homes: ReadonlyMap<string, string | null>;
  /** Canonicals of the value sets its answers are bound to, `#id` ones apart. */
  valueSets: readonly string[];
}

const compiled = new WeakMap<Resource, { by: ElementOf; form: Form }>();
const NOTHING_HELD: ElementOf = () => null;

/**
 * The compiled form of a Questionnaire; compiled at first use and kept with it.
 * @param elementOf for items that leave something to the element they name
 */
export function formOf(questionnaire: Resource, elementOf: ElementOf = NOTHING_HELD): Form {
  const known = compiled.get(questionnaire);
  if (known?.by === elementOf) return known.form;
  const homes = new Map<string, string | null>();
  const valueSets = new Set<string>();
  const compiler: Compiler = { homes, valueSets, elementOf };
  const children = objects(questionnaire, 'item').map((item) => compileItem(compiler, item, null));
  const subjectTypes = Array.isArray(questionnaire.subjectType) ? questionnaire.subjectType : [];
  const made: Form = {
    url: text(questionnaire, 'url') ?? '',
    version: text(questionnaire, 'version') ?? null,
    subjectTypes: subjectTypes.filter((type) => typeof type === 'string'),
    constraints: constraintsOf(questionnaire),
    children,
    order: orderOf(children),
    homes,
    valueSets: [...valueSets].filter((url) => !url.startsWith('#')),
  };
  compiled.set(questionnaire, { by: elementOf, form: made });
  return made;
}

interface Compiler {
  homes: Map<string, string | null>;
  valueSets: Set<string>;
  elementOf: ElementOf;
}

const orderOf = (children: readonly FormItem[]): Map<string, number> =>
  new Map(children.map(({ linkId }, position) => [linkId, position]));

function compileItem(compiler: Compiler, item: JsonObject, home: string | null): FormItem {
  const linkId = text(item, 'linkId') ?? '';
  compiler.homes.set(linkId, home);
  const children = objects(item, 'item').map((child) => compileItem(compiler, child, linkId));
  const element = elementFor(compiler, item);
  const answers = answersOf(item, element);
  for (const url of [answers.valueSet, answers.unitValueSet]) if (url !== null) compiler.valueSets.add(url);
  return {
    linkId,
    type: text(item, 'type') ?? 'display',
    required: item.required === undefined ? (element?.min ?? 0) > 0 : item.required === true,
    enableWhen: objects(item, 'enableWhen').map(enableWhenOf),
    enableAll: item.enableBehavior === 'all',
    ...answers,
    ...limitsOf(item, element),
    constraints: constraintsOf(item),
    children,
    order: orderOf(children),
  };
}

type Answers = Pick<
  FormItem,
  'valueSet' | 'options' | 'optionNames' | 'exclusive' | 'targets' | 'units' | 'unitValueSet' | 'mimeTypes'
>;

/** The element an item names; a display shows words and takes nothing from it. */
function elementFor({ elementOf }: Compiler, item: JsonObject): ElementFacts | null {
  const definition = text(item, 'definition');
  return definition === undefined || item.type === 'display' ? null : elementOf(definition);
}

/** What an answer may be: options, value sets, targets, units, kinds of file. */
function answersOf(item: JsonObject, element: ElementFacts | null): Answers {
  const options = objects(item, 'answerOption');
  const isChoice = item.type === 'choice' || item.type === 'open-choice';
  const own = text(item, 'answerValueSet') ?? null;
  const derived = isChoice && own === null && options.length === 0;
  const alone = options.filter((option) => extensionValue(option, 'questionnaire-optionExclusive') === true);
  const units = ['questionnaire-unit', 'questionnaire-unitOption'].flatMap((name) => extensionsOf(item, name));
  const unitValueSet = extensionValue(item, 'questionnaire-unitValueSet');
  return {
    valueSet: derived ? (element?.valueSet ?? null) : own,
    options: options.length === 0 ? null : new Set(options.map(optionKey)),
    optionNames: new Set(options.flatMap((option) => choiceName(option, 'value') ?? [])),
    exclusive: new Set(alone.map(optionKey)),
    targets: new Set(targetsOf(item)),
    units: new Set(item.type === 'quantity' ? units.map(optionKey) : []),
    unitValueSet: item.type === 'quantity' && typeof unitValueSet === 'string' ? unitValueSet : null,
    mimeTypes: extensionsOf(item, 'mimeType').flatMap((extension) => text(extension, 'valueCode') ?? []),
  };
}

/** Types a reference may point to; a profile of R4 itself (`.../StructureDefinition/Patient`) names its type too. */
function targetsOf(item: JsonObject): string[] {
  const types = extensionsOf(item, 'questionnaire-referenceResource').flatMap((one) => text(one, 'valueCode') ?? []);
  const profiles = extensionsOf(item, 'questionnaire-referenceProfile').flatMap(
    (one) =>
      /^http:\/\/hl7\.org\/fhir\/StructureDefinition\/([A-Z]\w+)$/.exec(text(one, 'valueCanonical') ?? '')?.[1] ?? [],
  );
  return [...types, ...profiles];
}

type Limits = Pick<
  FormItem,
  'min' | 'max' | 'minOccurs' | 'maxOccurs' | 'minLength' | 'maxLength' | 'decimals' | 'regex' | 'maxSize'
>;

function limitsOf(item: JsonObject, element: ElementFacts | null): Limits {
  const count = (name: string, otherwise: number): number => {
    const value = extensionValue(item, name);
    return typeof value === 'number' ? value : otherwise;
  };
  const bound = (name: string): number | string | null => {
    const value = extensionValue(item, name);
    return typeof value === 'number' || typeof value === 'string' ? value : null;
  };
  const regex = extensionValue(item, 'regex');
  const unlimited = Number.POSITIVE_INFINITY;
  // R4: what the item does not say may be derived from its element
  const most = item.repeats === undefined ? (element?.max ?? 1) : unlimited;
  const repeats = item.repeats === undefined ? most > 1 : item.repeats === true;
  return {
    min: bound('minValue'),
    max: bound('maxValue'),
    minOccurs: count('questionnaire-minOccurs', 0),
    maxOccurs: repeats ? count('questionnaire-maxOccurs', most) : 1,
    minLength: count('minLength', 0),
    maxLength: typeof item.maxLength === 'number' ? item.maxLength : (element?.maxLength ?? unlimited),
    decimals: count('maxDecimalPlaces', unlimited),
    regex: typeof regex === 'string' ? regex : null,
    // the extension counts in megabytes
    maxSize: count('maxSize', unlimited) * 1_000_000,
  };
}

const extensionsOf = (holder: JsonObject, name: string): JsonObject[] =>
  objects(holder, 'extension').filter((extension) => extension.url === `${EXT}/${name}`);

function extensionValue(holder: JsonObject, name: string): Json | undefined {
  const [extension] = extensionsOf(holder, name);
  const key = extension === undefined ? undefined : choiceName(extension, 'value');
  return key === undefined ? undefined : extension?.[key];
}

function constraintsOf(holder: JsonObject): Constraint[] {
  return extensionsOf(holder, 'questionnaire-constraint').flatMap((extension) => {
    const part = (url: string): JsonObject | undefined =>
      objects(extension, 'extension').find((inner) => inner.url === url);
    const expression = part('expression')?.valueString;
    if (typeof expression !== 'string') return [];
    return {
      key: String(part('key')?.valueId ?? ''),
      expression,
      human: String(part('human')?.valueString ?? 'A constraint of the questionnaire does not hold.'),
      severity: part('severity')?.valueCode === 'warning' ? 'warning' : 'error',
    };
  });
}

function enableWhenOf(when: JsonObject): EnableWhen {
  const name = choiceName(when, 'answer') ?? 'answerBoolean';
  return { question: text(when, 'question') ?? '', operator: text(when, 'operator') ?? '', name, expected: when[name] };
}

/**
 * The comparable key of an option or an answer: `system|code` for codings (words when it has no code), the text of a
 * reference, else its JSON.
 */
export function optionKey(holder: JsonObject): string {
  const coding = object(holder, 'valueCoding');
  if (coding !== undefined) return codingKey(coding);
  const target = object(holder, 'valueReference');
  if (target !== undefined) return `ref ${text(target, 'reference') ?? JSON.stringify(target)}`;
  const name = choiceName(holder, 'value');
  return name === undefined ? '' : `${name} ${JSON.stringify(holder[name])}`;
}

export function codingKey(coding: JsonObject): string {
  const code = text(coding, 'code');
  return `${text(coding, 'system') ?? ''}|${code ?? ` ${text(coding, 'display') ?? ''}`}`;
}
