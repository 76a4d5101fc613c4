/** Concerns and the simulator over HTTP: system-level operations with Parameters. */
import type { OperationInput } from '../../care/parameters.ts';
import { refuse } from '../../fhir/outcome.ts';
import type { JsonObject } from '../../fhir/types.ts';
import { type Simulated, simulate } from '../../oversight/simulate.ts';
import { amendConcern, type ConcernText, concernQueue, ownConcern, reportConcern } from '../../record/concern.ts';
import { restrictUse } from '../../record/own-interest.ts';
import type { Operation } from '../fhir/dispatch.ts';
import { inputOf, personOf } from './access.ts';
import { NAMED_OPERATIONS } from './named.ts';
import { OWN_ACCESS_OPERATIONS } from './own-access.ts';
import { parametersAnswer, systemLevel } from './parameters.ts';
import { RECTIFY_OPERATIONS } from './rectify.ts';
import { SUBJECT_ACCESS_OPERATIONS } from './subject-access.ts';

const PERSON = ['nhsNumber', 'birthDate', 'family'];
const ACTIONS = ['read', 'vread', 'history', 'search', 'create', 'update', 'patch', 'delete'] as const;

export const OVERSIGHT_OPERATIONS: readonly Operation[] = [
  ...NAMED_OPERATIONS,
  ...OWN_ACCESS_OPERATIONS,
  ...RECTIFY_OPERATIONS,
  ...SUBJECT_ACCESS_OPERATIONS,
  systemLevel('$report-concern', async (door, request) => {
    const input = await inputOf(door, request, ['text', 'about', 'handle', ...PERSON]);
    const person = input.optional('nhsNumber') === undefined ? null : personOf(input);
    const asked = { words: input.required('text'), about: input.optional('about') ?? '', person };
    const receipt = await reportConcern(door, request.context, { ...asked, handle: input.optional('handle') ?? null });
    return parametersAnswer(202, [{ name: 'receipt', valueString: receipt }]);
  }),
  systemLevel('$amend-concern', async (door, request) => {
    const input = await inputOf(door, request, ['receipt', 'text']);
    const receipt = input.required('receipt');
    await amendConcern(door, request.context, receipt, input.required('text'));
    return parametersAnswer(202, [{ name: 'receipt', valueString: receipt }]);
  }),
  systemLevel('$read-concern', async (door, request) => {
    const input = await inputOf(door, request, ['receipt']);
    return parametersAnswer(
      200,
      (await ownConcern(door, request.context, input.required('receipt'))).map(textParameter),
    );
  }),
  systemLevel('$concerns', async (door, request) => {
    await inputOf(door, request, []);
    return parametersAnswer(200, (await concernQueue(door, request.context)).map(textParameter));
  }),
  ...['$restrict', '$lift-restriction'].map((name) =>
    systemLevel(name, async (door, request) => {
      const input = await inputOf(door, request, ['reason', ...PERSON]);
      const asked = { person: personOf(input), lift: name === '$lift-restriction', words: input.required('reason') };
      await restrictUse(door, request.context, asked);
      return { status: 204 };
    }),
  ),
  systemLevel('$simulate', async (door, request) => {
    const input = await inputOf(door, request, ['who', 'resource', 'action', 'purpose', 'reason']);
    return parametersAnswer(200, simulated(await simulate(door, request.context, simulationOf(input))));
  }),
];

function textParameter({ receipt, at, authorName, about, words }: ConcernText): JsonObject {
  return {
    name: 'concern',
    part: [
      { name: 'receipt', valueString: receipt },
      { name: 'at', valueInstant: at.toISOString() },
      { name: 'author', valueString: authorName },
      ...(about === '' ? [] : [{ name: 'about', valueString: about }]),
      { name: 'text', valueString: words },
    ],
  };
}

function simulationOf(input: OperationInput) {
  const who = input.required('who');
  const [type = '', id = ''] = input.required('resource').split('/');
  const wanted = input.optional('action') ?? 'read';
  const action = ACTIONS.find((one) => one === wanted);
  const words = input.required('reason');
  const wrong = (what: string) => refuse(400, 'value', what, 'Parameters.parameter');
  if (!/^(PractitionerRole|Client)\/[A-Za-z0-9._-]{1,64}$/.test(who))
    throw wrong('who is PractitionerRole/[id] or Client/[id]');
  if (!/^[A-Z][A-Za-z]{1,63}$/.test(type) || !/^[A-Za-z0-9.-]{1,64}$/.test(id)) throw wrong('resource is [type]/[id]');
  if (action === undefined) throw wrong(`action is one of: ${ACTIONS.join(', ')}`);
  if (words.trim().length < 5) throw wrong('reason must say why you ask');
  return { who, type, id, action, purpose: input.optional('purpose') ?? null, words };
}

function simulated({ decision, purpose, status, way, notFoundBy }: Simulated): JsonObject[] {
  const { permit, rules, reason, text, explanation, wayIn, masks } = decision;
  const code = (name: string, value: string | null): JsonObject[] =>
    value === null ? [] : [{ name, valueCode: value }];
  return [
    { name: 'permit', valueBoolean: permit },
    { name: 'status', valueInteger: status },
    { name: 'purpose', valueCode: purpose },
    ...rules.map((rule): JsonObject => ({ name: 'rule', valueString: rule })),
    ...code('reason', reason),
    { name: 'text', valueString: text },
    ...code('explanation', explanation),
    ...code('way-in', wayIn),
    ...[...new Set(masks.map((mask) => mask.rule))].map((rule): JsonObject => ({ name: 'mask', valueString: rule })),
    ...masks.flatMap(({ remove }) => remove).map((path): JsonObject => ({ name: 'hidden', valueString: path })),
    ...way.flatMap(({ through }) => through).map((fact): JsonObject => ({ name: 'through', valueString: fact })),
    ...notFoundBy.map((param): JsonObject => ({ name: 'not-found-by', valueString: param })),
  ];
}
