/** transaction: every write of a Bundle or none (R4 http.html#transaction). Reads in it are answered after the commit. */
import type { BundleEntry } from '../fhir/bundle.ts';
import { jsonPatchOf, transactionOrder } from '../fhir/bundle.ts';
import { bundleTargets, refuseUnresolved } from '../fhir/bundle-targets.ts';
import { type NumberTexts, parseJson } from '../fhir/json.ts';
import { Outcome, refuse } from '../fhir/outcome.ts';
import { eachReference, parseReference, rewriteReferences } from '../fhir/references.ts';
import type { Resource } from '../fhir/types.ts';
import type { Db } from '../store/reads.ts';
import { inTransaction } from '../store/transaction.ts';
import { lock, lockKey } from '../store/write.ts';
import { commit } from './commit.ts';
import { findByCriteria } from './conditional.ts';
import { lockFor, settled } from './definition-write.ts';
import { entryOf } from './entry.ts';
import { newId } from './ids.ts';
import type { Change } from './plan.ts';
import {
  type Patch,
  pass,
  prepareCreate,
  prepareDelete,
  preparePatch,
  prepareUpdate,
  type Writing,
} from './prepare.ts';
import { type Probe, withProbes } from './probes.ts';
import { audited, conflictAsOutcome, sameRecord } from './refusal.ts';
import type { Context, Door, Written } from './types.ts';

/** What one entry did: what was written, or the id an `ifNoneExist` found, or nothing (delete of nothing). */
export type EntryResult = { written: Written } | { existing: string } | null;

interface Assigned {
  entry: BundleEntry;
  type: string;
  /** Known before anything is written, so that references can point to it. */
  id: string | null;
  existing: boolean;
  /** Criteria of an update that matched nothing: its id must be new. */
  unmatched?: boolean;
}

/**
 * Carries out the writing entries of a transaction in the spec's order: DELETE, POST, PUT and PATCH.
 * @returns results by entry index; GET and HEAD entries are not among them
 * @throws Outcome with the expression of the entry that failed; nothing is left of any of them
 */
export function transaction(
  door: Door,
  context: Context,
  bundle: { entries: readonly BundleEntry[]; numbers: NumberTexts },
): Promise<Map<number, EntryResult>> {
  const writes = transactionOrder(bundle.entries).filter(({ method }) => method !== 'GET' && method !== 'HEAD');
  const types = [...new Set(writes.map(({ url }) => url.type ?? ''))];
  const entry = { ...entryOf(context, 'transaction'), entities: types };
  const beside = writes.flatMap(({ resource }) => resource ?? []);
  const carryOut = async (db: Db, probes: Probe[]): Promise<Map<number, EntryResult>> => {
    const writing = { door, context, db, beside, probes };
    const assigned = await assign(writing, writes);
    await resolve(writing, bundle.entries, assigned);
    return write(writing, assigned, bundle.numbers);
  };
  const keys = lockKeys(writes);
  return audited(door, entry, () =>
    conflictAsOutcome(() =>
      settled(door, types, () =>
        withProbes(door, context, (probes) =>
          // Nothing but new resources: nobody else can have them, and the one call that writes them is a transaction itself.
          keys.length === 0
            ? carryOut(door.pool, probes)
            : inTransaction(door.pool, async (client) => {
                await lockFor(client, context, types);
                await lock(client, keys);
                return carryOut(client, probes);
              }),
        ),
      ),
    ),
  );
}

/** Everything this transaction will touch by id or by criteria, locked in one sorted go before the first read. */
function lockKeys(writes: readonly BundleEntry[]): bigint[] {
  return writes.flatMap(({ url, ifNoneExist }) => {
    const keys: bigint[] = [];
    if (url.type !== null && url.id !== null) keys.push(lockKey(`${url.type}/${url.id}`));
    if (ifNoneExist !== null) keys.push(lockKey(`${url.type}?${ifNoneExist}`));
    if (url.query !== '') keys.push(lockKey(`${url.type}?${url.query}`));
    return keys;
  });
}

/** Ids of everything new, and of what conditional creates and updates find. */
async function assign(writing: Writing, writes: readonly BundleEntry[]): Promise<Assigned[]> {
  const assigned: Assigned[] = [];
  // Two equal conditional creates in one transaction make one resource: the second finds what the first made.
  const made = new Map<string, string>();
  for (const entry of writes) {
    const key = entry.ifNoneExist === null ? null : `${entry.url.type}?${entry.ifNoneExist}`;
    const earlier = key === null ? undefined : made.get(key);
    const one = await at(entry, async () =>
      earlier === undefined || entry.url.type === null
        ? assignOne(writing, entry)
        : { entry, type: entry.url.type, id: earlier, existing: true },
    );
    if (key !== null && one.id !== null) made.set(key, one.id);
    assigned.push(one);
  }
  return assigned;
}

const WRITES: Readonly<Record<string, Change['interaction']>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

async function assignOne(writing: Writing, entry: BundleEntry): Promise<Assigned> {
  const { url, method, ifNoneExist } = entry;
  const type = url.type;
  if (type === null || url.operation !== null || url.search || url.history) {
    throw refuse(
      400,
      'not-supported',
      `A transaction entry of ${method} must name a resource or a type`,
      'request.url',
    );
  }
  // Before the criteria are asked: who may not write the type at all must not learn whom they meet.
  await pass(writing, WRITES[method] ?? 'update', type);
  if (method === 'POST') {
    const found = ifNoneExist === null ? null : await findByCriteria(writing, type, ifNoneExist, 'create');
    if (found !== null && entry.refuseExisting !== undefined)
      throw refuse(409, 'duplicate', `${entry.refuseExisting}: ${type}/${found}`);
    return { entry, type, id: found ?? newId(writing.context.now), existing: found !== null };
  }
  if (url.id !== null) return { entry, type, id: url.id, existing: false };
  // A PUT that finds nothing creates, and registers nobody twice either.
  const interaction = method === 'PUT' ? 'create' : (WRITES[method] ?? 'update');
  const found = await findByCriteria(writing, type, decodeURIComponentSafe(url.query), interaction);
  const fresh = method === 'PUT' ? (entry.resource?.id ?? newId(writing.context.now)) : null;
  return { entry, type, id: found ?? fresh, existing: false, unmatched: found === null };
}

/** Criteria stay percent-encoded for the search parser; this only refuses what could not be decoded. */
function decodeURIComponentSafe(query: string): string {
  try {
    decodeURIComponent(query.replaceAll('+', ' '));
    return query;
  } catch {
    throw refuse(400, 'value', 'The criteria are not properly percent-encoded', 'request.url');
  }
}

/** Rewrites references to what the entries become; a reference that leads nowhere fails the whole transaction. */
async function resolve(
  writing: Writing,
  entries: readonly BundleEntry[],
  assigned: readonly Assigned[],
): Promise<void> {
  const ids = new Map<number, string>();
  for (const { entry, type, id } of assigned) if (id !== null) ids.set(entry.index, `${type}/${id}`);
  const clash = duplicate(assigned);
  if (clash !== null) throw refuse(400, 'invalid', 'Two entries change the same resource', `Bundle.entry[${clash}]`);
  const conditional = new Map<string, string>();
  for (const { resource, index } of entries) {
    if (resource !== null) await resolveConditional(writing, resource, conditional, index);
  }
  const targets = bundleTargets(entries, ids, conditional);
  for (const entry of entries) {
    if (entry.resource === null) continue;
    rewriteReferences(entry.resource, targets(entry));
    refuseUnresolved(entry.resource, `Bundle.entry[${entry.index}].resource`);
  }
}

function duplicate(assigned: readonly Assigned[]): number | null {
  const seen = new Set<string>();
  for (const { entry, type, id, existing } of assigned) {
    if (id === null || existing) continue;
    if (seen.has(`${type}/${id}`)) return entry.index;
    seen.add(`${type}/${id}`);
  }
  return null;
}

/** `Patient?identifier=...` in a reference: exactly one permitted match, else the transaction fails (R4). */
async function resolveConditional(
  writing: Writing,
  resource: Resource,
  found: Map<string, string>,
  index: number,
): Promise<void> {
  const wanted: string[] = [];
  eachReference(resource, ({ reference }) => {
    if (reference !== undefined && parseReference(reference)?.kind === 'conditional') wanted.push(reference);
  });
  for (const reference of wanted) {
    if (found.has(reference)) continue;
    const mark = reference.indexOf('?');
    const [type, criteria] = [reference.slice(0, mark), reference.slice(mark + 1)];
    const place = `Bundle.entry[${index}].resource`;
    const id = await atPlace(place, () => findByCriteria(writing, type, criteria, 'update'));
    if (id === null) throw refuse(400, 'not-found', 'A conditional reference matches nothing you may see', place);
    found.set(reference, `${type}/${id}`);
  }
}

async function write(
  writing: Writing,
  assigned: readonly Assigned[],
  numbers: NumberTexts,
): Promise<Map<number, EntryResult>> {
  const results = new Map<number, EntryResult>();
  const changes: { index: number; change: Change }[] = [];
  for (const one of assigned) {
    const { entry } = one;
    if (one.existing && one.id !== null) results.set(entry.index, { existing: one.id });
    else {
      const change = await at(entry, () => changeOf(writing, one, numbers));
      if (change === null) results.set(entry.index, null);
      else changes.push({ index: entry.index, change });
    }
  }
  const written = await commit(
    writing.door,
    writing.db,
    writing.context,
    changes.map(({ change }) => change),
  );
  for (const [i, { index }] of changes.entries()) {
    const one = written[i];
    if (one !== undefined) results.set(index, { written: one });
  }
  return results;
}

async function changeOf(writing: Writing, one: Assigned, numbers: NumberTexts): Promise<Change | null> {
  const { entry, type, id } = one;
  const { method, resource, ifMatch } = entry;
  if (method === 'DELETE') return id === null ? null : prepareDelete(writing, type, { id }, ifMatch);
  if (resource === null) throw refuse(400, 'required', 'The entry has no resource');
  if (method === 'PATCH') {
    if (id === null) throw refuse(404, 'not-found', 'The condition matches nothing');
    const json = jsonPatchOf(resource);
    const patch: Patch =
      json === null
        ? { kind: 'fhirpath', document: { root: resource, numbers } }
        : { kind: 'json', document: parseJson(json) };
    return preparePatch(writing, type, { id }, { patch, ifMatch });
  }
  const document = { resource, numbers };
  if (method === 'PUT' && id !== null) {
    if (resource.id !== undefined && resource.id !== id) {
      throw refuse(400, 'invalid', 'The id of the resource is not the one that its entry names', `${type}.id`);
    }
    resource.id = id;
    return prepareUpdate(writing, type, { id }, { document, ifMatch, unmatched: one.unmatched === true });
  }
  const change = await prepareCreate(writing, type, document, null);
  if ('existing' in change || id === null) throw new Error('a new entry has no id');
  return { ...change, id };
}

/** Names the entry in every issue, so that the sender can find it. */
function at<T>(entry: BundleEntry, work: () => Promise<T>): Promise<T> {
  return atPlace(`Bundle.entry[${entry.index}]`, work);
}

async function atPlace<T>(place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Outcome)) throw error;
    throw sameRecord(error, relocated(error, place));
  }
}

/** `Patient.birthDate` inside an entry is `Bundle.entry[2].resource.birthDate`. */
function relocated(outcome: Outcome, place: string): Outcome {
  const issues = outcome.issues.map((issue) => {
    const inner = issue.expression ?? '';
    if (inner.startsWith('Bundle.entry[')) return issue;
    const path = /^[A-Z]/.test(inner) ? `resource${inner.includes('.') ? inner.slice(inner.indexOf('.')) : ''}` : inner;
    return { ...issue, expression: path === '' ? place : `${place}.${path}` };
  });
  return new Outcome(outcome.status, issues, outcome.headers);
}
