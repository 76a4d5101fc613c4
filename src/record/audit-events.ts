/**
 * The access record as IHE BALP AuditEvents, to those who may see it (R-26, domain.md 5.3 "audit"): officers all of it,
 * staff what they did themselves. The look itself is audited (Q12), once: looking at looks adds one record each.
 */

import { auditEvent } from '../audit/balp.ts';
import { type AnswerEntry, bundleText } from '../fhir/bundle-text.ts';
import { type OutcomeIssue, operationOutcome, refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Decision } from '../governance/decision-types.ts';
import { gate } from '../governance/gates.ts';
import { cellOf } from '../governance/role-views.ts';
import type { Action } from '../governance/types.ts';
import { parseSearch } from '../search/parse.ts';
import type { Query } from '../search/types.ts';
import { readAudit } from '../store/audit-query.ts';
import { bounded } from '../store/bounded.ts';
import { chainHead, sealDurable } from '../store/seal.ts';
import { inTurn } from '../store/turns.ts';
import { type AuditAsk, type AuditPage, type AuditPlace, findAudit } from './audit-search.ts';
import { ask } from './decide.ts';
import { entryOf } from './entry.ts';
import { closedTo, OWN_INTEREST, requireNoInterest } from './interests.ts';
import { subset } from './minimise.ts';
import { audited, notFound, refused } from './refusal.ts';
import { callerKey, MAX_COUNT, peopleAsked } from './search.ts';
import type { Context, Door } from './types.ts';

const ID = /^([1-9]\d{0,15})-([1-9]\d{0,5})$/;

export interface AuditRequest {
  /** Raw text after `?`, or a form body. */
  query: string;
  lenient: boolean;
}

/** AuditEvent?..., newest first unless sorted otherwise. `_cursor` is the place of a page, from its link only. */
export function searchAuditEvents(door: Door, context: Context, request: AuditRequest): Promise<string> {
  const raw = new URLSearchParams(request.query);
  const cursor = raw.get(CURSOR);
  raw.delete(CURSOR);
  const entry = {
    ...entryOf(context, 'search-type'),
    entities: ['AuditEvent'],
    patients: peopleAsked(raw.toString()),
    query: door.auditQuery(request.query, context.requestId),
  };
  return audited(door, entry, async () => {
    const view = viewOf(door, context, 'search');
    if ('permit' in view) throw await refused(door, entry, view);
    if (view.own === null) await requireNoInterest(door, context, entry);
    const after = cursor === null ? null : placeOf(cursor);
    const { query, warnings } = parseSearch('AuditEvent', cursor === null ? request.query : raw, {
      definitions: door.definitions,
      bases: [door.base],
      lenient: request.lenient,
      maxCount: MAX_COUNT,
      versions: true,
      now: context.now,
    });
    if (after === null) await sealDurable(door.pool);
    const head = after?.head ?? (await chainHead(door.pool))?.seq ?? 0;
    const sees = sightOf(view.own);
    const closed = view.own === null ? await closedTo(door, context) : null;
    const ask = { query, after, head, indexer: door.indexer, server: serverOf(door), sees, closed };
    const page = await inTurn(callerKey(context), () => bounded(() => findAudit(door.broadPool, ask)));
    await door.audit.write({ ...entry, query: { ...entry.query, count: page.events.length } });
    return auditBundle(door, context, { query, page, warnings, raw });
  });
}

interface Answer {
  query: Query;
  page: AuditPage;
  warnings: readonly OutcomeIssue[];
  raw: URLSearchParams;
}

function auditBundle(door: Door, context: Context, { query, page, warnings, raw }: Answer): string {
  const url = `${door.base}/AuditEvent`;
  const entries: AnswerEntry[] = page.events.map((event) => ({
    fullUrl: `${url}/${event.id}`,
    resourceText: subset(door, query, JSON.stringify(event)),
    search: { mode: 'match' },
  }));
  if (warnings.length > 0) {
    entries.push({ resourceText: JSON.stringify(operationOutcome(warnings)), search: { mode: 'outcome' } });
  }
  const { next, total } = page;
  if (next !== null) raw.set(CURSOR, `${next.seq}-${next.n}-${next.head}`);
  return bundleText({
    type: 'searchset',
    timestamp: context.now.toISOString(),
    ...(total === null ? {} : { total }),
    links: [
      { relation: 'self', url: query.self === '' ? url : `${url}?${query.self}` },
      ...(next === null ? [] : [{ relation: 'next', url: `${url}?${raw}` }]),
    ],
    entries,
  });
}

const CURSOR = '_cursor';

function placeOf(cursor: string): AuditPlace {
  const [, seq, n, head] = /^([1-9]\d{0,14})-([1-9]\d{0,5})-([1-9]\d{0,14})$/.exec(cursor) ?? [];
  if (head === undefined) throw refuse(400, 'value', 'AuditEvent search: this page link is not one of ours');
  return { seq: Number(seq), n: Number(n), head: Number(head) };
}

/** AuditEvent/[seq]-[n]. */
export function readAuditEvent(door: Door, context: Context, id: string): Promise<string> {
  const entry = { ...entryOf(context, 'read'), entities: [`AuditEvent/${id}`] };
  return audited(door, entry, async () => {
    const view = viewOf(door, context, 'read');
    if ('permit' in view) throw await refused(door, entry, view);
    const [, seq = '', n = ''] = ID.exec(id) ?? [];
    if (seq === '') throw await notFound(door, entry);
    await sealDurable(door.pool);
    const row = await readAudit(door.pool, Number(seq));
    if (row === null || Number(n) > Math.max(1, row.patients.length)) throw await notFound(door, entry);
    // As an unknown id: a refusal would say of each number whether it is about the record she has an interest in.
    if (view.own === null && (await (await closedTo(door, context))([row])).has(row.seq))
      throw await notFound(door, { ...entry, patients: row.patients, rules: OWN_INTEREST.rules });
    const event = auditEvent(row, Number(n), { server: serverOf(door) });
    if (view.own !== null && !isTold(event)) throw await notFound(door, entry);
    if (view.own !== null && !JSON.stringify(event.agent).includes(JSON.stringify(context.principal.subject))) {
      throw await notFound(door, entry);
    }
    await door.audit.write({ ...entry, patients: row.patients });
    return JSON.stringify(event);
  });
}

function serverOf(door: Door): string {
  return door.base.slice(0, -'/fhir/R4'.length);
}

/** All of it, or one's own actions, or a refusal. */
function viewOf(door: Door, context: Context, action: Action): { own: string | null } | Decision {
  const { principal } = context;
  if (principal.role === 'steward') return { own: null };
  const closed = gate(principal, ask(door, context, action, 'AuditEvent'));
  if (closed !== null) return closed;
  const { view } = cellOf(principal.role, 'audit');
  if (view === 'full') return { own: null };
  // As the trail is searched: by the PractitionerRole, which is one person's in this directory whoever issued her token.
  if (view === 'own') return { own: principal.practitionerRole ?? principal.subject };
  const text = 'The access record is for IG officers; ask for yours through the subject access process.';
  const family = principal.kind === 'family';
  return {
    permit: false,
    rules: ['R-26'],
    reason: 'role',
    text,
    explanation: null,
    masks: [],
    concealed: family,
    wayIn: null,
  };
}

/** One's own actions: found by the agent's link, and told of as `isTold` says. */
function sightOf(own: string | null): AuditAsk['sees'] {
  if (own === null) return null;
  return {
    entry: ({ agent, outcome, interaction }) =>
      outcome === 0 &&
      interaction !== 'operation' &&
      (agent.practitionerRole === own || agent.subject === own || (agent.kind === 'system' && agent.clientId === own)),
    narrowed: { links: [[`a=${own}`]], columns: { outcome: [0] } },
  };
}

/**
 * What one's own view leaves out: what was refused names whom it was about, though the answer was that of an unknown id,
 * and a trace or a concern names whom it met. Officers see all of it.
 */
function isTold(event: Resource): boolean {
  return event.outcome === '0' && !JSON.stringify(event.subtype ?? []).includes('"operation"');
}
