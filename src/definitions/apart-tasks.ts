/** What is said to the thread of `apart.ts`, and what it answers. */
import type { Resource } from '../fhir/types.ts';
import type { SnapshotPlace } from './load.ts';
import type { Posted, PostedSections } from './posted/types.ts';
import type { Issue, ValidateOptions } from './types.ts';

export interface ApartData {
  place: SnapshotPlace;
  sections: ReadonlyMap<string, string>;
}

export type ApartTask =
  | { kind: 'compile'; posted: readonly Posted[] }
  | { kind: 'validate'; resource: Resource; options: ValidateOptions }
  /** No answer: later tasks know these posted definitions. */
  | { kind: 'use'; sections: ReadonlyMap<string, string> };

export type ApartAnswer = { kind: 'compile'; made: PostedSections } | { kind: 'validate'; issues: Issue[] };
