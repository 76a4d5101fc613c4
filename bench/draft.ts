/** A transaction Bundle in the making. */
import { reference } from '../src/care/canon.ts';
import type { Reference, Resource } from '../src/fhir/types.ts';

export interface Entry {
  fullUrl: string;
  resource: Resource;
  request: { method: string; url: string };
}

/** Entries under fixed `urn:uuid`s, one namespace per Bundle. */
export class Draft {
  readonly entries: Entry[] = [];

  add(resource: Resource): Reference {
    const number = String(this.entries.length + 1).padStart(12, '0');
    const fullUrl = `urn:uuid:00000000-0000-4000-8000-${number}`;
    this.entries.push({ fullUrl, resource, request: { method: 'POST', url: resource.resourceType } });
    return reference(fullUrl);
  }
}
