/** A running token endpoint for tests: real Express, real PostgreSQL, two registered clients. */
import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import express from 'express';
import pg from 'pg';
import type { AuditEntry } from '../../../src/audit/types.ts';
import { smartRoutes } from '../../../src/http/smart/routes.ts';
import { ASSERTION_TYPE } from '../../../src/identity/assertion.ts';
import { signAnything } from '../../../src/identity/sign.ts';
import { identityStore, registerClient, type StoredClient } from '../../../src/store/identity.ts';
import { freshDatabase } from '../../harness/database.ts';
import { ISSUER, NOW, place, SECONDS } from './place.ts';

export const TOKEN_URL = `${ISSUER}/oauth/token`;

export interface Signer {
  alg: string;
  kid: string;
  privateKey: KeyObject;
  jwk: Record<string, unknown>;
}

/** A client's key pair: RSA 2048 (RS384) or EC P-384 (ES384), or a curve that is not taken. */
export function signer(kid: string, kind: 'RS384' | 'ES384' | 'P-256'): Signer {
  const pair =
    kind === 'RS384'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: kind === 'ES384' ? 'P-384' : 'P-256' });
  const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid };
  return { alg: kind === 'P-256' ? 'ES256' : kind, kid, privateKey: pair.privateKey, jwk };
}

export const EC = signer('epr-ec', 'ES384');
export const RSA = signer('epr-rsa', 'RS384');
export const SMALL = signer('epr-p256', 'P-256');
export const OLD = signer('epr-old', 'ES384');
export const HV = signer('hv-1', 'ES384');

function client(clientId: string, signers: readonly Signer[], more: Partial<StoredClient> = {}): StoredClient {
  const keys = signers.map(({ kid, jwk }) => ({ kid, jwk, expires: kid === OLD.kid ? NOW : null }));
  const org = `Organization/${clientId}`;
  return { clientId, name: clientId, org, scopes: ['system/*.cruds'], introspects: false, ended: null, keys, ...more };
}

export const CLIENTS: readonly StoredClient[] = [
  client('epr', [EC, RSA, SMALL, OLD]),
  client('hv-system', [HV], { scopes: ['system/CarePlan.rs', 'system/Task.cru'] }),
  client('gateway', [HV], { introspects: true }),
  client('ended', [EC], { ended: NOW }),
];

/** An assertion of client `epr`, right but for the changes; `undefined` takes a header or claim out. */
export function assertion(
  key: Signer = EC,
  changes: { header?: Record<string, unknown>; claims?: Record<string, unknown> } = {},
): string {
  const claims = { iss: 'epr', sub: 'epr', aud: TOKEN_URL, exp: SECONDS + 300, jti: randomUUID(), ...changes.claims };
  return signAnything(key, { alg: key.alg, kid: key.kid, typ: 'JWT', ...changes.header }, claims);
}

/** The form of a token request with this assertion. */
export function form(client_assertion: string, more: Record<string, string> = {}) {
  const grant = { grant_type: 'client_credentials', scope: 'system/*.rs' };
  return { ...grant, client_assertion_type: ASSERTION_TYPE, client_assertion, ...more };
}

/** Starts it; `audit` collects the records, `fail.audit` makes writing them fail. Ends with `close`. */
export async function smartPlace() {
  const database = await freshDatabase();
  const owner = new pg.Pool({ connectionString: database.ownerUrl, max: 2 });
  const pool = new pg.Pool({ connectionString: database.serviceUrl, max: 8 });
  for (const one of CLIENTS) await registerClient(owner, one);
  const house = place();
  const audit: AuditEntry[] = [];
  const fail = { audit: false };
  const clock = { now: NOW };
  const recordToken = async (entry: AuditEntry): Promise<void> => {
    if (fail.audit) throw new Error('disk full');
    audit.push(entry);
  };
  const store = identityStore(pool);
  const parts = { issuer: ISSUER, keys: house.keys, verifier: house.verifier, log: house.log };
  /** A service of its own (its failure brake starts empty) on the same database. */
  const app = () =>
    express().use(smartRoutes({ ...parts, clients: store, replay: store, recordToken, now: () => clock.now }));
  const close = async (): Promise<void> => {
    await Promise.all([owner.end(), pool.end()]);
    await database.drop();
  };
  return { ...house, owner, pool, store, audit, fail, clock, app, close };
}
