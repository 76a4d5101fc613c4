/** Building blocks of the operations: entries of a transaction, the person behind a step, one resource of a search. */
import { createHash, randomUUID } from 'node:crypto';
import { refuse } from '../fhir/outcome.ts';
import type { Resource, StoredResource } from '../fhir/types.ts';
import type { CareEntry, CarePort } from './ports.ts';

/** An update of what was read: lost updates are refused by its version, and what masks left out the record keeps. */
export function changed(stored: StoredResource, change: Partial<Resource>): CareEntry {
  return { method: 'PUT', resource: { ...stored, ...change, id: stored.id }, ifMatch: stored.meta.versionId };
}

/** A new resource, addressed inside the transaction by the urn that is returned with it. */
export function created(resource: Resource, ifNoneExist?: string): CareEntry & { fullUrl: string } {
  const fullUrl = `urn:uuid:${randomUUID()}`;
  return ifNoneExist === undefined
    ? { method: 'POST', fullUrl, resource }
    : { method: 'POST', fullUrl, resource, ifNoneExist };
}

/** Search criteria as `ifNoneExist` takes them. */
export const criteriaOf = (criteria: Readonly<Record<string, string>>): string => String(new URLSearchParams(criteria));

/** The PractitionerRole of the person who acts. Throws Outcome 403 when no person stands behind the call. */
export function personOf(port: CarePort): string {
  const who = port.caller.practitionerRole;
  if (who === undefined) {
    throw refuse(403, 'forbidden', 'this step is taken by a named practitioner; the call carries no such person');
  }
  return who;
}

/** Type and id of a literal reference `Type/id`. Throws Outcome 422 for any other form. */
export function addressed(reference: string | undefined, type?: string): { type: string; id: string } {
  const match = /^([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})$/.exec(reference ?? '');
  const [, found, id] = match ?? [];
  if (found === undefined || id === undefined || (type !== undefined && found !== type)) {
    throw refuse(422, 'value', `a reference of the form ${type ?? 'Type'}/id is needed`);
  }
  return { type: found, id };
}

/** A short key of some words, for identifiers of what an operation creates once. */
export const keyOfWords = (...words: string[]): string =>
  createHash('sha256').update(words.join('\n')).digest('hex').slice(0, 32);
