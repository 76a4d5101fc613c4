/**
 * Named lists over HTTP: name somebody, see who is named, end an entry; and the sealing of an identity.
 * The second person uses `$confirm`.
 */
import type { OperationInput } from '../../care/parameters.ts';
import { refuse } from '../../fhir/outcome.ts';
import type { JsonObject } from '../../fhir/types.ts';
import { endNaming, LISTS, type NamedLine, namedPeople, nameSomebody } from '../../oversight/named-lists.ts';
import { sealIdentity } from '../../oversight/sealed-identity.ts';
import { FEWEST_WORDS } from '../../record/grants.ts';
import type { Operation } from '../fhir/dispatch.ts';
import { inputOf, personOf, roleOf, typeLevel } from './access.ts';
import { parametersAnswer } from './parameters.ts';

const PERSON = ['nhsNumber', 'birthDate', 'family'];

export const NAMED_OPERATIONS: readonly Operation[] = [
  typeLevel('$name-person', async (door, request) => {
    const input = await inputOf(door, request, [...PERSON, 'list', 'who', 'from', 'until', 'text']);
    const list = LISTS.find((one) => one === input.required('list'));
    if (list === undefined) throw wrong(`list is one of: ${LISTS.join(', ')}`);
    const asked = {
      person: personOf(input),
      list,
      holder: roleOf(input.required('who'), 'who'),
      from: input.optional('from') ?? null,
      until: input.required('until'),
      words: wordsOf(input),
    };
    const pending = await nameSomebody(door, request.context, asked);
    return parametersAnswer(202, [{ name: 'pending', valueString: pending }]);
  }),
  typeLevel('$named-people', async (door, request) => {
    const input = await inputOf(door, request, [...PERSON, 'text']);
    const lines = await namedPeople(door, request.context, personOf(input), wordsOf(input));
    return parametersAnswer(200, lines.map(lineParameter));
  }),
  typeLevel('$end-named', async (door, request) => {
    const input = await inputOf(door, request, ['named', 'text']);
    await endNaming(door, request.context, input.required('named'), wordsOf(input));
    return { status: 204 };
  }),
  ...['$seal-identity', '$unseal-identity'].map((name) =>
    typeLevel(name, async (door, request) => {
      const input = await inputOf(door, request, [...PERSON, 'text']);
      const asked = { person: personOf(input), lift: name === '$unseal-identity', words: wordsOf(input) };
      const pending = await sealIdentity(door, request.context, asked);
      return parametersAnswer(202, [{ name: 'pending', valueString: pending }]);
    }),
  ),
];

function wrong(what: string) {
  return refuse(400, 'value', what, 'Parameters.parameter');
}

function wordsOf(input: OperationInput): string {
  const words = input.required('text').trim();
  if (words.length >= FEWEST_WORDS) return words;
  throw wrong(`text must say why, in at least ${FEWEST_WORDS} characters`);
}

function lineParameter(line: NamedLine): JsonObject {
  return {
    name: 'named',
    part: [
      { name: 'id', valueString: line.id },
      { name: 'list', valueCode: line.list },
      { name: 'who', valueReference: { reference: line.holder, ...(line.holderName && { display: line.holderName }) } },
      { name: 'from', valueInstant: line.from.toISOString() },
      { name: 'until', valueInstant: line.until.toISOString() },
      { name: 'reason', valueString: line.words },
      { name: 'proposedBy', valueReference: { reference: line.proposedBy } },
      { name: 'confirmedBy', valueReference: { reference: line.confirmedBy } },
      ...(line.endedAt === null ? [] : [{ name: 'ended', valueInstant: line.endedAt.toISOString() }]),
    ],
  };
}
