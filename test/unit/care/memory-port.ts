/**
 * A port over a map, for the steps of the operations alone. It keeps versions, refuses stale ones and resolves urns; the
 * rules, validation and durability of the real door are the matter of the journeys.
 */

import { NO_HOLIDAYS } from '../../../src/care/clock.ts';
import { withReferences } from '../../../src/care/extract-identity.ts';
import type { CarePort } from '../../../src/care/ports.ts';
import { textAt } from '../../../src/care/shape.ts';
import { refuse } from '../../../src/fhir/outcome.ts';
import type { Resource, StoredResource } from '../../../src/fhir/types.ts';

export interface Memory {
  all: Map<string, StoredResource>;
  /** The port as one caller sees it. */
  as(practitionerRole: string | undefined, service: string): CarePort;
  put(resource: Resource & { id: string }): void;
  setNow(instant: string): void;
}

const text = (value: unknown): string => JSON.stringify(value) ?? '';

/** Enough of search: every parameter's values must occur as identifier, code, reference or status. */
function matches(resource: Resource, name: string, wanted: string): boolean {
  if (name === 'status') return resource.status === wanted;
  if (name === 'date') return (textAt(resource, 'start') ?? '') >= wanted.slice(2);
  return wanted.split(',').some((one) => {
    const [system, code] = one.includes('|') ? one.split('|') : [undefined, one];
    const parts = [system, code].filter((part) => part !== undefined && part !== '');
    return parts.every((part) => text(resource).includes(`"${part}"`));
  });
}

export function memory(): Memory {
  const all = new Map<string, StoredResource>();
  let now = new Date('2026-03-02T09:14:02Z');
  let next = 1;
  const write = (resource: Resource & { id: string }): StoredResource => {
    const address = `${resource.resourceType}/${resource.id}`;
    const versionId = String(Number(all.get(address)?.meta.versionId ?? '0') + 1);
    const stored = { ...resource, meta: { ...resource.meta, versionId, lastUpdated: now.toISOString() } };
    all.set(address, stored);
    return stored;
  };
  const of = (type: string): StoredResource[] => [...all.values()].filter((one) => one.resourceType === type);
  const port = (practitionerRole: string | undefined, service: string): CarePort => ({
    get now() {
      return now;
    },
    caller: { service, teams: [], ...(practitionerRole === undefined ? {} : { practitionerRole }) },
    settings: { notify: 'dating-scan-or-12+0', upperEdge: '25+6', calendar: NO_HOLIDAYS },
    read: async (type, id) => {
      const found = all.get(`${type}/${id}`);
      if (found === undefined) throw refuse(404, 'not-found', `${type}/${id}`);
      return structuredClone(found);
    },
    search: async (type, params) =>
      structuredClone(
        of(type).filter((one) => Object.entries(params).every(([name, value]) => matches(one, name, value))),
      ),
    transaction: async (entries) => {
      for (const entry of entries) {
        if (entry.method !== 'PUT') continue;
        const current = all.get(`${entry.resource.resourceType}/${entry.resource.id}`);
        if (current?.meta.versionId !== entry.ifMatch) throw refuse(412, 'conflict', 'version');
      }
      const ids = new Map<string, string>();
      const planned = entries.map((entry): { resource: Resource & { id: string }; keep?: StoredResource } => {
        if (entry.method === 'PUT') return { resource: entry.resource };
        const type = entry.resource.resourceType;
        const criteria = [...new URLSearchParams(entry.ifNoneExist ?? '')];
        const known =
          criteria.length === 0
            ? undefined
            : of(type).find((one) => criteria.every(([name, value]) => matches(one, name, value)));
        if (known !== undefined && entry.refuseExisting !== undefined)
          throw refuse(409, 'duplicate', entry.refuseExisting);
        const id = known?.id ?? `n${next++}`;
        ids.set(entry.fullUrl, `${type}/${id}`);
        return known === undefined ? { resource: { ...entry.resource, id } } : { resource: known, keep: known };
      });
      return planned.map(({ resource, keep }) => keep ?? write(structuredClone(withReferences(resource, ids))));
    },
  });
  return {
    all,
    as: port,
    put: (resource) => {
      write(resource);
    },
    setNow: (instant) => {
      now = new Date(instant);
    },
  };
}
