/**
 * The record for rooms that work in resources rather than texts (care, oversight): read, search and write as one
 * caller, each step decided by the rules and audited like any request of hers.
 */
import type { BundleEntry } from '../fhir/bundle.ts';
import { parseEntryUrl } from '../fhir/entry-url.ts';
import { cloneJson, NO_NUMBERS } from '../fhir/json.ts';
import { refuse } from '../fhir/outcome.ts';
import { isObject } from '../fhir/resource.ts';
import type { Resource, StoredResource } from '../fhir/types.ts';
import { parseStored } from './decide.ts';
import { nextPage } from './next-page.ts';
import { read as readRecord } from './read.ts';
import { search as searchRecord } from './search.ts';
import { transaction as transactionRecord } from './transaction.ts';
import type { Context, Door, Shown } from './types.ts';

/** One write of a transaction. */
export type CallerWrite =
  | { method: 'POST'; fullUrl: string; resource: Resource; ifNoneExist?: string; refuseExisting?: string }
  | { method: 'PUT'; resource: Resource & { id: string }; ifMatch?: string };

/** Pages read at most: a search of this kind that is longer is a mistake, not a long answer. */
const MAX_PAGES = 50;

/** The current version as the caller may see it. @throws Outcome 403, 404, 410 */
export async function readResource(door: Door, context: Context, type: string, id: string): Promise<StoredResource> {
  return stored(parseStored((await readRecord(door, context, type, id)).text).resource);
}

/** Every permitted match, all pages. @throws Outcome 400 too-costly beyond MAX_PAGES pages */
export async function searchResources(
  door: Door,
  context: Context,
  type: string,
  params: Readonly<Record<string, string>>,
): Promise<StoredResource[]> {
  const query = new URLSearchParams({ ...params, _count: '200' }).toString();
  let text = await searchRecord(door, context, { type, query, lenient: false });
  const found: StoredResource[] = [];
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const bundle = parseStored(text).resource;
    for (const entry of Array.isArray(bundle.entry) ? bundle.entry : []) {
      if (isObject(entry) && isObject(entry.resource)) found.push(stored(entry.resource));
    }
    const next = nextLink(bundle);
    if (next === null) return found;
    text = await nextPage(door, context, next);
  }
  throw refuse(400, 'too-costly', 'This search has too many matches to work on; narrow it');
}

function nextLink(bundle: Resource): string | null {
  for (const link of Array.isArray(bundle.link) ? bundle.link : []) {
    if (isObject(link) && link.relation === 'next' && typeof link.url === 'string') {
      return new URL(link.url).searchParams.get('_page');
    }
  }
  return null;
}

/** All or nothing; the resources as stored, in the order of the entries. A conditional create that matched gives the match. */
export async function writeResources(
  door: Door,
  context: Context,
  writes: readonly CallerWrite[],
): Promise<StoredResource[]> {
  const entries = writes.map((write, index) => entryOf(write, index));
  const results = await transactionRecord(door, context, { entries, numbers: NO_NUMBERS });
  const shown: (Shown | null)[] = [];
  for (const entry of entries) {
    const result = results.get(entry.index);
    if (result === undefined || result === null) shown.push(null);
    else if ('written' in result) shown.push(result.written);
    else shown.push(await readRecord(door, context, entry.url.type ?? '', result.existing));
  }
  return shown.flatMap((one) => (one === null ? [] : [stored(parseStored(one.text).resource)]));
}

function entryOf(write: CallerWrite, index: number): BundleEntry {
  const { resourceType, id } = write.resource;
  const address = write.method === 'POST' ? resourceType : `${resourceType}/${id}`;
  const url = parseEntryUrl(write.method, address);
  if (url === null) throw new Error(`a write has no address: ${write.method} ${resourceType}`);
  // References inside are rewritten in place; the caller keeps hers.
  const copy = cloneJson(write.resource).root;
  return {
    index,
    fullUrl: write.method === 'POST' ? write.fullUrl : null,
    method: write.method,
    address,
    url,
    resource: isObject(copy) ? stored(copy, false) : null,
    ifMatch: write.method === 'PUT' && write.ifMatch !== undefined ? `W/"${write.ifMatch}"` : null,
    ifNoneMatch: null,
    ifModifiedSince: null,
    ifNoneExist: write.method === 'POST' ? (write.ifNoneExist ?? null) : null,
    ...(write.method === 'POST' && write.refuseExisting !== undefined ? { refuseExisting: write.refuseExisting } : {}),
  };
}

function stored(resource: object, complete = true): StoredResource {
  if (!isStored(resource) && complete) throw new Error('a stored resource has no id');
  return resource as StoredResource;
}

function isStored(resource: object): resource is StoredResource {
  return 'resourceType' in resource && 'id' in resource && 'meta' in resource;
}
