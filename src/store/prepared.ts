/** Names for statements that are planned once per connection, keyed by their text, bounded in number. */

/** Of pages of broad searches; each connection keeps a plan of some hundred kilobytes for each. */
const MAX_WALKS = 60;
const walks = new Map<string, string>();

/** Shapes of narrow searches are few (roles x types x criteria); beyond this many a statement is planned each time. */
const MAX_NAMES = 500;
const names = new Map<string, string>();

/** A statement name for this text, or null when enough are kept already. */
export const statementName = (text: string): string | null => nameIn(names, 'q', text);

/** The same for a page of a broad search. */
export const walkName = (text: string): string | null => nameIn(walks, 'w', text);

const MOST = { q: MAX_NAMES, w: MAX_WALKS } as const;

/** Names of the two kinds differ: a connection may have statements of both, and none may have two texts. */
function nameIn(kept: Map<string, string>, kind: keyof typeof MOST, text: string): string | null {
  const known = kept.get(text);
  if (known !== undefined) return known;
  if (kept.size >= MOST[kind]) return null;
  const name = `${kind}${kept.size}`;
  kept.set(text, name);
  return name;
}
