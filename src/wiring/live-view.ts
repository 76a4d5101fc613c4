/** Definitions that change while the service runs, as one object: every question goes to those in use at that moment. */
import type { Definitions } from '../definitions/types.ts';

/** @param now the definitions in use */
export function liveView(now: () => Definitions): Definitions {
  const fixed = now();
  return {
    ...fixed,
    get version() {
      return now().version;
    },
    // by its own identity: what is compiled with it is compiled again when other definitions are in use
    get elementOf() {
      return now().elementOf;
    },
    searchParams: (type) => now().searchParams(type),
    validate: (resource, options) => now().validate(resource, options),
    validateSoon: (resource, options) => now().validateSoon(resource, options),
    terms: {
      find: (type, canonical) => now().terms.find(type, canonical),
      conceptMaps: () => now().terms.conceptMaps(),
    },
    inValueSet: (valueSet, system, code) => now().inValueSet(valueSet, system, code),
    codesOfValueSet: (valueSet) => now().codesOfValueSet(valueSet),
    relatedCodes: (system, code, direction) => now().relatedCodes(system, code, direction),
  };
}
