/** Code systems nobody can list, whose codes follow a grammar: languages, MIME types, currencies. */
const GRAMMARS: ReadonlyMap<string, RegExp> = new Map([
  // R4 itself writes `xml`, `json`, `ttl` and `mime` for MIME types
  ['urn:ietf:bcp:13', /^(?:xml|json|ttl|mime|[\w!#$&^.+-]+\/[\w!#$&^.+*-]+(?:\s*;.*)?)$/],
  ['urn:ietf:bcp:47', /^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$/],
  ['urn:iso:std:iso:4217', /^[A-Z]{3}$/],
]);

/** Whether a code is written as its system wants it; null when the system has no grammar here. */
export function fitsGrammar(system: string, code: string): boolean | null {
  return GRAMMARS.get(system)?.test(code) ?? null;
}
