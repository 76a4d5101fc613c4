/**
 * Links between records of people. Nobody links to a record that is not there for her: hidden and unknown are refused
 * alike. A record whose identity was sealed (adoption, gender recognition, witness protection) is linked to none, and gets
 * no other NHS number, so that no view ever leads from the new identity to the old one.
 */
import { refuse } from '../fhir/outcome.ts';
import { isObject } from '../fhir/resource.ts';
import type { Json, Resource } from '../fhir/types.ts';
import { decide } from '../governance/decide.ts';
import { NHS_NUMBER } from '../governance/vocabulary.ts';
import { type Db, readSeveral } from '../store/reads.ts';
import type { DecidableRow } from '../store/rows.ts';
import { ask, parseStored, reach } from './decide.ts';
import type { Change } from './plan.ts';
import type { Context, Door } from './types.ts';

/** Prefix of the source of the fact that seals an identity. */
export const IDENTITY_SOURCE = 'identity:';

/** @throws Outcome 422 for a link to nobody in sight, or to or from a sealed identity */
export async function requireSoundLinks(
  door: Door,
  db: Db,
  context: Context,
  changes: readonly Change[],
): Promise<void> {
  if (context.principal.role === 'steward') return;
  const own = changes.filter(({ type, document }) => document !== null && (type === 'Patient' || type === 'Person'));
  for (const { current, document } of own) requireSameIdentity(current, document?.resource ?? null);
  const inside = new Set(changes.map(({ type, id }) => `${type}/${id}`));
  const named = own.flatMap(({ document, current }) => addedLinks(document?.resource ?? null, current));
  const outside = [...new Set(named)].filter((one) => !inside.has(one));
  if (outside.length === 0) return;
  const rows = await readSeveral(db, outside, reach(context));
  const asked = ask(door, context, 'read', 'Patient');
  for (const one of outside) {
    const found = rows.get(one);
    const seen = found !== undefined && decide(context.principal, asked, { ...found, now: context.now }).permit;
    if (!seen || found.row.deleted)
      throw refuse(422, 'business-rule', 'A link names a record that is not there', 'link');
    if (hasSealedIdentity(found)) throw alone();
  }
}

/** Links to Patients that the stored version does not hold. */
function addedLinks(resource: Resource | null, current: DecidableRow | null): string[] {
  const before = current?.row.body ? linksIn(parseStored(current.row.body).resource) : [];
  const added = linksIn(resource).filter((one) => !before.includes(one));
  if (added.length > 0 && current !== null && hasSealedIdentity(current)) throw alone();
  return added;
}

function linksIn(resource: Resource | null): string[] {
  return listOf(resource?.link).flatMap((link) => {
    const target = [link.other, link.target].find(isObject);
    const reference = target === undefined ? undefined : target.reference;
    return typeof reference === 'string' && /^Patient\/[A-Za-z0-9.-]{1,64}$/.test(reference) ? [reference] : [];
  });
}

function requireSameIdentity(current: DecidableRow | null, next: Resource | null): void {
  if (current === null || current.row.body === null || !hasSealedIdentity(current)) return;
  const known = numbersIn(parseStored(current.row.body).resource);
  if (numbersIn(next).some((one) => !known.includes(one))) throw alone();
}

function numbersIn(resource: Resource | null): string[] {
  return listOf(resource?.identifier).flatMap(({ system, value }) =>
    system === NHS_NUMBER && typeof value === 'string' ? [value.replaceAll(' ', '')] : [],
  );
}

function hasSealedIdentity({ consents }: Pick<DecidableRow, 'consents'>): boolean {
  return consents.some(({ source }) => source.startsWith(IDENTITY_SOURCE));
}

function alone() {
  return refuse(422, 'business-rule', 'This record is linked to no other one, and keeps its number (R-42)', 'link');
}

function listOf(value: Json | undefined) {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
