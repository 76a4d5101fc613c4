/**
 * A search asked again under two sets of rules, for replays: which rows would be found under the one and not under the
 * other. Nobody is answered with them, so nothing is recorded here; whoever started the replay is.
 */
import { evaluate } from '../governance/evaluate.ts';
import type { RowRule } from '../governance/rule-types.ts';
import { isCriterion, type Query } from '../search/types.ts';
import { readSeveral } from '../store/reads.ts';
import type { ResourceRow } from '../store/rows.ts';
import { PAGE_IDS, runSearch, type SearchAsk } from '../store/search.ts';
import { reach } from './decide.ts';
import { parsedSearch, type SearchRequest } from './search.ts';
import { guards } from './search-sight.ts';
import type { Context, Door } from './types.ts';

/** The rule of each type under one set of rules; null = closed. */
export type RulesOfTypes = (type: string | null) => RowRule | null;

export interface FoundAgain {
  /** Rows found under the second set of rules only, and under the first only; the newest bodies are of now. */
  more: ResourceRow[];
  less: ResourceRow[];
  /** There are more of them than are listed. */
  capped: boolean;
}

/** Rows listed of each side. */
export const MOST_FOUND = 200;
const NOTHING: FoundAgain = { more: [], less: [], capped: false };
const CLOSED: RowRule = { op: 'false' };

/**
 * What a search of this caller, as she was, finds under `proposed` and not under `present`, and the other way round. The
 * rules decide at `context.now`; rows and their labels are those of now.
 * @throws Outcome 400 what is not understood (any more) or takes too long, 503 no place for it now
 */
export async function searchAgain(
  door: Door,
  context: Context,
  request: SearchRequest,
  { present, proposed }: { present: RulesOfTypes; proposed: RulesOfTypes },
): Promise<FoundAgain> {
  const differs = (type: string) => JSON.stringify(present(type)) !== JSON.stringify(proposed(type));
  const open = (type: string) => present(type) !== null || proposed(type) !== null;
  const all = door.definitions.resourceTypes.filter((type) => type !== 'AuditEvent');
  const types = request.type === null ? all.filter(open) : [request.type];
  const { query } = await parsedSearch(door, context, request, types);
  const own = query.where.every(isCriterion);
  // The rows themselves are decided alike, and nothing else is looked at.
  if (own && !(query.type === null ? (query.types ?? types) : [query.type]).some(differs)) return NOTHING;
  const plain: Query = {
    ...query,
    sort: [],
    include: [],
    revinclude: [],
    total: 'none',
    summary: null,
    explain: false,
  };
  const asking = { door, context, query: plain };
  if (!own) return apart(asking, present, proposed);
  const [more, less] = [await only(asking, proposed, present), await only(asking, present, proposed)];
  return { more: more.rows, less: less.rows, capped: more.capped || less.capped };
}

interface Asking {
  door: Door;
  context: Context;
  query: Query;
}

function run({ door, context, query }: Asking, count: number, ruleFor: RulesOfTypes) {
  const asked: SearchAsk = {
    query: { ...query, count },
    now: context.now,
    ruleFor,
    allTypes: door.definitions.resourceTypes,
    guards: guards(door, context, query),
    fewPatients: context.principal.kind !== 'system',
    deciding: { permits: evaluate, reach: reach({ principal: context.principal, agreements: [] }) },
    // One at a time for all replays, beside the searches of people.
    caller: 'replay',
  };
  return runSearch(door.pool, asked, door.broadPool);
}

/** Rows that one set of rules lets through and the other does not, in one statement: no row of both is fetched. */
async function only(asking: Asking, under: RulesOfTypes, and: RulesOfTypes) {
  const { found, ids } = await run(asking, MOST_FOUND, (type) => {
    const [rule, other] = [under(type), and(type)];
    return rule === null ? null : { op: 'all', rules: [rule, { op: 'not', rule: other ?? CLOSED }] };
  });
  return { rows: found.map(({ row }) => row), capped: ids !== null };
}

/** A search that passes through other rows: each set of rules decides those as well, so each finds its own list. */
async function apart(asking: Asking, present: RulesOfTypes, proposed: RulesOfTypes): Promise<FoundAgain> {
  const [now, then] = [await idsUnder(asking, present), await idsUnder(asking, proposed)];
  const [inNow, inThen] = [new Set(now), new Set(then)];
  const more = then.filter((one) => !inNow.has(one));
  const less = now.filter((one) => !inThen.has(one));
  const rows = await readSeveral(
    asking.door.pool,
    [...more.slice(0, MOST_FOUND), ...less.slice(0, MOST_FOUND)],
    reach({ principal: asking.context.principal, agreements: [] }),
  );
  const listed = (ids: readonly string[]) => ids.slice(0, MOST_FOUND).flatMap((one) => rows.get(one)?.row ?? []);
  const isLong =
    [now, then].some(({ length }) => length >= PAGE_IDS) || Math.max(more.length, less.length) > MOST_FOUND;
  return { more: listed(more), less: listed(less), capped: isLong };
}

async function idsUnder(asking: Asking, rules: RulesOfTypes): Promise<string[]> {
  const { ids } = await run(asking, 0, rules);
  return ids ?? [];
}
