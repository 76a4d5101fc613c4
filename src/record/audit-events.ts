/**
 * The access record as IHE BALP AuditEvents, to those who may see it (R-26, domain.md 5.3 "audit"): officers all of it,
 * staff what they did themselves. The look itself is audited (Q12), once: looking at looks adds one record each.
 */
import { auditEvent } from '../audit/balp.ts';
import { KINDS } from '../audit/kinds.ts';
import { parseAuditQuery } from '../audit/query.ts';
import type { AuditQuery } from '../audit/types.ts';
import { bundleText } from '../fhir/bundle-text.ts';
import type { Resource } from '../fhir/types.ts';
import { gate } from '../governance/gates.ts';
import { cellOf } from '../governance/role-views.ts';
import type { Action, Decision } from '../governance/types.ts';
import { readAudit, searchAudit } from '../store/audit-query.ts';
import { sealDurable } from '../store/seal.ts';
import { ask } from './decide.ts';
import { entryOf } from './entry.ts';
import { audited, notFound, refused } from './refusal.ts';
import type { Context, Door } from './types.ts';

const ID = /^([1-9]\d{0,15})-([1-9]\d{0,5})$/;

/** AuditEvent?date&patient&agent&entity&action&outcome&purpose&policy&type&subtype, newest first. */
export function searchAuditEvents(door: Door, context: Context, raw: string): Promise<string> {
  const entry = {
    ...entryOf(context, 'search-type'),
    entities: ['AuditEvent'],
    query: door.auditQuery(raw, context.requestId),
  };
  return audited(door, entry, async () => {
    const view = viewOf(door, context, 'search');
    if ('permit' in view) throw await refused(door, entry, view);
    const query = parseAuditQuery(raw);
    const asked = view.own === null ? query : ownOnly(query, view.own, context.principal.subject);
    const page = asked === null ? { events: [], next: null } : await searchAudit(door.pool, asked);
    await door.audit.write({
      ...entry,
      patients: query.patient,
      query: { ...door.auditQuery(raw, context.requestId), count: page.events.length },
    });
    const next = page.next === null ? null : new URLSearchParams(raw);
    next?.set('_cursor', `${page.next?.seq}-${page.next?.n}`);
    const url = `${door.base}/AuditEvent`;
    return bundleText({
      type: 'searchset',
      timestamp: context.now.toISOString(),
      links: [
        { relation: 'self', url: query.self === '' ? url : `${url}?${query.self}` },
        ...(next === null ? [] : [{ relation: 'next', url: `${url}?${next}` }]),
      ],
      entries: page.events.map(({ row, n }) => ({
        fullUrl: `${url}/${row.seq}-${n}`,
        resourceText: JSON.stringify(auditEvent(row, n, { server: serverOf(door) })),
        search: { mode: 'match' },
      })),
    });
  });
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

/** Null when somebody else's actions were asked for: the answer is empty. */
function ownOnly(query: AuditQuery, own: string, subject: string): AuditQuery | null {
  if (query.agent.length > 0 && !query.agent.some((agent) => agent === own || agent === subject)) return null;
  if (query.outcome.length > 0 && !query.outcome.includes(0)) return null;
  const interactions = (query.interactions ?? Object.keys(KINDS)).filter((one) => one !== 'operation');
  return interactions.length === 0 ? null : { ...query, agent: [own], outcome: [0], interactions };
}

/**
 * What one's own view leaves out: what was refused names whom it was about, though the answer was that of an unknown id,
 * and a trace or a concern names whom it met. Officers see all of it.
 */
function isTold(event: Resource): boolean {
  return event.outcome === '0' && !JSON.stringify(event.subtype ?? []).includes('"operation"');
}
