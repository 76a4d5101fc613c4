/** Tracing, claims and broken glass over HTTP: `POST Patient/$name` with Parameters. */
import { OperationInput } from '../../care/parameters.ts';
import { refuse, TRACE_RESULT } from '../../fhir/outcome.ts';
import type { JsonObject, Resource } from '../../fhir/types.ts';
import { parseBody } from '../../record/document.ts';
import { grantEmergency } from '../../record/emergency.ts';
import {
  FEWEST_WORDS,
  GRANT_REASONS,
  type GrantAsk,
  type Granted,
  openRecord,
  requireReason,
} from '../../record/grants.ts';
import { declareConflict, keepOwnNumber } from '../../record/own-interest.ts';
import { type TraceAsk, type TraceResult, trace } from '../../record/trace.ts';
import type { Door } from '../../record/types.ts';
import type { Operation } from '../fhir/dispatch.ts';
import { type FhirRequest, idOf } from '../fhir/request.ts';
import { JSON_BODIES, requireContentType } from '../negotiate.ts';

const PERSON = ['nhsNumber', 'birthDate', 'family'];
const WHY = ['reason', 'text'];

/** Operation names by what they open. */
const OPENING: Readonly<Record<string, GrantAsk['kind']>> = {
  '$break-glass': 'break-glass',
  '$claim-relationship': 'self-claim',
  '$open-history': 'history',
  $unmask: 'unmask',
};

export const ACCESS_OPERATIONS: readonly Operation[] = [
  typeLevel('$trace', async (door, request) => {
    const input = await inputOf(door, request, PERSON);
    return { status: 200, body: JSON.stringify(traceParameters(await trace(door, request.context, personOf(input)))) };
  }),
  ...Object.entries(OPENING).map(([name, kind]) =>
    typeLevel(name, async (door, request) => {
      const input = await inputOf(door, request, ['handle', 'patient', ...WHY]);
      const asked = { kind, target: targetOf(input), ...whyOf(input, kind) };
      return granted(await openRecord(door, request.context, asked));
    }),
  ),
  typeLevel('$declare-conflict', async (door, request) => {
    const input = await inputOf(door, request, ['handle', 'patient']);
    await declareConflict(door, request.context, targetOf(input));
    return { status: 204 };
  }),
  {
    name: '$own-number',
    type: 'Practitioner',
    level: 'instance',
    methods: ['POST'],
    handler: async (door, request) => {
      const input = await inputOf(door, request, ['nhsNumber']);
      await keepOwnNumber(door, request.context, `Practitioner/${idOf(request)}`, numberOf(input));
      return { status: 204 };
    },
  },
  typeLevel('$grant-emergency', async (door, request) => {
    const input = await inputOf(door, request, [...PERSON, 'clinician', ...WHY]);
    const why = whyOf(input, 'emergency');
    const asked = { person: personOf(input), holder: roleOf(input.required('clinician')), ...why };
    return granted(await grantEmergency(door, request.context, asked));
  }),
];

/** An operation on Patient as a type, by POST. */
export function typeLevel(name: string, handler: Operation['handler']): Operation {
  return { name, type: 'Patient', level: 'type', methods: ['POST'], handler };
}

/** The body, strictly by name. POST alone: numbers and reasons have no place in an address. */
export async function inputOf(door: Door, request: FhirRequest, known: readonly string[]): Promise<OperationInput> {
  if (request.url.query !== '') throw refuse(400, 'not-supported', 'The parameters of this operation go in the body');
  requireContentType(request.headers, JSON_BODIES);
  return new OperationInput(parseBody(door, await request.body()).resource, known);
}

export function personOf(input: OperationInput): TraceAsk {
  const nhsNumber = numberOf(input);
  const birthDate = input.required('birthDate');
  const wrong = (what: string) => refuse(400, 'value', what, 'Parameters.parameter');
  if (!/^\d{4}-\d{2}-\d{2}$/.test(birthDate)) throw wrong('birthDate is a whole date, YYYY-MM-DD');
  return { nhsNumber, birthDate, family: input.optional('family') ?? null };
}

function numberOf(input: OperationInput): string {
  const digits = input.required('nhsNumber').replaceAll(' ', '');
  if (/^\d{10}$/.test(digits)) return digits;
  throw refuse(400, 'value', 'nhsNumber is ten digits', 'Parameters.parameter');
}

function targetOf(input: OperationInput): GrantAsk['target'] {
  const handle = input.optional('handle');
  const patient = input.optional('patient');
  if ((handle === undefined) === (patient === undefined))
    throw refuse(400, 'required', 'Name the person by one of: handle, patient', 'Parameters.parameter');
  if (handle !== undefined) return { handle };
  if (patient === undefined || !/^Patient\/[A-Za-z0-9.-]{1,64}$/.test(patient))
    throw refuse(400, 'value', 'patient is a reference such as Patient/123', 'Parameters.parameter');
  return { patient };
}

function whyOf(input: OperationInput, kind: keyof typeof GRANT_REASONS): { reason: string; words: string } {
  const reason = GRANT_REASONS[kind].length === 0 ? kind : input.required('reason');
  const words = input.required('text');
  requireReason(GRANT_REASONS[kind], reason, words, FEWEST_WORDS);
  return { reason, words };
}

/** @throws Outcome 400 */
export function roleOf(reference: string, name = 'clinician'): string {
  if (/^PractitionerRole\/[A-Za-z0-9.-]{1,64}$/.test(reference)) return reference;
  throw refuse(400, 'value', `${name} is a reference such as PractitionerRole/123`, 'Parameters.parameter');
}

function traceParameters(result: TraceResult): Resource {
  const said: JsonObject[] = [{ name: 'result', valueCoding: { system: TRACE_RESULT, code: result.code } }];
  if ('patient' in result) said.push({ name: 'patient', valueReference: { reference: result.patient } });
  if ('handle' in result) said.push({ name: 'handle', valueString: result.handle });
  if ('contact' in result) said.push({ name: 'contact', valueString: result.contact });
  return { resourceType: 'Parameters', parameter: said };
}

function granted({ id, patient, until, reviewDue }: Granted) {
  const parameter: JsonObject[] = [
    { name: 'grant', valueId: id },
    { name: 'patient', valueReference: { reference: patient } },
    { name: 'until', valueInstant: until.toISOString() },
    ...(reviewDue === null ? [] : [{ name: 'reviewDue', valueInstant: reviewDue.toISOString() }]),
  ];
  return { status: 201, body: JSON.stringify({ resourceType: 'Parameters', parameter }) };
}
