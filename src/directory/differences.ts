/** What an import would change, element by element, and whether it only narrows. Pure. */
import { isObject } from '../fhir/resource.ts';
import type { Json, Resource } from '../fhir/types.ts';
import { endOf } from '../governance/instants.ts';

export interface FieldChange {
  /** Path of the element, places of lists counted from 1. */
  path: string;
  before: string | null;
  after: string | null;
}

export type ChangeAction = 'added' | 'changed' | 'ended' | 'unchanged';

const SKIPPED = new Set(['id', 'meta', 'resourceType', 'text']);
const OVER: readonly unknown[] = ['inactive', 'suspended', 'entered-in-error', 'cancelled'];

/** Elements that differ, in the order of the later version, then what is gone. */
export function fieldsOf(before: Resource | null, after: Resource): FieldChange[] {
  const [old, fresh] = [flat(before), flat(after)];
  const changed = [...fresh].flatMap(([path, value]) => {
    const was = old.get(path) ?? null;
    return was === value ? [] : [{ path, before: was, after: value }];
  });
  const gone = [...old].filter(([path]) => !fresh.has(path)).map(([path, was]) => ({ path, before: was, after: null }));
  return [...changed, ...gone];
}

export function actionOf(before: Resource | null, after: Resource, now: Date): ChangeAction {
  if (before === null) return 'added';
  if (fieldsOf(before, after).length === 0) return 'unchanged';
  return isLive(before, now) && !isLive(after, now) ? 'ended' : 'changed';
}

/** Whether a directory resource means anything now or later. */
export function isLive(resource: Resource, now: Date): boolean {
  const { active, status, period } = resource;
  if (active === false || OVER.includes(status)) return false;
  const end = isObject(period) && typeof period.end === 'string' ? endOf(period.end) : null;
  return end === null || end > now.toISOString();
}

/** True when every difference ends something or ends it sooner: then nobody sees more than before. */
export function onlyNarrows(before: Resource | null, after: Resource): boolean {
  return before !== null && fieldsOf(before, after).every(narrows);
}

function narrows({ path, before, after }: FieldChange): boolean {
  if (path === 'active') return after === 'false';
  if (path === 'status') return OVER.includes(after);
  if (path === 'period.end' || /^participant\[\d+\]\.period\.end$/.test(path))
    return after !== null && (before === null || sooner(after, before));
  return false;
}

function sooner(after: string, before: string): boolean {
  const [now, then] = [endOf(after), endOf(before)];
  return now !== null && then !== null && now < then;
}

function flat(resource: Resource | null): Map<string, string> {
  const found = new Map<string, string>();
  if (resource === null) return found;
  for (const [name, value] of Object.entries(resource)) if (!SKIPPED.has(name)) spread(found, name, value);
  return found;
}

function spread(found: Map<string, string>, path: string, value: Json | undefined): void {
  if (Array.isArray(value)) for (const [i, one] of value.entries()) spread(found, `${path}[${i + 1}]`, one);
  else if (isObject(value)) for (const [name, one] of Object.entries(value)) spread(found, `${path}.${name}`, one);
  else if (value !== undefined && value !== null) found.set(path, String(value));
}
