/**
 * Where a Consent contradicts itself, so that nobody could say what the family meant: dates the wrong way
 * round, and one service, team or relative permitted and objected to for the same data at the same time. A narrower
 * provision inside a broader one is an exception, not a contradiction. Pure.
 */
import type { JsonObject, Resource } from '../fhir/types.ts';
import { consentsOf } from './consents.ts';
import { object, objects, text } from './elements.ts';
import { endOf, startOf } from './instants.ts';
import type { ConsentRow } from './types.ts';

/** Every contradiction with its FHIRPath, in words; none for other types and for what is not active. */
export function consentFaults(resource: Resource): { expression: string; text: string }[] {
  const provision = object(resource.provision);
  if (resource.resourceType !== 'Consent' || resource.status !== 'active' || provision === null) return [];
  const nested = objects(provision.provision);
  return [
    ...reversed(provision, 'Consent.provision'),
    ...nested.flatMap((one, i) => reversed(one, `Consent.provision.provision[${i}]`)),
    ...bothWays(consentsOf({ ...resource, id: resource.id ?? 'new' }, () => null)),
  ];
}

function reversed(provision: JsonObject, at: string): { expression: string; text: string }[] {
  const period = object(provision.period);
  const [from, until] = [startOf(text(period?.start)), endOf(text(period?.end))];
  if (from === null || until === null || from < until) return [];
  return [{ expression: `${at}.period`, text: 'it ends before it begins, so it would never hold' }];
}

function bothWays(rows: readonly ConsentRow[]): { expression: string; text: string }[] {
  const permits = rows.filter(({ kind }) => kind === 'permit');
  const against = rows.find((row) => row.kind === 'objection' && permits.some((one) => isSame(one, row)));
  if (against === undefined) return [];
  const whom = against.party ?? 'everybody';
  return [
    { expression: 'Consent.provision', text: `it permits and objects to the same for ${whom}: say which one holds` },
  ];
}

function isSame(a: ConsentRow, b: ConsentRow): boolean {
  const begins = (row: ConsentRow) => (row.from === null ? Number.NEGATIVE_INFINITY : Date.parse(row.from));
  const ends = (row: ConsentRow) => (row.until === null ? Number.POSITIVE_INFINITY : Date.parse(row.until));
  return (
    a.party === b.party &&
    [...a.classes].sort().join() === [...b.classes].sort().join() &&
    begins(a) < ends(b) &&
    begins(b) < ends(a)
  );
}
