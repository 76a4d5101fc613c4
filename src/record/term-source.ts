/** Terminology as one caller has it: what the process holds, and what was posted here, is active and she may see. */

import { bounded, overlaid, splitCanonical, type TermSource, type TermType } from '../definitions/terms/source.ts';
import { includesOf, valueSetsOf } from '../definitions/terms/value-set.ts';
import type { Resource } from '../fhir/types.ts';
import { type Asking, chosen, storedByUrl } from './canonical.ts';

/** Definitions fetched for one question; value sets that draw on more are not decided here. */
const MOST_FETCHED = 50;

/** The active stored resource of a canonical, or null. */
export async function activeStored(asking: Asking, type: TermType, canonical: string): Promise<Resource | null> {
  const { url, version } = splitCanonical(canonical);
  const stored = await storedByUrl(asking, type, url);
  return chosen(
    stored.filter(({ status }) => status === 'active'),
    version,
  );
}

/**
 * A source over everything that these resources and canonicals draw on, fetched before anything is computed.
 * @param given resources that came with the question; they stand before all others
 */
export async function sourceFor(
  asking: Asking,
  wanted: readonly { type: TermType; canonical: string }[],
  given: readonly Resource[],
): Promise<TermSource> {
  const held = asking.door.definitions.terms;
  const fetched: Resource[] = [];
  const seen = new Set<string>();
  const open = [...wanted, ...given.flatMap(drawnOn)];
  for (let next = open.pop(); next !== undefined && fetched.length < MOST_FETCHED; next = open.pop()) {
    const { type, canonical } = next;
    if (seen.has(`${type} ${canonical}`) || seen.size > MOST_FETCHED * 4) continue;
    seen.add(`${type} ${canonical}`);
    const known = held.find(type, canonical);
    const found = known ?? (await activeStored(asking, type, canonical));
    if (found === null) continue;
    if (known === null) fetched.push(found);
    open.push(...drawnOn(found));
  }
  const over = overlaid(held, fetched);
  const first = overlaid(nothing, given);
  return bounded({ find: (type, canonical) => first.find(type, canonical) ?? over.find(type, canonical) });
}

const nothing: TermSource = { find: () => null };

/** The canonicals a value set is composed of. */
function drawnOn(resource: Resource): { type: TermType; canonical: string }[] {
  if (resource.resourceType !== 'ValueSet') return [];
  const { compose } = resource;
  const excludes = typeof compose === 'object' && compose !== null && !Array.isArray(compose) ? compose.exclude : [];
  const parts = [
    ...includesOf(resource),
    ...includesOf({ resourceType: 'ValueSet', compose: { include: excludes ?? [] } }),
  ];
  return parts.flatMap((part) => [
    ...(typeof part.system === 'string'
      ? [
          {
            type: 'CodeSystem' as const,
            canonical: typeof part.version === 'string' ? `${part.system}|${part.version}` : part.system,
          },
        ]
      : []),
    ...valueSetsOf(part).map((canonical) => ({ type: 'ValueSet' as const, canonical })),
  ]);
}
