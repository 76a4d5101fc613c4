/** Values of one criterion, by parameter type. Every refusal names the parameter as it was written. */

import type { Outcome } from '../fhir/outcome.ts';
import { refuse } from '../fhir/outcome.ts';
import { parseReference } from '../fhir/references.ts';
import { searchDate } from './date-values.ts';
import { fold } from './fold.ts';
import { splitEscaped, unescaped } from './parse-text.ts';
import type { Criterion, Prefix, SearchParam, SearchValue } from './types.ts';
import { withoutVersion } from './values.ts';

export interface ValueContext {
  /** The parameter as written, for diagnostics. */
  name: string;
  modifier: string | null;
  bases: readonly string[];
  resourceTypes: readonly string[];
  /** Request time, for `ap`. */
  now: Date;
}

const PREFIX = /^(eq|ne|lt|gt|le|ge|sa|eb|ap)(?=[0-9])/;
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
      return [tokenValue(text, context)];
    case 'reference':
      return referenceValues(param, unescaped(text), context);
    case 'date':
      return [dateValue(text, context)];
    case 'uri':
      return [{ kind: 'uri', uri: unescaped(text) }];
    default:
      return [stringValue(unescaped(text), context)];
  }
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
    const local: SearchValue = { kind: 'reference', type: parsed.type, id: parsed.id, url: null };
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
  return param.targets.length > 0 ? param.targets : context.resourceTypes;
}
