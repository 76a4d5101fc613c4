/** What of each found row is shown: masks of the rules first, then what the caller asked to leave out. */
import type { AnswerEntry } from '../fhir/bundle-text.ts';
import { keepSpelling } from '../fhir/json.ts';
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
  // Parts are copies, and number texts hang on objects: so the numbers themselves carry their text.
  if (numbers.size > 0) keepSpelling(resource, numbers);
  const { subsets } = door.definitions;
  if (elements.length > 0) return tagged(resource, subsets.elements(resource, elements));
  return tagged(resource, summary === 'true' ? subsets.summary(resource) : part(door, resource, summary ?? 'data'));
}

/** `data` is all but the narrative, `text` the narrative and what is mandatory. */
function part({ definitions }: Door, resource: Resource, summary: string): JsonObject {
  const mandatory = new Set(definitions.mandatoryElements(resource.resourceType));
  const isKept = (name: string): boolean =>
    summary === 'data' ? name !== 'text' : ['resourceType', 'id', 'meta', 'text'].includes(name) || mandatory.has(name);
  return Object.fromEntries(Object.entries(resource).filter(([name]) => isKept(name.replace(/^_/, ''))));
}

/** Says that it is a part, with the SUBSETTED tag. */
function tagged(resource: Resource, kept: JsonObject): string {
  const meta = resource.meta ?? {};
  const tags = (meta.tag ?? []).filter((tag) => tag.code !== SUBSETTED.code);
  const { resourceType, id, meta: _whole, ...rest } = kept;
  const about = { ...meta, tag: [...tags, SUBSETTED] };
  return JSON.stringify({ resourceType, ...(id === undefined ? {} : { id }), meta: about, ...rest });
}
