/** What of each found row is shown: masks of the rules first, then what the caller asked to leave out. */
import type { AnswerEntry } from '../fhir/bundle-text.ts';
import { stringifyJson } from '../fhir/json.ts';
import type { JsonObject, Resource } from '../fhir/types.ts';
import { masksFor } from '../governance/masks.ts';
import type { Query } from '../search/types.ts';
import type { FoundRow } from '../store/search.ts';
import { parseStored, show, worldOf } from './decide.ts';
import { withoutHiddenMembers } from './family-group.ts';
import { namesMasked } from './list-names.ts';
import type { Context, Door } from './types.ts';

const SUBSETTED = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' };

/** Bundle entries of a searchset, matches first. */
export async function entriesOf(
  door: Door,
  context: Context,
  query: Query,
  found: readonly FoundRow[],
): Promise<AnswerEntry[]> {
  const names = await namesMasked(door, context, found);
  const masked = found.map((one) =>
    show(one.row, [...masksFor(context.principal, worldOf(context, one)), ...names(one)]),
  );
  const shown = await withoutHiddenMembers(door, context, masked);
  return shown.map(({ type, id, text }, i) => {
    const mode = found[i]?.mode ?? 'match';
    return {
      fullUrl: `${door.base}/${type}/${id}`,
      // `_elements` names elements of the matches; a summary is one of everything on the page.
      resourceText: subset(door, mode === 'match' ? query : { summary: query.summary, elements: [] }, text),
      search: { mode },
    };
  });
}

/** `_elements` and `_summary` (R4 search.html#summary); the text itself when neither was asked. */
export function subset(door: Door, query: Pick<Query, 'summary' | 'elements'>, text: string): string {
  const { summary, elements } = query;
  if (elements.length === 0 && (summary === null || summary === 'false')) return text;
  const { resource, numbers } = parseStored(text);
  const keep =
    elements.length > 0 ? keepElements(door, resource, elements) : keepSummary(door, resource, summary ?? 'true');
  return stringifyJson(keep, numbers);
}

function keepElements(door: Door, resource: Resource, elements: readonly string[]): JsonObject {
  const named = elements.flatMap((element) => door.definitions.jsonNames(resource.resourceType, element));
  const wanted = new Set([...named, ...door.definitions.mandatoryElements(resource.resourceType)]);
  return pick(resource, (name) => wanted.has(name));
}

function keepSummary(door: Door, resource: Resource, summary: NonNullable<Query['summary']>): JsonObject {
  const { definitions } = door;
  const type = resource.resourceType;
  if (summary === 'data') return pick(resource, (name) => name !== 'text');
  const wanted = new Set(definitions.mandatoryElements(type));
  if (summary === 'text') wanted.add('text');
  else for (const name of definitions.summaryElements(type)) wanted.add(name);
  return pick(resource, (name) => wanted.has(name));
}

/** Keeps id, meta and what is wanted (with its `_name` twin), and says so with the SUBSETTED tag. */
function pick(resource: Resource, wanted: (name: string) => boolean): JsonObject {
  const kept: JsonObject = {};
  for (const [name, value] of Object.entries(resource)) {
    const element = name.startsWith('_') ? name.slice(1) : name;
    if (element === 'resourceType' || element === 'id' || element === 'meta' || wanted(element)) kept[name] = value;
  }
  const meta = resource.meta ?? {};
  const tags = (meta.tag ?? []).filter((tag) => tag.code !== SUBSETTED.code);
  kept.meta = { ...meta, tag: [...tags, SUBSETTED] };
  return kept;
}
