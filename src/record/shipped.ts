/**
 * Definitions that ship with the service (R4's, ours, those of packages), shown as resources to everyone whose gate is
 * open for the type. They are no rows: nobody writes them, they have one version, and no rule hides any of them.
 */
import { Outcome } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { ResourceRow } from '../store/rows.ts';
import type { Door } from './types.ts';

/** Stands where a definition does not say when it was changed: the date of R4 4.0.1. */
const R4_DATE = '2019-11-01T00:00:00.000Z';

/** The resource as it is shown: with version 1 and the instant its authors gave it. */
export function asShown(resource: Resource): Resource {
  const given = [resource.meta?.lastUpdated, resource.date].find(
    (text): text is string => typeof text === 'string' && !Number.isNaN(Date.parse(text)),
  );
  const lastUpdated = new Date(given ?? R4_DATE).toISOString();
  const { resourceType, id, meta, ...rest } = resource;
  return { resourceType, ...(id === undefined ? {} : { id }), meta: { ...meta, versionId: '1', lastUpdated }, ...rest };
}

/** A definition as the row a search or read would have found; null when none of that id ships. */
export function shippedRow(door: Pick<Door, 'definitions'>, type: string, id: string): ResourceRow | null {
  const found = door.definitions.byId(type, id);
  return found === null ? null : rowOf(asShown(found));
}

/** The row of a definition already made ready by `asShown`. */
export function rowOf(resource: Resource): ResourceRow {
  return {
    type: resource.resourceType,
    id: resource.id ?? '',
    version: 1,
    updated: new Date(resource.meta?.lastUpdated ?? R4_DATE),
    deleted: false,
    body: JSON.stringify(resource),
    patients: [],
    subjects: [],
    pregnancy: null,
    dataClass: 'conformance',
    label: 'N',
    tags: [],
    service: null,
    authors: [],
    released: true,
    addressee: null,
  };
}

/** @throws Outcome 405 when a write names the id of a definition that ships */
export function requireNotShipped(door: Pick<Door, 'definitions'>, type: string, id: string): void {
  if (!isShipped(door, type, id)) return;
  const diagnostics = `${type}/${id} ships with the service and is not changed here; give yours an id and a url of its own`;
  throw new Outcome(405, [{ severity: 'error', code: 'not-supported', diagnostics }], { Allow: 'GET, HEAD' });
}

export function isShipped(door: Pick<Door, 'definitions'>, type: string, id: string): boolean {
  return door.definitions.entries(type).some((entry) => entry.id === id);
}
