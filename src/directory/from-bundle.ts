/** An import as a FHIR Bundle: each entry a directory resource with a business identifier, naming the others as it likes. */

import { canonicalSystem } from '../fhir/identifiers.ts';
import { eachLogicalReference, eachReference } from '../fhir/references.ts';
import { isObject } from '../fhir/resource.ts';
import type { JsonObject, Resource } from '../fhir/types.ts';
import type { Door } from '../record/types.ts';
import { directoryByReference, resourcesByWords } from '../store/models/directory.ts';
import { BUNDLE_TYPES, KEY_SYSTEMS } from './columns.ts';
import {
  addStored,
  edit,
  find,
  identifierWord,
  identitiesOf,
  objects,
  referenceOf,
  type Target,
  type Workspace,
} from './workspace.ts';

interface Entry {
  where: string;
  fullUrl: string | null;
  resource: Resource;
}

export async function entriesOf(door: Door, workspace: Workspace, bundle: Resource): Promise<void> {
  const entries = objects(bundle.entry).flatMap((entry, i) => entryOf(workspace, entry, `entry ${i + 1}`));
  if (entries.length === 0 && workspace.faults.length === 0)
    workspace.faults.push({ where: 'the Bundle', column: null, text: 'It has no entry.' });
  await loadStored(door, workspace, entries);
  const places = new Map<string, string>();
  const made = entries.flatMap((entry) => {
    const target = targetOf(workspace, entry);
    if (target === null) return [];
    for (const address of [entry.fullUrl, `${target.type}/${entry.resource.id ?? ''}`])
      if (address !== null) places.set(address, referenceOf(target));
    return [{ entry, target }];
  });
  const known = await loadNamed(door, entries);
  for (const { entry, target } of made) resolve({ workspace, places, known }, entry, target);
}

function entryOf(workspace: Workspace, entry: JsonObject, where: string): Entry[] {
  const { resource, fullUrl } = entry;
  const fault = (text: string): Entry[] => {
    workspace.faults.push({ where, column: null, text });
    return [];
  };
  if (!isObject(resource) || typeof resource.resourceType !== 'string') return fault('The entry holds no resource.');
  const { resourceType } = resource;
  if (!BUNDLE_TYPES.includes(resourceType))
    return fault(
      `${resourceType.slice(0, 40)} is not of the directory. Take it out; imported are: ${BUNDLE_TYPES.join(', ')}.`,
    );
  const one: Resource = { ...resource, resourceType };
  if (resourceType === 'CareTeam' && one.subject !== undefined)
    return fault("A family's care team is not of the directory. Take it out.");
  if (identitiesOf(one).length === 0)
    return fault(`It has no business identifier. Add one of: ${KEY_SYSTEMS[resourceType]?.join(', ')}.`);
  return [{ where, fullUrl: typeof fullUrl === 'string' ? fullUrl : null, resource: one }];
}

async function loadStored(door: Door, workspace: Workspace, entries: readonly Entry[]): Promise<void> {
  const own = entries.flatMap(({ resource }) =>
    identitiesOf(resource).map((identity) => identifierWord(resource.resourceType, identity)),
  );
  const logical = entries.flatMap(({ resource }) => {
    const words: string[] = [];
    eachLogicalReference(resource, ({ identifier }) => {
      const { system, value } = identifier ?? {};
      if (system === undefined || value === undefined) return;
      for (const [type, systems] of Object.entries(KEY_SYSTEMS))
        if (systems.includes(canonicalSystem(system)))
          words.push(identifierWord(type, { system: canonicalSystem(system), value }));
    });
    return words;
  });
  addStored(workspace, await resourcesByWords(door.pool, BUNDLE_TYPES, [...new Set([...own, ...logical])]));
}

async function loadNamed(door: Door, entries: readonly Entry[]): Promise<Set<string>> {
  const named = new Set<string>();
  for (const { resource } of entries)
    eachReference(resource, ({ reference }) => {
      if (reference !== undefined && /^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64}$/.test(reference)) named.add(reference);
    });
  const found = await directoryByReference(
    door.pool,
    [...named].filter((one) => BUNDLE_TYPES.includes(one.split('/')[0] ?? '')),
  );
  return new Set(found.map(({ type, id }) => `${type}/${id}`));
}

function targetOf(workspace: Workspace, { where, resource }: Entry): Target | null {
  const { resourceType: type } = resource;
  const identities = identitiesOf(resource);
  const found = new Set(identities.map((one) => find(workspace, type, one, where)).filter((one) => one !== null));
  const [identity] = identities;
  if (found.size > 1 || identity === undefined) {
    const text = 'Its identifiers belong to different resources of the directory. Correct them.';
    workspace.faults.push({ where, column: null, text });
    return null;
  }
  const [known] = found;
  if (known !== undefined && known.where.length > 0) {
    workspace.faults.push({ where, column: null, text: `The same is said by ${known.where[0]}. Keep one of the two.` });
    return null;
  }
  const own = identities.find((one) => known !== undefined && find(workspace, type, one, where) === known) ?? identity;
  return edit(workspace, { type, ...own }, where, (before) => {
    const { id: _i, meta, ...rest } = resource;
    const kept = before.meta ?? meta;
    return { ...rest, ...(kept === undefined ? {} : { meta: kept }) };
  });
}

interface Resolving {
  workspace: Workspace;
  places: ReadonlyMap<string, string>;
  known: ReadonlySet<string>;
}

/** References to entries, and logical ones to what has the identifier, become references of ours. */
function resolve({ workspace, places, known }: Resolving, { where }: Entry, target: Target): void {
  const fault = (text: string) => workspace.faults.push({ where, column: null, text });
  eachReference(target.after, (one) => {
    const { reference = '' } = one;
    const place = places.get(reference);
    if (place !== undefined) one.reference = place;
    else if (!known.has(reference))
      fault(`It names ${reference.slice(0, 100)}, which is neither in the directory nor in the Bundle.`);
  });
  eachLogicalReference(target.after, (one) => {
    const { system, value } = one.identifier ?? {};
    if (system === undefined || value === undefined) return;
    const type = Object.entries(KEY_SYSTEMS).find(
      ([name, systems]) => systems.includes(canonicalSystem(system)) && (one.type === undefined || one.type === name),
    )?.[0];
    const named = type === undefined ? null : find(workspace, type, { system: canonicalSystem(system), value }, where);
    if (named === null) fault(`Nothing here has the identifier ${value.slice(0, 60)}. Add it first.`);
    else one.reference = referenceOf(named);
  });
}
