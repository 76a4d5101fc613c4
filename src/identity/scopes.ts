/** SMART v2 resource scopes (SMART App Launch 2.2): what a client asks for, cut down to what it is registered for. */

export interface ResourceScope {
  context: 'system' | 'user' | 'patient';
  /** Resource type, or `*`. */
  type: string;
  /** Letters of `cruds`, in that order. */
  letters: string;
  /** Search parameters behind `?`, or '' for all rows. */
  query: string;
}

const SCOPE = /^(system|user|patient)\/(\*|[A-Z][A-Za-z]{1,63})\.(c?r?u?d?s?)(?:\?([!#-[\]-~]{1,256}))?$/;
const CONTEXTS = { system: 'system', user: 'user', patient: 'patient' } as const;

/** Reads one scope, or null when it is not a v2 resource scope (v1 `.read`, `openid` and the rest are not offered). */
export function parseScope(text: string): ResourceScope | null {
  const match = SCOPE.exec(text);
  const [, context, type, letters, query = ''] = match ?? [];
  if (!type || !letters) return null;
  if (context !== 'system' && context !== 'user' && context !== 'patient') return null;
  return { context: CONTEXTS[context], type, letters, query };
}

function print(scope: ResourceScope): string {
  return `${scope.context}/${scope.type}.${scope.letters}${scope.query === '' ? '' : `?${scope.query}`}`;
}

/** What both allow, or null. Two different queries have no overlap that could be named, so they give nothing. */
function meet(asked: ResourceScope, held: ResourceScope): ResourceScope | null {
  if (asked.context !== held.context) return null;
  if (asked.type !== held.type && asked.type !== '*' && held.type !== '*') return null;
  if (asked.query !== '' && held.query !== '' && asked.query !== held.query) return null;
  const letters = [...asked.letters].filter((letter) => held.letters.includes(letter)).join('');
  if (letters === '') return null;
  return { ...asked, type: asked.type === '*' ? held.type : asked.type, letters, query: asked.query || held.query };
}

/**
 * The scopes granted: every asked scope (a space separated list) met with every registered one, each once, in the order
 * asked. Empty when nothing is left. Scopes only cap; the rules decide.
 */
export function grantScopes(asked: string, registered: readonly string[]): string[] {
  const held = registered.flatMap((text) => parseScope(text) ?? []);
  const granted = new Set<string>();
  for (const text of asked.split(' ').slice(0, 100)) {
    const scope = parseScope(text);
    if (!scope) continue;
    for (const other of held) {
      const both = meet(scope, other);
      if (both) granted.add(print(both));
    }
  }
  return [...granted];
}
