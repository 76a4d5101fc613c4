/**
 * `$import` (domain.md 1.8): what files or a Bundle would change in the directory, shown before anything is; then proposed
 * whole to a second person (R-27), or done at once where it only ends something. The duty list is written by the admins of
 * the team's service and by its e-roster system, at once (5.3). An import with a fault changes nothing.
 */

import { Outcome, refuse } from '../fhir/outcome.ts';
import { asResource, isObject } from '../fhir/resource.ts';
import { E_ROSTER } from '../governance/duty.ts';
import { type CarryOut, isKeeper, keepProposal } from '../oversight/proposals.ts';
import { entryOf } from '../record/entry.ts';
import { CONFIRMED } from '../record/prepare.ts';
import { audited, unknown } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { inTransaction } from '../store/transaction.ts';
import { applyChanges, type Writable } from './apply.ts';
import type { Kind } from './columns.ts';
import type { ChangeAction } from './differences.ts';
import { type ImportAsk, type ImportPlan, type PlannedChange, planImport } from './plan.ts';
import { settleAll } from './settle.ts';

export type Imported = ImportPlan & {
  /** `dry-run`; `unchanged`: nothing to do; `proposed`: waits under `pending`; `applied`: done. */
  status: 'dry-run' | 'faulty' | 'unchanged' | 'proposed' | 'applied';
  pending: string | null;
};

export interface ImportRequest extends ImportAsk {
  dryRun: boolean;
  /** Why; needed when it is no dry run. */
  reason: string;
}

/** @throws Outcome 403 who may not; a plan with faults is returned, not thrown, and nothing has changed */
export function importDirectory(door: Door, context: Context, asked: ImportRequest): Promise<Imported> {
  const what = asked.bundle === null ? asked.files.map(({ kind }) => kind).join(',') : 'bundle';
  const detail = `$import ${what}${asked.dryRun ? ' dry-run' : `; reason: ${asked.reason.slice(0, 300)}`}`;
  const entry = { ...entryOf(context, 'operation'), detail, rules: ['R-27'] };
  return audited(door, entry, async () => {
    requireImporter(context, asked);
    const plan = await planImport(door, context, asked);
    const outcome = plan.faults.length > 0 ? ('faulty' as const) : await carry(door, context, asked, plan);
    const done = typeof outcome === 'string' ? { status: outcome, pending: null } : outcome;
    const types = [...new Set(plan.changes.map(({ type }) => type))];
    const failed = done.status === 'faulty' ? { outcome: 4 as const, status: 422 } : {};
    await door.audit.write({ ...entry, ...failed, detail: `${detail}; ${done.status}`, entities: types });
    return { ...plan, ...done };
  });
}

/** Lets those pass who may import these kinds; a page that shows nothing yet. @throws Outcome 403, recorded */
export function enterImport(door: Door, context: Context, kinds: readonly Kind[]): Promise<void> {
  const entry = { ...entryOf(context, 'operation'), detail: `import-form ${kinds.join(',')}`, rules: ['R-27'] };
  return audited(door, entry, async () => {
    requireImporter(context, { files: kinds.map((kind) => ({ kind, text: '' })), bundle: null, endMissing: false });
    await door.audit.write(entry);
  });
}

/** Counts by action, for titles and answers. */
export function countsOf(changes: readonly Pick<PlannedChange, 'action'>[]): Record<ChangeAction, number> {
  const counts = { added: 0, changed: 0, ended: 0, unchanged: 0 };
  for (const { action } of changes) counts[action] += 1;
  return counts;
}

/** Carries out an import that a second person confirmed, as it was planned. */
export const carryOutImport: CarryOut = async (door, context, db, pending) => {
  const changes = writables(JSON.parse(pending.body));
  const written = await applyChanges(door, { ...context, operation: CONFIRMED }, db, changes);
  return { written, entities: written.map(({ type, id }) => `${type}/${id}`) };
};

async function carry(
  door: Door,
  context: Context,
  asked: ImportRequest,
  plan: ImportPlan,
): Promise<Imported['status'] | { status: 'proposed'; pending: string }> {
  const changes = plan.changes.filter(({ action }) => action !== 'unchanged');
  if (changes.length === 0) return asked.dryRun ? 'dry-run' : 'unchanged';
  if (asked.dryRun) return 'dry-run';
  if (asked.reason.trim().length < 5) throw refuse(400, 'required', 'Say why, in five characters or more: reason');
  if (isKeeper(context.principal) && !plan.narrows) {
    const { added, changed, ended } = countsOf(changes);
    const title = `${added} added, ${changed} changed, ${ended} ended`;
    const kept = { kind: 'import', title, words: asked.reason, body: JSON.stringify({ changes }), version: null };
    return { status: 'proposed', pending: await keepProposal(context, door.pool, kept) };
  }
  const writing = isKeeper(context.principal) ? { ...context, operation: CONFIRMED } : context;
  await inTransaction(door.pool, (client) => applyChanges(door, writing, client, changes));
  await settleAll(door);
  return 'applied';
}

function requireImporter(context: Context, { files, bundle }: ImportAsk): void {
  const { principal } = context;
  if (principal.kind === 'family') throw unknown();
  if (isKeeper(principal)) return;
  const mayDuty = principal.role === 'admin' || principal.flags.includes(E_ROSTER);
  if (mayDuty && bundle === null && files.every(({ kind }) => kind === 'duty')) return;
  const words = mayDuty
    ? 'You import the duty list of your service alone (5.3)'
    : 'The directory is imported by those who keep it (R-27)';
  throw refuse(403, 'forbidden', words);
}

/** The changes of a stored proposal. @throws Outcome 422 when they are not ours */
function writables(body: unknown): Writable[] {
  const list = isObject(body) && Array.isArray(body.changes) ? body.changes : [];
  return list.filter(isObject).map(({ type, id, version = null, resource = null }) => {
    if (typeof type !== 'string' || typeof id !== 'string' || (version !== null && typeof version !== 'number'))
      throw refuse(422, 'processing', 'The stored proposal cannot be read');
    return { type, id, version, resource: asResource(resource) };
  });
}

/** All faults as one outcome: every line, what is wrong, what to do. */
export function faultsOutcome({ faults }: Pick<ImportPlan, 'faults'>): Outcome {
  return new Outcome(
    422,
    faults.map(({ where, column, text }) => ({
      severity: 'error' as const,
      code: 'invalid',
      diagnostics: `${where}${column === null ? '' : `, ${column}`}: ${text}`,
    })),
  );
}
