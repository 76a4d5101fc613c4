/**
 * Chains and includes along canonical URLs that end at definitions which ship (shipped.ts): what a chain asks of them is
 * decided in memory, and the rows that name those that match are asked for by their canonicals. Everyone whose gate is
 * open for a type may see all that ship of it, so this tells nothing new.
 */
import { refuse } from '../fhir/outcome.ts';
import { gate } from '../governance/gates.ts';
import { masksFor } from '../governance/masks.ts';
import { canonicalsOf } from '../search/canonical.ts';
import { targetsOf } from '../search/parse-clause.ts';
import { type Chain, type Clause, type Include, isCriterion, type Query, type SearchParam } from '../search/types.ts';
import { wordPrefix } from '../search/words.ts';
import type { FoundRow } from '../store/search.ts';
import { ask, parseStored, show, worldOf } from './decide.ts';
import { shippedRow } from './shipped.ts';
import { isLocal, matchingShipped } from './shipped-search.ts';
import type { Context, Door } from './types.ts';

/** Definitions at the end of one chain: each is a few words that the rows are asked for. */
const MAX_ENDS = 200;

/** The query, with what its chains reach among the definitions that ship. */
export async function withShippedEnds(door: Door, context: Context, query: Query): Promise<Query> {
  if (!query.where.some(hasCanonical)) return query;
  const where: Clause[] = [];
  for (const clause of query.where) where.push(await ended(door, context, clause));
  return { ...query, where };
}

function hasCanonical(clause: Clause): boolean {
  if (isCriterion(clause)) return false;
  if (clause.op === 'chain') return clause.param.canonical === true || clause.targets.some(hasCanonical);
  return clause.op === 'has' ? hasCanonical(clause.source) : clause.clauses.some(hasCanonical);
}

async function ended(door: Door, context: Context, clause: Clause): Promise<Clause> {
  if (isCriterion(clause) || !hasCanonical(clause)) return clause;
  if (clause.op === 'has') {
    const clauses = await endedAll(door, context, clause.source.clauses);
    return { ...clause, source: { ...clause.source, clauses } };
  }
  if (clause.op !== 'chain') return { ...clause, clauses: await endedAll(door, context, clause.clauses) };
  const targets: Chain['targets'] = [];
  for (const target of clause.targets) {
    targets.push({ ...target, clauses: await endedAll(door, context, target.clauses) });
  }
  const chain: Chain = { ...clause, targets };
  if (chain.param.canonical !== true || chain.hidden === true) return chain;
  const named = await shippedEnds(door, context, chain);
  return named.length === 0 ? chain : { op: 'any', clauses: [chain, ...named] };
}

async function endedAll(door: Door, context: Context, clauses: readonly Clause[]): Promise<Clause[]> {
  const all: Clause[] = [];
  for (const clause of clauses) all.push(await ended(door, context, clause));
  return all;
}

/** What rows hold that name one of the definitions the chain reaches. */
async function shippedEnds(door: Door, context: Context, { param, targets }: Chain): Promise<Clause[]> {
  const urls = new Set<string>();
  const versioned = new Set<string>();
  for (const target of targets) {
    if (!target.clauses.every(isLocal) || !isOpen(door, context, target.type)) continue;
    for (const { resource } of await matchingShipped(door, target.type, target.clauses)) {
      if (typeof resource.url !== 'string') continue;
      urls.add(resource.url);
      if (typeof resource.version === 'string') versioned.add(`${resource.url}|${resource.version}`);
    }
  }
  if (urls.size > MAX_ENDS) {
    const why = `"${param.code}" would lead to ${urls.size} definitions; narrow it`;
    throw refuse(400, 'too-costly', `This search costs too much: ${why}`);
  }
  return [
    ...(versioned.size === 0 ? [] : [named(param, [...versioned])]),
    // Without a version every one is meant; with one, that one alone.
    ...[...urls].map((url): Clause => ({ op: 'all', clauses: [named(param, [url]), withoutVersion(param, url)] })),
  ];
}

function isOpen(door: Door, context: Context, type: string): boolean {
  return (
    door.definitions.entries(type).length > 0 && gate(context.principal, ask(door, context, 'search', type)) === null
  );
}

const named = (param: SearchParam, urls: readonly string[]): Clause => ({
  param,
  modifier: null,
  values: urls.map((url) => ({ kind: 'reference', type: null, id: null, url })),
});

const withoutVersion = (param: SearchParam, url: string): Clause => ({
  op: 'not',
  clauses: [{ param, modifier: 'below', values: [{ kind: 'uri', uri: `${url}|` }] }],
});

/** The rows of a page with the definitions that ship and are named by what is shown of those rows. */
export function includeShipped(door: Door, context: Context, query: Query, found: readonly FoundRow[]): FoundRow[] {
  const includes = query.include.filter((one) => one.param?.canonical === true);
  if (includes.length === 0) return [...found];
  const all = [...found];
  const there = new Set(found.map(({ row }) => `${row.type}/${row.id}`));
  for (const one of found) {
    const own = includes.filter(
      (include) => include.source === one.row.type && (include.iterate || one.mode === 'match'),
    );
    for (const { type, id } of own.length === 0 ? [] : namedBy(door, context, own, one)) {
      const row = there.has(`${type}/${id}`) ? null : shippedRow(door, type, id);
      if (row === null) continue;
      there.add(`${type}/${id}`);
      all.push({ mode: 'include', row, consents: [] });
    }
  }
  return all;
}

function namedBy(
  door: Door,
  context: Context,
  includes: readonly Include[],
  found: FoundRow,
): { type: string; id: string }[] {
  const shown = show(found.row, masksFor(context.principal, worldOf(context, found)));
  const { tokens } = door.indexer.indexOf(parseStored(shown.text).resource);
  return includes.flatMap(({ source, param, target }) => {
    if (param === null) return [];
    const types = target === null ? targetsOf(param, door.definitions) : [target];
    const names = canonicalsOf(tokens, wordPrefix(source, param.code)).map((text) => text.split('|', 2));
    return names.flatMap(([url = '', version]) =>
      types
        .filter((type) => url !== '' && isOpen(door, context, type))
        .flatMap((type) => door.definitions.entries(type))
        .filter((entry) => entry.url === url && (version === undefined || entry.version === version)),
    );
  });
}
