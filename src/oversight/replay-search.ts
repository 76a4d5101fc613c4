/**
 * Recorded searches asked again: what they would list under the proposed rules and do not under the present ones, and the
 * other way round. The text of a search is kept encrypted for this; it is opened here, asked, and forgotten.
 */
import { searchedPath } from '../audit/query-text.ts';
import { Outcome } from '../fhir/outcome.ts';
import { ruleUnder } from '../governance/what-if.ts';
import { ask } from '../record/decide.ts';
import type { SearchRequest } from '../record/search.ts';
import { type FoundAgain, searchAgain } from '../record/search-again.ts';
import type { Context, Door } from '../record/types.ts';
import type { ResourceRow } from '../store/rows.ts';
import type { ChangeKind, ReplayChange, Replayed } from './replay-count.ts';
import type { Asker, NumberedEntry, Replaying } from './replay-run.ts';
import type { ReplayWorlds } from './replay-world.ts';

/** Searches asked again in one replay, the newest; the others are counted as left. */
export const MAX_SEARCHES = 10_000;

/** A later page is part of a search that was recorded before it. */
export function isSearch({ interaction, query }: NumberedEntry): boolean {
  return (interaction === 'search-type' || interaction === 'search-system') && query !== null && !isPage(query.cleaned);
}

function isPage(cleaned: string): boolean {
  return cleaned.startsWith('_page');
}

export async function replaySearch(
  { door, worlds, tally }: Replaying,
  entry: NumberedEntry,
  who: Asker,
): Promise<Replayed['search']> {
  const request = tally.searches >= MAX_SEARCHES ? null : requestOf(door, entry);
  if (request === null) return 'left';
  const rulesOf = (side: keyof ReplayWorlds) => (type: string | null) => {
    const { agreements, settings } = worlds[side];
    const asked = ask(door, { purpose: who.purpose, now: who.at }, 'search', type);
    return ruleUnder({ settings, agreements }, who.principal, asked);
  };
  try {
    const rules = { present: rulesOf('present'), proposed: rulesOf('proposed') };
    return changesOf(await searchAgain(door, contextOf(entry, who), request, rules), entry, who);
  } catch (error) {
    // Refused as it is asked now (a parameter that is gone), too long, or no place for it: said in the result.
    if (error instanceof Outcome) return 'left';
    throw error;
  }
}

function changesOf({ more, less, capped }: FoundAgain, { seq, at }: NumberedEntry, { principal }: Asker) {
  const change =
    (kind: ChangeKind) =>
    ({ type, dataClass, service: from }: ResourceRow): ReplayChange => {
      const about = { from, service: principal.service ?? null, role: principal.role, dataClass };
      return { kind, ...about, seq, at, type, reason: null };
    };
  return { changes: [...more.map(change('found')), ...less.map(change('lost'))], capped };
}

/** Null for a text that does not open, or that says not what was searched. */
function requestOf(door: Door, { query, requestId, entities }: NumberedEntry): SearchRequest | null {
  const raw = query?.raw === undefined ? null : door.openQuery(query.raw, requestId);
  if (raw === null) return null;
  const searched = searchedPath(raw) ?? { path: entities[0]?.split('/')[0] ?? '?', query: raw };
  // A value set held here is read as its reader sees it, which is a record of its own: nobody reads it now.
  if (searched.path === '?' || namesHeldValueSet(door, searched.query)) return null;
  const parts = searched.path.split('/');
  const [focus = '', id = '', type = ''] = parts;
  const compartment = parts.length === 3 ? { type: focus, id } : null;
  const asked = compartment === null ? focus : type;
  const known = asked === '' || asked === '*' || door.definitions.isResourceType(asked);
  if (!known || (parts.length !== 1 && parts.length !== 3)) return null;
  return {
    type: asked === '' || asked === '*' ? null : asked,
    query: searched.query,
    lenient: true,
    ...(compartment === null ? {} : { compartment }),
  };
}

function namesHeldValueSet({ base }: Door, query: string): boolean {
  const values = [...new URLSearchParams(query).values()];
  return values.some((one) => /(?:^|[,\s"(])ValueSet\//.test(one) || one.includes(`${base}/ValueSet/`));
}

function contextOf({ requestId }: NumberedEntry, { principal, purpose, at }: Asker): Context {
  const { issuer, subject, clientId, jti, scopes } = principal;
  const caller = { issuer, subject, clientId, jti, scopes, fhirUser: null, org: null, patient: null };
  return { principal, caller, purpose, requestId, address: null, now: at, generation: 0, agreements: [] };
}
