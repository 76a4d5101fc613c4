/** What each question of officers asks the store, and the table it becomes; ids of resources and values of searches stay out. */
import { auditEntry } from '../audit/entry.ts';
import type { Cell } from '../audit/export-text.ts';
import type { StoredAudit } from '../audit/types.ts';
import { isObject } from '../fhir/resource.ts';
import { markedAccesses } from '../store/models/alerts.ts';
import { checksOf } from '../store/models/audit-checks.ts';
import { familyChanges, type GoverningChange, governingChanges } from '../store/models/governing-changes.ts';
import {
  busiestDays,
  disclosuresAbout,
  type NotableAccess,
  notableAccesses,
  type RoleUse,
  refusals,
  roleUses,
  timelineOf,
  unreviewedGrants,
} from '../store/models/officer-questions.ts';
import { partnerEvents } from '../store/models/partner-audit.ts';
import { type Reconciled, reconciled } from '../store/models/reconcile.ts';
import type { Pool } from '../store/pool.ts';
import { policyTable } from './policy-answer.ts';
import type { About, Answered, QuestionId } from './questions.ts';

type Answer = (pool: Pool, about: About, limit: number) => Promise<Answered>;

export const ANSWERS: Readonly<Record<QuestionId, Answer>> = {
  timeline: async (pool, { party, period }, limit) => entriesTable(await timelineOf(pool, party ?? '', period, limit)),
  unexplained: async (pool, { patients }, limit) => {
    const found = await markedAccesses(pool, { kind: 'unexplained', patients, before: null, limit });
    const rows = found.map(({ seq, at, body }) => ({ seq, at: at.toISOString(), body, patients: [] }));
    return entriesTable(rows, patients);
  },
  unreviewed: async (pool, { period }, limit) => {
    const columns = ['alert', 'when (UTC)', 'days', 'what', 'who', 'state', 'case'];
    const found = await unreviewedGrants(pool, period, limit);
    const rows = found.map((one): Cell[] => {
      const days = Math.floor((Date.now() - one.at.getTime()) / DAY_MS);
      return [one.reference, one.at, days, `${one.rule} ${one.why}`, one.name, one.state, one.caseReference];
    });
    return { ...table(columns, rows), rowsAbout: found.map(({ patient }) => [patient]) };
  },
  notable: async (pool, { period, ...whose }, limit) =>
    notableTable(await notableAccesses(pool, whose, period, limit), whose.patients),
  busy: async (pool, { period }, limit) => {
    const columns = ['day', 'who', 'role', 'different records', 'in the busiest hour', 'usual', 'peers', 'files'];
    const days = await busiestDays(pool, period, limit);
    return table(
      columns,
      days.map((one) => [
        one.day,
        one.name,
        one.role,
        one.patients,
        one.busiestHour,
        one.usual,
        one.peers,
        one.exports,
      ]),
    );
  },
  disclosures: async (pool, { patients, period }, limit) =>
    disclosuresTable(await disclosuresAbout(pool, patients ?? [], period, limit), patients),
  reconcile: async (pool, { patients, period }, limit) => {
    const whose = { patients: patients ?? [], parties: [] };
    const rows = (await reconciled(pool, whose, period, limit)).map((one): Cell[] => {
      const entry = auditEntry({ at: one.at.toISOString(), body: one.body, patients: [] });
      return [...whoCells(one.seq, entry), ...besideCells(one)];
    });
    return table([...WHO, ...BESIDE], rows, patients ?? []);
  },
  partner: async (pool, { patients, period }, limit) => {
    const columns = ['event', 'when (UTC)', 'received (UTC)', 'partner', 'who', 'action', 'types'];
    const rows = (await partnerEvents(pool, patients ?? [], period, limit)).map((one): Cell[] => {
      const { who, action, types } = partnerWords(one.body);
      return [one.seq, one.recorded, one.received, one.client, who, action, types];
    });
    return table(columns, rows, patients ?? []);
  },
  refusals: async (pool, { period, ...whose }, limit) =>
    entriesTable(await refusals(pool, whose, period, limit), whose.patients),
  changes: async (pool, { period }, limit) => {
    const found = await governingChanges(pool, period, limit);
    return { ...changesTable(found, []), rowsAbout: found.map(({ patients }) => patients) };
  },
  'family-changes': async (pool, { patients, period }, limit) =>
    changesTable(await familyChanges(pool, patients ?? [], period, limit), patients),
  policy: async (pool, { period }, limit) => {
    const { columns, rows } = await policyTable(pool, period, limit);
    return table(columns, rows);
  },
  proofs: async (pool, _, limit) => {
    const columns = ['when (UTC)', 'asked by', 'whole', 'records', 'broken at', 'why', 'signed report'];
    const rows = (await checksOf(pool, limit)).map((one): Cell[] => {
      const { at, askedBy, ok, records, brokenSeq, why, report } = one;
      return [at, askedBy, ok ? 'yes' : 'no', records, brokenSeq, why, report];
    });
    return table(columns, rows);
  },
  roles: async (pool, _, limit) => {
    const columns = ['who', 'role', 'finding', 'last used (UTC)', 'ends (UTC)'];
    const rows = (await roleUses(pool, limit)).map((one): Cell[] => {
      return [one.name, one.role, findingOf(one), one.lastUsed, one.until];
    });
    return table(columns, rows);
  },
};

const DAY_MS = 86_400_000;

function table(
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
  patients: readonly string[] = [],
): Answered {
  return { table: { columns, rows }, patients: [...patients], rowPatients: null, rowsAbout: null, choices: [] };
}

const WHO = ['record', 'when (UTC)', 'who', 'role', 'service', 'from', 'what', 'types', 'label'];

function whoCells(seq: number, entry: ReturnType<typeof auditEntry>): Cell[] {
  const { agent, interaction, entities, label } = entry;
  const who = agent.kind === 'family' ? 'family' : (agent.name ?? agent.clientId);
  const types = [...new Set(entities.map((one) => one.split('/')[0] ?? ''))].join(' ');
  return [seq, new Date(entry.at), who, agent.role, agent.service, agent.address, interaction, types, label];
}

const BESIDE = [
  'explanation',
  'own relationships',
  'team relationships',
  'nearest own appointment (UTC)',
  'its status',
  'nearest own visit (UTC)',
  'its status',
  'family seen (UTC)',
  'on duty',
  'handover (UTC)',
  'recorded before (UTC)',
  'reconciled',
];

/** What stands beside an access (6.7, feature 6). */
function besideCells(one: Reconciled): Cell[] {
  const { explanation, own, team, appointment, visit, attended, duty, handover, recorded } = one;
  const words = isReconciled(one) ? 'yes' : team.length > 0 ? 'by team alone' : 'no';
  const day = (at: string | null | undefined) => (at == null ? null : new Date(at));
  return [
    ...[explanation, own.join(', '), team.join(', ')],
    ...[day(appointment?.at), appointment?.status ?? null, day(visit?.at), visit?.status ?? null, day(attended?.at)],
    ...[duty === 'family' ? 'for this family' : duty, day(handover), day(recorded), words],
  ];
}

function isReconciled({ explanation, own, appointment, visit, duty, handover, recorded }: Reconciled): boolean {
  const beside = [explanation, appointment, visit, handover, recorded].some((one) => one !== null);
  return beside || own.length > 0 || duty === 'family';
}

/** Rows of the trail without ids of resources and without values of searches. */
function entriesTable(rows: readonly StoredAudit[], patients: readonly string[] | null = null): Answered {
  const entries = rows.map((row) => ({ seq: row.seq, entry: auditEntry(row) }));
  const cells = entries.map(({ seq, entry }): Cell[] => {
    const { purpose, status, rules, reason, explanation, recipient } = entry;
    const to = recipient?.split(' ')[0] ?? null;
    return [...whoCells(seq, entry), purpose, status, rules.join(' '), reason, explanation, to];
  });
  const rowPatients = patients === null ? entries.map(({ entry }) => entry.patients) : null;
  const about = patients ?? [...new Set(entries.flatMap(({ entry }) => entry.patients))];
  const columns = [...WHO, 'purpose', 'status', 'rules', 'reason', 'explanation', 'recipient'];
  return { ...table(columns, cells, about), rowPatients };
}

function notableTable(rows: readonly NotableAccess[], patients: readonly string[] | null): Answered {
  const cells = rows.map(({ seq, at, kinds, body }): Cell[] => {
    const entry = auditEntry({ at: at.toISOString(), body, patients: [] });
    return [...whoCells(seq, entry), kinds.join(', '), entry.explanation];
  });
  const about = patients ?? [...new Set(rows.flatMap((row) => row.patients))];
  const rowPatients = patients === null ? rows.map((row) => row.patients) : null;
  return { ...table([...WHO, 'stands out', 'explanation'], cells, about), rowPatients };
}

/** The accounting of disclosures of one family (domain.md 6.7, feature 8): to whom, what type and version, how it went out. */
function disclosuresTable(rows: readonly StoredAudit[], patients: readonly string[] | null): Answered {
  const cells = rows.map((row): Cell[] => {
    const { at, recipient, entities, label, outcome, rules, detail } = auditEntry(row);
    const [to = '', address = ''] = recipient?.split(' ') ?? [];
    // `Type/id/_history/n`: the id stays out, type and version say what was sent.
    const sent = entities.map((one) => {
      const [type = '', , , version] = one.split('/');
      return version === undefined ? type : `${type} version ${version}`;
    });
    const how = detail?.split('; reason: ')[0] ?? null;
    return [
      row.seq,
      new Date(at),
      to,
      address,
      sent.join(', '),
      label,
      how,
      outcome === 0 ? 'yes' : 'no',
      rules.join(' '),
    ];
  });
  const columns = ['record', 'when (UTC)', 'recipient', 'address', 'what', 'label', 'how', 'went out', 'rules'];
  return table(columns, cells, patients ?? []);
}

function changesTable(changes: readonly GoverningChange[], patients: readonly string[] | null): Answered {
  const columns = [
    'when (UTC)',
    'type',
    'version',
    'change',
    'label before',
    'label',
    'state before',
    'state',
    'who',
    'role',
  ];
  const rows = changes.map((one): Cell[] => {
    const { type, version, updated, deleted, labelBefore, label, statusBefore, status, body } = one;
    const by = body === null ? null : auditEntry({ at: updated.toISOString(), body, patients: [] }).agent;
    const change = deleted ? 'removed' : version === 1 ? 'added' : 'changed';
    const what = [labelBefore, label, statusBefore, status];
    return [updated, type, version, change, ...what, by?.name ?? null, by?.role ?? null, by?.clientId ?? null];
  });
  return table([...columns, 'client'], rows, patients ?? []);
}

const DORMANT_MS = 90 * DAY_MS;

function findingOf({ active, until, lastUsed }: RoleUse): string {
  if (until !== null && lastUsed !== null && lastUsed > until) return 'used after its end';
  if (!active || (until !== null && until.getTime() < Date.now())) return 'ended';
  if (lastUsed === null) return 'never used';
  return Date.now() - lastUsed.getTime() > DORMANT_MS ? 'dormant for 90 days' : 'in use';
}

/** Of a partner's AuditEvent: names of people, the action, types of what was touched; descriptions and queries stay out. */
function partnerWords(body: string): { who: string; action: string | null; types: string } {
  const event: unknown = JSON.parse(body);
  const { agent, entity, action } = isObject(event) ? event : {};
  const listed = (value: unknown) => (Array.isArray(value) ? value.filter(isObject) : []);
  const who = listed(agent).flatMap(({ name, requestor }) =>
    requestor === true && typeof name === 'string' ? [name] : [],
  );
  const types = listed(entity).flatMap(({ what }) => {
    const reference = isObject(what) ? what.reference : undefined;
    return typeof reference === 'string'
      ? (/([A-Z][A-Za-z]+)\/[^/]+(?:\/_history\/[^/]+)?$/.exec(reference)?.[1] ?? [])
      : [];
  });
  return {
    who: who.join(', '),
    action: typeof action === 'string' ? action : null,
    types: [...new Set(types)].join(' '),
  };
}
