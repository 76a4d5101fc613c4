/** `GET AuditEvent?...`: the parameters that are supported, strictly (issue point 6); everything else is 400. */
import { type Outcome, refuse } from '../fhir/outcome.ts';
import { interactionsOf } from './kinds.ts';
import type { AuditQuery } from './types.ts';

/** Search parameters for the CapabilityStatement. */
export const AUDIT_PARAMS = [
  '_id',
  'action',
  'agent',
  'date',
  'entity',
  'outcome',
  'patient',
  'policy',
  'purpose',
  'subtype',
  'type',
] as const;

const DEFAULT_COUNT = 20;
const MAX_COUNT = 1_000;
const JTI = 'urn:ietf:params:oauth:jti:';
const DAY = 86_400_000;

/**
 * Reads the query string of an AuditEvent search. Values separated by commas are alternatives. `date` takes instants,
 * days, months or years (UTC unless a zone is given) with eq, ge, gt, le, lt. `agent` takes `PractitionerRole/id`, the
 * user's or client's id, or `issuer|id`. `_cursor` is the next page's place, `<seq>-<n>`, from the link only.
 * @throws Outcome 400 for a parameter, modifier or value that is not supported
 */
export function parseAuditQuery(raw: string): AuditQuery {
  const query: AuditQuery = {
    id: null,
    from: null,
    until: null,
    patient: [],
    agent: [],
    entity: [],
    action: [],
    outcome: [],
    purpose: [],
    policy: [],
    interactions: null,
    count: DEFAULT_COUNT,
    before: null,
    self: '',
  };
  const seen = new Set<string>();
  const self = new URLSearchParams();
  for (const [name, value] of new URLSearchParams(raw)) {
    if (value === '') throw bad(name, 'has no value');
    if (seen.has(name) && name !== 'date') throw bad(name, 'is given twice; use commas for alternatives');
    seen.add(name);
    const read = READERS[name];
    if (!read) throw bad(name, `is not supported; supported are ${[...AUDIT_PARAMS, '_count', '_sort'].join(', ')}`);
    read(query, value);
    if (name !== '_cursor') self.append(name, value);
  }
  query.self = self.toString();
  return query;
}

type Reader = (query: AuditQuery, value: string) => void;

const READERS: Readonly<Record<string, Reader>> = {
  _id: (query, value) => {
    // An id that cannot exist matches nothing, as on every other type.
    query.id = place(value) ?? { seq: 0, n: 0 };
  },
  _cursor: (query, value) => {
    query.before = place(value);
    if (!query.before) throw bad('_cursor', 'is not a place of ours');
  },
  _count: (query, value) => {
    if (!/^\d{1,6}$/.test(value)) throw bad('_count', 'is a whole number');
    query.count = Math.min(Number(value), MAX_COUNT);
  },
  _sort: (_, value) => {
    if (value !== '-date') throw bad('_sort', 'can only be -date: newest first');
  },
  date: readDate,
  patient: (query, value) => {
    query.patient = list(value).map((one) => reference('patient', one.includes('/') ? one : `Patient/${one}`));
  },
  agent: (query, value) => {
    query.agent = list(value).map((one) => one.slice(one.lastIndexOf('|') + 1));
  },
  entity: (query, value) => {
    query.entity = list(value).map((one) => reference('entity', one));
  },
  action: (query, value) => {
    query.action = tokens('action', value, /^[CRUDE]$/);
  },
  outcome: (query, value) => {
    query.outcome = tokens('outcome', value, /^(0|4|8|12)$/).map(Number);
  },
  purpose: (query, value) => {
    query.purpose = tokens('purpose', value, /^[A-Z]{2,20}$/);
  },
  policy: (query, value) => {
    query.policy = list(value).map((one) => (one.startsWith(JTI) ? one.slice(JTI.length) : one));
  },
  type: (query, value) => narrow(query, 'type', value),
  subtype: (query, value) => narrow(query, 'subtype', value),
};

function narrow(query: AuditQuery, part: 'type' | 'subtype', value: string): void {
  const found = list(value).flatMap((one) => interactionsOf(part, one));
  const before = query.interactions;
  query.interactions = before === null ? found : before.filter((one) => found.some((name) => name === one));
}

function readDate(query: AuditQuery, value: string): void {
  const prefix = /^(eq|ge|gt|le|lt)?(.+)$/.exec(value);
  const range = period(prefix?.[2] ?? '');
  if (!range) throw bad('date', 'is a date or instant, after eq, ge, gt, le or lt');
  const [low, high] = range;
  const from = { eq: low, ge: low, gt: high, le: null, lt: null }[prefix?.[1] ?? 'eq'] ?? null;
  const until = { eq: high, ge: null, gt: null, le: high, lt: low }[prefix?.[1] ?? 'eq'] ?? null;
  if (from && (query.from === null || from > query.from)) query.from = from;
  if (until && (query.until === null || until < query.until)) query.until = until;
}

/** `[low, high)` of a year, month, day, minute, second or millisecond, as ISO instants; null when it is none. */
function period(text: string): [string, string] | null {
  const match = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d:\d\d)(:\d\d)?(\.\d{1,3})?\d*(Z|[+-]\d\d:\d\d)?)?)?)?$/.exec(
    text,
  );
  if (!match) return null;
  const [, year = '', month, day, minute, second, fraction, zone = 'Z'] = match;
  const start = new Date(
    `${year}-${month ?? '01'}-${day ?? '01'}T${minute ?? '00:00'}${second ?? ':00'}${fraction ?? ''}${zone}`,
  );
  // 2026-02-30 would roll over into March.
  if (Number.isNaN(start.getTime()) || (day && new Date(`${year}-${month}-${day}`).getUTCDate() !== Number(day)))
    return null;
  const end = new Date(start);
  if (!month) end.setUTCFullYear(end.getUTCFullYear() + 1);
  else if (!day) end.setUTCMonth(end.getUTCMonth() + 1);
  else end.setTime(end.getTime() + (minute ? (second ? (fraction ? 1 : 1_000) : 60_000) : DAY));
  return [start.toISOString(), end.toISOString()];
}

function place(value: string): { seq: number; n: number } | null {
  const match = /^([1-9]\d{0,14})-([1-9]\d{0,5})$/.exec(value);
  return match ? { seq: Number(match[1]), n: Number(match[2]) } : null;
}

function reference(name: string, value: string): string {
  if (!/^[A-Z][A-Za-z]{1,63}\/[A-Za-z0-9.-]{1,64}(\/_history\/\d{1,9})?$/.test(value)) {
    throw bad(name, 'is a reference, Type/id');
  }
  return value;
}

/** Codes without their system: each of these elements has one. */
function tokens(name: string, value: string, allowed: RegExp): string[] {
  return list(value).map((one) => {
    const code = one.slice(one.lastIndexOf('|') + 1);
    if (!allowed.test(code)) throw bad(name, 'has a code that does not exist');
    return code;
  });
}

function list(value: string): string[] {
  return value.split(',').filter((one) => one !== '');
}

function bad(name: string, why: string): Outcome {
  const shown = /^[A-Za-z0-9_:.-]{1,64}$/.test(name) ? name : 'A parameter';
  return refuse(400, 'not-supported', `AuditEvent search: ${shown} ${why}.`);
}
