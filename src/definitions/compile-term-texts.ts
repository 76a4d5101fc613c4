/** Whole CodeSystems, ValueSets and ConceptMaps for the terminology operations, without what only people read. */
import type { Resource } from '../fhir/types.ts';

const TYPES = new Set(['CodeSystem', 'ValueSet', 'ConceptMap']);

/** Adds `text:<type>:<url>` for each; of one canonical the last added stands. */
export function addTermTexts(sections: Map<string, unknown>, resources: readonly Resource[]): void {
  for (const resource of resources) {
    if (!TYPES.has(resource.resourceType) || typeof resource.url !== 'string') continue;
    const { text: _narrative, ...rest } = resource;
    sections.set(`text:${resource.resourceType}:${resource.url}`, rest);
  }
}
