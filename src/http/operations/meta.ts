/** $meta at every level, $meta-add, $meta-delete, $diff and $versions. */
import { type MetaChange, metaParts } from '../../fhir/meta.ts';
import { refuse } from '../../fhir/outcome.ts';
import { asResource, isObject } from '../../fhir/resource.ts';
import type { Json, Meta } from '../../fhir/types.ts';
import { diff } from '../../record/diff.ts';
import { changeMetaOf, metaOf, metaSummary } from '../../record/meta.ts';
import type { Door, ResourceDocument } from '../../record/types.ts';
import type { Operation } from '../fhir/dispatch.ts';
import { type FhirRequest, header, idOf, noParameters, typeOf } from '../fhir/request.ts';
import { operationQuery, parametersBody, parametersDocument } from './parameters.ts';

const both = ['GET', 'POST'] as const;

/** The route table's entries. */
export const META_OPERATIONS: readonly Operation[] = [
  { name: '$meta', type: '*', level: 'instance', methods: both, handler: instanceMeta },
  { name: '$meta', type: '*', level: 'type', methods: both, handler: summary },
  { name: '$meta', type: null, level: 'system', methods: both, handler: summary },
  { name: '$meta-add', type: '*', level: 'instance', methods: ['POST'], handler: changes('meta-add') },
  { name: '$meta-delete', type: '*', level: 'instance', methods: ['POST'], handler: changes('meta-delete') },
  { name: '$diff', type: '*', level: 'instance', methods: both, handler: difference },
  { name: '$versions', type: null, level: 'system', methods: both, handler: versions },
];

function answer(meta: Meta) {
  const parameter = [{ name: 'return', valueMeta: meta }];
  return { status: 200, body: JSON.stringify({ resourceType: 'Parameters', parameter }) };
}

async function instanceMeta(door: Door, request: FhirRequest) {
  noParameters(request);
  return answer(await metaOf(door, request.context, typeOf(request), idOf(request)));
}

async function summary(door: Door, request: FhirRequest) {
  noParameters(request);
  return answer(await metaSummary(door, request.context, request.url.type));
}

function changes(change: MetaChange): Operation['handler'] {
  return async (door, request) => {
    noParameters(request);
    const body = await parametersBody(door, request);
    const parts = metaParts(partNamed(body?.parameter, 'meta')?.valueMeta);
    const target = { type: typeOf(request), id: idOf(request) };
    const ifMatch = header(request, 'if-match');
    return answer(await changeMetaOf(door, request.context, target, { change, parts, ifMatch }));
  };
}

function partNamed(parameters: Json | undefined, name: string) {
  const parts = Array.isArray(parameters) ? parameters.filter(isObject) : [];
  return parts.find((part) => part.name === name);
}

/** `from` and `to` name versions; a POST may bring a `resource` to compare the current version with. */
async function difference(door: Door, request: FhirRequest) {
  const given = await givenResource(door, request);
  const query = new URLSearchParams(given === null ? await operationQuery(door, request) : request.url.query);
  for (const name of query.keys()) {
    if (name === 'from' || (name === 'to' && given === null) || name === '_format' || name === '_pretty') continue;
    throw refuse(400, 'not-supported', `$diff does not take ${name.slice(0, 40)} here; it takes from, to and resource`);
  }
  const asked = { type: typeOf(request), id: idOf(request), from: query.get('from'), to: query.get('to'), given };
  return { status: 200, body: await diff(door, request.context, asked) };
}

async function givenResource(door: Door, request: FhirRequest): Promise<ResourceDocument | null> {
  const document = await parametersDocument(door, request);
  const resource = partNamed(document?.resource.parameter, 'resource')?.resource;
  if (document === null || resource === undefined) return null;
  return { resource: asResource(resource), numbers: document.numbers };
}

/** R4 capabilitystatement-versions: one version of FHIR is spoken here. */
async function versions() {
  const parameter = [
    { name: 'version', valueCode: '4.0' },
    { name: 'default', valueCode: '4.0' },
  ];
  return { status: 200, body: JSON.stringify({ resourceType: 'Parameters', parameter }) };
}
