/** Text of the search grammar: lists, parts, escapes (FHIR R4 search, "Escaping Search Parameters"). */

/** Splits at unescaped separators; the parts keep their escapes. */
export function splitEscaped(text: string, separator: ',' | '|' | '$'): string[] {
  if (!text.includes(separator)) return [text];
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '\\') at++;
    else if (char === separator) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

/** `\,` `\|` `\$` `\\` become the character; any other backslash is itself (H16: punctuation is literal). */
export function unescaped(text: string): string {
  return text.includes('\\') ? text.replace(/\\([,|$\\])/g, '$1') : text;
}

/** One name or value of a self link: encoded, but readable where a URL allows it. */
export function encoded(text: string): string {
  return encodeURIComponent(text).replace(/%(2C|3A|2F)/g, (code) => decodeURIComponent(code));
}
