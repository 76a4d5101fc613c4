/**
 * What a (re-)extraction writes (domain.md 2.6, H-34): the same content writes nothing, a changed answer amends what
 * the machine owns, a gone answer becomes entered-in-error, and what people have edited since is left as it is with the
 * change beside it as a proposal. People's edits are known by the content hash (extract-identity.ts).
 */
import type { JsonObject, Resource, StoredResource } from '../fhir/types.ts';
import {
  contentHash,
  EXTRACT,
  EXTRACT_HASH,
  EXTRACT_PROPOSAL,
  type Extracted,
  identifierValue,
  isMachineOwned,
  sealed,
  urnOf,
  withReferences,
} from './extract-identity.ts';
import { objectsAt, textAt } from './shape.ts';

export interface PlannedWrite {
  action: 'create' | 'update' | 'retire' | 'propose' | 'unchanged' | 'keep';
  key: string;
  /** What is or would be written; for `keep` and `unchanged` what stands. */
  resource: Resource;
  /** The stored resource this is about. */
  existing?: StoredResource;
  /** Words for the person who asked, without content. */
  why: string;
}

/**
 * Plans one extraction.
 * @param responseId only resources of this response are considered
 * @param existing everything stored that carries an extract or proposal identifier of this response
 * @param output what the response yields now
 */
export function planReExtract(
  responseId: string,
  existing: readonly StoredResource[],
  output: readonly Extracted[],
): PlannedWrite[] {
  const stored = new Map<string, StoredResource>();
  const proposals = new Set<string>();
  for (const resource of existing) {
    const key = identifierValue(resource, EXTRACT);
    const proposal = identifierValue(resource, EXTRACT_PROPOSAL);
    if (key?.startsWith(`${responseId}/`)) stored.set(key, resource);
    if (proposal !== undefined) proposals.add(proposal);
  }
  const urns = new Map([...stored].map(([key, { resourceType, id }]) => [`${resourceType}/${id}`, urnOf(key)]));
  const ids = new Map([...urns].map(([address, urn]) => [urn, address]));
  const known: Known = { urns, ids, proposals };
  const planned = output.map((one) => planOne(one, stored.get(one.key), known));
  const wanted = new Set(output.map(({ key }) => key));
  const gone = [...stored].filter(([key]) => !wanted.has(key));
  return [...planned, ...gone.flatMap(([key, resource]) => planGone(key, resource, known))];
}

interface Known {
  /** Stored address -> urn of its key, and back. */
  urns: ReadonlyMap<string, string>;
  ids: ReadonlyMap<string, string>;
  proposals: ReadonlySet<string>;
}

/** True when the stored content is not what the service last wrote. */
function editedByPeople(stored: Resource, known: Known): boolean {
  return contentHash(stored, known.urns) !== identifierValue(stored, EXTRACT_HASH);
}

function planOne(one: Extracted, existing: StoredResource | undefined, known: Known): PlannedWrite {
  const resource = withReferences(one.resource, known.ids);
  if (existing === undefined) return { action: 'create', key: one.key, resource, why: 'new answer' };
  const fresh = identifierValue(one.resource, EXTRACT_HASH);
  const same = identifierValue(existing, EXTRACT_HASH) === fresh;
  const machine = isMachineOwned(existing);
  const retired = statusOf(existing) === 'entered-in-error';
  const edited = editedByPeople(existing, known);
  if (same && !edited && !(machine && retired)) {
    return { action: 'unchanged', key: one.key, resource: existing, existing, why: 'same content' };
  }
  if (same && edited) {
    const why = 'edited by a person; the answer is the same';
    return { action: 'keep', key: one.key, resource: existing, existing, why };
  }
  if (machine || !edited) {
    const status = machine ? { status: 'amended' } : {};
    const next = { ...resource, ...status, id: existing.id };
    return { action: 'update', key: one.key, resource: next, existing, why: 'the answer has changed' };
  }
  return planProposal({ ...one, resource }, existing, `${one.key}/${fresh?.slice(0, 8)}`, known);
}

function planProposal(one: Extracted, existing: StoredResource, name: string, known: Known): PlannedWrite {
  const why = 'edited by a person since: the change stands beside it as a proposal';
  const proposal = proposalOf(one.resource, existing, name);
  if (proposal === undefined || known.proposals.has(name)) {
    return { action: 'keep', key: one.key, resource: existing, existing, why };
  }
  return { action: 'propose', key: one.key, resource: proposal, existing, why };
}

/** The change as a resource of its own that a person accepts or dismisses; undefined where R4 has no such state. */
function proposalOf(resource: Resource, existing: StoredResource, name: string): Resource | undefined {
  const identifier = [{ system: EXTRACT_PROPOSAL, value: name }];
  const beside = [{ reference: `${existing.resourceType}/${existing.id}` }];
  switch (resource.resourceType) {
    case 'Goal':
      return { ...resource, identifier, lifecycleStatus: 'proposed' };
    case 'Task':
      return { ...resource, identifier, status: 'draft', intent: 'proposal', basedOn: beside };
    case 'CarePlan':
      return { ...resource, identifier, status: 'draft', intent: 'proposal', replaces: beside };
    case 'ServiceRequest':
      return { ...resource, identifier, status: 'draft', intent: 'proposal', replaces: beside };
    default:
      return undefined;
  }
}

function planGone(key: string, existing: StoredResource, known: Known): PlannedWrite[] {
  if (statusOf(existing) === 'entered-in-error') return [];
  if (!isMachineOwned(existing) && editedByPeople(existing, known)) {
    const why = 'its answer is gone, but a person has edited it: left for her to decide';
    return [{ action: 'keep', key, resource: existing, existing, why }];
  }
  const resource = sealed(retired(existing), known.urns);
  return [{ action: 'retire', key, resource, existing, why: 'its answer is gone' }];
}

const statusOf = (resource: Resource): string | undefined =>
  textAt(resource, 'status') ??
  textAt(resource, 'lifecycleStatus') ??
  textAt(objectsAt(resource, 'verificationStatus', 'coding')[0], 'code');

function retired(resource: StoredResource): StoredResource {
  if (resource.resourceType === 'Goal') return { ...resource, lifecycleStatus: 'entered-in-error' };
  if (resource.resourceType !== 'Condition') return { ...resource, status: 'entered-in-error' };
  // con-5: a condition entered in error has no clinical status.
  const { clinicalStatus: _clinicalStatus, ...rest } = resource;
  const system = 'http://terminology.hl7.org/CodeSystem/condition-ver-status';
  return { ...rest, verificationStatus: { coding: [{ system, code: 'entered-in-error' }] } };
}

const WRITES: ReadonlySet<PlannedWrite['action']> = new Set(['create', 'update', 'retire', 'propose']);

/** The planned writes that change something. */
export const changesOf = (plan: readonly PlannedWrite[]): PlannedWrite[] =>
  plan.filter(({ action }) => WRITES.has(action));

/** Address of a planned resource inside the transaction that writes the plan. */
export function addressOf(write: PlannedWrite): string {
  if (write.action === 'propose') return urnOf(`proposal:${write.key}`);
  return write.existing === undefined ? urnOf(write.key) : `${write.existing.resourceType}/${write.existing.id}`;
}

/** Condition of a conditional create, as a search by the identifier that names the resource. */
export function conditionOf(resource: Resource): string {
  const system = identifierValue(resource, EXTRACT) === undefined ? EXTRACT_PROPOSAL : EXTRACT;
  return `identifier=${encodeURIComponent(`${system}|${identifierValue(resource, system)}`)}`;
}

/**
 * The plan as the transaction Bundle `$extract` returns: everything the response yields, conditional so that posting
 * it twice writes nothing twice. What people have edited is not in it.
 */
export function planBundle(plan: readonly PlannedWrite[], provenance: Resource | undefined): Resource {
  const entry = plan
    .filter(({ action }) => action !== 'keep')
    .map((write): JsonObject => {
      const { existing, resource } = write;
      const { resourceType } = resource;
      if (existing !== undefined && (write.action === 'update' || write.action === 'retire')) {
        const request = {
          method: 'PUT',
          url: `${resourceType}/${existing.id}`,
          ifMatch: `W/"${existing.meta.versionId}"`,
        };
        return { fullUrl: addressOf(write), resource, request };
      }
      const { id: _id, meta, ...rest } = resource;
      const labels = {
        ...(meta?.security ? { security: meta.security } : {}),
        ...(meta?.profile ? { profile: meta.profile } : {}),
      };
      const fullUrl = write.action === 'propose' ? addressOf(write) : urnOf(write.key);
      const body: Resource = { ...rest, resourceType, meta: labels };
      return {
        fullUrl,
        resource: body,
        request: { method: 'POST', url: resourceType, ifNoneExist: conditionOf(resource) },
      };
    });
  if (provenance !== undefined) {
    entry.push({ fullUrl: urnOf('provenance'), resource: provenance, request: { method: 'POST', url: 'Provenance' } });
  }
  return { resourceType: 'Bundle', type: 'transaction', entry };
}
