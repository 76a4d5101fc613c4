/** The register of system clients over HTTP, for those who keep it from a command line (ADR 0037); two people as on the pages. */
import type { OperationInput } from '../../care/parameters.ts';
import { clients, proposeClient, proposeKeys, revokeClient, revokeKey } from '../../directory/clients.ts';
import { refuse } from '../../fhir/outcome.ts';
import type { JsonObject } from '../../fhir/types.ts';
import type { Operation } from '../fhir/dispatch.ts';
import { inputOf } from './access.ts';
import { parametersAnswer, systemLevel } from './parameters.ts';

const KEYS = ['jwks', 'expires', 'reason'];

export const CLIENT_OPERATIONS: readonly Operation[] = [
  systemLevel('$clients', async (door, request) => {
    await inputOf(door, request, []);
    return parametersAnswer(200, (await clients(door, request.context)).map(told));
  }),
  systemLevel('$register-client', async (door, request) => {
    const input = await inputOf(door, request, ['name', 'kind', 'agreement', 'service', ...KEYS]);
    const pending = await proposeClient(door, request.context, {
      name: input.required('name'),
      kind: kindIn(input),
      agreement: input.optional('agreement') ?? null,
      org: input.required('service'),
      ...keysIn(input),
    });
    return waits(pending);
  }),
  systemLevel('$rotate-client', async (door, request) => {
    const input = await inputOf(door, request, ['client', 'overlap', ...KEYS]);
    const overlap = input.optional('overlap') ?? '0';
    const pending = await proposeKeys(door, request.context, {
      clientId: input.required('client'),
      overlap: /^\d{1,3}$/.test(overlap) ? Number(overlap) : -1,
      ...keysIn(input),
    });
    return waits(pending);
  }),
  systemLevel('$end-client', async (door, request) => {
    const input = await inputOf(door, request, ['client', 'key', 'reason']);
    const [client, key, reason] = [input.required('client'), input.optional('key'), input.required('reason')];
    if (key === undefined) await revokeClient(door, request.context, client, reason);
    else await revokeKey(door, request.context, client, key, reason);
    return { status: 204 };
  }),
];

function kindIn(input: OperationInput): 'system' | 'e-roster' {
  const kind = input.optional('kind') ?? 'system';
  if (kind === 'system' || kind === 'e-roster') return kind;
  throw refuse(400, 'value', 'kind is system or e-roster', 'Parameters.parameter');
}

function keysIn(input: OperationInput): { jwks: string; expires: string; reason: string } {
  return { jwks: input.required('jwks'), expires: input.required('expires'), reason: input.required('reason') };
}

function waits(pending: string) {
  return parametersAnswer(202, [{ name: 'pending', valueString: pending }]);
}

type ClientLine = Awaited<ReturnType<typeof clients>>[number];

function told({ clientId, name, kind, org, agreement, scopes, added, ended, keys }: ClientLine): JsonObject {
  return {
    name: 'client',
    part: [
      { name: 'client', valueString: clientId },
      { name: 'name', valueString: name },
      { name: 'kind', valueCode: kind },
      { name: 'service', valueReference: { reference: org } },
      ...(agreement === null ? [] : [{ name: 'agreement', valueReference: { reference: agreement } }]),
      ...scopes.map((valueString) => ({ name: 'scope', valueString })),
      { name: 'added', valueInstant: added.toISOString() },
      ...(ended === null ? [] : [{ name: 'ended', valueInstant: ended.toISOString() }]),
      ...keys.map(({ kid, added: since, expires }) => ({
        name: 'key',
        part: [
          { name: 'kid', valueString: kid },
          { name: 'added', valueInstant: since.toISOString() },
          ...(expires === null ? [] : [{ name: 'expires', valueInstant: expires.toISOString() }]),
        ],
      })),
    ],
  };
}
