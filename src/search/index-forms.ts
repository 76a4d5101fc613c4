/**
 * What the index of a type holds, as hashes: rows written under another hash must be indexed again before a parameter is
 * answered (store/index-state.ts). One hash for each parameter, and for what some
 * modifiers ask of it besides.
 */
import { createHash } from 'node:crypto';
import type { Definitions } from '../definitions/types.ts';
import { ROW_PARAMS, searchableParams, TEXT_PARAMS } from './params.ts';
import type { ParamType, SearchParam } from './types.ts';

/** Raised by one whenever what is stored for the type's values changes. */
const FORM: Record<ParamType, number> = {
  token: 1,
  reference: 1,
  date: 1,
  string: 1,
  uri: 1,
  number: 1,
  quantity: 1,
  composite: 1,
  special: 1,
};
const TEXT_FORM = 1;
const OF_TYPE_FORM = 1;
/** References in words alone count as present since this form. */
const MISSING_FORM = 1;

/** `code`, `code:text`, `code:of-type` or `code:missing` -> hash. */
export type IndexForms = Readonly<Record<string, string>>;

const known = new WeakMap<Definitions, Map<string, IndexForms>>();

/** What this process stores for rows of a type. */
export function indexForms(definitions: Definitions, type: string): IndexForms {
  const byType = known.get(definitions) ?? new Map<string, IndexForms>();
  known.set(definitions, byType);
  const forms = byType.get(type) ?? madeForms(definitions, type);
  byType.set(type, forms);
  return forms;
}

function madeForms(definitions: Definitions, type: string): IndexForms {
  const forms: Record<string, string> = {};
  for (const param of searchableParams(definitions, type).values()) {
    if (ROW_PARAMS.has(param.code) || TEXT_PARAMS.has(param.code)) continue;
    forms[param.code] = hashOf(param, FORM[param.type]);
    if (param.type === 'reference') forms[`${param.code}:missing`] = hashOf(param, MISSING_FORM);
    if (param.type === 'token') {
      forms[`${param.code}:text`] = hashOf(param, TEXT_FORM);
      forms[`${param.code}:of-type`] = hashOf(param, OF_TYPE_FORM);
    }
  }
  return forms;
}

function hashOf({ code, type, expression, parts, composite }: SearchParam, form: number): string {
  // What others store for it (`parts` of no string) changes nothing of what is stored for those.
  const own = type === 'string' ? parts : undefined;
  const text = JSON.stringify([code, type, expression, own, composite, form], (key, value) =>
    key === 'wholeParts' ? undefined : value,
  );
  return createHash('sha256').update(text).digest('base64url').slice(0, 12);
}

/** Hash over all definitions and forms: equal means that nothing has to be looked at. */
export function formsVersion(definitions: Definitions): string {
  return `${definitions.version} ${JSON.stringify([FORM, TEXT_FORM, OF_TYPE_FORM, MISSING_FORM])}`;
}

/** Stores from before these states were kept had these kinds of values and no others. */
const OLD_KINDS: ReadonlySet<ParamType> = new Set(['token', 'reference', 'date', 'string', 'uri']);

/**
 * Aspects of a type that must not be answered yet: those whose rows were indexed otherwise, or not at all. `made` is what
 * all rows were indexed with; null for stores of before.
 */
export function pendingForms(definitions: Definitions, type: string, made: IndexForms | null): string[] {
  const wanted = Object.entries(indexForms(definitions, type));
  if (made !== null) return wanted.filter(([aspect, hash]) => made[aspect] !== hash).map(([aspect]) => aspect);
  const params = searchableParams(definitions, type);
  return wanted
    .map(([aspect]) => aspect)
    .filter((aspect) => aspect.includes(':') || !OLD_KINDS.has(params.get(aspect)?.type ?? 'special'));
}
