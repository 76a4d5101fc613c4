/** GET /metadata: the CapabilityStatement of what is really registered, made once per process (promise 5). */
import { type CapabilityInput, capabilityStatement, type TypeCapability } from '../../definitions/capability.ts';
import type { Definitions } from '../../definitions/types.ts';
import { searchableParams } from '../../search/params.ts';
import { targetsOf } from '../../search/parse-clause.ts';
import type { SearchParam } from '../../search/types.ts';
import type { Operation } from './dispatch.ts';
import { operationCapabilities } from './operation-definitions.ts';

export interface MetadataInput {
  definitions: Definitions;
  base: string;
  mode: 'demo' | 'production' | 'training';
  operations: readonly Operation[];
  topics: readonly string[];
  tokenUrl: string;
  /** Are there web pages that may use the API? */
  cors: boolean;
  version: string;
  /** Start of the process, ISO. */
  date: string;
}

/** what a client may delete outside the demo; elsewhere the entered-in-error recipe. */
const DELETABLE = new Set(['Slot', 'Subscription', 'QuestionnaireResponse', 'Composition', 'DocumentReference']);

const special = (code: string, type: SearchParam['type']): SearchParam => ({
  code,
  type,
  expression: '',
  targets: [],
  url: '',
});
/** Parameters that speak of other rows or of several parameters; R4 defines them on no type. Nothing refers to Parameters. */
const CLAUSES: readonly SearchParam[] = [
  special('_has', 'special'),
  special('_list', 'special'),
  special('_filter', 'special'),
];

/** The statement's text. */
export function metadataText(input: MetadataInput): string {
  const { definitions, mode } = input;
  const capability: CapabilityInput = {
    date: input.date,
    baseUrl: input.base,
    software: { name: 'Tandem', version: input.version },
    formats: ['application/fhir+json', 'json', 'application/fhir+xml', 'xml'],
    patchFormats: ['application/json-patch+json', 'application/fhir+json', 'application/fhir+xml'],
    types: definitions.resourceTypes.map((type) => typeCapability(input, type)),
    system: {
      interactions: ['transaction', 'batch', 'history-system', 'search-system'],
      operations: operationCapabilities(input.operations, null),
    },
    security: {
      cors: input.cors,
      description:
        'Bearer tokens (SMART Backend Services). Scopes cap, the information-governance rules decide; every request is audited.' +
        (mode === 'demo' ? ' DELETE of every type exists for the loading client of the demo only (R-33).' : ''),
      tokenUrl: input.tokenUrl,
      authorizeUrl: null,
    },
    topics: input.topics,
    instantiates:
      input.topics.length === 0
        ? []
        : ['http://hl7.org/fhir/uv/subscriptions-backport/CapabilityStatement/backport-subscription-server-r4'],
    commonParams: [special('_type', 'token')],
  };
  return JSON.stringify(capabilityStatement(capability, definitions));
}

function typeCapability(input: MetadataInput, type: string): TypeCapability {
  const { definitions, mode } = input;
  const params = [...searchableParams(definitions, type).values()];
  const references = params.filter(isFollowed).map((param) => `${type}:${param.code}`);
  if (type === 'AuditEvent') return auditCapability(input);
  return {
    type,
    interactions: [
      'read',
      'vread',
      'update',
      'patch',
      ...(mode !== 'production' || DELETABLE.has(type) ? (['delete'] as const) : []),
      'history-instance',
      'history-type',
      'create',
      'search-type',
    ],
    versioning: 'versioned',
    readHistory: true,
    updateCreate: true,
    conditionalCreate: true,
    conditionalRead: 'full-support',
    conditionalUpdate: true,
    conditionalDelete: mode !== 'production' || DELETABLE.has(type) ? 'single' : 'not-supported',
    searchParams: type === 'Parameters' ? params : [...params, ...CLAUSES],
    includes: ['*', `${type}:*`, ...references],
    revIncludes: reverse(definitions, type),
    operations: operationCapabilities(input.operations, type),
  };
}

const isFollowed = (param: SearchParam): boolean => param.type === 'reference';

/** Everything elsewhere that may point to this type by name. */
function reverse(definitions: Definitions, type: string): string[] {
  // The access record is never included: it is read through a door of its own.
  const sources = definitions.resourceTypes.filter((source) => source !== 'AuditEvent');
  return sources.flatMap((source) =>
    [...searchableParams(definitions, source).values()]
      .filter((param) => isFollowed(param) && targetsOf(param, definitions).includes(type))
      .map((param) => `${source}:${param.code}`),
  );
}

/** What an audit record has none of, or never changes. */
const NOT_OF_AUDIT: ReadonlySet<string> = new Set(['_text', '_content', '_lastUpdated']);

/** The access record: read and search by its own parameters; nobody writes it. */
function auditCapability(input: MetadataInput): TypeCapability {
  const params = searchableParams(input.definitions, 'AuditEvent');
  return {
    type: 'AuditEvent',
    interactions: ['read', 'search-type'],
    versioning: 'no-version',
    readHistory: false,
    updateCreate: false,
    conditionalCreate: false,
    conditionalRead: 'not-supported',
    conditionalUpdate: false,
    conditionalDelete: 'not-supported',
    searchParams: [
      ...[...params.values()].filter(({ code }) => !NOT_OF_AUDIT.has(code)),
      special('_filter', 'special'),
    ],
    includes: [],
    revIncludes: [],
    operations: operationCapabilities(input.operations, 'AuditEvent'),
  };
}
