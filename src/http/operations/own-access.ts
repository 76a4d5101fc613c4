/** `Patient/[id]/$who-viewed` for the mother herself, and `$online-view` for those who switch her list (Q14, R-14). */
import { refuse } from '../../fhir/outcome.ts';
import type { JsonObject } from '../../fhir/types.ts';
import { NOT_AVAILABLE, type OwnAccess, ownAccessList, setOnlineView } from '../../oversight/own-access-list.ts';
import type { Operation } from '../fhir/dispatch.ts';
import { idOf } from '../fhir/request.ts';
import { inputOf, personOf } from './access.ts';

export const OWN_ACCESS_OPERATIONS: readonly Operation[] = [
  {
    name: '$who-viewed',
    type: 'Patient',
    level: 'instance',
    methods: ['GET', 'POST'],
    handler: async (door, request) => {
      if (request.url.query !== '') throw refuse(400, 'not-supported', '$who-viewed takes no parameters');
      const list = await ownAccessList(door, request.context, idOf(request));
      return { status: 200, body: JSON.stringify({ resourceType: 'Parameters', parameter: parametersOf(list) }) };
    },
  },
  {
    name: '$online-view',
    type: null,
    level: 'system',
    methods: ['POST'],
    handler: async (door, request) => {
      const input = await inputOf(door, request, ['nhsNumber', 'birthDate', 'family', 'state', 'reason']);
      const state = input.required('state');
      if (state !== 'on' && state !== 'off') throw refuse(400, 'value', 'state is on or off', 'Parameters.parameter');
      const asked = { person: personOf(input), off: state === 'off', words: input.required('reason') };
      await setOnlineView(door, request.context, asked);
      return { status: 204 };
    },
  },
];

function parametersOf({ months }: OwnAccess): JsonObject[] {
  if (months === null)
    return [
      { name: 'available', valueBoolean: false },
      { name: 'text', valueString: NOT_AVAILABLE },
    ];
  return [
    { name: 'available', valueBoolean: true },
    ...months.map(
      ({ month, who }): JsonObject => ({
        name: 'month',
        part: [{ name: 'when', valueDate: month }, ...who.map((one) => ({ name: 'who', valueString: one }))],
      }),
    ),
  ];
}
