/** Token modifiers that ask the terminology: `:in`, `:not-in`, `:above`, `:below` become the codes they stand for. */
import { type Outcome, refuse } from '../fhir/outcome.ts';
import { splitEscaped, unescaped } from './parse-text.ts';
import type { ValueContext } from './parse-values.ts';
import type { SearchParam, SearchValue } from './types.ts';

/** Codes one value may stand for: each is a word that the index is asked for. */
export const MAX_CODES = 1_000;

/** The codes of a value set, or that they are more than can be searched for. */
export type ValueSetCodes = readonly { system: string; code: string }[] | 'too-many';

/**
 * The codes of a value set, or a code with those above or below it.
 * @throws Outcome 400 naming what is not known here or has too many codes
 */
export function termValues(param: SearchParam, text: string, context: ValueContext): SearchValue[] {
  const { modifier } = context;
  if (modifier === 'in' || modifier === 'not-in') return valueSetCodes(unescaped(text), context);
  return hierarchy(param, text, context, modifier === 'above' ? 'above' : 'below');
}

function valueSetCodes(url: string, context: ValueContext): SearchValue[] {
  const codes = context.valueSets?.get(url) ?? context.definitions.codesOfValueSet(url);
  if (codes === 'too-many') throw costly(context, `the value set ${url} has more than ${MAX_CODES} codes`);
  if (codes === null) throw unknown(context, `the value set ${url} is not known here or its codes cannot be listed`);
  if (codes.length > MAX_CODES) throw costly(context, `the value set ${url} has ${codes.length} codes`);
  return codes.map(({ system, code }) => ({ kind: 'token', system, code }));
}

function hierarchy(
  param: SearchParam,
  text: string,
  context: ValueContext,
  direction: 'above' | 'below',
): SearchValue[] {
  const parts = splitEscaped(text, '|').map(unescaped);
  const [system = '', code = ''] = parts.length === 1 ? [param.codeSystem, parts[0]] : parts;
  if (system === '' || code === '' || parts.length > 2) throw unknown(context, `:${direction} takes system|code`);
  const codes = context.definitions.relatedCodes(system, code, direction);
  if (codes === null)
    throw unknown(context, `the code ${code} of ${system} is not known here, nor what is ${direction} it`);
  if (codes.length > MAX_CODES) throw costly(context, `${codes.length} codes are ${direction} ${code} of ${system}`);
  return codes.map((one) => ({ kind: 'token', system, code: one }));
}

const unknown = (context: ValueContext, why: string): Outcome =>
  refuse(400, 'value', `Search parameter "${context.name}": ${why}`);

const costly = (context: ValueContext, why: string): Outcome =>
  refuse(400, 'too-costly', `Search parameter "${context.name}": ${why}; at most ${MAX_CODES} are searched for`);
