/** ValueSet/$expand (R4 valueset-operation-expand): members chosen, worded, nested and paged. */
import type { JsonObject, Resource } from '../../fhir/types.ts';
import { displayIn } from './code-system.ts';
import { TermFault } from './faults.ts';
import type { TermSource } from './source.ts';
import { includesOf, type Member, membersOf, systemOf } from './value-set.ts';

export interface ExpandOptions {
  filter: string | null;
  offset: number;
  count: number | null;
  includeDesignations: boolean;
  /** Designations wanted, `language` or `system|code` of their use; none = all. */
  designations: readonly string[];
  includeDefinition: boolean;
  activeOnly: boolean;
  excludeNested: boolean;
  excludeNotForUI: boolean;
  displayLanguage: string | null;
  /** Canonicals of code systems to leave out. */
  excludeSystems: readonly string[];
  /** `system|version` that must be what is held here. */
  systemVersions: readonly string[];
}

export const EXPAND_DEFAULTS: ExpandOptions = {
  filter: null,
  offset: 0,
  count: null,
  includeDesignations: false,
  designations: [],
  includeDefinition: false,
  activeOnly: false,
  excludeNested: false,
  excludeNotForUI: false,
  displayLanguage: null,
  excludeSystems: [],
  systemVersions: [],
};

/** @throws TermFault undecidable, too-costly, invalid */
export function expand(valueSet: Resource, source: TermSource, options: ExpandOptions): Resource {
  checkVersions(valueSet, source, options.systemVersions);
  const all = membersOf(valueSet, source).filter((member) => isWanted(member, options));
  const paged = options.count !== null || options.offset > 0;
  // R4: an expansion that is paged or searched is flat
  const nests = !options.excludeNested && !paged && options.filter === null;
  const page =
    options.count === null ? all.slice(options.offset) : all.slice(options.offset, options.offset + options.count);
  const { text: _text, compose, expansion: _expansion, ...about } = valueSet;
  const contains = nests ? nested(all, source, options) : page.map((member) => entryOf(member, options));
  return {
    ...about,
    ...(options.includeDefinition && compose !== undefined ? { compose } : {}),
    expansion: {
      identifier: `urn:uuid:${crypto.randomUUID()}`,
      timestamp: new Date().toISOString(),
      total: all.length,
      ...(paged ? { offset: options.offset } : {}),
      parameter: parametersOf(all, options),
      ...(contains.length > 0 ? { contains } : {}),
    },
  };
}

function checkVersions(valueSet: Resource, source: TermSource, wanted: readonly string[]): void {
  for (const include of includesOf(valueSet)) {
    for (const one of wanted) {
      const [url, version] = one.split('|', 2);
      if (url !== include.system || version === undefined) continue;
      const held = systemOf(source, include)?.version ?? null;
      if (held !== version)
        throw new TermFault('undecidable', `${url} is held here in version ${held ?? 'none'} only.`);
    }
  }
}

function isWanted({ system, version, concept }: Member, options: ExpandOptions): boolean {
  if (options.activeOnly && concept.isInactive) return false;
  if (options.excludeNotForUI && concept.isAbstract) return false;
  if (options.excludeSystems.some((one) => one === system || one === `${system}|${version ?? ''}`)) return false;
  if (options.filter === null) return true;
  const words = [concept.display ?? '', ...concept.designations.map(({ value }) => value)].map(folded);
  const code = concept.code.toLowerCase();
  return folded(options.filter)
    .split(/\s+/)
    .filter((word) => word !== '')
    .every((word) => code.startsWith(word) || words.some((text) => text.includes(word)));
}

/** Letters without their accents and case. */
export const folded = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

function entryOf({ system, version, concept }: Member, options: ExpandOptions): JsonObject {
  const display = displayIn(concept, options.displayLanguage);
  const designation =
    options.includeDesignations || options.designations.length > 0 ? designationsOf(concept, options) : [];
  return {
    ...(system === '' ? {} : { system }),
    ...(concept.isAbstract ? { abstract: true } : {}),
    ...(concept.isInactive ? { inactive: true } : {}),
    ...(version === null ? {} : { version }),
    code: concept.code,
    ...(display === null ? {} : { display }),
    ...(designation.length > 0 ? { designation } : {}),
  };
}

function designationsOf({ designations }: Member['concept'], options: ExpandOptions): JsonObject[] {
  const wanted = options.designations;
  return designations
    .filter(({ language, use }) => {
      const word = `${String(use?.system ?? '')}|${String(use?.code ?? '')}`;
      return (
        wanted.length === 0 ||
        wanted.some((one) => one === language || one === word || one === `urn:ietf:bcp:47|${language}`)
      );
    })
    .map(({ language, use, value }) => ({
      ...(language === null ? {} : { language }),
      ...(use === null ? {} : { use }),
      value,
    }));
}

/** Members under the nearest of their parents that is a member too; with several parents under the first. */
function nested(members: readonly Member[], source: TermSource, options: ExpandOptions): JsonObject[] {
  const keyOf = (system: string, code: string): string => `${system}|${code}`;
  const entries = new Map(
    members.map((member) => [keyOf(member.system, member.concept.code), entryOf(member, options)]),
  );
  const below = new Map<string, JsonObject[]>();
  const roots: JsonObject[] = [];
  for (const member of members) {
    const entry = entries.get(keyOf(member.system, member.concept.code));
    if (entry === undefined) continue;
    const parent = nearest(member, (code) => entries.has(keyOf(member.system, code)), source);
    if (parent === null) roots.push(entry);
    else {
      const key = keyOf(member.system, parent);
      const siblings = below.get(key);
      if (siblings === undefined) below.set(key, [entry]);
      else siblings.push(entry);
    }
  }
  for (const [key, children] of below) Object.assign(entries.get(key) ?? {}, { contains: children });
  return roots;
}

/** The closest member above, breadth first; a cycle in the hierarchy leaves its members at the top. */
function nearest(member: Member, isMember: (code: string) => boolean, source: TermSource): string | null {
  const include: JsonObject = {
    system: member.system,
    ...(member.version === null ? {} : { version: member.version }),
  };
  const system = systemOf(source, include);
  if (system === null) return null;
  const { code } = member.concept;
  const [above, below] = [system.ancestors(code), system.descendants(code)];
  source.spend?.(above.size + below.size);
  if (isInCycle(above, below)) return null;
  const seen = new Set<string>([code]);
  let level = system.concept(code)?.parents ?? [];
  while (level.length > 0) {
    const found = level.find(isMember);
    if (found !== undefined) return found;
    for (const one of level) seen.add(one);
    level = level.flatMap((one) => system.concept(one)?.parents ?? []).filter((one) => !seen.has(one));
  }
  return null;
}

const isInCycle = (above: ReadonlySet<string>, below: ReadonlySet<string>): boolean =>
  [...above].some((code) => below.has(code));

/** What controlled the expansion (R4 ValueSet.expansion.parameter). */
function parametersOf(members: readonly Member[], options: ExpandOptions): JsonObject[] {
  const versions = new Set(members.flatMap(({ system, version }) => (version === null ? [] : `${system}|${version}`)));
  const flags = (['activeOnly', 'excludeNested', 'excludeNotForUI', 'includeDesignations'] as const).filter(
    (name) => options[name],
  );
  return [
    ...(options.filter === null ? [] : [{ name: 'filter', valueString: options.filter }]),
    ...(options.count === null ? [] : [{ name: 'count', valueInteger: options.count }]),
    ...(options.offset === 0 ? [] : [{ name: 'offset', valueInteger: options.offset }]),
    ...(options.displayLanguage === null ? [] : [{ name: 'displayLanguage', valueCode: options.displayLanguage }]),
    ...flags.map((name) => ({ name, valueBoolean: true })),
    ...[...versions].map((valueUri) => ({ name: 'version', valueUri })),
  ];
}
