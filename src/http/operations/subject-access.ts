/**
 * Requests for a record over FHIR: `Patient/$sar` opens one by NHS number and reason, `Patient/[id]/$sar` is the
 * woman's own wish or one step of its keepers, `$sar-status` how it stands, `$sar-result` what was released. What leaves of
 * each item is decided on the pages, where two people look at it.
 */
import type { OperationInput } from '../../care/parameters.ts';
import { isNhsNumber } from '../../fhir/identifiers.ts';
import { refuse } from '../../fhir/outcome.ts';
import type { JsonObject } from '../../fhir/types.ts';
import { NOT_AVAILABLE } from '../../oversight/own-access-list.ts';
import {
  askForOwn,
  type OwnRequest,
  ownRequests,
  requestsAbout,
  requireAbout,
  requireChanging,
} from '../../oversight/sar/by-patient.ts';
import { collect } from '../../oversight/sar/collect.ts';
import { copyFile, release } from '../../oversight/sar/release.ts';
import { openRequest, type RequestView, readRequest, type SarJob } from '../../oversight/sar/requests.ts';
import { ACTS, LEAST, nameProfessional, stepRequest } from '../../oversight/sar/steps.ts';
import { requireFreshSignIn } from '../../record/fresh-sign-in.ts';
import type { Context, Door } from '../../record/types.ts';
import type { Operation } from '../fhir/dispatch.ts';
import { type FhirRequest, idOf } from '../fhir/request.ts';
import { inputOf } from './access.ts';
import { operationQuery, parametersAnswer } from './parameters.ts';

const OPENING = ['nhsNumber', 'reason', 'asker', 'received', 'handover', 'accesses', 'versions'];
const STEPPING = ['request', 'action', 'text', 'date', 'professional'];
const OWN = ['handover', 'accesses', 'versions'];
const ASKERS = ['self', 'parent', 'representative'] as const;

export const SUBJECT_ACCESS_OPERATIONS: readonly Operation[] = [
  { name: '$sar', type: 'Patient', level: 'type', methods: ['POST'], handler: opened },
  { name: '$sar', type: 'Patient', level: 'instance', methods: ['POST'], handler: stepped },
  { name: '$sar-status', type: 'Patient', level: 'instance', methods: ['GET', 'POST'], handler: status },
  { name: '$sar-result', type: 'Patient', level: 'instance', methods: ['GET', 'POST'], handler: result },
];

const wrong = (what: string) => refuse(400, 'value', what, 'Parameters.parameter');

async function opened(door: Door, request: FhirRequest) {
  const { context } = request;
  requireChanging(context);
  const input = await inputOf(door, request, OPENING);
  const nhsNumber = input.required('nhsNumber').replaceAll(' ', '');
  const asker = ASKERS.find((one) => one === input.required('asker'));
  const reason = input.required('reason');
  if (!isNhsNumber(nhsNumber)) throw wrong('nhsNumber is a valid number of ten digits');
  if (asker === undefined) throw wrong(`asker is one of: ${ASKERS.join(', ')}`);
  if (reason.trim().length < LEAST.refuse) throw wrong(`reason says it in ${LEAST.refuse} characters or more`);
  const reference = await openRequest(door, context, {
    ...{ nhsNumber, asker, reason: reason.slice(0, 300), received: dayOf(input.required('received'), 'received') },
    ...{ handover: input.required('handover').slice(0, 2_000), ...wishes(input) },
  });
  return accepted(door, await readRequest(door, context, reference));
}

/** What she asks for beside the record itself. */
function wishes(input: OperationInput) {
  return { wantsAccesses: input.flag('accesses'), wantsVersions: input.flag('versions') };
}

async function stepped(door: Door, request: FhirRequest) {
  const { context } = request;
  const id = idOf(request);
  if (context.principal.kind === 'family') {
    const input = await inputOf(door, request, OWN);
    const asked = { id, handover: input.required('handover'), ...wishes(input) };
    const reference = await askForOwn(door, context, asked);
    return parametersAnswer(202, [{ name: 'request', valueString: reference }]);
  }
  requireChanging(context);
  const input = await inputOf(door, request, STEPPING);
  const reference = input.required('request');
  const action = input.required('action');
  const { version } = await requireAbout(door, context, { id, reference });
  await take(door, context, input, { reference, action, version });
  return accepted(door, await readRequest(door, context, reference));
}

async function take(
  door: Door,
  context: Context,
  input: OperationInput,
  { reference, action, version }: { reference: string; action: string; version: number },
): Promise<void> {
  if (action === 'collect') {
    await collect(door, context, reference);
    return;
  }
  if (action === 'release') return release(door, context, { reference, version });
  if (action === 'name')
    return nameProfessional(door, context, { reference, professional: input.required('professional'), version });
  const act = ACTS.find((one) => one === action);
  if (act === undefined)
    throw wrong(`action is one of: collect, name, release, ${ACTS.join(', ')}; items are decided on the pages`);
  const words = input.required('text').trim().slice(0, 2_000);
  if (words.length < LEAST[act]) throw wrong(`text says it in ${LEAST[act]} characters or more`);
  const date = input.optional('date');
  const onDate = date === undefined ? null : dayOf(date, 'date');
  return stepRequest(door, context, { reference, act, words, version, onDate });
}

async function status(door: Door, request: FhirRequest) {
  const query = await queryOf(door, request, ['request']);
  const id = idOf(request);
  if (request.context.principal.kind === 'family') {
    const own = await ownRequests(door, request.context, id);
    if (own === null) return parametersAnswer(200, [{ name: 'text', valueString: NOT_AVAILABLE }]);
    return parametersAnswer(200, own.map(ownParameter));
  }
  const reference = query.get('request');
  if (reference !== null) {
    await requireAbout(door, request.context, { id, reference });
    return parametersAnswer(200, [parameterOf(await readRequest(door, request.context, reference))]);
  }
  return parametersAnswer(200, (await requestsAbout(door, request.context, id)).map(parameterOf));
}

/** The Bundle itself, or the PDF as a Binary. A family is handed its copy as it asked, never by this door (5.3). */
async function result(door: Door, request: FhirRequest) {
  const query = await queryOf(door, request, ['request', 'kind']);
  const reference = query.get('request');
  const kind = query.get('kind') ?? 'fhir';
  if (reference === null) throw refuse(400, 'required', '$sar-result names its request', 'Parameters.parameter');
  if (kind !== 'fhir' && kind !== 'pdf') throw wrong('kind is fhir or pdf');
  await requireAbout(door, request.context, { id: idOf(request), reference });
  requireFreshSignIn(door, request.context);
  const { bytes } = await copyFile(door, request.context, { reference, kind });
  if (kind === 'fhir') return { status: 200, body: bytes.toString('utf8') };
  const binary = { resourceType: 'Binary', contentType: 'application/pdf', data: bytes.toString('base64') };
  return { status: 200, body: JSON.stringify(binary) };
}

async function queryOf(door: Door, request: FhirRequest, known: readonly string[]): Promise<URLSearchParams> {
  const query = new URLSearchParams(await operationQuery(door, request));
  for (const name of ['_format', '_pretty']) query.delete(name);
  const stray = [...query.keys()].find((name) => !known.includes(name));
  if (stray === undefined) return query;
  throw refuse(400, 'not-supported', `unknown parameter "${stray.slice(0, 40)}"; known: ${known.join(', ')}`);
}

function dayOf(text: string, name: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw wrong(`${name} is a whole date, YYYY-MM-DD`);
}

function accepted(door: Door, view: RequestView) {
  const { subject, reference } = view.job;
  const answer = parametersAnswer(202, [parameterOf(view)]);
  return { ...answer, headers: { 'Content-Location': `${door.base}/${subject}/$sar-status?request=${reference}` } };
}

function stateOf(ending: SarJob['ending'], paused: boolean): string {
  return ending ?? (paused ? 'paused' : 'in-progress');
}

function ownParameter({ reference, received, ending, clock }: OwnRequest): JsonObject {
  return {
    name: 'request',
    part: [
      { name: 'reference', valueString: reference },
      { name: 'status', valueCode: stateOf(ending, clock.paused) },
      { name: 'received', valueDate: received },
      ...(ending === null ? [{ name: 'due', valueDate: clock.due }] : []),
    ],
  };
}

function parameterOf({ job, clock, counts, points, lines, stricter }: RequestView): JsonObject {
  return {
    name: 'request',
    part: [
      { name: 'reference', valueString: job.reference },
      { name: 'patient', valueReference: { reference: job.subject } },
      { name: 'status', valueCode: stateOf(job.ending, clock.paused) },
      { name: 'asker', valueCode: job.asker },
      { name: 'received', valueDate: job.received },
      { name: 'due', valueDate: clock.due },
      { name: 'days-left', valueInteger: clock.left },
      ...(job.professional === null ? [] : [{ name: 'professional', valueReference: { reference: job.professional } }]),
      ...(['open', 'second', 'returned', 'done'] as const).map((name) => ({
        name: `items-${name}`,
        valueInteger: counts[name],
      })),
      ...(job.ended === null ? points.map(({ point }) => ({ name: 'open-point', valueCode: point })) : []),
      ...(stricter === null ? [] : [{ name: 'stricter-since', valueString: stricter }]),
      ...lines.map(({ at, kind, byParty, onDate }) => ({
        name: 'step',
        part: [
          { name: 'at', valueInstant: at },
          { name: 'action', valueCode: kind },
          { name: 'by', valueReference: byParty.includes('/') ? { reference: byParty } : { display: byParty } },
          { name: 'date', valueDate: onDate },
        ],
      })),
    ],
  };
}
