/**
 * The value sets that a search names with `:in` and `:not-in`, listed before it is read: those compiled, posted or of a
 * package, one named by its id, and, when configured, those another terminology server holds (R4 search.html, "token").
 */
import { TermFault } from '../definitions/terms/faults.ts';
import type { TermSource } from '../definitions/terms/source.ts';
import { expandedMembers, type Member, membersOf } from '../definitions/terms/value-set.ts';
import { Outcome } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import { MAX_CODES, type ValueSetCodes } from '../search/parse-terms.ts';
import { splitEscaped, unescaped } from '../search/parse-text.ts';
import { parseStored } from './decide.ts';
import { read } from './read.ts';
import { sourceFor } from './term-source.ts';
import type { Context, Door } from './types.ts';

/** Value sets of one search, at most; the rest is not known. */
const MOST = 20;

/** By the text that names them in the query; one that nobody knows is left out, and refused when the search is read. */
export async function valueSetsAsked(
  door: Door,
  context: Context,
  raw: string,
): Promise<ReadonlyMap<string, ValueSetCodes>> {
  const found = new Map<string, ValueSetCodes>();
  const terms = sourceFor(door, []);
  for (const canonical of namesIn(raw).slice(0, MOST)) {
    const codes = await codesOf({ door, context, terms }, canonical);
    if (codes !== null) found.set(canonical, codes);
  }
  return found;
}

/** `code:in=url`, behind chains and `_has` too, and `code in url`, `code ni url` of a `_filter`. */
function namesIn(raw: string): string[] {
  if (!/(?::|%3A)(?:not-)?in\b|_filter/i.test(raw)) return [];
  const names: string[] = [];
  for (const [name, text] of new URLSearchParams(raw)) {
    if (/:(?:not-)?in$/.test(name)) names.push(...splitEscaped(text, ',').map(unescaped));
    if (name === '_filter') for (const [, url = ''] of text.matchAll(/ (?:in|ni) "?([^\s")\]]+)/g)) names.push(url);
  }
  return [...new Set(names)];
}

interface Listing {
  door: Door;
  context: Context;
  /** With the steps that all of them have together. */
  terms: TermSource;
}

async function codesOf({ door, context, terms }: Listing, canonical: string): Promise<ValueSetCodes | null> {
  const id = idOf(door, canonical);
  const listed = id === null ? door.definitions.codesOfValueSet(canonical) : null;
  if (listed !== null) return listed;
  const held = id === null ? door.definitions.terms.find('ValueSet', canonical) : await byId(door, context, id);
  const codes = held === null ? null : members(terms, held);
  return codes ?? (id === null ? elsewhere(door, canonical) : null);
}

/** `ValueSet/17`, under our own base or relative: the one at that address. */
function idOf({ base }: Door, canonical: string): string | null {
  const relative = canonical.startsWith(`${base}/`) ? canonical.slice(base.length + 1) : canonical;
  return /^ValueSet\/([A-Za-z0-9\-.]{1,64})$/.exec(relative)?.[1] ?? null;
}

/** As the caller may see it; null when there is none. */
async function byId(door: Door, context: Context, id: string): Promise<Resource | null> {
  try {
    return parseStored((await read(door, context, 'ValueSet', id)).text).resource;
  } catch (error) {
    if (error instanceof Outcome && (error.status === 404 || error.status === 410)) return null;
    throw error;
  }
}

function members(terms: TermSource, valueSet: Resource): ValueSetCodes | null {
  try {
    return plain(membersOf(valueSet, terms, MAX_CODES));
  } catch (error) {
    if (!(error instanceof TermFault)) throw error;
    return error.reason === 'too-costly' ? 'too-many' : null;
  }
}

const plain = (found: readonly Member[]): ValueSetCodes =>
  found.map(({ system, concept }) => ({ system, code: concept.code }));

/** @throws Outcome 503 when the server that may know does not answer */
async function elsewhere({ externalTerms }: Door, url: string): Promise<ValueSetCodes | null> {
  if (externalTerms === null) return null;
  const answer = await externalTerms.ask('ValueSet/$expand', { url, count: String(MAX_CODES + 1) });
  if (answer.kind === 'away') {
    const diagnostics =
      'The terminology server that may know a value set of this search does not answer; try again later';
    throw new Outcome(503, [{ severity: 'error', code: 'transient', diagnostics }], { 'Retry-After': '30' });
  }
  if (answer.kind !== 'answer') return null;
  const found = expandedMembers(answer.resource);
  if (found === null) return null;
  return found.length > MAX_CODES || isPartial(answer.resource) ? 'too-many' : plain(found);
}

/** It says that there are more codes than it gave. */
function isPartial({ expansion }: Resource): boolean {
  const total = typeof expansion === 'object' && expansion !== null && 'total' in expansion ? expansion.total : 0;
  return typeof total === 'number' && total > MAX_CODES;
}
