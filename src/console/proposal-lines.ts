/** What a proposal would do, in lines a person can check before she confirms: every element, nothing summed up. */
import { isObject } from '../fhir/resource.ts';
import type { Json, JsonObject } from '../fhir/types.ts';

export interface ProposalLine {
  what: string;
  value: string;
}

/** Longest value on the page; a longer one says that it goes on. */
const LONGEST = 300;

/** The lines of a proposal's body (JSON). */
export function linesOf(kind: string, body: string): ProposalLine[] {
  const root: unknown = JSON.parse(body);
  if (!isObject(root)) return [];
  const { changes } = root;
  if (kind !== 'import' || !Array.isArray(changes)) return flatLines(root);
  return changes.filter(isObject).flatMap((change) => {
    const what = `${String(change.action)}: ${String(change.name)}`;
    const fields = Array.isArray(change.fields) ? change.fields.filter(isObject) : [];
    return fields.map(({ path, before, after }) => ({
      what: `${what}, ${String(path)}`,
      value: short(before === null ? String(after ?? '') : `${String(before)} → ${String(after ?? 'removed')}`),
    }));
  });
}

/** Every element of a resource. */
export function flatLines(value: JsonObject): ProposalLine[] {
  return flat(value, '');
}

function flat(value: Json | undefined, path: string): ProposalLine[] {
  if (Array.isArray(value))
    return value.flatMap((one, i) => flat(one, value.length === 1 ? path : `${path}[${i + 1}]`));
  if (isObject(value))
    return Object.entries(value).flatMap(([name, one]) => flat(one, path === '' ? name : `${path}.${name}`));
  return value === undefined || value === null ? [] : [{ what: path, value: short(String(value)) }];
}

function short(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}… (goes on)` : text;
}
