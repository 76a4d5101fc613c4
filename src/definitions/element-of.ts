/**
 * The ElementDefinition a Questionnaire's item names (`url#path` or `url#id`), as far as the item may take from it (R4
 * questionnaire-definitions.html#Questionnaire.item.definition): R4's, ours, packages' and posted ones in effect.
 */
import { isObject } from '../fhir/resource.ts';
import type { JsonObject, Resource } from '../fhir/types.ts';
import { object, objects, text } from './reading.ts';

export interface ElementFacts {
  min: number;
  /** Infinity = unbounded. */
  max: number;
  maxLength: number | null;
  /** Value set of a required binding. */
  valueSet: string | null;
}

export type ElementOf = (definition: string) => ElementFacts | null;

/** Finds a StructureDefinition by canonical. */
type Find = (url: string) => Resource | null;

const CORE = 'http://hl7.org/fhir/StructureDefinition/';
/** Profiles on profiles, and types in types. */
const DEEPEST = 20;

/** Elements of one set of definitions; each is looked up once. */
export function createElementOf(find: Find): ElementOf {
  const known = new Map<string, ElementFacts | null>();
  return (definition) => {
    const found = known.get(definition);
    if (found !== undefined) return found;
    const [url = '', path = ''] = definition.split('#', 2);
    const element = path === '' ? null : elementAt(find, url, path, 0);
    const facts = element === null ? null : factsOf(element);
    // what clients name is kept for the first thousand names only
    if (known.size < 1_000) known.set(definition, facts);
    return facts;
  };
}

function elementAt(find: Find, url: string, path: string, depth: number): JsonObject | null {
  const definition = depth > DEEPEST ? null : find(url);
  if (definition === null) return null;
  const whole = listed(definition, 'snapshot');
  const own = named(whole, path);
  if (own !== null) return own;
  if (whole.length > 0) return insideOf(find, whole, path, depth);
  const said = named(listed(definition, 'differential'), path);
  const base = elementAt(find, text(definition, 'baseDefinition') ?? '', plain(path), depth + 1);
  return said === null ? base : { ...base, ...said };
}

/** Below the elements a snapshot lists: `Patient.name.family` is `HumanName.family`. */
function insideOf(find: Find, elements: readonly JsonObject[], path: string, depth: number): JsonObject | null {
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const above = named(elements, path.slice(0, dot));
    if (above === null) continue;
    const [type] = objects(above, 'type');
    const code = type === undefined ? undefined : text(type, 'code');
    return code === undefined ? null : elementAt(find, CORE + code, code + path.slice(dot), depth + 1);
  }
  return null;
}

const plain = (path: string): string => path.replace(/:[^.]*/g, '');

function named(elements: readonly JsonObject[], path: string): JsonObject | null {
  const by = (key: string): JsonObject | undefined => elements.find((one) => one[key] === path);
  return by('id') ?? by('path') ?? elements.find((one) => one.path === `${path}[x]`) ?? null;
}

function listed(definition: Resource, part: 'snapshot' | 'differential'): JsonObject[] {
  const holder = definition[part];
  return isObject(holder) ? objects(holder, 'element') : [];
}

function factsOf(element: JsonObject): ElementFacts {
  const binding = object(element, 'binding');
  const isRequired = binding !== undefined && text(binding, 'strength') === 'required';
  const max = text(element, 'max');
  return {
    min: typeof element.min === 'number' ? element.min : 0,
    max: max === undefined || max === '*' ? Number.POSITIVE_INFINITY : Number(max),
    maxLength: typeof element.maxLength === 'number' ? element.maxLength : null,
    valueSet: isRequired ? (text(binding, 'valueSet') ?? null) : null,
  };
}
