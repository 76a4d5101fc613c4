/**
 * Whom a writer may see at all. A relationship lets her write about a woman only where it also lets her see the woman
 * herself: a label V, an objection or sharing that was never explained closes both, and a row about somebody out of
 * sight is answered like a row about nobody (R-13, R-20, no existence oracle).
 */
import { isObject } from '../fhir/resource.ts';
import { decide } from '../governance/decide.ts';
import type { Prefetched } from '../store/prefetch.ts';
import { type Db, readSeveral } from '../store/reads.ts';
import { ask, parseStored, reach } from './decide.ts';
import type { Context, Door } from './types.ts';

/** `Patient/..` of the subjects that are here and out of this writer's sight. */
export function outOfSight(door: Door, context: Context, known: Prefetched): Set<string> {
  const { principal, agreements, now } = context;
  if (principal.role === 'steward') return new Set();
  const asked = ask(door, context, 'read', 'Patient');
  const { relationships, consents } = known;
  const hidden = known.people.filter(
    (row) => !row.deleted && !decide(principal, asked, { row, relationships, consents, agreements, now }).permit,
  );
  return new Set(hidden.map((row) => `Patient/${row.id}`));
}

/**
 * Takes out of the lookups what the writer may not see, so that a write is answered alike whether a row she names is
 * hidden or unknown: visits, episodes and responses; whose child somebody is (`forgetHiddenKin`).
 */
export async function forgetHidden(door: Door, db: Db, context: Context, known: Prefetched): Promise<void> {
  if (known.lookups.size === 0 || context.principal.role === 'steward') return;
  const { principal, agreements, now } = context;
  const { relationships, consents } = known;
  for (const [reference, row] of known.lookups) {
    if (!TOLD_BY_NAMING.has(row.type)) continue;
    // The facts here are about the people of this write: a row about anybody else is not seen through them.
    const world = { row, relationships, consents, agreements, now };
    if (!decide(principal, ask(door, context, 'read', row.type), world).permit) known.lookups.delete(reference);
  }
  await forgetHiddenKin(door, db, context, known);
}

/** Types whose rows change what a write about somebody becomes: its class, its pregnancy, its authors. */
const TOLD_BY_NAMING: ReadonlySet<string> = new Set(['Encounter', 'EpisodeOfCare', 'QuestionnaireResponse']);

/** Mothers found by NHS number and the related persons a Patient links to: nobody makes a stranger's child her own family's. */
async function forgetHiddenKin(door: Door, db: Db, context: Context, known: Prefetched): Promise<void> {
  const named = [...known.lookups].flatMap(([reference, { id, body }]) => {
    if (reference.includes('?')) return [{ reference, person: `Patient/${id}` }];
    return reference.startsWith('RelatedPerson/') ? [{ reference, person: personOf(body) }] : [];
  });
  if (named.length === 0 || context.principal.role === 'steward') return;
  const rows = await readSeveral(
    db,
    named.flatMap(({ person }) => person ?? []),
    reach(context),
  );
  const asked = ask(door, context, 'read', 'Patient');
  for (const { reference, person } of named) {
    const found = person === null ? undefined : rows.get(person);
    const visible = found !== undefined && decide(context.principal, asked, { ...found, now: context.now }).permit;
    if (!visible) known.lookups.delete(reference);
  }
}

/** `Patient/..` a stored RelatedPerson is about. */
function personOf(body: string): string | null {
  const { patient } = parseStored(body).resource;
  return isObject(patient) && typeof patient.reference === 'string' ? patient.reference : null;
}
