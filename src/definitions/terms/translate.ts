/** ConceptMap/$translate (R4 conceptmap-operation-translate): matches of one code in one map. Pure. */
import type { Json, JsonObject, Resource } from '../../fhir/types.ts';
import { object, objects, text } from '../reading.ts';
import { codingsOf, type GivenCode } from './arguments.ts';
import type { TermSource } from './source.ts';

export interface TranslateOptions {
  /** Code system of the wanted matches; null = any. */
  targetSystem: string | null;
  reverse: boolean;
  dependencies: readonly JsonObject[];
}

export interface Match {
  equivalence: string;
  concept: JsonObject | null;
  product: readonly JsonObject[];
  source: string;
}

const REVERSED: Readonly<Record<string, string>> = {
  wider: 'narrower',
  narrower: 'wider',
  subsumes: 'specializes',
  specializes: 'subsumes',
};
const DEEPEST = 5;

/** A match that translates nothing. */
export const isNone = ({ equivalence }: Pick<Match, 'equivalence'>): boolean =>
  equivalence === 'unmatched' || equivalence === 'disjoint';

/** One question of one map. */
interface Question {
  map: Resource;
  given: GivenCode;
  options: TranslateOptions;
  source: TermSource;
  /** Maps gone through by `unmapped`. */
  depth: number;
}

/** Every match of a code in a map, in the map's order. */
export function translate(map: Resource, given: GivenCode, options: TranslateOptions, source: TermSource): Match[] {
  return ask({ map, given, options, source, depth: 0 });
}

function ask(question: Question): Match[] {
  const way = question.options.reverse ? backwards : forwards;
  return objects(question.map, 'group').flatMap((group) => way(question, group));
}

const fits = (system: Json | undefined, wanted: string | null | undefined): boolean =>
  wanted === null || wanted === undefined || system === undefined || system === wanted;

function forwards(question: Question, group: JsonObject): Match[] {
  const { map, given, options } = question;
  if (!fits(group.source, given.system) || !fits(group.target, options.targetSystem)) return [];
  const elements = objects(group, 'element').filter((element) => element.code === given.code);
  if (elements.length === 0) return unmapped(question, group);
  return elements.flatMap((element) => {
    const targets = objects(element, 'target');
    // an element without target says that nothing matches (R4 ConceptMap.group.element.target)
    if (targets.length === 0) return [{ equivalence: 'unmatched', concept: null, product: [], source: urlOf(map) }];
    return targets
      .filter((target) => dependenciesHold(target, options.dependencies))
      .map((target) => matchOf(map, group, target));
  });
}

const urlOf = (map: Resource): string => text(map, 'url') ?? '';

function matchOf(map: Resource, group: JsonObject, target: JsonObject): Match {
  const code = text(target, 'code');
  const { system, version } = { system: text(group, 'target'), version: text(group, 'targetVersion') };
  return {
    equivalence: text(target, 'equivalence') ?? 'equivalent',
    concept: code === undefined ? null : codingOf({ system, version, code, display: text(target, 'display') }),
    product: objects(target, 'product').map(productOf),
    source: urlOf(map),
  };
}

function codingOf(parts: Record<string, string | undefined>): JsonObject {
  return Object.fromEntries(
    Object.entries(parts).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

function productOf(product: JsonObject): JsonObject {
  const coding = codingOf({
    system: text(product, 'system'),
    code: text(product, 'value'),
    display: text(product, 'display'),
  });
  return { element: text(product, 'property') ?? '', concept: coding };
}

/** Every `dependsOn` of a target must be given, with its value. */
function dependenciesHold(target: JsonObject, given: readonly JsonObject[]): boolean {
  return objects(target, 'dependsOn').every((needed) => given.some((one) => dependencyFits(needed, one)));
}

function dependencyFits(needed: JsonObject, given: JsonObject): boolean {
  const parts = objects(given, 'part');
  const element = parts.find(({ name }) => name === 'element');
  const concept = object(parts.find(({ name }) => name === 'concept') ?? {}, 'valueCodeableConcept') ?? {};
  if ((text(element ?? {}, 'valueUri') ?? text(element ?? {}, 'valueString')) !== needed.property) return false;
  if (concept.text !== undefined && concept.text === needed.value) return true;
  return codingsOf({ ...concept, coding: concept.coding ?? [] }).some(
    (coding) => coding.code === needed.value && fits(needed.system, coding.system),
  );
}

function unmapped(question: Question, group: JsonObject): Match[] {
  const { map, given, source, depth } = question;
  const rule = object(group, 'unmapped');
  // a group that names no source system says nothing about codes it does not list
  if (rule === undefined || group.source === undefined || given.system === undefined) return [];
  const system = text(group, 'target');
  const made = (code: string, display: string | undefined): Match => ({
    equivalence: rule.mode === 'provided' ? 'equal' : 'inexact',
    concept: codingOf({ system, version: text(group, 'targetVersion'), code, display }),
    product: [],
    source: urlOf(map),
  });
  if (rule.mode === 'provided') return [made(given.code, given.display ?? undefined)];
  if (rule.mode === 'fixed') return [made(text(rule, 'code') ?? '', text(rule, 'display'))];
  const other = depth < DEEPEST ? source.find('ConceptMap', text(rule, 'url') ?? '') : null;
  return other === null ? [] : ask({ ...question, map: other, depth: depth + 1 });
}

function backwards({ map, given, options }: Question, group: JsonObject): Match[] {
  if (!fits(group.target, given.system) || !fits(group.source, options.targetSystem)) return [];
  return objects(group, 'element').flatMap((element) =>
    objects(element, 'target')
      .filter((target) => target.code === given.code && dependenciesHold(target, options.dependencies))
      .map((target): Match => {
        const equivalence = text(target, 'equivalence') ?? 'equivalent';
        const parts = {
          system: text(group, 'source'),
          version: text(group, 'sourceVersion'),
          code: text(element, 'code'),
        };
        return {
          equivalence: REVERSED[equivalence] ?? equivalence,
          concept: codingOf({ ...parts, display: text(element, 'display') }),
          product: [],
          source: urlOf(map),
        };
      }),
  );
}

/** The parameters of $translate's answer. */
export function translation(matches: readonly Match[]): JsonObject[] {
  const result = matches.some((match) => !isNone(match));
  return [
    { name: 'result', valueBoolean: result },
    ...(result ? [] : [{ name: 'message', valueString: 'No match was found.' }]),
    ...matches.map(({ equivalence, concept, product, source }) => ({
      name: 'match',
      part: [
        { name: 'equivalence', valueCode: equivalence },
        ...(concept === null ? [] : [{ name: 'concept', valueCoding: concept }]),
        ...product.map(({ element, concept: coding }) => ({
          name: 'product',
          part: [
            { name: 'element', valueUri: element ?? '' },
            { name: 'concept', valueCoding: coding ?? {} },
          ],
        })),
        ...(source === '' ? [] : [{ name: 'source', valueUri: source }]),
      ],
    })),
  ];
}
