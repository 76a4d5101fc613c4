/**
 * A search of the access record: the Query tree that every search is, over the AuditEvents as they are shown. Links and
 * columns find the rows, memory decides which of their events match.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import type { Pool } from 'pg';
import { auditEvent, eventCount } from '../audit/balp.ts';
import { auditEntry } from '../audit/entry.ts';
import type { AuditEntry, AuditNarrowed, AuditOrder, StoredAudit } from '../audit/types.ts';
import { refuse } from '../fhir/outcome.ts';
import { isObject } from '../fhir/resource.ts';
import type { Resource } from '../fhir/types.ts';
import { criteriaOf } from '../search/clauses.ts';
import type { Indexer } from '../search/extract.ts';
import { matches } from '../search/match-clauses.ts';
import { type Clause, type IndexValues, isCriterion, type Query } from '../search/types.ts';
import { wordPrefix } from '../search/words.ts';
import { readAudit, walkAudit } from '../store/audit-query.ts';
import { narrowedTo } from './audit-narrow.ts';
import type { Closed } from './interests.ts';

/** Place of one event, and where the trail ended when its search began. */
export interface AuditPlace {
  seq: number;
  n: number;
  head: number;
}

export interface AuditAsk {
  query: Query;
  /** Public base URL of the service. */
  server: string;
  indexer: Indexer;
  /** Rows of which the caller sees nothing are left out; what they can be found by narrows the search. */
  sees: { entry(entry: AuditEntry): boolean; narrowed: Pick<AuditNarrowed, 'links' | 'columns'> } | null;
  /** Numbers of rows that are a colleague's to look at; null = none can be. */
  closed: Closed | null;
  /** The event behind which the page begins; null = first page. */
  after: AuditPlace | null;
  /** The end of the trail. */
  head: number;
}

export interface AuditPage {
  events: Resource[];
  /** Place of the last event when more may follow. */
  next: AuditPlace | null;
  /** Events that match, when asked for; null when not, or above the ceiling. */
  total: number | null;
}

/** Events counted for a total, at most (as for every other type). */
const MAX_TOTAL = 10_000;
/** Rows rendered and compared for one answer: a tenth of a millisecond each, more on a busy machine. */
const MAX_LOOKED = 10_000;
const CHUNK = 500;
const NONE: ReadonlySet<number> = new Set();

/**
 * One page.
 * @throws Outcome 400 for parts of a search that speak of other resources, 400 too-costly
 */
export async function findAudit(pool: Pool, ask: AuditAsk): Promise<AuditPage> {
  const { query } = ask;
  refuseElsewhere(query);
  const order = orderOf(query);
  const counting = query.total !== 'none' && ask.after === null;
  const limit = counting ? MAX_TOTAL + 1 : query.count + 1;
  const events: Resource[] = [];
  let count = 0;
  let last: AuditPlace | null = null;
  for await (const { row, n, event } of matching(pool, ask, order)) {
    count += 1;
    if (events.length < query.count) {
      events.push(event);
      last = { seq: row.seq, n, head: ask.head };
    }
    if (count === limit) break;
  }
  if (query.total === 'accurate' && counting && count > MAX_TOTAL) {
    throw costly(`more than ${MAX_TOTAL} events match and are not counted`);
  }
  return {
    events,
    next: count > events.length && events.length > 0 ? last : null,
    total: counting && count <= MAX_TOTAL ? count : null,
  };
}

interface Found {
  row: StoredAudit;
  n: number;
  event: Resource;
}

async function* matching(pool: Pool, ask: AuditAsk, order: AuditOrder): AsyncGenerator<Found> {
  const narrowed = narrowedOf(ask);
  if (narrowed.links.some((words) => words.length === 0)) return;
  let from = await startOf(pool, ask.after);
  let looked = 0;
  for (let size = Math.min(ask.query.count + 2, CHUNK); ; size = CHUNK) {
    const rows = await walkAudit(pool, { narrowed, order, from, head: ask.head, limit: size });
    const closed = (await ask.closed?.(rows)) ?? NONE;
    for (const [at, row] of rows.entries()) {
      if (closed.has(row.seq)) continue;
      // The row a walk goes on from was looked at already, but for events behind the page's last one.
      const first = row.seq !== from?.seq ? 1 : looked === 0 && ask.after !== null ? ask.after.n + 1 : Infinity;
      for (const n of numbers(ask, row, first)) {
        const event = auditEvent(row, n, { server: ask.server });
        if (matches(ask.query, event, valuesOf(event, ask.indexer))) yield { row, n, event };
      }
      if (at % 100 === 99) await breathe();
    }
    looked += rows.length;
    if (rows.length < size) return;
    if (looked > MAX_LOOKED) throw costly('name a patient, an agent, an entity or a span of dates');
    from = rows.at(-1) ?? null;
  }
}

/** Index values of an event; an entity is found by its version too. */
export function valuesOf(event: Resource, indexer: Indexer): IndexValues {
  const values = indexer.indexOf(event);
  const entities = Array.isArray(event.entity) ? event.entity : [];
  for (const entity of entities) {
    const what = isObject(entity) ? entity.what : null;
    const reference = isObject(what) ? what.reference : null;
    if (typeof reference !== 'string' || !reference.includes('/_history/')) continue;
    values.tokens.push(wordPrefix('AuditEvent', 'entity') + reference);
    if (reference.startsWith('Patient/')) values.tokens.push(wordPrefix('AuditEvent', 'patient') + reference);
  }
  return values;
}

/** The numbers of a row's events that the caller may see, from the first that is asked for. */
function numbers({ sees }: AuditAsk, row: StoredAudit, first: number): number[] {
  if (sees !== null && !sees.entry(auditEntry(row))) return [];
  const all = Array.from({ length: eventCount(row) }, (_, i) => i + 1);
  return all.filter((n) => n >= first);
}

function narrowedOf({ query, indexer, sees }: AuditAsk): AuditNarrowed {
  const narrowed = narrowedTo(query.where, indexer);
  if (sees === null) return narrowed;
  narrowed.links.push(...sees.narrowed.links);
  const { outcome } = sees.narrowed.columns;
  const asked = narrowed.columns.outcome;
  if (outcome !== undefined)
    narrowed.columns.outcome = asked === undefined ? outcome : asked.filter((one) => outcome.includes(one));
  return narrowed;
}

async function startOf(pool: Pool, after: AuditPlace | null): Promise<StoredAudit | null> {
  if (after === null) return null;
  const row = await readAudit(pool, after.seq);
  if (row === null) throw refuse(400, 'value', 'AuditEvent search: this page link is not one of ours');
  return row;
}

/** Sorted by the sequence when nothing is said: newest first. */
function orderOf({ sort }: Query): AuditOrder {
  const [key, ...more] = sort;
  if (key === undefined) return 'newest';
  if (more.length > 0 || typeof key.param === 'string' || key.param.code !== 'date') {
    throw refuse(400, 'not-supported', 'AuditEvent search: _sort takes date or -date');
  }
  return key.descending ? '-date' : 'date';
}

/** Text that an audit record has none of, and the instant it was last changed: it never is. */
const NOT_HELD: ReadonlySet<string> = new Set(['_text', '_content', '_lastUpdated']);

/** The access record names people and records; asking on about those would tell of them without their rules. */
function refuseElsewhere(query: Query): void {
  if (query.include.length + query.revinclude.length > 0 || leavesIt(query.where)) {
    throw refuse(
      400,
      'not-supported',
      'AuditEvent search: no includes, chains or lists; the access record is searched on its own',
    );
  }
  const param = criteriaOf(query.where).find((criterion) => NOT_HELD.has(criterion.param.code))?.param;
  if (param !== undefined)
    throw refuse(400, 'not-supported', `AuditEvent search: ${param.code} is not supported; ask date`);
}

function leavesIt(clauses: readonly Clause[]): boolean {
  return clauses.some((clause) => {
    if (isCriterion(clause)) return false;
    return clause.op === 'chain' || clause.op === 'has' || leavesIt(clause.clauses);
  });
}

const costly = (why: string): Error => refuse(400, 'too-costly', `AuditEvent search: this costs too much: ${why}`);
