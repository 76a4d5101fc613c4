/** CodeSystems and ValueSets -> compact tables (`snapshot-types.ts`); expanded lazily by `terminology.ts`. */
import { unversioned } from './compile-types.ts';
import type { CodeSystemSource, IncludeSource, ValueSetSource } from './snapshot-types.ts';

export interface CodeSystemResource {
  resourceType: 'CodeSystem';
  url: string;
  content: string;
  concept?: ConceptResource[];
}

interface ConceptResource {
  code: string;
  property?: { code: string; valueCode?: string }[];
  concept?: ConceptResource[];
}

export interface ValueSetResource {
  resourceType: 'ValueSet';
  url: string;
  compose?: { include: IncludeResource[]; exclude?: IncludeResource[] };
}

interface IncludeResource {
  system?: string;
  concept?: { code: string }[];
  filter?: { property: string; op: string; value: string }[];
  valueSet?: string[];
}

/**
 * Codes in order. Parents are the enclosing concept and, as v3 systems write them, the properties `subsumedBy` of a concept
 * and `child` of its parents: a concept may have several (`TWINBRO` is a twin and a brother).
 */
export function compileCodeSystem(resource: CodeSystemResource): CodeSystemSource {
  const parents = new Map<string, Set<string>>();
  const parentsOf = (code: string): Set<string> => {
    const known = parents.get(code) ?? new Set();
    parents.set(code, known);
    return known;
  };
  const children: [string, string][] = [];
  const visit = (concepts: readonly ConceptResource[], parent: string | null): void => {
    for (const { code, property = [], concept = [] } of concepts) {
      const above = parentsOf(code);
      if (parent !== null) above.add(parent);
      for (const { code: name, valueCode } of property) {
        if (valueCode === undefined) continue;
        if (name === 'subsumedBy' || name === 'parent') above.add(valueCode);
        if (name === 'child') children.push([valueCode, code]);
      }
      visit(concept, code);
    }
  };
  visit(resource.concept ?? [], null);
  for (const [child, parent] of children) parents.get(child)?.add(parent);
  return withParents([...parents.keys()], parents, resource.content === 'complete');
}

function withParents(
  codes: string[],
  parents: ReadonlyMap<string, ReadonlySet<string>>,
  complete: boolean,
): CodeSystemSource {
  const positions = new Map(codes.map((code, index) => [code, index]));
  const placed = codes.map((code) => [...(parents.get(code) ?? [])].flatMap((one) => positions.get(one) ?? []));
  if (placed.every((list) => list.length === 0)) return { codes, complete };
  return { codes, complete, parents: placed.map((list) => (list.length > 1 ? list : (list[0] ?? -1))) };
}

function compileInclude(include: IncludeResource): IncludeSource {
  const source: IncludeSource = {};
  if (include.system) source.s = include.system;
  if (include.concept) source.c = include.concept.map((concept) => concept.code);
  if (include.filter) source.f = include.filter.map((filter) => [filter.property, filter.op, filter.value]);
  if (include.valueSet) source.v = include.valueSet.map(unversioned);
  return source;
}

/** The compose part of a value set; expansions are ignored, they can always be computed. */
export function compileValueSet(resource: ValueSetResource): ValueSetSource {
  const source: ValueSetSource = { include: (resource.compose?.include ?? []).map(compileInclude) };
  if (resource.compose?.exclude) source.exclude = resource.compose.exclude.map(compileInclude);
  return source;
}
