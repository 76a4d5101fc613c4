/**
 * Evidence of a case (domain.md 6.6 "gather", 6.7 feature 6): each access beside the appointment, visit, duty list, handover
 * and relationship that were there at that moment, fixed with its hash; what the officer found comparing it with attendance;
 * and, with the decision, the hash of what it was made on. Times and statuses only, never what a contact was about.
 */
import { createHash } from 'node:crypto';
import type { CaseLine } from '../audit/case-rules.ts';
import { auditEntry } from '../audit/entry.ts';
import { refuse } from '../fhir/outcome.ts';
import type { Context } from '../record/types.ts';
import { alertsInCase } from '../store/models/alerts.ts';
import { type CaseFile, insertEvidence, lastEvidence, linesOf } from '../store/models/cases.ts';
import { type Reconciled, reconciled } from '../store/models/reconcile.ts';
import type { PoolClient } from '../store/pool.ts';
import { addLine } from './case-steps.ts';
import { isAbout, type Own } from './officer.ts';

const MAX_ACCESSES = 200;

/** One access of the evidence: who, when, under which rules, and what made it somebody's work. */
export interface EvidenceRow extends Omit<Reconciled, 'seq' | 'at' | 'body'> {
  record: number;
  at: string;
  who: string | null;
  party: string | null;
  /** Rules that decided it. */
  rules: string[];
}

export interface Evidence {
  accesses: EvidenceRow[];
  alerts: { reference: string; rule: string; at: string }[];
}

/** Fixes what is there to be seen now (accesses with what stands beside them, alerts) with its hash in the log. */
export async function gather(client: PoolClient, context: Context, file: CaseFile): Promise<void> {
  const found = await reconciled(client, file, { from: null, until: null }, MAX_ACCESSES);
  const evidence: Evidence = {
    accesses: found.map(({ seq, at, body, ...beside }) => {
      const { agent, rules } = auditEntry({ at: at.toISOString(), body, patients: [] });
      const { name: who, practitionerRole: party } = agent;
      return { record: seq, at: at.toISOString(), who, party, rules, ...beside };
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

/** What comparing with attendance showed. */
export const FINDINGS = ['agrees', 'differs', 'not-known'] as const;
export type Finding = (typeof FINDINGS)[number];

const LINE_BEGINS: Readonly<Record<Finding, string>> = {
  agrees: 'Agrees with attendance',
  differs: 'Does not agree with attendance',
  'not-known': 'Cannot be told',
};
const LINE = /^([A-Z][a-z ]+): records? (\d+(?:, \d+)*)\./;
/** Numbers and words of one step fit in a line of the log. */
const MOST_CHOSEN = 100;

export interface Compared {
  records: readonly number[];
  finding: string | null;
  /** What it was compared with. */
  words: string;
}

/** Records what the officer found about accesses of the evidence. @throws Outcome 403 own access, 422 in words */
export async function reconcile(
  client: PoolClient,
  context: Context,
  file: CaseFile,
  compared: Compared & { own: Own },
) {
  const { records, own, words } = compared;
  const finding = FINDINGS.find((one) => one === compared.finding);
  const gathered = await lastEvidence(client, file.id);
  const { accesses }: Evidence = gathered === null ? { accesses: [], alerts: [] } : JSON.parse(gathered.body);
  const chosen = accesses.filter(({ record }) => records.includes(record));
  if (finding === undefined) throw refuse(422, 'required', 'Say whether the accesses agree with attendance.');
  if (chosen.length === 0 || chosen.length !== records.length || chosen.length > MOST_CHOSEN)
    throw refuse(422, 'required', `Choose one to ${MOST_CHOSEN} accesses of what was gathered.`);
  if (chosen.some(({ party }) => isAbout(own, [party])))
    throw refuse(403, 'forbidden', 'Your own access is compared by a colleague.');
  const numbers = chosen.map(({ record }) => record).join(', ');
  const text = `${LINE_BEGINS[finding]}: ${chosen.length === 1 ? 'record' : 'records'} ${numbers}. ${words}`;
  await addLine(client, context, file.id, { kind: 'reconcile', words: text.trim() });
}

/** What was found about each record last, by whom, from the log of the case. */
export function findingsIn(lines: readonly CaseLine[]): Map<number, { finding: Finding; by: string }> {
  const found = new Map<number, { finding: Finding; by: string }>();
  for (const { kind, words, byName } of lines) {
    const [, begins, numbers = ''] = (kind === 'reconcile' ? LINE.exec(words) : null) ?? [];
    const finding = FINDINGS.find((one) => LINE_BEGINS[one] === begins);
    for (const n of finding === undefined ? [] : numbers.split(', '))
      if (finding !== undefined) found.set(Number(n), { finding, by: byName });
  }
  return found;
}

/** What a decision was made on: the evidence by its hash, what was compared, and a hash over the alerts and the log so far. */
export async function fixDecision(client: PoolClient, context: Context, { id }: CaseFile): Promise<void> {
  const lines = await linesOf(client, id);
  const gathered = await lastEvidence(client, id);
  const { accesses }: Evidence = gathered === null ? { accesses: [], alerts: [] } : JSON.parse(gathered.body);
  const found = findingsIn(lines);
  const agree = accesses.filter(({ record }) => found.get(record)?.finding === 'agrees').length;
  const compared = accesses.filter(({ record }) => found.has(record)).length;
  const seen = JSON.stringify([await alertsInCase(client, id), lines]);
  const on =
    gathered === null
      ? ''
      : `${accesses.length} accesses gathered in line ${gathered.n}, SHA-256 ${sha256(gathered.body)}; ${compared} compared with attendance, ${agree} agree. `;
  await addLine(client, context, id, { kind: 'evidence', words: `${on}All of it: SHA-256 ${sha256(seen)}` });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
