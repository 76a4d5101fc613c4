/** Which modifiers each parameter type takes. */
import type { Definitions } from '../definitions/types.ts';
import { refuse } from '../fhir/outcome.ts';
import type { ParamType, SearchParam } from './types.ts';

const MODIFIERS: Record<ParamType, readonly string[]> = {
  token: ['missing', 'not'],
  string: ['missing', 'exact', 'contains'],
  reference: ['missing', 'identifier'],
  date: ['missing'],
  uri: ['missing'],
  number: [],
  quantity: [],
  composite: [],
  special: [],
};

/** A type modifier has done its work once the values are parsed. */
export function kindOf(param: SearchParam, modifier: string | null): string | null {
  return modifier !== null && MODIFIERS[param.type].includes(modifier) ? modifier : null;
}

/** @throws Outcome 400 when the parameter does not take the modifier; `name` is the parameter as written */
export function checkModifier(
  name: string,
  param: SearchParam,
  modifier: string | null,
  definitions: Definitions,
): void {
  if (modifier === null || MODIFIERS[param.type].includes(modifier)) return;
  const isType = param.type === 'reference' && definitions.isResourceType(modifier);
  if (isType) {
    if (param.targets.length === 0 || param.targets.includes(modifier)) return;
    throw refuse(400, 'value', `Search parameter "${name}": ${param.code} never refers to ${modifier}`);
  }
  const known = [
    ...MODIFIERS[param.type].map((item) => `:${item}`),
    ...(param.type === 'reference' ? [':[type]'] : []),
  ];
  throw refuse(
    400,
    'not-supported',
    `Search parameter "${name}": modifier ":${modifier}" is not supported yet; supported for ${param.code}: ${known.join(', ')}`,
  );
}
