/** Values of one criterion, by parameter type. Every refusal names the parameter as it was written. */

import type { Definitions } from '../definitions/types.ts';
import type { Outcome } from '../fhir/outcome.ts';
import { refuse } from '../fhir/outcome.ts';
import { parseReference } from '../fhir/references.ts';
import { searchDate } from './date-values.ts';
import { fold } from './fold.ts';
import { searchPlace } from './near.ts';
import { searchNumber } from './number-values.ts';
import { TEXT_PARAMS } from './params.ts';
import { termValues, type ValueSetCodes } from './parse-terms.ts';
import { splitEscaped, unescaped } from './parse-text.ts';
import { textQuery } from './text-query.ts';
import type { Composite, Criterion, Prefix, SearchParam, SearchValue, UnitTest } from './types.ts';
import { withoutVersion } from './values.ts';

export interface ValueContext {
  /** The parameter as written, for diagnostics. */
  name: string;
  modifier: string | null;
  bases: readonly string[];
  definitions: Definitions;
  /** Value sets listed beforehand, by the text that names them. */
  valueSets?: ReadonlyMap<string, ValueSetCodes> | undefined;
  /** Request time, for `ap`. */
  now: Date;
  /** Versions of references are kept. */
  versions?: true;
}

const PREFIX = /^(eq|ne|lt|gt|le|ge|sa|eb|ap)(?=[-+.0-9])/;
const MAX_ABOVE = 64;
const ID = /^[A-Za-z0-9\-.]{1,64}$/;

function bad(context: ValueContext, why: string): Outcome {
  return refuse(400, 'value', `Search parameter "${context.name}": ${why}`);
}

/** @throws Outcome 400 naming the parameter when a value does not fit its type */
export function parseValues(param: SearchParam, texts: readonly string[], context: ValueContext): Criterion['values'] {
  if (context.modifier === 'missing') return [missingValue(texts, context)];
  return texts.flatMap((text) => parseValue(param, text, context));
}

/**
 * `system|` on an element of type code: its values are all of the one implied system, so it asks whether there is a
 * value at all, and other values beside it add nothing.
 */
export function withImpliedSystem(criterion: Criterion): Criterion {
  const { param, modifier, values } = criterion;
  if (param.codeSystem === undefined || (modifier !== null && modifier !== 'not')) return criterion;
  const any = values.some(
    (value) => value.kind === 'token' && value.code === null && value.system === param.codeSystem,
  );
  if (!any) return criterion;
  const code = modifier === 'not' ? 'true' : 'false';
  return { ...criterion, modifier: 'missing', values: [{ kind: 'token', system: undefined, code }] };
}

function missingValue(texts: readonly string[], context: ValueContext): SearchValue {
  const [text] = texts;
  if (texts.length !== 1 || (text !== 'true' && text !== 'false')) throw bad(context, ':missing takes true or false');
  return { kind: 'token', system: undefined, code: text };
}

function parseValue(param: SearchParam, text: string, context: ValueContext): SearchValue[] {
  if (text === '') throw bad(context, 'a value is empty');
  if (context.modifier === 'identifier') return [tokenValue(text, context)];
  switch (param.type) {
    case 'token':
      return tokenValues(param, text, context);
    case 'number':
    case 'quantity':
      return [numberValue(param, text, context)];
    case 'composite':
      return [compositeValue(param.composite, text, context)];
    case 'special':
      return [TEXT_PARAMS.has(param.code) ? textValue(unescaped(text), context) : placeValue(text, context)];
    case 'reference':
      return referenceValues(param, unescaped(text), context);
    case 'date':
      return [dateValue(text, context)];
    case 'uri':
      return uriValues(unescaped(text), context);
    default:
      return [stringValue(unescaped(text), context)];
  }
}

function tokenValues(param: SearchParam, text: string, context: ValueContext): SearchValue[] {
  switch (context.modifier) {
    case 'text':
      return [stringValue(unescaped(text), context)];
    case 'of-type':
      return [typedValue(text, context)];
    case 'in':
    case 'not-in':
    case 'above':
    case 'below':
      return termValues(param, text, context);
    default:
      return [tokenValue(text, context)];
  }
}

/** `system|code|value`: all three must be given (R4 search, ":of-type"). */
function typedValue(text: string, context: ValueContext): SearchValue {
  const [system = '', code = '', value = '', ...more] = splitEscaped(text, '|').map(unescaped);
  if (system === '' || code === '' || value === '' || more.length > 0) {
    throw bad(context, ":of-type takes system|code|value, the coding of an identifier's type and its value");
  }
  return { kind: 'typed', system, code, value };
}

/** `[prefix]number`, for quantities also `[prefix]number|system|code` and `[prefix]number||unit`. */
function numberValue(param: SearchParam, text: string, context: ValueContext): SearchValue {
  const found = PREFIX.exec(text)?.[1];
  const prefix = isPrefix(found) ? found : 'eq';
  const parts = splitEscaped(found === undefined ? text : text.slice(2), '|').map(unescaped);
  if (parts.length !== 1 && (param.type === 'number' || parts.length !== 3)) {
    throw bad(context, param.type === 'number' ? 'not a number' : 'write number, number|system|code or number||unit');
  }
  // A "+" that URL decoding turned into a space.
  const ranges = searchNumber((parts[0] ?? '').replace(/^ |(?<=[eE]) /, '+'), prefix, unitTest(parts));
  if (ranges === null) throw bad(context, 'not a decimal number');
  return { kind: 'number', prefix, ranges };
}

function unitTest([, system = '', code = '']: readonly string[]): UnitTest | null {
  if (system === '') return code === '' ? null : { by: 'name', name: code };
  return code === '' ? { by: 'system', system } : { by: 'code', system, code };
}

/** `part$part`, each as a value of its own parameter. */
function compositeValue(composite: Composite | undefined, text: string, context: ValueContext): SearchValue {
  const parts = composite?.parts ?? [];
  const texts = splitEscaped(text, '$');
  if (texts.length !== parts.length) throw bad(context, `takes ${parts.length} values joined with "$"`);
  return { kind: 'composite', parts: parts.map(({ param }, at) => parseValue(param, texts[at] ?? '', context)) };
}

function textValue(text: string, context: ValueContext): SearchValue {
  const query = textQuery(text);
  if (query === null) {
    throw bad(context, 'takes at most 20 words or "phrases", joined with AND, OR, NOT and parentheses');
  }
  return { kind: 'text', query };
}

function placeValue(text: string, context: ValueContext): SearchValue {
  const place = searchPlace(splitEscaped(text, '|').map(unescaped));
  if (place === null) {
    throw bad(context, 'takes latitude|longitude|distance|units in degrees; units are km, m, [mi_i] or [mi_us]');
  }
  return place;
}

/** `:above` asks for the address itself and all that it lies below (R4 search, "uri"). */
function uriValues(uri: string, context: ValueContext): SearchValue[] {
  if (context.modifier !== 'above') return [{ kind: 'uri', uri }];
  const root = /^[a-z][a-z0-9+.-]*:\/\/[^/]*/i.exec(uri)?.[0];
  if (root === undefined) return [{ kind: 'uri', uri }];
  const above = new Set([uri]);
  for (let at = uri.length; at >= root.length; at = uri.lastIndexOf('/', at - 1)) {
    above.add(uri.slice(0, at));
    if (uri[at] === '/') above.add(uri.slice(0, at + 1));
  }
  if (above.size > MAX_ABOVE) throw bad(context, `:above takes at most ${MAX_ABOVE / 2} steps of a path`);
  return [...above].map((one) => ({ kind: 'uri', uri: one }));
}

/** `code`, `system|code`, `|code` (no system), `system|` (any code of the system). */
function tokenValue(text: string, context: ValueContext): SearchValue {
  const [first = '', second, ...more] = splitEscaped(text, '|').map(unescaped);
  if (second === undefined) return { kind: 'token', system: undefined, code: first };
  if (more.length > 0) throw bad(context, 'a value has more than one "|"; write a literal one as "\\|"');
  if (first === '' && second === '') throw bad(context, 'a value is empty');
  return { kind: 'token', system: first === '' ? null : first, code: second === '' ? null : second };
}

function stringValue(text: string, context: ValueContext): SearchValue {
  // Otherwise a lone accent or space would fold to nothing and match everything.
  if (fold(text) === '') throw bad(context, 'a value is blank');
  return { kind: 'string', text };
}

function dateValue(text: string, context: ValueContext): SearchValue {
  const prefix = PREFIX.exec(text)?.[1];
  const range = searchDate(prefix === undefined ? text : text.slice(2), prefix === 'ap' ? context.now : null);
  if (range === null) {
    throw bad(context, 'not a FHIR date; write YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm[:ss[.sss]] with a zone');
  }
  return { kind: 'date', prefix: isPrefix(prefix) ? prefix : 'eq', ...range };
}

function isPrefix(text: string | undefined): text is Prefix {
  return text !== undefined;
}

/** `Type/id`, a bare id (of any target type), an absolute URL, a urn or a canonical. Versions are dropped. */
function referenceValues(param: SearchParam, text: string, context: ValueContext): SearchValue[] {
  const typed = context.modifier;
  const parsed = parseReference(text, context.bases);
  if (parsed?.kind === 'local') {
    if (typed !== null && parsed.type !== typed) throw bad(context, `the value is not a reference to ${typed}`);
    const { type, id, version } = parsed;
    const kept = version !== null && context.versions === true ? { version } : {};
    const local: SearchValue = { kind: 'reference', type, id, url: null, ...kept };
    // Canonicals under our own base are stored as they are written.
    return text.includes('://') ? [local, { kind: 'reference', type: null, id: null, url: text }] : [local];
  }
  if (ID.test(text)) {
    const targets = typed === null ? targetTypes(param, context) : [typed];
    return targets.map((type) => ({ kind: 'reference', type, id: text, url: null }));
  }
  if (parsed?.kind === 'absolute')
    return [{ kind: 'reference', type: null, id: null, url: withoutVersion(parsed.url) }];
  if (typed === null && /^[a-z][a-z0-9+.-]*:\S+$/i.test(text)) {
    return [{ kind: 'reference', type: null, id: null, url: text }];
  }
  throw bad(context, 'not a reference; write Type/id, an id or an absolute URL');
}

function targetTypes(param: SearchParam, context: ValueContext): readonly string[] {
  return param.targets.length > 0 ? param.targets : context.definitions.resourceTypes;
}
