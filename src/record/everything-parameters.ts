/** The parameters of $everything (R4 operation-patient-everything). */
import { dateRange } from '../fhir/dates.ts';
import { refuse } from '../fhir/outcome.ts';
import type { Door } from './types.ts';

export interface Everything {
  types: string[] | null;
  /** ISO instant: changed at or after. */
  since: string | null;
  /** Dates of care, low inclusive, high exclusive. */
  care: { low: string; high: string } | null;
  count: number;
  /** `token.offset` of a later page. */
  page: string | null;
}

const MAX_COUNT = 1_000;
const DEFAULT_COUNT = 200;
const EVER = '-infinity';
const FOREVER = 'infinity';

/** @throws Outcome 400 naming the parameter that is unknown or has no such value */
export function everythingParameters(door: Door, query: string): Everything {
  const asked: Everything = { types: null, since: null, care: null, count: DEFAULT_COUNT, page: null };
  for (const [name, value] of new URLSearchParams(query)) {
    if (name === '_count' && /^[1-9]\d{0,5}$/.test(value)) asked.count = Math.min(Number(value), MAX_COUNT);
    else if (name === '_since') asked.since = rangeOf(name, value).low;
    else if (name === 'start') asked.care = { high: FOREVER, ...asked.care, low: dayOf(name, value).low };
    else if (name === 'end') asked.care = { low: EVER, ...asked.care, high: dayOf(name, value).high };
    else if (name === '_page') asked.page = value;
    else if (name === '_type') asked.types = [...(asked.types ?? []), ...typesOf(door, value)];
    else if (name !== '_format' && name !== '_pretty') {
      throw refuse(
        400,
        'not-supported',
        `$everything does not take ${name.slice(0, 40)} with this value; it takes start, end, _since, _type and _count`,
      );
    }
  }
  return asked;
}

function rangeOf(name: string, value: string): { low: string; high: string } {
  const range = dateRange(value.replace(' ', '+'));
  if (range === null) throw refuse(400, 'value', `${name} must be an instant or date, e.g. 2026-03-23`);
  return range;
}

/** R4: `start` and `end` are dates, without a time. */
function dayOf(name: string, value: string): { low: string; high: string } {
  if (!/^\d{4}(?:-\d\d(?:-\d\d)?)?$/.test(value)) throw refuse(400, 'value', `${name} must be a date, e.g. 2026-03-23`);
  return rangeOf(name, value);
}

function typesOf(door: Door, value: string): string[] {
  const types = value.split(',');
  const unknown = types.find((type) => !door.definitions.isResourceType(type));
  if (unknown !== undefined)
    throw refuse(400, 'value', `_type names ${unknown.slice(0, 40)}, which is not a resource type`);
  return types;
}
