/** What one step of a case changes: where it stands, a line of its log, the access it takes away. */
import { type CaseAct, type CaseLine, type CaseOutcome, isGrave, lineHash } from '../audit/case-rules.ts';
import { auditColumns } from '../audit/entry.ts';
import type { AuditEntry } from '../audit/types.ts';
import type { ConsentRow } from '../governance/types.ts';
import { NO_FACTS } from '../record/own-interest.ts';
import type { Context } from '../record/types.ts';
import { type CaseChange, type CaseFile, insertLine, lastLine } from '../store/models/cases.ts';
import type { PoolClient } from '../store/pool.ts';
import { writeRows } from '../store/write.ts';
import { officerOf } from './officer.ts';

const MAX_WORDS = 2_000;

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
