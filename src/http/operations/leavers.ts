/** Leaving, handing on and cover over HTTP: operations on a PractitionerRole. */
import type { OperationInput } from '../../care/parameters.ts';
import { cover } from '../../directory/cover.ts';
import { endRole } from '../../directory/leave.ts';
import { openWork } from '../../directory/open-work.ts';
import { reassign } from '../../directory/reassign.ts';
import { leaverOf } from '../../directory/who.ts';
import { refuse } from '../../fhir/outcome.ts';
import type { JsonObject } from '../../fhir/types.ts';
import type { Operation } from '../fhir/dispatch.ts';
import { idOf } from '../fhir/request.ts';
import { inputOf } from './access.ts';
import { parametersAnswer } from './parameters.ts';

export const LEAVER_OPERATIONS: readonly Operation[] = [
  onRole('$leave', ['reason'], async (door, context, role, input) => {
    const left = await endRole(door, context, role, input.required('reason'));
    return Object.entries(left).map(([name, valueInteger]): JsonObject => ({ name, valueInteger }));
  }),
  onRole('$open-work', [], async (door, context, role) => {
    const { items, closed, more } = await openWork(door, context, await leaverOf(door, context, role));
    return [
      ...items.map(
        ({ kind, reference, patient }): JsonObject => ({
          name: 'item',
          part: [
            { name: 'kind', valueCode: kind },
            { name: 'resource', valueReference: { reference } },
            ...(patient === null ? [] : [{ name: 'patient', valueReference: { reference: patient } }]),
          ],
        }),
      ),
      ...closed.map((kind): JsonObject => ({ name: 'closed', valueCode: kind })),
      ...more.map((kind): JsonObject => ({ name: 'more', valueCode: kind })),
    ];
  }),
  onRole('$reassign', ['to', 'item', 'reason'], async (door, context, from, input) => {
    const asked = { from, to: roleIn(input, 'to'), items: input.all('item'), reason: input.required('reason') };
    return [{ name: 'reassigned', valueInteger: await reassign(door, context, asked) }];
  }),
  onRole('$cover', ['by', 'until', 'reason', 'dryRun'], async (door, context, away, input) => {
    const [by, until] = [roleIn(input, 'by'), input.required('until')];
    const reason = input.optional('reason') ?? '';
    const done = await cover(door, context, { away, by, until, reason, dryRun: input.flag('dryRun') });
    return [
      ...done.teams.map((reference): JsonObject => ({ name: 'team', valueReference: { reference } })),
      { name: 'until', valueInstant: done.until },
    ];
  }),
];

type Work = (
  door: Parameters<Operation['handler']>[0],
  context: Parameters<Operation['handler']>[1]['context'],
  role: string,
  input: OperationInput,
) => Promise<JsonObject[]>;

function onRole(name: string, known: readonly string[], work: Work): Operation {
  return {
    name,
    type: 'PractitionerRole',
    level: 'instance',
    methods: ['POST'],
    handler: async (door, request) => {
      const input = await inputOf(door, request, known);
      return parametersAnswer(200, await work(door, request.context, `PractitionerRole/${idOf(request)}`, input));
    },
  };
}

function roleIn(input: OperationInput, name: string): string {
  const reference = input.required(name);
  if (/^PractitionerRole\/[A-Za-z0-9.-]{1,64}$/.test(reference)) return reference;
  throw refuse(400, 'value', `${name} is a reference such as PractitionerRole/123`, 'Parameters.parameter');
}
