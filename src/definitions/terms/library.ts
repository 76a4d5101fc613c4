/** The terminology of a snapshot: read out of it when asked for, few kept at a time. */
import type { Resource } from '../../fhir/types.ts';
import type { Snapshot } from '../snapshot.ts';
import { cached, splitCanonical, type TermLibrary, type TermSource } from './source.ts';

/** R4's, our own, packages' and posted terminology by canonical. */
export function termLibrary(snapshot: Snapshot): TermLibrary {
  const source: TermSource = {
    find: (type, canonical) => {
      const { url, version } = splitCanonical(canonical);
      const exact = version === null ? null : snapshot.text(`text:${type}:${url}|${version}`);
      const text = exact ?? snapshot.text(`text:${type}:${url}`);
      if (text === null) return null;
      const resource: Resource = JSON.parse(text);
      return version === null || resource.version === version ? resource : null;
    },
  };
  let maps: Resource[] | null = null;
  return {
    ...cached(source),
    conceptMaps: () => {
      const urls = snapshot.names('text:ConceptMap:').filter((url) => !url.includes('|'));
      maps ??= urls.flatMap((url) => source.find('ConceptMap', url) ?? []);
      return maps;
    },
  };
}
