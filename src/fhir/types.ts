/** The shapes of FHIR as JSON, before and after validation. Everything past the door works on these. */

export type JsonPrimitive = string | number | boolean | null;
export type Json = JsonPrimitive | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json | undefined;
}

export interface Coding extends JsonObject {
  system?: string;
  version?: string;
  code?: string;
  display?: string;
}

export interface CodeableConcept extends JsonObject {
  coding?: Coding[];
  text?: string;
}

export interface Identifier extends JsonObject {
  use?: string;
  system?: string;
  value?: string;
}

export interface Reference extends JsonObject {
  reference?: string;
  type?: string;
  identifier?: Identifier;
  display?: string;
}

export interface Period extends JsonObject {
  start?: string;
  end?: string;
}

export interface Meta extends JsonObject {
  versionId?: string;
  lastUpdated?: string;
  profile?: string[];
  security?: Coding[];
  tag?: Coding[];
}

/** Any FHIR resource, as JSON: `resourceType` is certain, the rest is read by path. */
export interface Resource extends JsonObject {
  resourceType: string;
  id?: string;
  meta?: Meta;
}

/** A resource as it is stored: it has an id and the server's own meta. */
export interface StoredResource extends Resource {
  id: string;
  meta: Meta & { versionId: string; lastUpdated: string };
}
