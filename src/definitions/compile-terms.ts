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

/** Codes in order; the parent is the enclosing concept or, as v3 systems write it, the property `subsumedBy`. */
export function compileCodeSystem(resource: CodeSystemResource): CodeSystemSource {
  const codes: string[] = [];
  const parents: (string | null)[] = [];
  const visit = (concepts: readonly ConceptResource[], parent: string | null): void => {
    for (const concept of concepts) {
      const named = concept.property?.find((property) => property.code === 'subsumedBy')?.valueCode;
      codes.push(concept.code);
      parents.push(parent ?? named ?? null);
      visit(concept.concept ?? [], concept.code);
    }
  };
  visit(resource.concept ?? [], null);
  const source: CodeSystemSource = { codes, complete: resource.content === 'complete' };
  if (parents.some((parent) => parent !== null)) {
    const positions = new Map(codes.map((code, index) => [code, index]));
    source.parents = parents.map((parent) => (parent === null ? -1 : (positions.get(parent) ?? -1)));
  }
  return source;
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
