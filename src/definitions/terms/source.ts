/**
 * Where terminology is read from: whole CodeSystems, ValueSets and ConceptMaps by canonical. Sync and pure for those who
 * compute; whoever has to fetch something first (the store, contained resources) lays it on top.
 */
import type { Resource } from '../../fhir/types.ts';
import { TermFault } from './faults.ts';

export type TermType = 'CodeSystem' | 'ValueSet' | 'ConceptMap';

export interface TermSource {
  /** The resource a canonical (`url` or `url|version`) names, or null. */
  find(type: TermType, canonical: string): Resource | null;
  /** Counts work done for one question. @throws TermFault too-costly when it has had enough */
  spend?(steps: number): void;
}

/** What a process holds from its start, and which maps there are: $translate looks through them all. */
export interface TermLibrary extends TermSource {
  conceptMaps(): readonly Resource[];
}

export function splitCanonical(canonical: string): { url: string; version: string | null } {
  const at = canonical.indexOf('|');
  return at < 0 ? { url: canonical, version: null } : { url: canonical.slice(0, at), version: canonical.slice(at + 1) };
}

/** Resources laid over a source; what the source itself has stands first, so nobody replaces what R4 or we define. */
export function overlaid(source: TermSource, over: readonly Resource[]): TermSource {
  return {
    find: (type, canonical) => {
      const known = source.find(type, canonical);
      if (known !== null) return known;
      const { url, version } = splitCanonical(canonical);
      return (
        over.find(
          (one) => one.resourceType === type && one.url === url && (version === null || one.version === version),
        ) ?? null
      );
    },
  };
}

/** Steps one question may take: a step is a concept looked at, or a part of a value set asked about it; some 2 us each. */
export const MOST_STEPS = 1_000_000;
/** Steps that may be taken between two turns of the event loop: about a tenth of a second. */
export const FEW_STEPS = 50_000;

/** A source for one question, which ends when the question has cost too much. */
export function bounded(
  source: TermSource,
  most = MOST_STEPS,
  fault: (message: string) => TermFault = (message) => new TermFault('too-costly', message),
): TermSource {
  let left = most;
  return {
    find: source.find,
    spend: (steps) => {
      left -= steps;
      if (left < 0) throw fault('The question needs too much work; ask for something simpler.');
    },
  };
}

/** Parsed resources kept by a caching source; a value set is read from disk in well under a millisecond. */
const KEPT = 40;

/** A source that keeps what was found lately, so that what is compiled from a resource is compiled once. */
export function cached(source: TermSource): TermSource {
  const kept = new Map<string, Resource>();
  return {
    find: (type, canonical) => {
      const key = `${type} ${canonical}`;
      const known = kept.get(key);
      const found = known ?? source.find(type, canonical);
      if (found === null) return null;
      kept.delete(key);
      kept.set(key, found);
      const oldest = kept.keys().next().value;
      if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
      return found;
    },
  };
}
