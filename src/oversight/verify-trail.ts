/**
 * Proving the access record on demand (Q13) and each night: the chain is recomputed outside the database, compared with
 * the signed checkpoints, and the result is signed and kept. Whoever asks sees numbers and hashes, never a record.
 */
import type { Checkpoint } from '../audit/checkpoint.ts';
import type { PublicKeys } from '../audit/jws.ts';
import type { AuditEntry } from '../audit/types.ts';
import type { JsonObject } from '../fhir/types.ts';
import type { Decision } from '../governance/decision-types.ts';
import { gate } from '../governance/gates.ts';
import type { Role } from '../governance/types.ts';
import { ask } from '../record/decide.ts';
import { entryOf } from '../record/entry.ts';
import { audited, refused } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { type AuditCheck, checksOf, keepCheck } from '../store/models/audit-checks.ts';
import { insertAlerts, isOpen } from '../store/models/oversight.ts';
import type { Pool } from '../store/pool.ts';
import { sealDurable } from '../store/seal.ts';
import { type PartnerProof, provePartners } from './partner-chains.ts';
import { trailStart, verifyFrom } from './trail-start.ts';

/** What is known of the chain elsewhere, and who signs reports about it. */
export interface TrailKeeper {
  read(): Promise<{ marks: Checkpoint[]; signed: number; faults: string[]; keys?: PublicKeys }>;
  sign(report: JsonObject): Promise<string>;
}

export interface TrailReport {
  ok: boolean;
  /** First record that was read, and how many were whole. */
  from: number;
  records: number;
  unsealed: number;
  /** Hex chain hash at the end of what was proven. */
  head: string;
  checkpoints: number;
  /** Last record that was removed with a certificate that holds; 0 = none. */
  removed: number;
  /** Chains of what partners' people opened. */
  partners: PartnerProof;
  firstBroken: { seq: number; why: string } | null;
  /** All that is not to be believed besides: checkpoint lines, and partners' chains that do not hold. */
  faults: string[];
  at: string;
  /** The same as a compact JWS (`typ` audit-report+jws). */
  signed: string;
}

export interface ProofOptions {
  askedBy: string;
  now: Date;
  /** Begin after the last checkpoint at or before this record; null = the whole trail. */
  from: number | null;
}

/** Reads the trail from the seal on, keeps the result and signs it. */
export async function proveTrail(pool: Pool, keeper: TrailKeeper, options: ProofOptions): Promise<TrailReport> {
  await sealDurable(pool);
  const { marks, signed, faults: unbelieved, keys } = await keeper.read();
  const partners = await provePartners(pool);
  const faults = [...unbelieved, ...partners.faults];
  const begins = await trailStart(pool, keys === undefined ? { marks } : { marks, keys });
  const after = options.from === null ? undefined : lastBefore(marks, options.from);
  const found = await verifyFrom(pool, begins, { checkpoints: marks, ...(after === undefined ? {} : { after }) });
  const removed = ('start' in begins ? begins.start?.to : 0) ?? 0;
  const report = {
    ok: found.ok && faults.length === 0,
    from: Math.max(after?.seq ?? 0, removed) + 1,
    records: found.rows,
    unsealed: found.unsealed,
    head: found.head,
    checkpoints: signed,
    removed,
    partners,
    firstBroken: found.firstBroken ?? null,
    faults,
    at: options.now.toISOString(),
  };
  const statement = await keeper.sign(report);
  await keepCheck(pool, {
    askedBy: options.askedBy,
    ok: report.ok,
    records: report.records,
    brokenSeq: report.firstBroken?.seq ?? null,
    why: report.firstBroken?.why ?? faults[0] ?? null,
    report: statement,
  });
  return { ...report, signed: statement };
}

function lastBefore(marks: readonly Checkpoint[], seq: number): Checkpoint | undefined {
  return marks.reduce<Checkpoint | undefined>(
    (best, mark) => (mark.seq < seq && (best === undefined || mark.seq > best.seq) ? mark : best),
    undefined,
  );
}

/** Who may ask for a proof: governance roles, and administrators for integrity alone (domain.md 5.3 "audit"). */
const PROVERS: readonly Role[] = ['ig-officer', 'caldicott-guardian', 'sysadmin'];

/** `AuditEvent/$verify`. @throws Outcome 403 for everyone else */
export function verifyTrail(
  door: Door,
  context: Context,
  asked: { keeper: TrailKeeper; from: number | null },
): Promise<TrailReport> {
  const entry: AuditEntry = { ...entryOf(context, 'operation'), entities: ['AuditEvent'], detail: 'audit-verify' };
  return audited(door, entry, async () => {
    const closed = maySeeProof(door, context);
    if (closed !== null) throw await refused(door, entry, closed);
    // Recorded before it is read, so that the look is part of what it proves; the result has its own place.
    await door.audit.write({ ...entry, rules: ['R-27'] });
    const askedBy = context.principal.practitionerRole ?? context.principal.subject;
    const report = await proveTrail(door.broadPool, asked.keeper, { askedBy, now: context.now, from: asked.from });
    if (!report.ok) await alertOnce(door, context);
    return report;
  });
}

/** A-16, whoever found it; once while it is open. */
async function alertOnce({ pool }: Door, { now }: Context): Promise<void> {
  const why = 'The proof of the access record failed';
  if (await isOpen(pool, 'A-16', why)) return;
  const alert = { rule: 'A-16', severity: 'high', mode: 'live', at: now.toISOString(), seq: null, why } as const;
  await insertAlerts(pool, [{ ...alert, party: '', patient: '' }]);
}

function maySeeProof(door: Door, context: Context): Decision | null {
  // No type: administrators see no audit record, so the matrix has no cell for them here; scope and purpose hold.
  const closed = gate(context.principal, ask(door, context, 'search', null));
  if (closed === null && PROVERS.includes(context.principal.role)) return null;
  const { kind } = context.principal;
  return {
    permit: false,
    rules: ['R-26', 'R-27'],
    reason: 'role',
    text: 'The proof of the access record is for information governance and administrators of the system.',
    explanation: null,
    masks: [],
    concealed: kind === 'family',
    wayIn: null,
  };
}

const PROOFS_SHOWN = 60;

/** The results that are kept, and what is known of the chain elsewhere. @throws Outcome 403 */
export function readProofs(
  door: Door,
  context: Context,
  keeper: TrailKeeper,
): Promise<{ checks: AuditCheck[]; places: { checkpoints: number; faults: string[] } }> {
  const entry: AuditEntry = { ...entryOf(context, 'operation'), entities: ['AuditEvent'], detail: 'audit-proofs' };
  return audited(door, entry, async () => {
    const closed = maySeeProof(door, context);
    if (closed !== null) throw await refused(door, entry, closed);
    const [checks, { signed, faults }] = await Promise.all([checksOf(door.pool, PROOFS_SHOWN), keeper.read()]);
    await door.audit.write({ ...entry, rules: ['R-27'] });
    return { checks, places: { checkpoints: signed, faults } };
  });
}

const DAY_MS = 86_400_000;

/** Proves from the last checkpoint that is a day old: the whole trail is proven at night. @throws Outcome 403 */
export async function proveRecent(door: Door, context: Context, keeper: TrailKeeper): Promise<TrailReport> {
  const yesterday = context.now.getTime() - DAY_MS;
  const old = (await keeper.read()).marks.filter(({ at }) => Date.parse(at) <= yesterday);
  const from = Math.max(0, ...old.map(({ seq }) => seq));
  return verifyTrail(door, context, { keeper, from: from === 0 ? null : from + 1 });
}
