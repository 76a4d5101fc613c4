/** Definitions that clients post and that take effect here: what is asked of them, and what becomes of them. */
import type { Resource } from '../../fhir/types.ts';

/** Types whose resources change what this service does once they take effect. */
export const DEFINITION_TYPES: ReadonlySet<string> = new Set([
  'StructureDefinition',
  'SearchParameter',
  'ValueSet',
  'CodeSystem',
  'ConceptMap',
]);

/** A definition that is to take effect: active, and written by a named author. */
export interface Posted {
  /** `Type/id`, by which faults are told. */
  place: string;
  resource: Resource;
}

/** Why a definition has no effect, in plain words for its author. */
export interface PostedFault {
  place: string;
  reason: string;
}

/** What posted definitions add to a snapshot: sections by name, each as its text. */
export interface PostedSections {
  sections: [name: string, text: string][];
  faults: PostedFault[];
}

/** Characters of one definition that takes effect, and of all together: they are held in memory. */
export const MOST_TEXT = 4 * 1024 * 1024;
export const MOST_TEXT_TOGETHER = 32 * 1024 * 1024;
