/**
 * Cases (domain.md 6.6): opened from an alert, an access, a sample, or by NHS number and reason; gathering, asking,
 * decision, actions and close. Each step stands in the case's own log and, in the same commit, in the trail.
 */
import {
  ACTS,
  actsIn,
  BREACH_HOURS,
  brokenLine,
  type CaseAct,
  type CaseLine,
  type CaseOutcome,
  type CaseStanding,
  OUTCOMES,
  REVIEW_DAYS,
  refusalOf,
  workingDaysAfter,
} from '../audit/case-rules.ts';
import type { AuditEntry } from '../audit/types.ts';
import { NHS_NUMBER } from '../fhir/identifiers.ts';
import { refuse } from '../fhir/outcome.ts';
import { refused } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { word, wordPrefix } from '../search/words.ts';
import { alertsInCase, closeAlerts, namesOf } from '../store/models/alerts.ts';
import {
  type CaseFile,
  caseByReference,
  changeCase,
  insertCase,
  lastEvidence,
  leadsTeamOf,
  linesOf,
  nhsNumbersOf,
} from '../store/models/cases.ts';
import type { PoolClient } from '../store/pool.ts';
import { inTransaction } from '../store/transaction.ts';
import { evidenceIn, findingsIn, fixDecision, gather, reconcile } from './case-evidence.ts';
import { type CaseSource, sourceOf } from './case-sources.ts';
import { addLine, changeOf, revokeAccess } from './case-steps.ts';
import {
  deskEntry,
  isAbout,
  notYours,
  type Own,
  officerOf,
  onDesk,
  recordInside,
  requireNoInterest,
} from './officer.ts';

/** Every step of a case by its word. */
export const CASE_ACTS = ACTS;

/** Opens a case. @returns its reference. @throws Outcome 403, 404 when there is nothing to open it about, 409 */
export function openCase(door: Door, context: Context, source: CaseSource, reason: string): Promise<string> {
  const number = 'nhsNumber' in source ? source.nhsNumber : null;
  const raw = number === null ? null : new URLSearchParams({ identifier: `${NHS_NUMBER}|${number}` }).toString();
  const query = raw === null ? null : door.auditQuery(raw, context.requestId);
  const entry = deskEntry(context, 'case-open', { query });
  return onDesk(door, context, entry, async (own) => {
    const { principal } = context;
    const isOwn =
      number !== null && principal.ownRecordKey !== undefined && principal.ownRecordKey === door.personKey(number);
    if (isOwn)
      throw await refused(door, entry, notYours('own-record', 'This is your own record; a colleague has to look.'));
    const found = await sourceOf(door, source);
    if (found === null) throw refuse(404, 'not-found', 'There is nothing here to open a case about.');
    if (isAbout(own, found.parties)) throw await refused(door, entry, OWN_ACCESS);
    await requireNoInterest(door, context, { entry, own }, found.patients);
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

/** Nobody looks at a case about herself. */
export const OWN_ACCESS = notYours('conflict', 'It is about your own access: a colleague has to look at it.');

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
  isIcoDecided: boolean;
  /** What was gathered last; null = nothing yet. */
  evidence: ReturnType<typeof evidenceIn> | null;
  /** What comparing with attendance showed, by record. */
  findings: ReturnType<typeof findingsIn>;
  lines: (CaseLine & { hash: string })[];
  alerts: Awaited<ReturnType<typeof alertsInCase>>;
}

/** One case with its log. @throws Outcome 403 for the person it is about, 404 */
export function readCase(door: Door, context: Context, reference: string): Promise<CaseView> {
  const entry = deskEntry(context, `case-read ${reference.slice(0, 20)}`);
  return onDesk(door, context, entry, async (own) => {
    const file = await openTo(door, context, { entry, own }, reference);
    const prefix = word(wordPrefix('Patient', 'identifier'), `${NHS_NUMBER}|`);
    const [nhsNumbers, people, lines, alerts, gathered] = await Promise.all([
      nhsNumbersOf(door.pool, file.patients, prefix),
      namesOf(door.pool, file.parties),
      linesOf(door.pool, file.id),
      alertsInCase(door.pool, file.id),
      lastEvidence(door.pool, file.id),
    ]);
    const line = lines.find(({ n }) => n === gathered?.n);
    const evidence = gathered === null || line === undefined ? null : evidenceIn(gathered.body, line);
    await door.audit.write({ ...entry, patients: file.patients });
    return {
      file,
      nhsNumbers,
      people,
      lines,
      alerts,
      evidence,
      findings: findingsIn(lines),
      ...standingOf(file, lines, own),
    };
  });
}

/** A case as its rules look at it. */
function standingIn(file: CaseFile, lines: readonly CaseLine[]): CaseStanding {
  return { ...file, done: lines.map(({ kind }) => kind) };
}

function standingOf(file: CaseFile, lines: CaseView['lines'], own: Own) {
  const standing = standingIn(file, lines);
  return {
    acts: actsIn(file.state).map((act) => ({ act, no: refusalOf(act, standing, own) })),
    outcomes: OUTCOMES,
    broken: brokenLine(lines),
    breachBy: file.aware === null ? null : new Date(file.aware.getTime() + BREACH_HOURS * 3_600_000),
    isIcoDecided: standing.done.includes('ico'),
  };
}

export interface CaseStep {
  act: CaseAct;
  words: string;
  /** With `decide` alone. */
  outcome: string | null;
  /** With `reconcile` alone. */
  compared?: { records: readonly number[]; finding: string | null };
  /** Version the officer saw. */
  version: number;
}

/** One step of a case. @throws Outcome 403 for who may not, 409 when it is not possible now or somebody was faster */
export function stepCase(door: Door, context: Context, reference: string, step: CaseStep): Promise<void> {
  const entry = deskEntry(context, `case-${step.act} ${reference.slice(0, 20)}`);
  return onDesk(door, context, entry, async (own) => {
    const officer = officerOf(context);
    const file = await openTo(door, context, { entry, own }, reference);
    const no = refusalOf(step.act, standingIn(file, await linesOf(door.pool, file.id)), own);
    if (no !== null) throw refuse(409, 'business-rule', no);
    const outcome = step.act === 'decide' ? OUTCOMES.find((one) => one === step.outcome) : null;
    if (outcome === undefined) throw refuse(422, 'required', 'A decision has an outcome.');
    const change = changeOf({ act: step.act, outcome }, file, { officer, now: context.now });
    await inTransaction(door.pool, async (client) => {
      if (!(await changeCase(client, { ...file, version: step.version }, change)))
        throw refuse(409, 'conflict', 'A colleague has changed this case; look at it again.');
      await leaveTraces(client, context, { file, step, outcome, own, entry: { ...entry, patients: file.patients } });
    });
  });
}

interface Traces {
  file: CaseFile;
  step: CaseStep;
  outcome: CaseOutcome | null;
  own: Own;
  entry: AuditEntry;
}

/** The lines of a step and what it does elsewhere, with its record, in the commit that moves the case. */
async function leaveTraces(
  client: PoolClient,
  context: Context,
  { file, step, outcome, own, entry }: Traces,
): Promise<void> {
  const { act, words } = step;
  if (act === 'decide') await fixDecision(client, context, file);
  const { records = [], finding = null } = step.compared ?? {};
  if (act === 'gather') await gather(client, context, file);
  else if (act === 'reconcile') await reconcile(client, context, file, { records, finding, words, own });
  else await addLine(client, context, file.id, { kind: act, words: outcome === null ? words : `${outcome}: ${words}` });
  if (act === 'close' || act === 'explain') await closeAlerts(client, file.id);
  if (act === 'revoke') await revokeAccess(client, file, entry, context.now);
  else await recordInside(client, entry);
}

/** The case of a reference, for who may look into it. @throws Outcome 404; 403 for whom it is about, or whose own record it is about */
export async function openTo(
  door: Door,
  context: Context,
  asking: { entry: AuditEntry; own: Own },
  reference: string,
): Promise<CaseFile> {
  const file = await caseOf(door, reference);
  if (isAbout(asking.own, file.parties)) throw await refused(door, asking.entry, OWN_ACCESS);
  await requireNoInterest(door, context, asking, file.patients);
  return file;
}

/** The case of a reference. @throws Outcome 404 */
async function caseOf(door: Door, reference: string): Promise<CaseFile> {
  const file = await caseByReference(door.pool, reference);
  if (file === null) throw refuse(404, 'not-found', 'There is no such case.');
  return file;
}
