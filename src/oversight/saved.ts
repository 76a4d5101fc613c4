/** An officer's saved questions (domain.md 6.7, feature 19). */
import type { Context, Door } from '../record/types.ts';
import { forgetQuestion, type SavedQuestion, savedQuestions, saveQuestion } from '../store/models/saved-questions.ts';
import { deskEntry, officerOf, onDesk } from './officer.ts';

export type { SavedQuestion } from '../store/models/saved-questions.ts';

/** Recorded with the page that shows them. @throws Outcome 403 */
export function mySavedQuestions(door: Door, context: Context): Promise<SavedQuestion[]> {
  const entry = deskEntry(context, 'questions-saved');
  return onDesk(door, context, entry, () => savedQuestions(door.pool, officerOf(context)));
}

export function keepQuestion(door: Door, context: Context, saved: SavedQuestion): Promise<void> {
  const entry = deskEntry(context, 'question-save');
  return onDesk(door, context, entry, async () => {
    await door.audit.write(entry);
    await saveQuestion(door.pool, officerOf(context), saved);
  });
}

export function dropQuestion(door: Door, context: Context, name: string): Promise<void> {
  const entry = deskEntry(context, 'question-forget');
  return onDesk(door, context, entry, async () => {
    await door.audit.write(entry);
    await forgetQuestion(door.pool, officerOf(context), name);
  });
}
