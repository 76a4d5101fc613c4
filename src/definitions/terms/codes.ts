/** CodeSystem operations: $lookup, $validate-code, $subsumes (R4 codesystem-operations.html). Pure. */
import type { JsonObject } from '../../fhir/types.ts';
import type { GivenCode } from './arguments.ts';
import { type CodeSystem, type Concept, codeSystemOf, displayIn } from './code-system.ts';
import { shortened, TermFault } from './faults.ts';
import { fitsGrammar } from './grammars.ts';
import type { TermSource } from './source.ts';

/** @throws TermFault not-found */
export function requireSystem(source: TermSource, url: string, version: string | null): CodeSystem {
  const found = source.find('CodeSystem', version === null ? url : `${url}|${version}`);
  if (found === null) {
    const what = version === null ? shortened(url) : shortened(`${url} in version ${version}`);
    throw new TermFault('not-found', `The code system ${what} is not held here.`);
  }
  return codeSystemOf(found);
}

/** @throws TermFault not-found; undecidable where the part held here is not the whole */
function requireConcept(system: CodeSystem, code: string): Concept {
  const concept = system.concept(code);
  if (concept !== null) return concept;
  if (system.isComplete) throw new TermFault('not-found', `${shortened(system.url)} has no code ${shortened(code)}.`);
  throw new TermFault('undecidable', unknownIn(system, code));
}

const unknownIn = (system: CodeSystem, code: string): string =>
  `The part of ${shortened(system.url)} that is held here does not have the code ${shortened(code)}; the whole may have it.`;

export interface LookupOptions {
  /** Properties wanted; none = all. */
  properties: readonly string[];
  displayLanguage: string | null;
}

const part = (name: string, value: JsonObject): JsonObject => ({ name, ...value });

/** The parameters of $lookup's answer. @throws TermFault */
export function lookup(system: CodeSystem, code: string, options: LookupOptions): JsonObject[] {
  const concept = requireConcept(system, code);
  const wants = (name: string): boolean => options.properties.length === 0 || options.properties.includes(name);
  const languages = options.properties.flatMap((one) => (one.startsWith('lang.') ? one.slice(5) : []));
  const designations = concept.designations.filter(
    ({ language }) => wants('designation') || (language !== null && languages.includes(language)),
  );
  return [
    { name: 'name', valueString: system.title ?? system.name },
    ...(system.version === null ? [] : [{ name: 'version', valueString: system.version }]),
    { name: 'display', valueString: displayIn(concept, options.displayLanguage) ?? concept.code },
    ...designations.map((one) => ({
      name: 'designation',
      part: [
        ...(one.language === null ? [] : [part('language', { valueCode: one.language })]),
        ...(one.use === null ? [] : [part('use', { valueCoding: one.use })]),
        part('value', { valueString: one.value }),
      ],
    })),
    ...propertiesOf(system, concept)
      .filter(({ code: name }) => wants(name))
      .map(propertyPart),
  ];
}

interface Told {
  code: string;
  value: JsonObject;
  description?: string | null;
}

/** Every property of a concept, those R4 defines for all code systems first. */
function propertiesOf(system: CodeSystem, concept: Concept): Told[] {
  const near = (name: string, codes: readonly string[]): Told[] =>
    codes.map((code) => ({
      code: name,
      value: { valueCode: code },
      description: system.concept(code)?.display ?? null,
    }));
  const own = concept.properties.filter(({ code }) => !['parent', 'child', 'inactive'].includes(code));
  return [
    ...(concept.definition === null ? [] : [{ code: 'definition', value: { valueString: concept.definition } }]),
    { code: 'inactive', value: { valueBoolean: concept.isInactive } },
    ...(concept.isAbstract ? [{ code: 'abstract', value: { valueBoolean: true } }] : []),
    ...near('parent', concept.parents),
    ...near('child', concept.children),
    ...own.map(({ code, name, value }) => ({ code, value: { [name]: value } })),
  ];
}

function propertyPart({ code, value, description }: Told): JsonObject {
  return {
    name: 'property',
    part: [
      part('code', { valueCode: code }),
      part('value', value),
      ...(description === undefined || description === null ? [] : [part('description', { valueString: description })]),
    ],
  };
}

/** What $validate-code says of one code; null = it cannot be decided here. */
export interface Verdict {
  result: boolean | null;
  message: string | null;
  display: string | null;
}

const BAD_DISPLAY = 'The code is right, but these are not its words.';

/** Compares words without case and spaces at the ends or doubled: R4 leaves it to the code system. */
const sameWords = (a: string, b: string): boolean => normal(a) === normal(b);
const normal = (words: string): string => words.trim().replace(/\s+/g, ' ').toLowerCase();

/** The verdict on a code that is known, as far as its words go. */
export function withDisplay(concept: Concept, given: string | null, language: string | null): Verdict {
  const display = displayIn(concept, language);
  if (given === null || display === null) return { result: true, message: null, display };
  const words = [concept.display ?? '', ...concept.designations.map(({ value }) => value)];
  const fits = words.some((one) => sameWords(one, given));
  return { result: fits, message: fits ? null : BAD_DISPLAY, display };
}

export interface CodeOptions {
  abstract: boolean | null;
  displayLanguage: string | null;
}

/** Whether a code is in its system. @throws TermFault not-found when the system is not held and has no grammar */
export function validateInSystem(source: TermSource, given: GivenCode, options: CodeOptions): Verdict {
  const url = given.system ?? '';
  const fits = source.find('CodeSystem', url) === null ? fitsGrammar(url, given.code) : null;
  if (fits !== null) return { result: fits, message: fits ? null : notIn(url, given.code), display: null };
  const system = requireSystem(source, url, given.version);
  const concept = system.concept(given.code);
  if (concept === null) {
    if (system.isComplete) return { result: false, message: notIn(url, given.code), display: null };
    return { result: null, message: unknownIn(system, given.code), display: null };
  }
  return usable(concept, options) ?? withDisplay(concept, given.display, options.displayLanguage);
}

/** The verdict on a concept that groups others, where only concepts for use in a record are wanted; else null. */
export function usable(concept: Concept, { abstract, displayLanguage }: CodeOptions): Verdict | null {
  if (!concept.isAbstract || abstract === true) return null;
  const message = 'The code is abstract: it groups others and is not for use in a record (abstract=true lets it pass).';
  return { result: false, message, display: displayIn(concept, displayLanguage) };
}

const notIn = (url: string, code: string): string => `${shortened(url)} has no code ${shortened(code)}.`;

/** `equivalent`, `subsumes`, `subsumed-by` or `not-subsumed`. @throws TermFault */
export function subsumes(system: CodeSystem, codeA: string, codeB: string): string {
  const a = requireConcept(system, codeA).code;
  const b = requireConcept(system, codeB).code;
  if (a === b) return 'equivalent';
  if (system.subsumes && system.descendants(a).has(b)) return 'subsumes';
  if (system.subsumes && system.ancestors(a).has(b)) return 'subsumed-by';
  if (system.isComplete) return 'not-subsumed';
  throw new TermFault(
    'undecidable',
    `Only part of ${shortened(system.url)} is held here; what lies between its codes is not.`,
  );
}
