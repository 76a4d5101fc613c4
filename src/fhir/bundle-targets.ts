/** What the references inside a transaction become once ids are known. */
import type { BundleEntry } from './bundle.ts';
import { Outcome, type OutcomeIssue } from './outcome.ts';
import { eachReference, parseReference, type ReferenceTargets } from './references.ts';
import type { Resource } from './types.ts';

/** The part of a RESTful fullUrl before `Type/id`, with its slash; null for urns and other URLs. */
function restBase(fullUrl: string | null): { base: string; tail: string } | null {
  const parsed = fullUrl === null ? null : parseReference(fullUrl);
  if (parsed?.kind !== 'absolute' || parsed.type === null || fullUrl === null) return null;
  const tail = `${parsed.type}/${parsed.id}`;
  return { base: fullUrl.slice(0, fullUrl.length - tail.length), tail };
}

/**
 * What references inside an entry become once ids are known. `assigned` maps entry index to the new `Type/id`;
 * `resolved` maps conditional references (`Patient?identifier=...`) to `Type/id`. A relative reference in an entry whose
 * fullUrl is a REST URL is first read against that URL's base (R4 bundle.html#references).
 */
export function bundleTargets(
  entries: readonly BundleEntry[],
  assigned: ReadonlyMap<number, string>,
  resolved: ReadonlyMap<string, string> = new Map(),
): (entry: BundleEntry) => ReferenceTargets {
  const byUrl = new Map(resolved);
  let restful = false;
  for (const { index, fullUrl } of entries) {
    const target = assigned.get(index);
    if (fullUrl === null || target === undefined) continue;
    byUrl.set(fullUrl, target);
    restful ||= !fullUrl.startsWith('urn:');
  }
  return (entry) => {
    const base = restful ? restBase(entry.fullUrl)?.base : undefined;
    if (base === undefined) return byUrl;
    return { get: (reference) => byUrl.get(reference) ?? byUrl.get(base + reference) };
  };
}

/**
 * Refuses (400 `not-found`, naming each element) references that only a transaction could resolve and this one did not:
 * `urn:` and conditional ones still standing after `rewriteReferences`.
 */
export function refuseUnresolved(resource: Resource, place: string): void {
  const issues: OutcomeIssue[] = [];
  eachReference(resource, ({ reference = '' }, path) => {
    const kind = parseReference(reference)?.kind;
    if (kind !== 'urn' && kind !== 'conditional') return;
    const expression = `${place}${path.slice(path.indexOf('.'))}`;
    issues.push({
      severity: 'error',
      code: 'not-found',
      diagnostics: `A ${kind} reference leads nowhere.`,
      expression,
    });
  });
  if (issues.length > 0) throw new Outcome(400, issues);
}
