/** Names for statements that are planned once per connection, keyed by their text, bounded in number. */

/** Shapes of narrow searches are few (roles x types x criteria); beyond this many a statement is planned each time. */
const MAX_NAMES = 500;
const names = new Map<string, string>();

/** A statement name for this text, or null when enough are kept already. */
export function statementName(text: string): string | null {
  const known = names.get(text);
  if (known !== undefined) return known;
  if (names.size >= MAX_NAMES) return null;
  const name = `q${names.size}`;
  names.set(text, name);
  return name;
}
