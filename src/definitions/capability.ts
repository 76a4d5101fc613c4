/**
 * CapabilityStatement from what is really registered: `http` hands over its own tables, nothing else is said here
 * (promise 5 of house.md). Pure.
 */
import type { Json, JsonObject, Resource } from '../fhir/types.ts';
import type { SearchParam } from '../search/types.ts';
import type { Definitions } from './types.ts';

export type TypeInteraction =
  | 'read'
  | 'vread'
  | 'update'
  | 'patch'
  | 'delete'
  | 'history-instance'
  | 'history-type'
  | 'create'
  | 'search-type';

export type SystemInteraction = 'transaction' | 'batch' | 'search-system' | 'history-system';

export interface OperationCapability {
  /** Without `$`. */
  name: string;
  /** Canonical of the OperationDefinition. */
  definition: string;
}

/** What is registered for one resource type. */
export interface TypeCapability {
  type: string;
  interactions: readonly TypeInteraction[];
  versioning: 'no-version' | 'versioned' | 'versioned-update';
  readHistory: boolean;
  updateCreate: boolean;
  conditionalCreate: boolean;
  conditionalRead: 'not-supported' | 'modified-since' | 'not-match' | 'full-support';
  conditionalUpdate: boolean;
  conditionalDelete: 'not-supported' | 'single' | 'multiple';
  /** Search parameters really answered for the type. */
  searchParams: readonly SearchParam[];
  /** `Type:param` values of _include and _revinclude really answered. */
  includes: readonly string[];
  revIncludes: readonly string[];
  operations: readonly OperationCapability[];
}

export interface CapabilityInput {
  /** When the statement last changed, ISO date or date-time: start of the process or release date. */
  date: string;
  /** FHIR base, e.g. `http://127.0.0.1:8080/fhir/R4`. */
  baseUrl: string;
  software: { name: string; version: string };
  /** MIME types read and written, e.g. `application/fhir+json`. */
  formats: readonly string[];
  patchFormats: readonly string[];
  types: readonly TypeCapability[];
  system: { interactions: readonly SystemInteraction[]; operations: readonly OperationCapability[] };
  security: { cors: boolean; description: string; tokenUrl: string | null; authorizeUrl: string | null };
  /** Canonicals of the subscription topics served; said on Subscription. */
  topics: readonly string[];
  /** CapabilityStatements met in full, e.g. the backport server's. */
  instantiates: readonly string[];
  /** Parameters such as `_type` that every search takes. */
  commonParams: readonly SearchParam[];
}

const TOPIC =
  'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/capabilitystatement-subscriptiontopic-canonical';
const OAUTH = 'http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris';

/** A list element, or nothing when the list is empty: FHIR has no empty lists. */
function listed(name: string, items: readonly Json[]): JsonObject {
  return items.length === 0 ? {} : { [name]: [...items] };
}

function codes(interactions: readonly string[]): JsonObject[] {
  return interactions.map((code) => ({ code }));
}

function params(searchParams: readonly SearchParam[]): JsonObject[] {
  return searchParams.map((param) => ({
    name: param.code,
    ...(param.url === '' ? {} : { definition: param.url }),
    type: param.type,
  }));
}

function operations(list: readonly OperationCapability[]): JsonObject[] {
  return list.map(({ name, definition }) => ({ name, definition }));
}

/** Our profiles of a type. */
function profilesOf(definitions: Definitions, type: string): string[] {
  return definitions
    .published('StructureDefinition')
    .flatMap((profile) => (profile.type === type && typeof profile.url === 'string' ? [profile.url] : []));
}

function typeEntry(input: CapabilityInput, definitions: Definitions, type: TypeCapability): JsonObject {
  const topics = type.type === 'Subscription' ? input.topics : [];
  return {
    ...listed(
      'extension',
      topics.map((topic) => ({ url: TOPIC, valueCanonical: topic })),
    ),
    type: type.type,
    profile: `http://hl7.org/fhir/StructureDefinition/${type.type}`,
    ...listed('supportedProfile', profilesOf(definitions, type.type)),
    ...listed('interaction', codes(type.interactions)),
    versioning: type.versioning,
    readHistory: type.readHistory,
    updateCreate: type.updateCreate,
    conditionalCreate: type.conditionalCreate,
    conditionalRead: type.conditionalRead,
    conditionalUpdate: type.conditionalUpdate,
    conditionalDelete: type.conditionalDelete,
    ...listed('searchInclude', type.includes),
    ...listed('searchRevInclude', type.revIncludes),
    ...listed('searchParam', params(type.searchParams)),
    ...listed('operation', operations(type.operations)),
  };
}

function security(input: CapabilityInput): JsonObject {
  const { cors, description, tokenUrl, authorizeUrl } = input.security;
  const uris = [
    ...(tokenUrl === null ? [] : [{ url: 'token', valueUri: tokenUrl }]),
    ...(authorizeUrl === null ? [] : [{ url: 'authorize', valueUri: authorizeUrl }]),
  ];
  const smart = { system: 'http://terminology.hl7.org/CodeSystem/restful-security-service', code: 'SMART-on-FHIR' };
  return {
    ...listed('extension', uris.length === 0 ? [] : [{ url: OAUTH, extension: uris }]),
    cors,
    ...listed('service', tokenUrl === null ? [] : [{ coding: [smart] }]),
    description,
  };
}

/** The CapabilityStatement of this server (R4 http.html#capabilities). Types in alphabetical order. */
export function capabilityStatement(input: CapabilityInput, definitions: Definitions): Resource {
  const types = [...input.types].sort((a, b) => (a.type < b.type ? -1 : 1));
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: input.date,
    kind: 'instance',
    ...listed('instantiates', input.instantiates),
    software: { ...input.software },
    implementation: { description: input.software.name, url: input.baseUrl },
    fhirVersion: '4.0.1',
    format: [...input.formats],
    ...listed('patchFormat', input.patchFormats),
    rest: [
      {
        mode: 'server',
        security: security(input),
        ...listed(
          'resource',
          types.map((type) => typeEntry(input, definitions, type)),
        ),
        ...listed('interaction', codes(input.system.interactions)),
        ...listed('searchParam', params(input.commonParams)),
        ...listed('operation', operations(input.system.operations)),
      },
    ],
  };
}
