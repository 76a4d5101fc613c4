/**
 * The service as a newcomer meets it, for journeys over real HTTP and a real database: in this process (`startService`),
 * or as a child that can be killed (`service-process.ts`). Each has a database, keys and a port of its own,
 * and fixtures are written through its door: indexed and decided as in production (H15).
 */
import './one-realm.ts';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type App, type AppOptions, buildApp } from '../../src/app.ts';
import type { Config } from '../../src/config/types.ts';
import { loadConfig } from '../../src/config.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { buildServer } from '../../src/http/server.ts';
import { audienceOf, DEMO_TOKEN_LIFE, issuerOf } from '../../src/identity/contract.ts';
import { DEMO_IDENTITIES, type DemoIdentity, demoClaims } from '../../src/identity/identities.ts';
import { openKeys } from '../../src/identity/keys.ts';
import { signAccess, signAnything } from '../../src/identity/sign.ts';
import type { Log } from '../../src/log.ts';
import { registerClient } from '../../src/store/identity.ts';
import { openPool, type Pool } from '../../src/store/pool.ts';
import { testDefinitions } from '../unit/definitions/cache.ts';
import { bundleOf, type Client, clientOn } from './client.ts';
import { scratchFolder } from './cluster.ts';
import { type FreshDatabase, freshDatabase } from './database.ts';
import { directory } from './directory.ts';
import { type FamilyOptions, familyOf } from './family.ts';

export interface ServiceOptions {
  config?: Partial<Config>;
  /** Milliseconds for a body. */
  bodyTimeout?: number;
  clock?: () => Date;
  /** A second process on the database of this one, with keys of its own. */
  beside?: Service;
}

/** A person of the demo, or anybody else whose claims differ from hers. */
export type Who = string | { like: string; claims: Readonly<Record<string, string>> };

export interface Service {
  app: App;
  config: Config;
  /** FHIR base. */
  base: string;
  port: number;
  /** Under the service's own role. */
  pool: Pool;
  database: FreshDatabase;
  /** Everything the service has logged, one line each. */
  logged: string[];
  token(who: Who): string;
  /** Signs any header and claims (see `signAnything`). */
  rawToken(header: object, claims: object): string;
  as(who: Who): Client;
  anonymous: Client;
  /** Loads organisations, services, people, teams and agreements of the demo, as the steward. */
  directory(): Promise<void>;
  /** Loads one family as the steward; gives its resources as they were sent. */
  family(id: string, options?: FamilyOptions): Promise<Resource[]>;
  /** Puts resources (those with an id) as the steward in one transaction. @throws Error with the outcome */
  load(resources: readonly Resource[]): Promise<void>;
  close(): Promise<void>;
}

/** Starts the service; the first of a run compiles definitions and makes the database's template. */
export async function startService(options: ServiceOptions = {}): Promise<Service> {
  const { beside } = options;
  const database = beside?.database ?? (await freshDatabase());
  const dataDir = scratchFolder('service');
  const environment = { MODE: 'demo', DATA_DIR: dataDir, DATABASE_URL: database.ownerUrl, PORT: '0', SEED: 'none' };
  const config: Config = { ...loadConfig(environment), poolSize: 8, ...options.config };
  const { log, logged } = recordingLog();
  const handler: { app: App | null } = { app: null };
  const server = buildServer((request, response) => handler.app?.http(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const overrides: NonNullable<AppOptions['overrides']> = {
    definitions: await testDefinitions(),
    ...(options.bodyTimeout === undefined ? {} : { bodyTimeout: options.bodyTimeout }),
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  };
  const app = await buildApp({ config, serviceUrl: database.serviceUrl, port, log, waitingFor: () => null, overrides });
  handler.app = app;
  if (beside === undefined) await registerClients(database.ownerUrl);
  const pool = openPool(database.serviceUrl, 2);
  const signer = signerOf(config, port, options.clock);
  // Reached here whatever address it tells others.
  const reached = `http://127.0.0.1:${port}/fhir/R4`;
  const as = (who: Who): Client => clientOn(reached, `Bearer ${signer.token(who)}`);
  const load = loader(as, logged);
  return {
    app,
    config,
    base: app.base,
    port,
    pool,
    database,
    logged,
    ...signer,
    as,
    anonymous: clientOn(reached, null),
    load,
    directory: async () => {
      for (const resources of directory()) await load(resources);
    },
    family: async (id, family = {}) => {
      const resources = familyOf(id, family);
      await load(resources);
      return resources;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await app.close();
      await pool.end();
      if (beside === undefined) await database.drop();
    },
  };
}

/** The demo's system clients, as the service itself registers them at its start. */
export async function registerClients(ownerUrl: string): Promise<void> {
  const pool = openPool(ownerUrl, 1);
  try {
    for (const one of DEMO_IDENTITIES.values()) {
      if (one.kind !== 'system' || one.org === null) continue;
      const { clientId, name, org } = one;
      await registerClient(pool, {
        clientId,
        name,
        org,
        scopes: [...one.scopes],
        introspects: false,
        ended: null,
        keys: [],
      });
    }
  } finally {
    await pool.end();
  }
}

function recordingLog(): { log: Log; logged: string[] } {
  const logged: string[] = [];
  const at = (level: string) => (message: string, ids?: object) => {
    logged.push(`${level} ${message} ${JSON.stringify(ids ?? {})}`);
  };
  return { log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, logged };
}

/** The token command, in this process: same keys, same claims. */
export function signerOf(
  config: Pick<Config, 'dataDir' | 'host' | 'publicUrl'>,
  port: number,
  now: () => Date = () => new Date(),
) {
  const issuer = issuerOf({ host: config.host, publicUrl: config.publicUrl, port });
  const keys = openKeys({ folder: join(config.dataDir, 'keys'), maxLife: DEMO_TOKEN_LIFE }, now());
  return {
    token: (who: Who): string => {
      const [like, claims] = typeof who === 'string' ? [who, {}] : [who.like, who.claims];
      const own = demoClaims(identityOf(like), issuer, audienceOf(issuer));
      return signAccess(keys.current(now()), { ...own, ...claims }, DEMO_TOKEN_LIFE, now()).token;
    },
    rawToken: (header: object, claims: object): string => {
      const key = keys.current(now());
      return signAnything(key, { alg: key.alg, typ: 'at+jwt', kid: key.kid, ...header }, claims);
    },
  };
}

function identityOf(key: string): DemoIdentity {
  const identity = DEMO_IDENTITIES.get(key);
  if (identity === undefined) throw new Error(`no demo identity ${key}`);
  return identity;
}

/** Somebody of the directory who is no demo identity, e.g. `PractitionerRole/tl-hv`. */
export const staff = (id: string): Who => ({
  like: 'midwife',
  claims: { sub: id, fhirUser: `PractitionerRole/${id}` },
});

function loader(as: (who: Who) => Client, logged: readonly string[]): Service['load'] {
  return async (resources) => {
    const reply = await as('steward').post('', bundleOf('transaction', resources));
    if (reply.status !== 200) {
      const last = logged.slice(-2).join('\n');
      throw new Error(`the record refused a fixture: ${reply.status} ${reply.text}\n${last}`);
    }
  };
}
