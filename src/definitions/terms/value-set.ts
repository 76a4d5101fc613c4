/**
 * Who is in a value set (R4 valueset.html#compositions): asked for one code, or listed. Membership of one code needs no
 * listing, so it is decided for value sets that nobody could list whole.
 */
import type { JsonObject, Resource } from '../../fhir/types.ts';
import { objects, text } from '../reading.ts';
import { type CodeSystem, type Concept, codeSystemOf, designationOf } from './code-system.ts';
import { shortened, TermFault } from './faults.ts';
import { filterOf } from './filters.ts';
import { fitsGrammar } from './grammars.ts';
import type { TermSource } from './source.ts';

/** One code of a value set, with the words the value set gives it. */
export interface Member {
  system: string;
  version: string | null;
  concept: Concept;
}

/** Codes listed at most: beyond it the question is too costly. */
export const MOST_CODES = 10_000;
const DEEPEST = 10;

/** True, false, or null when it cannot be decided from what is held here. */
type Decided = boolean | null;

export interface Asked {
  source: TermSource;
  /** Undefined = in whatever system the value set has it. */
  system: string | undefined;
  code: string;
}

export const includesOf = (valueSet: Resource): JsonObject[] => composed(valueSet, 'include');
const excludesOf = (valueSet: Resource): JsonObject[] => composed(valueSet, 'exclude');

function composed(valueSet: Resource, part: 'include' | 'exclude'): JsonObject[] {
  const { compose } = valueSet;
  return typeof compose === 'object' && compose !== null && !Array.isArray(compose) ? objects(compose, part) : [];
}

export function valueSetsOf(include: JsonObject): string[] {
  const urls = include.valueSet;
  return Array.isArray(urls) ? urls.filter((url) => typeof url === 'string') : [];
}

/** The code system of an include, or null when it is not held (in that version). */
export function systemOf(source: TermSource, include: JsonObject): CodeSystem | null {
  const url = text(include, 'system');
  if (url === undefined) return null;
  const version = text(include, 'version');
  const found = source.find('CodeSystem', version === undefined ? url : `${url}|${version}`);
  return found === null || found.content === 'supplement' ? null : codeSystemOf(found);
}

export function plainConcept(code: string, display: string | null = null): Concept {
  return {
    code,
    display,
    definition: null,
    designations: [],
    properties: [],
    isAbstract: false,
    isInactive: false,
    parents: [],
    children: [],
  };
}

/** A concept as an include lists it: its words come first, the code system's own stand beside them. */
function listedConcept(entry: JsonObject, system: CodeSystem | null): Concept {
  const code = text(entry, 'code') ?? '';
  const base = system?.concept(code) ?? plainConcept(code);
  const designations = [...objects(entry, 'designation').map(designationOf), ...base.designations];
  return { ...base, code, display: text(entry, 'display') ?? base.display, designations };
}

/** The member a code means, false when it is none, null when that cannot be decided here. */
export function memberOf(valueSet: Resource, asked: Asked, depth = 0): Member | false | null {
  if (depth > DEEPEST) throw circular(valueSet);
  const includes = includesOf(valueSet);
  if (includes.length === 0) return memberOfExpansion(valueSet, asked);
  let unsure = false;
  for (const include of includes) {
    const member = memberOfInclude(include, asked, depth);
    if (member === null) unsure = true;
    if (member === null || member === false) continue;
    const excluded = isExcluded(valueSet, { ...asked, system: member.system, code: member.concept.code }, depth);
    if (excluded === false) return member;
    if (excluded === null) unsure = true;
  }
  return unsure ? null : false;
}

function isExcluded(valueSet: Resource, asked: Asked, depth: number): Decided {
  let unsure = false;
  for (const exclude of excludesOf(valueSet)) {
    const member = memberOfInclude(exclude, asked, depth);
    if (member !== null && member !== false) return true;
    if (member === null) unsure = true;
  }
  return unsure ? null : false;
}

/** A value set that came expanded, without saying how it is composed. */
function memberOfExpansion(valueSet: Resource, { system, code }: Asked): Member | false | null {
  const members = expandedMembers(valueSet);
  if (members === null) return null;
  return members.find((one) => one.concept.code === code && (system === undefined || one.system === system)) ?? false;
}

export function expandedMembers(valueSet: Resource): Member[] | null {
  const { expansion } = valueSet;
  if (typeof expansion !== 'object' || expansion === null || Array.isArray(expansion)) return null;
  const visit = (holder: JsonObject): Member[] =>
    objects(holder, 'contains').flatMap((entry) => {
      const { code } = entry;
      const below = visit(entry);
      if (typeof code !== 'string') return below;
      const concept = {
        ...listedConcept(entry, null),
        isAbstract: entry.abstract === true,
        isInactive: entry.inactive === true,
      };
      return [{ system: text(entry, 'system') ?? '', version: text(entry, 'version') ?? null, concept }, ...below];
    });
  return visit(expansion);
}

function memberOfInclude(include: JsonObject, asked: Asked, depth: number): Member | false | null {
  asked.source.spend?.(1);
  const system = text(include, 'system');
  let member: Member | false | null = null;
  if (system !== undefined) {
    if (asked.system !== undefined && asked.system !== system) return false;
    member = memberOfSystem(include, system, asked);
    if (member === false) return false;
  }
  let unsure = system !== undefined && member === null;
  for (const url of valueSetsOf(include)) {
    const other = asked.source.find('ValueSet', url);
    const found: Member | false | null = other === null ? null : memberOf(other, asked, depth + 1);
    if (found === false) return false;
    if (found === null) unsure = true;
    else member ??= found;
  }
  return unsure ? null : member;
}

function memberOfSystem(include: JsonObject, url: string, { source, code }: Asked): Member | false | null {
  const system = systemOf(source, include);
  const version = system?.version ?? null;
  const listed = objects(include, 'concept');
  if (listed.length > 0) {
    source.spend?.(listed.length / 20);
    const wanted = system?.concept(code)?.code ?? code;
    const entry = listed.find((one) => one.code === wanted);
    return entry === undefined ? false : { system: url, version, concept: listedConcept(entry, system) };
  }
  const filters = objects(include, 'filter');
  source.spend?.(costOf(filters, system));
  if (system === null) {
    const fits = filters.length === 0 ? fitsGrammar(url, code) : null;
    return fits === true ? { system: url, version: null, concept: plainConcept(code) } : fits;
  }
  const concept = system.concept(code);
  if (concept === null) return system.isComplete ? false : null;
  const kept = filters.map((filter) => filterOf(system, filter)(concept));
  if (kept.includes(null)) return null;
  if (kept.includes(false)) return system.isComplete ? false : null;
  return { system: url, version, concept };
}

/**
 * Every member, in the order of the definition.
 * @throws TermFault undecidable, too-costly, or invalid (circular)
 */
export function membersOf(valueSet: Resource, source: TermSource, most = MOST_CODES, depth = 0): Member[] {
  if (depth > DEEPEST) throw circular(valueSet);
  const includes = includesOf(valueSet);
  if (includes.length === 0) {
    const expanded = expandedMembers(valueSet);
    if (expanded === null)
      throw new TermFault('undecidable', 'The value set says neither what it includes nor what it expands to.');
    return expanded;
  }
  const found = new Map<string, Member>();
  for (const include of includes) {
    for (const member of membersOfInclude(include, source, most, depth)) {
      const key = `${member.system}|${member.concept.code}`;
      if (!found.has(key) && !mustDecide(isExcluded(valueSet, askedFor(source, member), depth))) found.set(key, member);
      if (found.size > most) throw costly(most);
    }
  }
  return [...found.values()];
}

const askedFor = (source: TermSource, { system, concept }: Member): Asked => ({ source, system, code: concept.code });

function mustDecide(decided: Decided): boolean {
  if (decided === null) throw new TermFault('undecidable', 'What the value set excludes cannot be decided here.');
  return decided;
}

function membersOfInclude(include: JsonObject, source: TermSource, most: number, depth: number): Member[] {
  const others = valueSetsOf(include).map((url) => {
    const other = source.find('ValueSet', url);
    if (other === null) throw new TermFault('undecidable', `The value set ${shortened(url)} is not held here.`);
    return other;
  });
  const [first, ...rest] = others;
  const hasSystem = text(include, 'system') !== undefined;
  const base = hasSystem
    ? membersOfSystem(include, source, most)
    : first === undefined
      ? []
      : membersOf(first, source, most, depth + 1);
  const tests = hasSystem ? others : rest;
  return base.filter((member) =>
    tests.every((other) => {
      const inside = memberOf(other, askedFor(source, member), depth + 1);
      return mustDecide(inside === null ? null : inside !== false);
    }),
  );
}

function membersOfSystem(include: JsonObject, source: TermSource, most: number): Member[] {
  const url = text(include, 'system') ?? '';
  const system = systemOf(source, include);
  const version = system?.version ?? text(include, 'version') ?? null;
  const listed = objects(include, 'concept');
  source.spend?.(1 + listed.length);
  if (listed.length > 0) {
    return listed.map((entry) => ({ system: url, version, concept: listedConcept(entry, system) }));
  }
  if (!system?.isComplete) {
    throw new TermFault(
      'undecidable',
      `The codes of ${shortened(url)} are not all held here, so they cannot be listed.`,
    );
  }
  const filters = objects(include, 'filter').map((filter) => filterOf(system, filter));
  const members: Member[] = [];
  source.spend?.(system.concepts.size * (1 + filters.length) + costOf(objects(include, 'filter'), system));
  for (const concept of system.concepts.values()) {
    const kept = filters.map((filter) => filter(concept));
    if (kept.includes(null))
      throw new TermFault('undecidable', `A filter on ${shortened(url)} is not understood here.`);
    if (kept.includes(false)) continue;
    members.push({ system: url, version, concept });
    if (members.length > most) throw costly(most);
  }
  return members;
}

/** A pattern is run over the whole system, and may take 0.1 s: as long as 50,000 steps. */
function costOf(filters: readonly JsonObject[], system: CodeSystem | null): number {
  const patterns = filters.filter(({ op }) => op === 'regex').length;
  return filters.length + patterns * (50_000 + (system?.concepts.size ?? 0));
}

const costly = (most: number): TermFault =>
  new TermFault('too-costly', `The value set has more than ${most} codes; ask for a narrower one.`);

const circular = (valueSet: Resource): TermFault =>
  new TermFault(
    'invalid',
    `The value set ${shortened(String(valueSet.url ?? ''))} includes itself, or nests too deeply.`,
  );
