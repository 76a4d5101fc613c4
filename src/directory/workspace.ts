/**
 * The directory as an import would leave it: each resource it names, as it is and as it would be, found by business
 * identifiers. Nothing is written here.
 */
import { parseJson } from '../fhir/json.ts';
import { asResource, isObject } from '../fhir/resource.ts';
import type { Json, JsonObject, Resource } from '../fhir/types.ts';
import { newId } from '../record/ids.ts';
import { pushTokenWords, wordPrefix } from '../search/words.ts';
import { resourcesByWords, type StoredResource } from '../store/models/directory.ts';
import type { Db } from '../store/reads.ts';
import { type Identity, KEY_SYSTEMS } from './columns.ts';
import { isLive } from './differences.ts';
import type { ImportFault } from './records.ts';

/** One resource of the import. */
export interface Target {
  type: string;
  id: string;
  /** Null = new. */
  version: number | null;
  before: Resource | null;
  after: Resource;
  /** As people know it: its business identifier. */
  name: string;
  /** Lines (or entries) that say something about it, first to last. */
  where: string[];
}

export interface Workspace {
  now: Date;
  /** The one service (`Organization/..`) whose duty list may be written; null = none. */
  dutyOf: string | null;
  /** By `Type system|value`. */
  targets: Map<string, Target>;
  /** What is there, by the same key; several under one key cannot be told apart. */
  stored: Map<string, Resource[]>;
  versions: Map<string, number>;
  faults: ImportFault[];
}

export interface Need extends Identity {
  type: string;
}

export const keyOf = (type: string, { system, value }: Identity): string => `${type} ${system}|${value}`;
export const referenceOf = ({ type, id }: Pick<Target, 'type' | 'id'>): string => `${type}/${id}`;

/** A workspace that knows what the directory holds under these identifiers. */
export async function openWorkspace(
  db: Db,
  needs: readonly Need[],
  { now, dutyOf }: Pick<Workspace, 'now' | 'dutyOf'>,
): Promise<Workspace> {
  const words = needs.map(({ type, system, value }) => identifierWord(type, { system, value }));
  const types = [...new Set(needs.map(({ type }) => type))];
  const found = await resourcesByWords(db, types, [...new Set(words)]);
  const workspace: Workspace = { now, dutyOf, targets: new Map(), stored: new Map(), versions: new Map(), faults: [] };
  addStored(workspace, found);
  return workspace;
}

/** The index word of a type's identifier. */
export function identifierWord(type: string, { system, value }: Identity): string {
  const words: string[] = [];
  pushTokenWords(words, wordPrefix(type, 'identifier'), system, value);
  return words[1] ?? '';
}

/** @returns the resources, those the workspace knew already too */
export function addStored(workspace: Workspace, found: readonly StoredResource[]): Resource[] {
  const all: Resource[] = [];
  for (const { type, id, version, body } of found) {
    const reference = `${type}/${id}`;
    const resource = asResource(parseJson(Buffer.from(body, 'utf8')).root);
    all.push(resource);
    if (workspace.versions.has(reference)) continue;
    workspace.versions.set(reference, version);
    for (const identity of identitiesOf(resource)) {
      const key = keyOf(type, identity);
      workspace.stored.set(key, [...(workspace.stored.get(key) ?? []), resource]);
    }
  }
  return all;
}

/** The business identifiers of a resource that it can be known again by, strongest first. */
export function identitiesOf(resource: Resource): Identity[] {
  const systems = KEY_SYSTEMS[resource.resourceType] ?? [];
  const found = objects(resource.identifier).flatMap(({ system, value }) =>
    typeof system === 'string' && typeof value === 'string' && systems.includes(system) ? [{ system, value }] : [],
  );
  return found.toSorted((a, b) => systems.indexOf(a.system) - systems.indexOf(b.system));
}

/** The resource of an identifier, as it is or as this import makes it; null when there is none. */
export function find(workspace: Workspace, type: string, identity: Identity, where: string): Target | null {
  const key = keyOf(type, identity);
  const known = workspace.targets.get(key);
  if (known !== undefined) return known;
  const stored = present(workspace, type, workspace.stored.get(key) ?? []);
  const [one, another] = stored;
  if (one?.id === undefined) return null;
  if (another !== undefined) {
    const text = `Several ${type} have ${identity.value} for an identifier. Correct them first.`;
    workspace.faults.push({ where, column: null, text });
  }
  const version = workspace.versions.get(`${type}/${one.id}`) ?? 0;
  return keep(workspace, { type, id: one.id, version, before: one, after: one, name: identity.value, where: [] }, key);
}

/** Of the roles somebody had under one identifier the one that goes on, else the last: each ending is final. */
function present(workspace: Workspace, type: string, stored: readonly Resource[]): readonly Resource[] {
  if (type !== 'PractitionerRole' || stored.length < 2) return stored;
  const live = stored.filter((one) => isLive(one, workspace.now));
  return live.length > 0 ? live : stored.toSorted((a, b) => ((a.id ?? '') < (b.id ?? '') ? 1 : -1)).slice(0, 1);
}

/** Begins anew under an identifier whose resource has ended: later lines find the new one. */
export function beginAgain(workspace: Workspace, need: Need, where: string): void {
  const found = find(workspace, need.type, need, where);
  if (found === null || found.before === null || isLive(found.before, workspace.now) || found.where.length > 0) return;
  const { resourceType, identifier = [] } = found.before;
  const after = { resourceType, identifier };
  const id = newId(workspace.now);
  const fresh = { type: need.type, id, version: null, before: null, after, name: found.name, where: [] };
  for (const [key, target] of workspace.targets) if (target === found) workspace.targets.set(key, fresh);
}

/** Changes the resource of an identifier, or makes it. The first to name it last wins nothing: all edits stay. */
export function edit(
  workspace: Workspace,
  need: Need,
  where: string,
  change: (resource: Resource) => Resource,
): Target {
  const { type } = need;
  const target =
    find(workspace, type, need, where) ??
    keep(
      workspace,
      {
        type,
        id: newId(workspace.now),
        version: null,
        before: null,
        after: { resourceType: type, identifier: [{ system: need.system, value: need.value }] },
        name: need.value,
        where: [],
      },
      keyOf(type, need),
    );
  target.after = change(target.after);
  if (!target.where.includes(where)) target.where.push(where);
  return target;
}

function keep(workspace: Workspace, target: Target, key: string): Target {
  const same = [...identitiesOf(target.after).map((identity) => keyOf(target.type, identity)), key];
  const known = same.map((one) => workspace.targets.get(one)).find((one) => one !== undefined);
  for (const one of same) workspace.targets.set(one, known ?? target);
  return known ?? target;
}

/** Each target once. */
export function targetsOf(workspace: Workspace): Target[] {
  return [...new Set(workspace.targets.values())];
}

export function objects(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The resource with this identifier in place of another of its system; an empty value takes it away. */
export function withIdentifier(resource: Resource, system: string, value: string | undefined): Resource {
  if (value === undefined) return resource;
  const others = objects(resource.identifier).filter((one) => one.system !== system);
  const known = objects(resource.identifier).find((one) => one.system === system && one.value === value);
  if (known !== undefined) return resource;
  const identifier = value === '' ? others : [...others, { system, value }];
  const { identifier: _gone, ...rest } = resource;
  return identifier.length === 0 ? rest : { ...rest, identifier };
}

/** The same for the work phone number or address of mail. */
export function withContact(resource: Resource, system: 'phone' | 'email', value: string | undefined): Resource {
  if (value === undefined) return resource;
  const isIt = (one: JsonObject) => one.system === system && one.use === 'work';
  const all = objects(resource.telecom);
  if (all.some((one) => isIt(one) && one.value === value)) return resource;
  const others = all.filter((one) => !isIt(one));
  const telecom = value === '' ? others : [...others, { system, value, use: 'work' }];
  const { telecom: _gone, ...rest } = resource;
  return telecom.length === 0 ? rest : { ...rest, telecom };
}
