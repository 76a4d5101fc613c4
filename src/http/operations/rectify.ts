/** $rectify, $attach-statement and $move-to-patient: POST [type]/[id]/$name with Parameters. */
import { PATIENT_TYPES } from '../../fhir/compartments.ts';
import { refuse } from '../../fhir/outcome.ts';
import { asResource, isObject } from '../../fhir/resource.ts';
import type { Resource } from '../../fhir/types.ts';
import { attachStatement, moveToPatient, type Rectified, rectify } from '../../oversight/rectify.ts';
import type { Door } from '../../record/types.ts';
import type { Operation } from '../fhir/dispatch.ts';
import { type FhirRequest, header, idOf, noParameters, typeOf } from '../fhir/request.ts';
import { inputOf } from './access.ts';
import { parametersBody } from './parameters.ts';

export const RECTIFY_OPERATIONS: readonly Operation[] = [
  ...instance('$rectify', async (door, request) => {
    noParameters(request);
    const { resource, note } = await corrected(door, request);
    const version = /^(?:W\/)?"(\d+)"$/.exec(header(request, 'if-match') ?? '')?.[1];
    if (version === undefined)
      throw refuse(400, 'required', 'If-Match must name the version that is wrong, like W/"3"');
    return answer(await rectify(door, request.context, { ...item(request), resource, note, version }));
  }),
  ...instance('$attach-statement', async (door, request) => {
    const input = await inputOf(door, request, ['statement']);
    const statement = input.required('statement');
    return answer(await attachStatement(door, request.context, { ...item(request), statement }));
  }),
  ...instance('$move-to-patient', async (door, request) => {
    const input = await inputOf(door, request, ['patient', 'note']);
    const [patient, note] = [input.required('patient'), input.required('note')];
    if (!/^Patient\/[A-Za-z0-9.-]{1,64}$/.test(patient))
      throw refuse(400, 'value', 'patient is a reference such as Patient/123', 'Parameters.parameter');
    return answer(await moveToPatient(door, request.context, { ...item(request), patient, note }));
  }),
];

/** Of what is about a person: the types of the Patient compartment. */
function instance(name: string, handler: Operation['handler']): Operation[] {
  return PATIENT_TYPES.map((type) => ({ name, type, level: 'instance', methods: ['POST'], handler }));
}

function item(request: FhirRequest): { type: string; id: string } {
  return { type: typeOf(request), id: idOf(request) };
}

/** `resource`, the corrected one whole, and `note`, why. */
async function corrected(door: Door, request: FhirRequest): Promise<{ resource: Resource; note: string }> {
  const body = await parametersBody(door, request);
  const parts = (Array.isArray(body?.parameter) ? body.parameter : []).filter(isObject);
  const stray = parts.find(({ name }) => name !== 'resource' && name !== 'note');
  if (stray !== undefined) throw refuse(400, 'not-supported', '$rectify takes: resource, note', 'Parameters.parameter');
  const resource = parts.find(({ name }) => name === 'resource')?.resource;
  const note = parts.find(({ name }) => name === 'note')?.valueString;
  if (!isObject(resource) || typeof note !== 'string')
    throw refuse(400, 'required', '$rectify needs: resource, the corrected one, and note, why', 'Parameters.parameter');
  return { resource: asResource(resource), note };
}

function answer({ item: { resourceType, id, meta }, note }: Rectified) {
  const parameter = [
    { name: 'item', valueReference: { reference: `${resourceType}/${id}/_history/${meta.versionId}` } },
    { name: 'note', valueReference: { reference: note } },
  ];
  return { status: 200, body: JSON.stringify({ resourceType: 'Parameters', parameter }) };
}
