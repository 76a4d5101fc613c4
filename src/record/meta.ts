/** $meta, $meta-add and $meta-delete (R4 operation-resource-meta): labels, tags and profiles of what the caller may see. */
import type { MetaChange, MetaParts } from '../fhir/meta.ts';
import { refuse } from '../fhir/outcome.ts';
import { isObject } from '../fhir/resource.ts';
import type { Coding, Json, Meta, Resource } from '../fhir/types.ts';
import { commit, one } from './commit.ts';
import { parseStored } from './decide.ts';
import { entryOf } from './entry.ts';
import { nextPage } from './next-page.ts';
import { preparePatch } from './prepare.ts';
import { read } from './read.ts';
import { audited, retrying } from './refusal.ts';
import { search } from './search.ts';
import type { Context, Door } from './types.ts';

/** Pages of 1,000 that a summary of labels looks at, at most. */
const MAX_PAGES = 10;
const SUBSETTED = 'SUBSETTED';

/** The meta of one resource, as a read shows it. @throws Outcome as `read` */
export async function metaOf(door: Door, context: Context, type: string, id: string): Promise<Meta> {
  return parseStored((await read(door, context, type, id)).text).resource.meta ?? {};
}

/**
 * Every profile, tag and label that stands on a resource of the type (null: of any type) which the caller may see.
 * @throws Outcome 400 too-costly when there are more than 10,000; refusals
 */
export async function metaSummary(door: Door, context: Context, type: string | null): Promise<Meta> {
  const query = `${type === null ? '_lastUpdated=ge1900-01-01&' : ''}_elements=meta&_count=1000`;
  let bundle = parseStored(await search(door, context, { type, query, lenient: false })).resource;
  const seen = new Map<string, { kind: keyof MetaParts; value: Json }>();
  for (let page = 1; ; page += 1) {
    collect(bundle, seen);
    const next = nextLink(bundle);
    if (next === null) break;
    if (page === MAX_PAGES)
      throw refuse(400, 'too-costly', 'There are too many resources; ask $meta of a type or of one');
    bundle = parseStored(await nextPage(door, context, next)).resource;
  }
  const of = (kind: keyof MetaParts): Json[] =>
    [...seen.values()].filter((one) => one.kind === kind).map(({ value }) => value);
  const summary = { profile: of('profile'), security: of('security'), tag: of('tag') };
  return Object.fromEntries(Object.entries(summary).filter(([, list]) => list.length > 0));
}

function collect(bundle: Resource, seen: Map<string, { kind: keyof MetaParts; value: Json }>): void {
  for (const entry of Array.isArray(bundle.entry) ? bundle.entry : []) {
    const resource = isObject(entry) ? entry.resource : undefined;
    const meta = isObject(resource) && isObject(resource.meta) ? resource.meta : {};
    for (const kind of ['profile', 'security', 'tag'] as const) {
      for (const value of Array.isArray(meta[kind]) ? meta[kind] : []) {
        // The tag says that only meta was asked for, here.
        if (isObject(value) && value.code === SUBSETTED) continue;
        const coding: Coding | null = isObject(value) ? value : null;
        const key = coding === null ? String(value) : `${coding.system ?? ''}|${coding.code ?? ''}`;
        if (!seen.has(`${kind} ${key}`)) seen.set(`${kind} ${key}`, { kind, value });
      }
    }
  }
}

function nextLink(bundle: Resource): string | null {
  const links = Array.isArray(bundle.link) ? bundle.link.filter(isObject) : [];
  const url = links.find(({ relation }) => relation === 'next')?.url;
  return typeof url === 'string' ? new URL(url).searchParams.get('_page') : null;
}

/**
 * Changes the labels, tags and profiles of one resource in a new version and gives its meta. Whoever may write a resource
 * may label it; only its authors take labels away, and what the labelling step sees in the content stays whatever the
 * meta says (house.md section 4).
 * @throws Outcome as `patch`; 403 for labels taken away by others
 */
export function changeMetaOf(
  door: Door,
  context: Context,
  target: { type: string; id: string },
  request: { change: MetaChange; parts: MetaParts; ifMatch: string | null },
): Promise<Meta> {
  const { type, id } = target;
  const entry = { ...entryOf(context, 'patch'), entities: [`${type}/${id}`], detail: `$${request.change}` };
  return audited(door, entry, () =>
    retrying(async () => {
      const { change: kind, parts, ifMatch } = request;
      const patch = { kind, parts };
      const change = await preparePatch({ door, context, db: door.pool }, type, { id }, { patch, ifMatch });
      const written = one(await commit(door, door.pool, context, [change]));
      return parseStored(written.text).resource.meta ?? {};
    }),
  );
}
