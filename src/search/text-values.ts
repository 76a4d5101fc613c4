/** `:text` of tokens: the folded texts of codes, searched from the beginning of any of their words. */
import { fold } from './fold.ts';

/** What may stand before a word. */
export const BEFORE_WORD = [' ', '-', '(', '/', '['] as const;

/** True when a text with this prefix has a word that begins as asked; store/criterion-sql.ts says the same in SQL. */
export function textHolds(texts: readonly string[], prefix: string, asked: string): boolean {
  const folded = fold(asked);
  return texts.some((text) => {
    if (!text.startsWith(prefix)) return false;
    const held = text.slice(prefix.length);
    return BEFORE_WORD.some((before) => held.includes(before + folded));
  });
}
