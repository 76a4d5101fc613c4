/**
 * Cases (domain.md 6.6): opened from an alert, from an access, or by NHS number and reason; triage, notes, decision and
 * close. Each step stands in the case's own log and, in the same commit, in the trail.
 */
import { createHash } from 'node:crypto';
import {
  actsIn,
  BREACH_HOURS,
  brokenLine,
  type CaseAct,
  type CaseLine,
  type CaseOutcome,
  isGrave,
  lineHash,
  OUTCOMES,
  REVIEW_DAYS,
  refusalOf,
  workingDaysAfter,
} from '../audit/case-rules.ts';
import { NHS_NUMBER } from '../fhir/identifiers.ts';
import { refuse } from '../fhir/outcome.ts';
import { refused } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { word, wordPrefix } from '../search/words.ts';
import { alertsInCase, closeAlerts, namesOf } from '../store/models/alerts.ts';
import {
  type CaseChange,
  type CaseFile,
  caseByReference,
  changeCase,
  insertCase,
  insertLine,
  lastLine,
  leadsTeamOf,
  linesOf,
  nhsNumbersOf,
} from '../store/models/cases.ts';
import type { PoolClient } from '../store/pool.ts';
import { inTransaction } from '../store/transaction.ts';
import { type CaseSource, sourceOf } from './case-sources.ts';
import { deskEntry, notYours, officerOf, onDesk, recordInside } from './officer.ts';

const MAX_WORDS = 2_000;

/** Opens a case. @returns its reference. @throws Outcome 403, 404 when there is nothing to open it about, 409 */
export function openCase(door: Door, context: Context, source: CaseSource, reason: string): Promise<string> {
  const number = 'nhsNumber' in source ? source.nhsNumber : null;
  const raw = number === null ? null : new URLSearchParams({ identifier: `${NHS_NUMBER}|${number}` }).toString();
  const query = raw === null ? null : door.auditQuery(raw, context.requestId);
  const entry = deskEntry(context, 'case-open', { query });
  return onDesk(door, context, entry, async () => {
    const { principal } = context;
    const isOwn =
      number !== null && principal.ownRecordKey !== undefined && principal.ownRecordKey === door.personKey(number);
    if (isOwn)
      throw await refused(door, entry, notYours('own-record', 'This is your own record; a colleague has to look.'));
    const found = await sourceOf(door, source);
    if (found === null) throw refuse(404, 'not-found', 'There is nothing here to open a case about.');
    if (found.parties.includes(officerOf(context))) throw await refused(door, entry, OWN_ACCESS);
    return inTransaction(door.pool, async (client) => {
      const made = await insertCase(client, {
        openedBy: officerOf(context),
        reason,
        patients: found.patients,
        parties: found.parties,
        twoNeeded: await leadsTeamOf(client, found.parties, principal.teams),
        reviewDue: workingDaysAfter(context.now, REVIEW_DAYS),
      });
      await found.take(client, { ...made, by: officerOf(context), at: context.now });
      await addLine(client, context, made.id, { kind: 'open', words: reason });
      await recordInside(client, { ...entry, patients: found.patients, detail: `case-open ${made.reference}` });
      return made.reference;
    });
  });
}

const OWN_ACCESS = notYours('conflict', 'It is about your own access: a colleague has to look at it.');

export interface CaseView {
  file: CaseFile;
  /** Visible inside the case. */
  nhsNumbers: string[];
  /** Names of the people whose access is looked into. */
  people: string[];
  /** What the reader may do now, or why not. */
  acts: { act: CaseAct; no: string | null }[];
  outcomes: readonly CaseOutcome[];
  /** First line of the log whose hash does not follow, or null. */
  broken: number | null;
  /** Until when it must be decided whether the ICO is told; null = no breach recognised. */
  breachBy: Date | null;
  lines: (CaseLine & { hash: string })[];
  alerts: Awaited<ReturnType<typeof alertsInCase>>;
}

/** One case with its log. @throws Outcome 403 for the person it is about, 404 */
export function readCase(door: Door, context: Context, reference: string): Promise<CaseView> {
  const entry = deskEntry(context, `case-read ${reference.slice(0, 20)}`);
  return onDesk(door, context, entry, async () => {
    const file = await caseOf(door, reference);
    if (file.parties.includes(officerOf(context))) throw await refused(door, entry, OWN_ACCESS);
    const prefix = word(wordPrefix('Patient', 'identifier'), `${NHS_NUMBER}|`);
    const [nhsNumbers, people, lines, alerts] = await Promise.all([
      nhsNumbersOf(door.pool, file.patients, prefix),
      namesOf(door.pool, file.parties),
      linesOf(door.pool, file.id),
      alertsInCase(door.pool, file.id),
    ]);
    await door.audit.write({ ...entry, patients: file.patients });
    return { file, nhsNumbers, people, lines, alerts, ...standingOf(file, lines, officerOf(context)) };
  });
}

function standingOf(file: CaseFile, lines: CaseView['lines'], officer: string) {
  return {
    acts: actsIn(file.state).map((act) => ({ act, no: refusalOf(act, file, officer) })),
    outcomes: OUTCOMES,
    broken: brokenLine(lines),
    breachBy: file.aware === null ? null : new Date(file.aware.getTime() + BREACH_HOURS * 3_600_000),
  };
}

export interface CaseStep {
  act: CaseAct;
  words: string;
  /** With `decide` alone. */
  outcome: string | null;
  /** Version the officer saw. */
  version: number;
}

/** One step of a case. @throws Outcome 403 for who may not, 409 when it is not possible now or somebody was faster */
export function stepCase(door: Door, context: Context, reference: string, step: CaseStep): Promise<void> {
  const entry = deskEntry(context, `case-${step.act} ${reference.slice(0, 20)}`);
  return onDesk(door, context, entry, async () => {
    const officer = officerOf(context);
    const file = await caseOf(door, reference);
    if (file.parties.includes(officer)) throw await refused(door, entry, OWN_ACCESS);
    const no = refusalOf(step.act, file, officer);
    if (no !== null) throw refuse(409, 'business-rule', no);
    const outcome = step.act === 'decide' ? OUTCOMES.find((one) => one === step.outcome) : null;
    if (outcome === undefined) throw refuse(422, 'required', 'A decision has an outcome.');
    await inTransaction(door.pool, async (client) => {
      const seen = { ...file, version: step.version };
      if (!(await changeCase(client, seen, changeOf({ act: step.act, outcome }, officer, context.now)))) {
        throw refuse(409, 'conflict', 'A colleague has changed this case; look at it again.');
      }
      if (step.act === 'decide') await addLine(client, context, file.id, await evidenceOf(client, file));
      await addLine(client, context, file.id, {
        kind: step.act,
        words: outcome === null ? step.words : `${outcome}: ${step.words}`,
      });
      if (step.act === 'close' || step.act === 'explain') await closeAlerts(client, file.id);
      await recordInside(client, { ...entry, patients: file.patients });
    });
  });
}

function changeOf(
  { act, outcome }: { act: CaseAct; outcome: CaseOutcome | null },
  officer: string,
  now: Date,
): CaseChange {
  switch (act) {
    case 'assign':
      return { state: 'assigned', assignedTo: officer };
    case 'explain':
      return { state: 'closed', outcome: 'appropriate', decidedBy: officer, decided: now, closed: now };
    case 'decide':
      return { state: 'decided', outcome, decidedBy: officer, decided: now, aware: isGrave(outcome) ? now : null };
    case 'close':
      return { state: 'closed', closed: now };
    default:
      return {};
  }
}

/** What the decision was made on: a hash over the alerts and the log so far. */
async function evidenceOf(client: PoolClient, { id }: CaseFile): Promise<Pick<CaseLine, 'kind' | 'words'>> {
  const seen = JSON.stringify([await alertsInCase(client, id), await linesOf(client, id)]);
  return { kind: 'evidence', words: `SHA-256 ${createHash('sha256').update(seen).digest('hex')}` };
}

async function addLine(
  client: PoolClient,
  context: Context,
  caseId: number,
  said: Pick<CaseLine, 'kind' | 'words'>,
): Promise<void> {
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
}

async function caseOf(door: Door, reference: string): Promise<CaseFile> {
  const file = await caseByReference(door.pool, reference);
  if (file === null) throw refuse(404, 'not-found', 'There is no such case.');
  return file;
}
