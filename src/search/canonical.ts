/**
 * References by canonical URL (R4 references.html#canonical): one with `|version` names that version of a definition, one
 * without names every version that is held. All is read from the words of the index: a canonical is stored with and
 * without its version (words.ts), a definition by its url and version.
 */
import { wordPrefix } from './words.ts';

/** Where the words of a canonical and of a definition stand. */
export interface CanonicalWords {
  /** The beginning of the words that hold the canonical. */
  from: string;
  /** Of the definition's url and version. */
  url: string;
  version: string;
}

/** The beginnings for a parameter of `source` that names definitions of `target`. */
export function canonicalWords(source: string, code: string, target: string): CanonicalWords {
  return { from: wordPrefix(source, code), url: wordPrefix(target, 'url'), version: wordPrefix(target, 'version') };
}

/** `url|version` and `url` of each canonical a row holds; the word without version of one that has a version is left out. */
export function canonicalsOf(tokens: readonly string[], from: string): string[] {
  const held = tokens.filter((word) => word.startsWith(from)).map((word) => word.slice(from.length));
  return held.filter((text) => text.includes('|') || !held.some((other) => other.startsWith(`${text}|`)));
}

/** True when a row with these words names the definition with those. */
export function names(source: readonly string[], target: readonly string[], words: CanonicalWords): boolean {
  const versions = target.filter((word) => word.startsWith(words.version)).map((w) => w.slice(words.version.length));
  return canonicalsOf(source, words.from).some((canonical) => {
    const bar = canonical.indexOf('|');
    if (bar < 0) return target.includes(words.url + canonical);
    return target.includes(words.url + canonical.slice(0, bar)) && versions.includes(canonical.slice(bar + 1));
  });
}
