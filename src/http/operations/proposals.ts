/** What takes two persons, over HTTP: propose, list, confirm, withdraw. */
import { confirmProposal } from '../../directory/proposal-kinds.ts';
import { refuse } from '../../fhir/outcome.ts';
import type { JsonObject } from '../../fhir/types.ts';
import { proposals, withdraw } from '../../oversight/proposals.ts';
import { propose } from '../../oversight/two-persons.ts';
import type { Operation } from '../fhir/dispatch.ts';
import { JSON_BODIES, requireContentType } from '../negotiate.ts';
import { inputOf } from './access.ts';
import { parametersAnswer, systemLevel } from './parameters.ts';

export const PROPOSAL_OPERATIONS: readonly Operation[] = [
  systemLevel('$propose', async (door, request) => {
    const reason = new URLSearchParams(request.url.query).get('reason') ?? '';
    if (reason.trim().length < 5)
      throw refuse(400, 'required', '$propose?reason= must say why; the body is the resource');
    requireContentType(request.headers, JSON_BODIES);
    const done = await propose(door, request.context, await request.body(), reason);
    if ('pending' in done) return parametersAnswer(202, [{ name: 'pending', valueString: done.pending }]);
    return { status: 200, body: done.written.text };
  }),
  systemLevel('$proposals', async (door, request) => {
    await inputOf(door, request, []);
    const waiting = await proposals(door, request.context);
    return parametersAnswer(
      200,
      waiting.map(
        ({ id, kind, title, proposer, at, words, mine }): JsonObject => ({
          name: 'proposal',
          part: [
            { name: 'pending', valueString: id },
            { name: 'kind', valueCode: kind },
            { name: 'title', valueString: title || kind },
            { name: 'proposer', valueReference: { reference: proposer } },
            { name: 'at', valueInstant: at.toISOString() },
            { name: 'reason', valueString: words },
            { name: 'mine', valueBoolean: mine },
          ],
        }),
      ),
    );
  }),
  systemLevel('$confirm', async (door, request) => {
    const input = await inputOf(door, request, ['pending']);
    const done = await confirmProposal(door, request.context, input.required('pending'));
    const [only] = done.written;
    if (done.kind === 'resource' && only !== undefined) return { status: 200, body: only.text };
    return parametersAnswer(200, [
      { name: 'kind', valueCode: done.kind },
      ...done.entities.map((reference): JsonObject => ({ name: 'done', valueString: reference })),
    ]);
  }),
  systemLevel('$withdraw', async (door, request) => {
    const input = await inputOf(door, request, ['pending']);
    await withdraw(door, request.context, input.required('pending'));
    return { status: 204 };
  }),
];
