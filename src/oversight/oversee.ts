/**
 * Oversight follows the seal: each sealed record is looked at once, in order, by every alert rule that is on. A step
 * reads a stretch, asks what is known around it, and keeps explanations, counts, alerts and its place in one commit; a
 * process that dies or loses the race leaves nothing behind. A rule that throws is switched off, loudly; the others go on.
 */
import { isOutOfHours, isRefused, opens, SMALL } from '../audit/alert-rules.ts';
import type { AlertSettings } from '../audit/alert-settings.ts';
import type { AlertFacts, AlertRule } from '../audit/alert-types.ts';
import { auditColumns, auditEntry } from '../audit/entry.ts';
import type { AuditColumns, AuditEntry, StoredAudit } from '../audit/types.ts';
import type { Log } from '../log.ts';
import type { EarlierAlert } from '../store/models/alert-counts.ts';
import {
  type Access,
  type AlertNotice,
  commitStep,
  faultyRules,
  insertAlerts,
  type NewAlert,
  nextStretch,
  switchOff,
} from '../store/models/oversight.ts';
import type { Pool } from '../store/pool.ts';
import { inTransaction } from '../store/transaction.ts';
import { partyOf, patientsOf, type SealedEntry } from './alert-ledger.ts';
import { factsFor, type Hash } from './oversight-facts.ts';

export interface Oversight {
  pool: Pool;
  /** Keyed hash of this installation, for what the HR file said of staff. */
  hash: Hash;
  settings: AlertSettings;
  log: Log;
  /** Called after the commit with each live alert: reference, severity and time, never a person. */
  notify: (notice: AlertNotice) => void;
}

/** Records looked at in one commit. */
const STRETCH = 1_000;

/** Looks at the next sealed records. @returns true when there may be more */
export async function oversee(oversight: Oversight): Promise<boolean> {
  const { pool, settings, log } = oversight;
  const stretch = await nextStretch(pool, STRETCH);
  if (stretch === null) return false;
  const entries = stretch.records.flatMap((row) => readable(row, log));
  const facts = await factsFor(oversight, entries, settings.thresholds);
  const faulty = entries.length === 0 ? new Set<string>() : await faultyRules(pool);
  const rules = settings.rules.filter((rule) => rule.mode !== 'off' && !faulty.has(rule.id));
  const found = new Found(facts.earlier);
  const failed = new Map<string, string>();
  const accesses: Access[] = [];
  for (const one of entries) {
    const around = facts.of(one);
    accesses.push(...accessesOf(one, around));
    for (const rule of rules) {
      const fires = failed.has(rule.id) ? false : attempt(rule, { one, around, found, oversight, failed });
      if (fires) found.add(rule, one);
    }
  }
  for (const [rule, error] of failed) await giveUp(oversight, rule, error);
  const { alerts, again } = found;
  const { explained, opened, marks, volumes } = facts;
  const { from, to } = stretch;
  const kept = await commitStep(
    pool,
    { from, to, explained, opened, marks, volumes, accesses, alerts, again },
    alertRecord,
  );
  for (const notice of kept ?? []) if (notice.mode === 'live') oversight.notify(notice);
  return kept === null || stretch.to - stretch.from >= STRETCH;
}

/** Loudly: in the log, and as an alert of its own on the officers' desk and wherever alerts go. */
async function giveUp(oversight: Oversight, rule: string, error: string): Promise<void> {
  const { pool, log } = oversight;
  log.error('an alert rule failed and is switched off', { rule, error });
  const notices = await inTransaction(pool, async (client) =>
    (await switchOff(client, rule, error))
      ? insertAlerts(client, [failure(`Alert rule ${rule} failed and is switched off`)])
      : [],
  );
  for (const notice of notices) oversight.notify(notice);
}

/** Of the watching itself: whatever is set about the rules. */
function failure(why: string): NewAlert {
  const at = new Date().toISOString();
  return { rule: 'A-16', severity: 'high', mode: 'live', at, seq: null, party: '', patient: '', why };
}

/** The alert rules cannot look at the record, or not as they were set: whoever watches must know that nobody does. */
export async function raiseFailure(oversight: Oversight, why: string): Promise<void> {
  for (const notice of await insertAlerts(oversight.pool, [failure(why)])) oversight.notify(notice);
}

/** A live alert in the trail: which rule, under which reference; whom it is about stands in the alert alone. */
function alertRecord({ reference, rule, at }: AlertNotice): AuditColumns {
  return auditColumns({
    at: at.toISOString(),
    requestId: reference,
    interaction: 'alert',
    action: 'E',
    outcome: 0,
    status: 0,
    agent: INTERNAL,
    purpose: null,
    rules: [],
    reason: null,
    explanation: null,
    entities: ['AuditEvent'],
    label: null,
    patients: [],
    query: null,
    recipient: null,
    detail: `${rule} ${reference}`,
  });
}

const INTERNAL: AuditEntry['agent'] = {
  ...{ kind: 'internal', clientId: 'tandem', issuer: null, subject: null, name: null, role: null },
  ...{ practitionerRole: null, service: null, team: null, jti: null, address: null },
};

/** The kinds under which an access is asked for later: refusals (Q11), and what was opened (Q3, Q5, Q6, Q8, Q9 of domain.md 6.2). */
function accessesOf({ seq, entry }: SealedEntry, facts: AlertFacts): Access[] {
  const party = partyOf(entry);
  const about = patientsOf(entry);
  const kinds = isRefused(entry) ? refusedKinds(entry) : opens(entry) ? openedKinds(entry, facts) : [];
  const patients = about.length === 0 ? [''] : about;
  return kinds.flatMap((kind) => patients.map((patient) => ({ kind, seq, patient, party, at: entry.at })));
}

function refusedKinds({ reason, rules }: AuditEntry): string[] {
  const byRule = [...new Set(rules)].map((rule) => `refused ${rule}`);
  return ['refused', ...byRule, ...(reason === 'own-record' ? ['own-record'] : [])];
}

function openedKinds(entry: AuditEntry, facts: AlertFacts): string[] {
  return [
    ...(facts.explanation === null ? ['unexplained'] : []),
    ...(facts.consents.has('sealed') ? ['V'] : entry.label === 'R' || entry.label === 'V' ? [entry.label] : []),
    ...(facts.consents.has('s-flag') ? ['s-flag'] : []),
    ...(facts.tags.has('EMP') ? ['EMP'] : []),
    ...(facts.tags.has('CEL') ? ['CEL'] : []),
    ...(facts.relationshipOver ? ['after-relationship'] : []),
    ...(facts.sameSurname ? ['same-surname'] : []),
    ...(facts.sameAddress ? ['same-address'] : []),
    ...(facts.colleague ? ['colleague'] : []),
    ...(facts.neighbour ? ['neighbour'] : []),
    ...(facts.afterDeath ? ['after-death'] : []),
    ...(facts.afterLoss ? ['after-loss'] : []),
    ...(facts.newPlace ? ['new-place'] : []),
    ...(isOutOfHours(entry.at) ? ['out-of-hours'] : []),
  ];
}

interface Attempt {
  one: SealedEntry;
  around: AlertFacts;
  found: Found;
  oversight: Oversight;
  failed: Map<string, string>;
}

function attempt(rule: AlertRule, { one, around, found, oversight, failed }: Attempt): boolean {
  const { service, team } = one.entry.agent;
  if ([partyOf(one.entry), service, team].some((party) => party !== null && rule.suppressed.includes(party)))
    return false;
  try {
    const small = { sameRuleBefore: found.repeats(partyOf(one.entry)), smallRuleNow: found.smallOn(one.seq) };
    return rule.fires(one.entry, { ...around, ...small }, oversight.settings.thresholds);
  } catch (error) {
    // The class only: a message may quote the record (H8).
    failed.set(rule.id, error instanceof Error ? error.name : 'unknown');
    return false;
  }
}

/** A record whose body cannot be read is sealed all the same; no rule can say anything about it. */
function readable(row: StoredAudit, log: Log): SealedEntry[] {
  try {
    return [{ seq: row.seq, entry: auditEntry(row) }];
  } catch {
    log.warn('an audit record cannot be read by the alert rules', { record: row.seq });
    return [];
  }
}

type Same = Pick<EarlierAlert, 'rule' | 'party' | 'patient' | 'at' | 'focus'>;

/** Alerts of one stretch: the first of its kind is new, what follows within its quiet time is the same alert. */
class Found {
  readonly alerts: (NewAlert & Same)[] = [];
  readonly again: { id: number; seq: number }[] = [];
  private readonly earlier: EarlierAlert[];
  private repeated = new Map<string, number>();
  private lastSmall = 0;

  constructor(earlier: EarlierAlert[]) {
    this.earlier = earlier;
    for (const one of earlier) this.remember(one.rule, one.party);
  }

  /** How often the most frequent small rule has fired about a person in 30 days. */
  repeats(party: string): number {
    return Math.max(0, ...SMALL.map((rule) => this.repeated.get(`${rule} ${party}`) ?? 0));
  }

  /** Whether a small rule fired on this record. */
  smallOn(seq: number): boolean {
    return this.lastSmall === seq;
  }

  add(rule: AlertRule, { seq, entry }: SealedEntry): void {
    if (rule.mode === 'off') return;
    if (SMALL.includes(rule.id)) this.lastSmall = seq;
    // Each referral that did not arrive is told of by itself.
    const focus = rule.id === 'A-22' ? (entry.entities[0] ?? '') : '';
    const party = partyOf(entry);
    const [patient = ''] = rule.id === 'A-19' ? [] : patientsOf(entry);
    const since = Date.parse(entry.at) - rule.quietMinutes * 60_000;
    const isSame = (one: Same) =>
      one.rule === rule.id &&
      one.party === party &&
      one.patient === patient &&
      one.focus === focus &&
      Date.parse(one.at) > since;
    const standing = this.earlier.find((one) => isSame(one) && !one.closed);
    if (standing !== undefined) {
      this.again.push({ id: standing.id, seq });
      return;
    }
    if (this.alerts.some(isSame)) return;
    const { id, severity, mode, words } = rule;
    this.alerts.push({ rule: id, severity, mode, at: entry.at, seq, party, patient, focus, why: words });
    this.remember(id, party);
  }

  private remember(rule: string, party: string): void {
    this.repeated.set(`${rule} ${party}`, (this.repeated.get(`${rule} ${party}`) ?? 0) + 1);
  }
}

/** An alert that comes from no record: the proof of the trail, the clock, the writer. */
export async function raiseAlert(oversight: Oversight, id: string, why: string): Promise<void> {
  const rule = oversight.settings.rules.find((one) => one.id === id);
  if (rule === undefined || rule.mode === 'off') throw new Error(`there is no alert rule ${id} that is on`);
  const { severity, mode } = rule;
  const at = new Date().toISOString();
  const alert: NewAlert = { rule: id, severity, mode, at, seq: null, party: '', patient: '', why };
  for (const notice of await insertAlerts(oversight.pool, [alert])) oversight.notify(notice);
}
