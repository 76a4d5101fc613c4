/** A CodeSystem made ready to be asked: concepts by code, hierarchy, properties (R4 codesystem.html). */
import type { Json, JsonObject, Resource } from '../../fhir/types.ts';
import { choiceName, object, objects, text } from '../reading.ts';

export interface Designation {
  language: string | null;
  use: JsonObject | null;
  value: string;
}

export interface Property {
  code: string;
  /** JSON name of the value, e.g. `valueCode`. */
  name: string;
  value: Json;
}

export interface Concept {
  code: string;
  display: string | null;
  definition: string | null;
  designations: readonly Designation[];
  properties: readonly Property[];
  /** A grouping that is not meant to be used in a record. */
  isAbstract: boolean;
  isInactive: boolean;
  parents: string[];
  children: string[];
}

export interface CodeSystem {
  url: string;
  version: string | null;
  name: string;
  title: string | null;
  language: string | null;
  /** All codes are here: a code that is not is wrong. Otherwise (fragment, example) it is only not known. */
  isComplete: boolean;
  /** The hierarchy says what is a kind of what; false when it says something else (`part-of`, `grouped-by`). */
  subsumes: boolean;
  concepts: ReadonlyMap<string, Concept>;
  /** The concept of a code, with letters' case as the system says. */
  concept(code: string): Concept | null;
  /** Codes above a code, itself apart. */
  ancestors(code: string): ReadonlySet<string>;
  /** Codes below a code, itself apart. */
  descendants(code: string): ReadonlySet<string>;
}

const PARENT = new Set(['parent', 'subsumedBy']);
const INACTIVE = new Set(['retired', 'inactive']);

const compiled = new WeakMap<Resource, CodeSystem>();

/** The compiled form of a CodeSystem; compiled at first use and kept with it. */
export function codeSystemOf(resource: Resource): CodeSystem {
  const known = compiled.get(resource);
  if (known) return known;
  const concepts = new Map<string, Concept>();
  addConcepts(concepts, objects(resource, 'concept'), null);
  link(concepts);
  const folded = resource.caseSensitive === false ? foldedCodes(concepts) : null;
  const meaning = text(resource, 'hierarchyMeaning');
  const made: CodeSystem = {
    url: text(resource, 'url') ?? '',
    version: text(resource, 'version') ?? null,
    name: text(resource, 'name') ?? text(resource, 'title') ?? text(resource, 'url') ?? '',
    title: text(resource, 'title') ?? null,
    language: text(resource, 'language') ?? null,
    isComplete: resource.content === 'complete',
    subsumes: meaning === undefined || meaning === 'is-a',
    concepts,
    concept: (code) => concepts.get(code) ?? folded?.get(code.toLowerCase()) ?? null,
    ancestors: (code) => reachable(concepts, code, 'parents'),
    descendants: (code) => reachable(concepts, code, 'children'),
  };
  compiled.set(resource, made);
  return made;
}

function foldedCodes(concepts: ReadonlyMap<string, Concept>): Map<string, Concept> {
  return new Map([...concepts.values()].map((concept) => [concept.code.toLowerCase(), concept]));
}

function addConcepts(concepts: Map<string, Concept>, list: readonly JsonObject[], parent: string | null): void {
  for (const source of list) {
    const code = text(source, 'code') ?? '';
    const concept = conceptOf(source, code);
    const known = concepts.get(code) ?? concept;
    if (parent !== null) known.parents.push(parent);
    concepts.set(code, known);
    addConcepts(concepts, objects(source, 'concept'), code);
  }
}

function conceptOf(source: JsonObject, code: string): Concept {
  const properties = objects(source, 'property').flatMap(propertyOf);
  const says = (name: string, value: Json): boolean =>
    properties.some((property) => property.code === name && property.value === value);
  const status = properties.find((property) => property.code === 'status')?.value;
  return {
    code,
    display: text(source, 'display') ?? null,
    definition: text(source, 'definition') ?? null,
    designations: objects(source, 'designation').map(designationOf),
    properties,
    isAbstract: says('notSelectable', true) || says('abstract', true),
    isInactive: says('inactive', true) || (typeof status === 'string' && INACTIVE.has(status)),
    parents: properties.flatMap(({ code: name, value }) =>
      PARENT.has(name) && typeof value === 'string' ? value : [],
    ),
    children: properties.flatMap(({ code: name, value }) =>
      name === 'child' && typeof value === 'string' ? value : [],
    ),
  };
}

function propertyOf(source: JsonObject): Property[] {
  const name = choiceName(source, 'value');
  const value = name === undefined ? undefined : source[name];
  return name === undefined || value === undefined ? [] : [{ code: text(source, 'code') ?? '', name, value }];
}

export function designationOf(source: JsonObject): Designation {
  return {
    language: text(source, 'language') ?? null,
    use: object(source, 'use') ?? null,
    value: text(source, 'value') ?? '',
  };
}

/** Makes parents and children tell the same, each edge once. */
function link(concepts: ReadonlyMap<string, Concept>): void {
  for (const concept of concepts.values()) {
    for (const child of concept.children) concepts.get(child)?.parents.push(concept.code);
  }
  for (const concept of concepts.values()) {
    const known = concept.parents.filter((parent) => concepts.has(parent) && parent !== concept.code);
    concept.parents = [...new Set(known)];
    concept.children = [];
  }
  for (const concept of concepts.values()) {
    for (const parent of concept.parents) concepts.get(parent)?.children.push(concept.code);
  }
}

function reachable(
  concepts: ReadonlyMap<string, Concept>,
  from: string,
  edge: 'parents' | 'children',
): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [...(concepts.get(from)?.[edge] ?? [])];
  for (let code = open.pop(); code !== undefined; code = open.pop()) {
    if (found.has(code)) continue;
    found.add(code);
    open.push(...(concepts.get(code)?.[edge] ?? []));
  }
  found.delete(from);
  return found;
}

/** The words for a concept in a language (`en-GB` is also `en`), else its own display. */
export function displayIn(concept: Pick<Concept, 'display' | 'designations'>, language: string | null): string | null {
  if (language === null) return concept.display;
  const wanted = language.toLowerCase();
  const fits = (one: string | null): boolean => {
    const given = one?.toLowerCase() ?? '';
    return given === wanted || given.split('-')[0] === wanted || given === wanted.split('-')[0];
  };
  return concept.designations.find((one) => fits(one.language))?.value ?? concept.display;
}
