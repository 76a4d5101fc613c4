/** The terminology of a snapshot: read out of it when asked for, few kept at a time. */
import type { Resource } from '../../fhir/types.ts';
import type { Snapshot } from '../snapshot.ts';
import { cached, splitCanonical, type TermLibrary, type TermSource } from './source.ts';

/** R4's and our own terminology by canonical. */
export function termLibrary(snapshot: Snapshot): TermLibrary {
  const source: TermSource = {
    find: (type, canonical) => {
      const { url, version } = splitCanonical(canonical);
      const text = snapshot.text(`text:${type}:${url}`);
      if (text === null) return null;
      const resource: Resource = JSON.parse(text);
      return version === null || resource.version === version ? resource : null;
    },
  };
  let maps: Resource[] | null = null;
  return {
    ...cached(source),
    conceptMaps: () => {
      maps ??= snapshot.names('text:ConceptMap:').flatMap((url) => source.find('ConceptMap', url) ?? []);
      return maps;
    },
  };
}
