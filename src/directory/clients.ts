/**
 * System clients in production: registered by two people with the public keys of their supplier; organisation and scopes
 * come from the agreement, so that a client can ask for nothing its agreement does not name. Keys end by a day, rotate with
 * an overlap, and are revoked at once by one person. An e-roster needs no agreement: it writes its own service's duty list
 * and sees the directory, nothing else.
 */
import { randomUUID } from 'node:crypto';
import { Outcome, refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import { type PublicKey, readPublicKeys } from '../identity/public-keys.ts';
import { type CarryOut, keepProposal, requireKeeper } from '../oversight/proposals.ts';
import { parseStored } from '../record/decide.ts';
import { entryOf } from '../record/entry.ts';
import { audited, notFound } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import {
  agreementsInForce,
  type ClientLine,
  endClient,
  endClientKey,
  listClients,
  partiesOfAgreement,
  putConfirmedClient,
  readClient,
} from '../store/models/clients.ts';
import { resourcesByReference } from '../store/models/directory.ts';
import type { Db } from '../store/reads.ts';
import { servicesOf } from '../store/standing.ts';
import { objects } from './workspace.ts';

export interface Registration {
  name: string;
  kind: 'system' | 'e-roster';
  /** `Contract/..` for a system; null for an e-roster. */
  agreement: string | null;
  /** `Organization/..`: one of the agreement's two services; of an e-roster the service whose list it writes. */
  org: string;
  jwks: string;
  /** Last day of the keys. */
  expires: string;
  reason: string;
}

export interface Rotation {
  clientId: string;
  jwks: string;
  expires: string;
  /** Days for which the older keys still serve: 0 to 30. */
  overlap: number;
  reason: string;
}

/** Longest life of a key: nobody remembers longer what it is for. A decision of ours. */
export const LONGEST_KEY_DAYS = 400;
export const LONGEST_OVERLAP_DAYS = 30;
const DAY = 86_400_000;
const ROSTER_SCOPES = [
  ...['Schedule', 'Slot'].map((type) => `system/${type}.cruds`),
  ...['CareTeam', 'Organization', 'Practitioner', 'PractitionerRole'].map((type) => `system/${type}.rs`),
];
const DIRECTORY_SCOPES = ['Organization', 'HealthcareService', 'Location', 'Practitioner', 'PractitionerRole'].map(
  (type) => `system/${type}.rs`,
);

/** What is wrong with a field, for a form. */
export class ClientFault extends Outcome {
  readonly field: string;

  constructor(field: string, diagnostics: string) {
    super(422, [{ severity: 'error', code: 'business-rule', diagnostics }]);
    this.name = 'ClientFault';
    this.field = field;
  }
}

/** Gives the id of the proposal. @throws ClientFault, Outcome 403 */
export function proposeClient(door: Door, context: Context, asked: Registration): Promise<string> {
  return proposing(door, context, asked.reason, async () => {
    const { name, kind, agreement, org } = asked;
    if (name.length < 3 || name.length > 100 || /[<>{}\p{Cc}]/u.test(name))
      throw new ClientFault('name', 'Enter a name of 3 to 100 characters');
    const keys = keysOf(asked, context.now);
    const scopes = kind === 'e-roster' ? await rosterScopes(door.pool, org) : await agreedScopes(door, context, asked);
    const body = {
      clientId: randomUUID(),
      name,
      org,
      kind,
      agreement: kind === 'system' ? agreement : null,
      scopes,
      keys,
    };
    return { title: `New ${kind === 'system' ? 'system' : 'e-roster'}: ${name}`, body };
  });
}

/** New keys beside the old ones, which end after the overlap. */
export function proposeKeys(door: Door, context: Context, asked: Rotation): Promise<string> {
  return proposing(door, context, asked.reason, async () => {
    const client = await readClient(door.pool, asked.clientId);
    if (client === null || client.ended !== null) throw new ClientFault('jwks', 'There is no such client any more');
    const keys = keysOf(asked, context.now);
    const same = keys.find(({ kid }) => client.keys.some((one) => one.kid === kid));
    if (same !== undefined)
      throw new ClientFault('jwks', `The client has a key ${same.kid} already: a new key has a new kid`);
    const { overlap } = asked;
    if (!Number.isInteger(overlap) || overlap < 0 || overlap > LONGEST_OVERLAP_DAYS)
      throw new ClientFault('overlap', `Enter 0 to ${LONGEST_OVERLAP_DAYS} days`);
    const { clientId, name, org, kind, agreement, scopes } = client;
    const olderUntil = new Date(context.now.getTime() + overlap * DAY).toISOString();
    const body = { clientId, name, org, kind, agreement, scopes, keys, olderUntil };
    return { title: `New keys for ${name}`, body };
  });
}

async function proposing(
  door: Door,
  context: Context,
  reason: string,
  work: () => Promise<{ title: string; body: object }>,
): Promise<string> {
  const entry = {
    ...entryOf(context, 'operation'),
    detail: `propose client; reason: ${reason.slice(0, 300)}`,
    rules: ['R-27', 'R-01'],
  };
  return audited(door, entry, async () => {
    requireKeeper(context);
    const { title, body } = await work();
    if (reason.trim().length < 5) throw new ClientFault('reason', 'Enter the reason, in 5 characters or more');
    const kept = { kind: 'client', title, words: reason, body: JSON.stringify(body), version: null };
    const pending = await keepProposal(context, door.pool, kept);
    await door.audit.write({ ...entry, status: 202 });
    return pending;
  });
}

export const carryOutClient: CarryOut = async (_door, _context, db, pending) => {
  const clientId = await putConfirmedClient(db, pending.id);
  if (clientId === null)
    throw refuse(409, 'conflict', 'A key of this name was registered since this was proposed: propose another key');
  return { written: [], entities: [`Client/${clientId}`] };
};

function keysOf({ jwks, expires }: { jwks: string; expires: string }, now: Date): (PublicKey & { expires: string })[] {
  const keys = readPublicKeys(jwks);
  if (typeof keys === 'string') throw new ClientFault('jwks', keys);
  const end = /^\d{4}-\d{2}-\d{2}$/.test(expires) ? new Date(`${expires}T23:59:59Z`) : null;
  const days = end === null ? Number.NaN : (end.getTime() - now.getTime()) / DAY;
  if (!(days > 0 && days <= LONGEST_KEY_DAYS))
    throw new ClientFault(
      'expires',
      `Enter the last day of the keys, like 2027-06-30, at most ${LONGEST_KEY_DAYS} days from now`,
    );
  return keys.map((key) => ({ ...key, expires: end?.toISOString() ?? '' }));
}

async function rosterScopes(db: Db, org: string): Promise<string[]> {
  if (!(await servicesOf(db)).includes(org)) throw new ClientFault('org', 'Select a service of the directory');
  return ROSTER_SCOPES;
}

async function agreedScopes(door: Door, context: Context, { agreement, org }: Registration): Promise<string[]> {
  const parties = agreement === null ? [] : await partiesOfAgreement(door.pool, agreement, context.now);
  if (agreement === null || parties.length === 0)
    throw new ClientFault('agreement', 'Select an agreement that is in force');
  if (!parties.includes(org)) throw new ClientFault('org', 'Select one of the two services of the agreement');
  const [contract] = await resourcesByReference(door.pool, [agreement]);
  const types = contract === undefined ? [] : typesOf(parseStored(contract.body).resource);
  if (types.length === 0) throw new ClientFault('agreement', 'The agreement names no kinds of record');
  return [
    ...new Set([...types.map((type) => `system/${type}.cruds`), 'system/Subscription.cruds', ...DIRECTORY_SCOPES]),
  ];
}

/** Resource types an agreement names in its terms. */
function typesOf(contract: Resource): string[] {
  const codings = objects(contract.term)
    .flatMap(({ asset }) => objects(asset))
    .flatMap(({ type }) => objects(type))
    .flatMap(({ coding }) => objects(coding));
  const codes = codings.flatMap(({ code }) =>
    typeof code === 'string' && /^[A-Z][A-Za-z]{1,63}$/.test(code) ? [code] : [],
  );
  return [...new Set(codes)].toSorted();
}

export interface Choices {
  agreements: { reference: string; title: string; services: string[] }[];
  services: { reference: string; name: string }[];
}

/** What a registration may choose from. */
export function choices(door: Door, context: Context): Promise<Choices> {
  return looking(door, context, 'client-form', async () => {
    const [contracts, services] = await Promise.all([agreementsInForce(door.pool, context.now), servicesOf(door.pool)]);
    const stored = await resourcesByReference(door.pool, [...contracts, ...services]);
    const resources = new Map(stored.map(({ type, id, body }) => [`${type}/${id}`, parseStored(body).resource]));
    const agreements = await Promise.all(
      contracts.map(async (reference) => ({
        reference,
        title: String(resources.get(reference)?.title ?? reference),
        services: await partiesOfAgreement(door.pool, reference, context.now),
      })),
    );
    const names = services.map((reference) => ({
      reference,
      name: String(resources.get(reference)?.name ?? reference),
    }));
    return { agreements, services: names };
  });
}

export function clients(door: Door, context: Context): Promise<ClientLine[]> {
  return looking(door, context, 'clients', () => listClients(door.pool));
}

/** @throws Outcome 404 */
export function client(door: Door, context: Context, clientId: string): Promise<ClientLine> {
  return looking(door, context, `client ${clientId}`, async (entry) => {
    const found = await readClient(door.pool, clientId);
    if (found === null) throw await notFound(door, entry);
    return found;
  });
}

/** At once, by one person: it only narrows. Tokens of the client are refused at their next request. */
export function revokeClient(door: Door, context: Context, clientId: string, reason: string): Promise<void> {
  return revoking(door, context, `end client ${clientId}; reason: ${reason.slice(0, 300)}`, reason, () =>
    endClient(door.pool, clientId, context.now),
  );
}

/** A key that got out signs nothing more from this moment; tokens it got are refused at their next request. */
export function revokeKey(door: Door, context: Context, clientId: string, kid: string, reason: string): Promise<void> {
  return revoking(door, context, `end key of ${clientId}; reason: ${reason.slice(0, 300)}`, reason, () =>
    endClientKey(door.pool, clientId, kid, context.now),
  );
}

function revoking(
  door: Door,
  context: Context,
  detail: string,
  reason: string,
  work: () => Promise<boolean>,
): Promise<void> {
  const entry = { ...entryOf(context, 'operation'), detail, rules: ['R-27', 'R-01'] };
  return audited(door, entry, async () => {
    requireKeeper(context);
    if (reason.trim().length < 5) throw refuse(400, 'required', 'Say why, in five characters or more');
    // Recorded first: a key that is gone must not be gone without a trace.
    await door.audit.write(entry);
    if (!(await work())) throw await notFound(door, entry);
  });
}

function looking<T>(
  door: Door,
  context: Context,
  detail: string,
  work: (entry: ReturnType<typeof entryOf>) => Promise<T>,
): Promise<T> {
  const entry = { ...entryOf(context, 'operation'), detail, rules: ['R-27'] };
  return audited(door, entry, async () => {
    requireKeeper(context);
    const found = await work(entry);
    await door.audit.write(entry);
    return found;
  });
}
