/**
 * Definitional resources that were posted here, by canonical: what the caller may see of them, under her own row rules,
 * so that nothing answers from a definition she may not know.
 */

import type { Resource } from '../fhir/types.ts';
import { rowRule } from '../governance/row-rules.ts';
import { parseSearch } from '../search/parse.ts';
import type { Db } from '../store/reads.ts';
import type { ResourceRow } from '../store/rows.ts';
import { runSearch } from '../store/search.ts';
import { ask, parseStored } from './decide.ts';
import { checkGeneration } from './refusal.ts';
import type { Context, Door } from './types.ts';

export interface Asking {
  door: Door;
  context: Context;
  db: Db;
}

/** Versions of one canonical, or maps, looked at; more are an abuse. */
const MOST = 50;
/** Parsed definitions kept: forms and code systems are read far more often than they change. */
const KEPT = 100;
/** Their texts together: a body may have 16 MB, and a hundred of those parsed would be gigabytes. */
const KEPT_LENGTH = 32 * 1024 * 1024;
const parsed = new Map<string, { resource: Resource; length: number }>();

/** `url|version` -> its parts. */
export function canonicalParts(canonical: string): { url: string; version: string | null } {
  const at = canonical.indexOf('|');
  if (at < 0) return { url: canonical, version: null };
  return { url: canonical.slice(0, at), version: canonical.slice(at + 1) };
}

/** Every current resource of the type with this url that the caller may see, in no order. */
export async function storedByUrl(asking: Asking, type: string, url: string): Promise<Resource[]> {
  if (url === '' || url.length > 900) return [];
  const found = await stored(asking, type, { url: url.replace(/[\\,|$]/g, '\\$&') });
  return found.filter((resource) => resource.url === url);
}

async function stored({ door, context, db }: Asking, type: string, by: Record<string, string>): Promise<Resource[]> {
  const criteria = new URLSearchParams({ ...by, _count: String(MOST) });
  const { query } = parseSearch(type, criteria.toString(), {
    definitions: door.definitions,
    pending: door.pending,
    bases: [door.base],
    lenient: false,
    maxCount: MOST,
    now: context.now,
  });
  const visible = rowRule(context.principal, ask(door, context, 'search', type));
  const result = await runSearch(db, { query, now: context.now, ruleFor: () => visible });
  checkGeneration(context, result.generation);
  return result.found.map(({ row }) => resourceOf(row));
}

/** Parsed once per version of a row: what is compiled from a resource hangs on the object. */
function resourceOf(row: ResourceRow): Resource {
  const key = `${row.type}/${row.id}/${row.version} ${row.updated.getTime()}`;
  const known = parsed.get(key);
  if (known !== undefined) return known.resource;
  const text = row.body ?? '{}';
  const { resource } = parseStored(text);
  parsed.set(key, { resource, length: text.length });
  let length = 0;
  for (const one of parsed.values()) length += one.length;
  for (const [oldest, one] of parsed) {
    if (parsed.size <= KEPT && length <= KEPT_LENGTH) break;
    parsed.delete(oldest);
    length -= one.length;
  }
  return resource;
}

const STANDING = ['active', 'draft', 'retired'];

/**
 * Which of several a canonical means: the version it names, else the active ones before drafts and retired ones, and of
 * these the latest version (R4 references.html#canonical leaves it to the server).
 */
export function chosen(candidates: readonly Resource[], version: string | null): Resource | null {
  const fitting = candidates.filter(
    (one) => STANDING.includes(String(one.status)) && (version === null || one.version === version),
  );
  const [first] = fitting.sort(
    (a, b) =>
      STANDING.indexOf(String(a.status)) - STANDING.indexOf(String(b.status)) ||
      compareVersions(String(b.version ?? ''), String(a.version ?? '')) ||
      String(b.meta?.lastUpdated ?? '').localeCompare(String(a.meta?.lastUpdated ?? '')),
  );
  return first ?? null;
}

/** `1.10.0` after `1.9.0`; parts that are no numbers compare as text. */
export function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
