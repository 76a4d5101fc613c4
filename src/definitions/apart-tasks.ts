/** What is said to the thread of `apart.ts`, and what it answers. */
import type { SnapshotPlace } from './load.ts';
import type { Posted, PostedSections } from './posted/types.ts';
import type { TermAnswered, TermQuestion } from './terms/question.ts';
import type { Issue } from './types.ts';

export interface ApartData {
  place: SnapshotPlace;
  sections: ReadonlyMap<string, string>;
}

export type ApartTask =
  | { kind: 'compile'; posted: readonly Posted[] }
  /** A resource as text, numbers spelt as they came. */
  | { kind: 'validate'; text: string; profiles: string[] }
  | { kind: 'term'; question: TermQuestion }
  /** No answer: later tasks know these posted definitions. */
  | { kind: 'use'; sections: ReadonlyMap<string, string> };

export type ApartAnswer =
  | { kind: 'compile'; made: PostedSections }
  | { kind: 'validate'; issues: Issue[] }
  | { kind: 'term'; answered: TermAnswered };
