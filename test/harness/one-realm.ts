/**
 * Jest's `structuredClone` makes objects of Node's own realm, not the test's, and oidc-provider does not take those for
 * plain objects. Here plain objects and lists are copied within the realm; everything else as before.
 */
const outer = globalThis.structuredClone;

function clone(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clone);
  const isPlain = typeof value === 'object' && value !== null && value.constructor === Object;
  return isPlain ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, clone(one)])) : outer(value);
}

globalThis.structuredClone = clone as typeof outer;
