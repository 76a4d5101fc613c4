/** Which modifiers a parameter takes, and what is left of them once its values are parsed (R4 search, "Modifiers"). */
import type { Definitions } from '../definitions/types.ts';
import { refuse } from '../fhir/outcome.ts';
import type { ParamType, SearchParam } from './types.ts';

const BY_TYPE: Record<ParamType, readonly string[]> = {
  token: ['missing', 'not', 'text', 'in', 'not-in', 'above', 'below', 'of-type'],
  string: ['missing', 'exact', 'contains'],
  reference: ['missing', 'identifier'],
  date: ['missing'],
  uri: ['missing', 'above', 'below'],
  number: ['missing'],
  quantity: ['missing'],
  // R4 defines none for composites; Location.near is a question, not a value.
  composite: [],
  special: [],
};

/** Modifiers of a parameter; `:[type]` of references comes besides. An id has neither texts nor a code system. */
function modifiersOf({ code, type }: SearchParam): readonly string[] {
  return code === '_id' ? ['missing', 'not'] : BY_TYPE[type];
}

/** Modifiers that only say how to find the values: afterwards it is a plain search for these, or for none of them. */
const RESOLVED: ReadonlyMap<string, string | null> = new Map([
  ['in', null],
  ['not-in', 'not'],
  ['above', null],
]);

/**
 * The modifier that is left to evaluate once the values are parsed. A type modifier has done its work; `:below` of uris is
 * a beginning.
 */
export function kindOf(param: SearchParam, modifier: string | null): string | null {
  if (modifier === null || !modifiersOf(param).includes(modifier)) return null;
  if (modifier === 'below') return param.type === 'uri' ? modifier : null;
  const resolved = RESOLVED.get(modifier);
  return resolved === undefined ? modifier : resolved;
}

/** @throws Outcome 400 when the parameter does not take the modifier; `name` is the parameter as written */
export function checkModifier(
  name: string,
  param: SearchParam,
  modifier: string | null,
  definitions: Definitions,
): void {
  if (modifier === null || modifiersOf(param).includes(modifier)) return;
  const isType = param.type === 'reference' && definitions.isResourceType(modifier);
  if (isType) {
    if (param.targets.length === 0 || param.targets.includes(modifier)) return;
    throw refuse(400, 'value', `Search parameter "${name}": ${param.code} never refers to ${modifier}`);
  }
  const known = [...modifiersOf(param).map((item) => `:${item}`), ...(param.type === 'reference' ? [':[type]'] : [])];
  throw refuse(
    400,
    'not-supported',
    `Search parameter "${name}": modifier ":${modifier}" is not supported; supported for ${param.code}: ${known.join(', ') || 'none'}`,
  );
}
