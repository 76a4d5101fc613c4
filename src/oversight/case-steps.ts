/** What one step of a case changes besides its log: where it stands, the evidence it fixes, the access it takes away. */
import { createHash } from 'node:crypto';
import { type CaseAct, type CaseLine, type CaseOutcome, isGrave, lineHash } from '../audit/case-rules.ts';
import { auditColumns, auditEntry } from '../audit/entry.ts';
import type { AuditEntry } from '../audit/types.ts';
import type { ConsentRow } from '../governance/types.ts';
import { NO_FACTS } from '../record/own-interest.ts';
import type { Context } from '../record/types.ts';
import { alertsInCase } from '../store/models/alerts.ts';
import {
  type CaseChange,
  type CaseFile,
  insertEvidence,
  insertLine,
  lastLine,
  linesOf,
} from '../store/models/cases.ts';
import { reconciled } from '../store/models/reconcile.ts';
import type { PoolClient } from '../store/pool.ts';
import { writeRows } from '../store/write.ts';
import { officerOf } from './officer.ts';

const MAX_WORDS = 2_000;
const MAX_ACCESSES = 500;

export interface Step {
  act: CaseAct;
  outcome: CaseOutcome | null;
}

/** Where the case stands after a step. */
export function changeOf(
  { act, outcome }: Step,
  file: CaseFile,
  { officer, now }: { officer: string; now: Date },
): CaseChange {
  switch (act) {
    case 'assign':
      return { state: file.state === 'new' ? 'assigned' : file.state, assignedTo: officer };
    case 'gather':
    case 'answer':
      return { state: 'gathering' };
    case 'ask':
      return { state: 'asked' };
    case 'breach':
      return { aware: file.aware ?? now };
    case 'explain':
      return { state: 'closed', outcome: 'appropriate', decidedBy: officer, decided: now, closed: now };
    case 'decide':
      return {
        state: 'decided',
        outcome,
        decidedBy: officer,
        decided: now,
        ...(isGrave(outcome) ? { aware: file.aware ?? now } : {}),
      };
    case 'revoke':
    case 'hr':
    case 'inform':
    case 'ico':
    case 'datix':
      return file.state === 'decided' ? { state: 'acting' } : {};
    case 'close':
      return { state: 'closed', closed: now };
    default:
      return {};
  }
}

/** Adds a line to the log, chained to the one before. @returns its number */
export async function addLine(
  client: PoolClient,
  context: Context,
  caseId: number,
  said: Pick<CaseLine, 'kind' | 'words'>,
): Promise<number> {
  const before = await lastLine(client, caseId);
  const line: CaseLine = {
    n: before.n + 1,
    at: context.now.toISOString(),
    byParty: officerOf(context),
    byName: context.principal.name,
    kind: said.kind,
    words: said.words.slice(0, MAX_WORDS),
  };
  await insertLine(client, caseId, { ...line, hash: lineHash(before.hash, line) });
  return line.n;
}

/** One access of the evidence: who, when, and what made it somebody's work; never what was read. */
export interface EvidenceRow {
  record: number;
  at: string;
  who: string | null;
  explanation: string | null;
  own: string[];
  team: string[];
  appointment: string | null;
}

export interface Evidence {
  accesses: EvidenceRow[];
  alerts: { reference: string; rule: string; at: string }[];
}

/** Fixes what is there to be seen now (timeline, relationships, appointments, alerts) with its hash in the log. */
export async function gather(client: PoolClient, context: Context, file: CaseFile): Promise<void> {
  const found = await reconciled(client, file.patients, { from: null, until: null }, MAX_ACCESSES);
  const about = found
    .map((one) => ({ ...one, entry: auditEntry({ at: one.at.toISOString(), body: one.body, patients: [] }) }))
    .filter(({ entry }) => file.parties.length === 0 || file.parties.includes(entry.agent.practitionerRole ?? ''));
  const evidence: Evidence = {
    accesses: about.map(({ seq, at, entry, explanation, own, team, appointment }) => {
      return { record: seq, at: at.toISOString(), who: entry.agent.name, explanation, own, team, appointment };
    }),
    alerts: (await alertsInCase(client, file.id)).map(({ reference, rule, at }) => {
      return { reference, rule, at: at.toISOString() };
    }),
  };
  const body = JSON.stringify(evidence);
  const words = `${evidence.accesses.length} accesses; SHA-256 ${sha256(body)}`;
  const n = await addLine(client, context, file.id, { kind: 'gather', words });
  await insertEvidence(client, { caseId: file.id, n, body });
}

/** What was gathered, and whether it is still what the log says it was. */
export function evidenceIn(body: string, line: Pick<CaseLine, 'words'>): Evidence & { isWhole: boolean } {
  const evidence: Evidence = JSON.parse(body);
  return { ...evidence, isWhole: line.words.endsWith(sha256(body)) };
}

/** What a decision was made on: a hash over the alerts and the log so far. */
export async function fixDecision(client: PoolClient, context: Context, { id }: CaseFile): Promise<void> {
  const seen = JSON.stringify([await alertsInCase(client, id), await linesOf(client, id)]);
  await addLine(client, context, id, { kind: 'evidence', words: `SHA-256 ${sha256(seen)}` });
}

/** Keeps the people of a case out of the family's record from the next request on, as a declared interest does. */
export async function revokeAccess(client: PoolClient, file: CaseFile, entry: AuditEntry, now: Date): Promise<void> {
  const source = `case:${file.reference}`;
  const about = { kind: 'conflict' as const, classes: [], from: now.toISOString(), until: null, source };
  const consents = file.parties
    .filter((party) => party.startsWith('PractitionerRole/'))
    .flatMap((party) => file.patients.map((patient): ConsentRow => ({ ...about, party, patient })));
  const facts = { ...NO_FACTS, sources: [source], consents };
  await writeRows(client, { rows: [], facts, audit: [auditColumns(entry)] });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
