/**
 * Questions of officers by name (domain.md 6.2). Each is a table of at most MAX_ROWS rows, newest or most first, that can
 * be shown and exported; a family is asked about through its case. Nothing in a table is clinical content.
 */
import { auditEntry } from '../audit/entry.ts';
import type { Cell, Table } from '../audit/export-text.ts';
import type { AuditEntry, StoredAudit } from '../audit/types.ts';
import { refuse } from '../fhir/outcome.ts';
import { refused } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { markedAccesses } from '../store/models/alerts.ts';
import { checksOf } from '../store/models/audit-checks.ts';
import { caseByReference } from '../store/models/cases.ts';
import {
  busiestDays,
  disclosuresAbout,
  governingChanges,
  type Period,
  peopleNamed,
  refusalsAbout,
  refusalsOf,
  roleUses,
  timelineOf,
} from '../store/models/officer-questions.ts';
import { sealDurable } from '../store/seal.ts';
import { deskEntry, notYours, officerOf, onDesk } from './officer.ts';

/** `needs`: a person or system by name or id, a case, either, or nothing. */
export const QUESTIONS = [
  { id: 'timeline', words: 'What did this person or system look at, from where, in what order?', needs: 'person' },
  { id: 'unexplained', words: 'Which accesses to this family are not personally explained?', needs: 'case' },
  { id: 'busy', words: 'Who opened the most different records in a day?', needs: 'nothing' },
  { id: 'disclosures', words: 'Who received something about this family?', needs: 'case' },
  { id: 'refusals', words: 'What was refused, to whom, by what rule?', needs: 'any' },
  { id: 'changes', words: 'Who changed consents, agreements, roles and teams?', needs: 'nothing' },
  { id: 'proofs', words: 'Is the access record whole?', needs: 'nothing' },
  { id: 'roles', words: 'Which roles are dormant, never used, or used after they ended?', needs: 'nothing' },
] as const;
export type QuestionId = (typeof QUESTIONS)[number]['id'];

export interface Question extends Period {
  id: QuestionId;
  /** Name, role id or client id; '' = nobody named. */
  person: string;
  /** Case reference; '' = none. */
  case: string;
}

export interface Answered {
  table: Table;
  /** People whose records the rows are about. */
  patients: string[];
  /** Several people have this name: choose one. */
  choices: { party: string; name: string }[];
}

export const MAX_ROWS = 500;
const NOBODY: Answered = { table: { columns: [], rows: [] }, patients: [], choices: [] };

/** Answers one question; recorded with what was asked before anything is shown. @throws Outcome 403, 404 */
export function askQuestion(door: Door, context: Context, question: Question): Promise<Answered> {
  const entry = deskEntry(context, `question ${question.id}`);
  return onDesk(door, context, entry, async () => {
    const answer = await answerTo(door, context, question, entry);
    const raw = new URLSearchParams({ agent: question.person, case: question.case }).toString();
    const query = { ...door.auditQuery(raw, context.requestId), count: answer.table.rows.length };
    await door.audit.write({ ...entry, patients: answer.patients, query });
    return answer;
  });
}

async function answerTo(door: Door, context: Context, question: Question, entry: AuditEntry): Promise<Answered> {
  await sealDurable(door.pool);
  const pool = door.broadPool;
  switch (question.id) {
    case 'busy':
      return busyTable(await busiestDays(pool, question, MAX_ROWS));
    case 'changes':
      return changesTable(await governingChanges(pool, question, MAX_ROWS));
    case 'proofs':
      return proofsTable(await checksOf(pool, MAX_ROWS));
    case 'roles':
      return rolesTable(await roleUses(pool, MAX_ROWS));
    default:
      break;
  }
  if (question.case !== '') return aboutCase(door, context, question, entry);
  if (question.id === 'unexplained' || question.id === 'disclosures')
    throw refuse(422, 'required', 'Name a case: a family is asked about inside its case.');
  const people = question.person === '' ? [] : await peopleNamed(pool, question.person);
  const [one, ...others] = people;
  if (others.length > 0) return { ...NOBODY, choices: people };
  if (one === undefined && (question.person !== '' || question.id === 'timeline'))
    throw refuse(404, 'not-found', 'Nobody in the directory and no system has this name.');
  const party = one?.party ?? null;
  if (party === officerOf(context) && question.id === 'refusals')
    throw await refused(
      door,
      entry,
      notYours('conflict', 'It is about your own access: a colleague has to look at it.'),
    );
  if (question.id === 'timeline') return entriesTable(await timelineOf(pool, party ?? '', question, MAX_ROWS));
  return entriesTable(await refusalsOf(pool, party, question, MAX_ROWS));
}

async function aboutCase(door: Door, context: Context, question: Question, entry: AuditEntry): Promise<Answered> {
  const file = await caseByReference(door.pool, question.case);
  if (file === null) throw refuse(404, 'not-found', 'There is no such case.');
  if (file.parties.includes(officerOf(context)))
    throw await refused(
      door,
      entry,
      notYours('conflict', 'It is about your own access: a colleague has to look at it.'),
    );
  const { patients } = file;
  const pool = door.broadPool;
  if (question.id === 'disclosures')
    return entriesTable(await disclosuresAbout(pool, patients, question, MAX_ROWS), patients);
  if (question.id === 'refusals')
    return entriesTable(await refusalsAbout(pool, patients, question, MAX_ROWS), patients);
  const found = await markedAccesses(pool, { kind: 'unexplained', patients, before: null, limit: MAX_ROWS });
  return entriesTable(
    found.map(({ seq, at, body }) => ({ seq, at: at.toISOString(), body, patients: [] })),
    patients,
  );
}

const ENTRY_COLUMNS = [
  'record',
  'when (UTC)',
  'who',
  'role',
  'service',
  'from',
  'what',
  'types',
  'label',
  'purpose',
  'status',
  'rules',
  'reason',
  'explanation',
  'recipient',
];

/** Rows of the trail without ids of resources and without values of searches. */
function entriesTable(rows: readonly StoredAudit[], patients?: readonly string[]): Answered {
  const entries = rows.map((row) => ({ seq: row.seq, entry: auditEntry(row) }));
  const table = entries.map(({ seq, entry }): Cell[] => {
    const { agent, interaction, entities, label, purpose, status, rules, reason, explanation, recipient } = entry;
    const types = [...new Set(entities.map((one) => one.split('/')[0] ?? ''))].join(' ');
    const who = agent.kind === 'family' ? 'family' : (agent.name ?? agent.clientId);
    const to = recipient?.split(' ')[0] ?? null;
    const why = [purpose, status, rules.join(' '), reason, explanation, to];
    return [seq, new Date(entry.at), who, agent.role, agent.service, agent.address, interaction, types, label, ...why];
  });
  const about = patients ?? [...new Set(entries.flatMap(({ entry }) => entry.patients))];
  return { table: { columns: ENTRY_COLUMNS, rows: table }, patients: [...about], choices: [] };
}

function busyTable(days: Awaited<ReturnType<typeof busiestDays>>): Answered {
  const columns = ['day', 'who', 'role', 'different records', 'in the busiest hour'];
  const rows = days.map(({ day, name, role, patients, busiestHour }) => [day, name, role, patients, busiestHour]);
  return { ...NOBODY, table: { columns, rows } };
}

function changesTable(changes: Awaited<ReturnType<typeof governingChanges>>): Answered {
  const columns = ['when (UTC)', 'type', 'version', 'change', 'label before', 'label', 'who', 'role', 'client'];
  const rows = changes.map(({ type, version, updated, deleted, labelBefore, label, body }): Cell[] => {
    const by = body === null ? null : auditEntry({ at: updated.toISOString(), body, patients: [] }).agent;
    const change = deleted ? 'removed' : version === 1 ? 'added' : 'changed';
    return [
      updated,
      type,
      version,
      change,
      labelBefore,
      label,
      by?.name ?? null,
      by?.role ?? null,
      by?.clientId ?? null,
    ];
  });
  return { ...NOBODY, table: { columns, rows } };
}

function proofsTable(checks: Awaited<ReturnType<typeof checksOf>>): Answered {
  const columns = ['when (UTC)', 'asked by', 'whole', 'records', 'broken at', 'why', 'signed report'];
  const rows = checks.map((one): Cell[] => {
    const { at, askedBy, ok, records, brokenSeq, why, report } = one;
    return [at, askedBy, ok ? 'yes' : 'no', records, brokenSeq, why, report];
  });
  return { ...NOBODY, table: { columns, rows } };
}

const DORMANT_MS = 90 * 86_400_000;

function rolesTable(roles: Awaited<ReturnType<typeof roleUses>>): Answered {
  const columns = ['who', 'role', 'finding', 'last used (UTC)', 'ends (UTC)'];
  const rows = roles.map((one): Cell[] => [one.name, one.role, findingOf(one), one.lastUsed, one.until]);
  return { ...NOBODY, table: { columns, rows } };
}

function findingOf({ active, until, lastUsed }: Awaited<ReturnType<typeof roleUses>>[number]): string {
  if (until !== null && lastUsed !== null && lastUsed > until) return 'used after its end';
  if (!active || (until !== null && until.getTime() < Date.now())) return 'ended';
  if (lastUsed === null) return 'never used';
  return Date.now() - lastUsed.getTime() > DORMANT_MS ? 'dormant for 90 days' : 'in use';
}
