/** The composition root: everything is built here once and handed in; tests override one part. */
import { join } from 'node:path';
import type { Express, Router } from 'express';
import { auditColumns } from './audit/entry.ts';
import { auditedQuery } from './audit/query-text.ts';
import { NO_HOLIDAYS } from './care/clock.ts';
import type { CareSettings } from './care/ports.ts';
import type { Config } from './config.ts';
import { loadDefinitions } from './definitions/load.ts';
import type { Definitions } from './definitions/types.ts';
import { type Operation, STANDARD_OPERATIONS } from './http/fhir/dispatch.ts';
import { metadataText } from './http/fhir/metadata.ts';
import { careOperations, carePort } from './http/operations/care.ts';
import { buildHttp } from './http/server.ts';
import { smartRoutes } from './http/smart/routes.ts';
import { audienceOf, issuerOf, maxTokenLife } from './identity/contract.ts';
import { openKeys } from './identity/keys.ts';
import { purposeOf } from './identity/purpose.ts';
import { openSecrets, personKey, sealHandle } from './identity/secrets.ts';
import { bearerToken, createVerifier } from './identity/verify.ts';
import { startClock } from './jobs/clock.ts';
import type { Log } from './log.ts';
import { createAnonymous } from './record/anonymous.ts';
import { internalContexts } from './record/internal.ts';
import { createStanding } from './record/standing.ts';
import type { Door, WriteGuard } from './record/types.ts';
import { createIndexer } from './search/extract.ts';
import { createAuditWriter } from './store/audit.ts';
import { feedHead, startSequencer } from './store/feed.ts';
import { identityStore } from './store/identity.ts';
import { startLoop } from './store/loop.ts';
import { eddChanges } from './store/models/edd-changes.ts';
import { openPool } from './store/pool.ts';
import { startSealer } from './store/seal.ts';
import { startWaker } from './store/wake.ts';

/** Of package.json; what /metadata says. */
const VERSION = '0.1.0';

export interface AppOptions {
  config: Config;
  /** Connection string of the service's role. */
  serviceUrl: string;
  /** The port that was really taken (config.port may be 0). */
  port: number;
  log: Log;
  /** Null once migrations and seed are in; else what is being waited for. */
  waitingFor(): string | null;
  overrides?: Partial<{ clock: () => Date; definitions: Definitions }>;
}

export interface App {
  http: Express;
  door: Door;
  /** Absolute FHIR base. */
  base: string;
  /** Stops the pumps, seals what is durable, closes the connections. */
  close(): Promise<void>;
}

/** Builds the service on a migrated database. Nothing listens yet. */
export async function buildApp(options: AppOptions): Promise<App> {
  const { config, log } = options;
  const issuer = issuerOf({ ...config, port: options.port });
  const base = audienceOf(issuer);
  const clock = options.overrides?.clock ?? (() => new Date());
  const definitions = options.overrides?.definitions ?? (await loadDefinitions(join(config.dataDir, 'definitions')));
  const secrets = openSecrets(join(config.dataDir, 'keys'));
  const maxLife = maxTokenLife(config.mode);
  const keys = openKeys(
    { folder: join(config.dataDir, 'keys'), maxLife, warn: (message) => log.warn(message) },
    clock(),
  );
  const verifier = createVerifier({ keys, issuer, audience: base, maxLife, log });

  const pool = openPool(options.serviceUrl, config.poolSize);
  const auditPool = openPool(options.serviceUrl, 3);
  const pumpPool = openPool(options.serviceUrl, 4);
  const onError = (task: string) => (error: unknown) => log.error('a pump failed', { task, error: nameOf(error) });
  const audit = createAuditWriter({ pool: auditPool, encode: auditColumns, onError: onError('audit') });
  const followers: (() => void)[] = [];
  const sequencer = startSequencer({
    pool: pumpPool,
    onMoved: () => {
      for (const follow of followers) follow();
    },
    onError: onError('sequencer'),
  });
  const sealer = startSealer({
    pool: pumpPool,
    checkpointFile: join(config.dataDir, 'checkpoints.log'),
    onError: onError('sealer'),
  });
  const waker = startWaker(options.serviceUrl, () => sequencer.wake());

  const door: Door = {
    pool,
    definitions,
    indexer: createIndexer(definitions, [base]),
    audit,
    guards: new Map<string, readonly WriteGuard[]>(),
    wake: () => {
      sequencer.wake();
      waker.tell();
    },
    base,
    mode: config.mode,
    clock,
    auditQuery: (raw, requestId) => auditedQuery(raw, 0, { key: secrets.query, requestId }),
    handleOf: (reference) => sealHandle(secrets, reference),
    personKey: (number) => personKey(secrets, number),
    log,
  };

  // Windows of referrals follow the EDD; after a restart the last stretch of the feed is looked at once more.
  let eddSeen = Math.max(0, (await feedHead(pool)) - 1_000);
  const eddLoop = startLoop({
    everyMs: 5_000,
    onError: onError('edd'),
    run: async () => {
      const { patients, upTo } = await eddChanges(pumpPool, eddSeen);
      for (const patient of patients) clockJob.eddChanged(patient);
      const more = upTo - eddSeen >= 1_000;
      eddSeen = upTo;
      return more;
    },
  });
  followers.push(() => eddLoop.wake());

  const standing = createStanding({ pool, mode: config.mode });
  const anonymous = createAnonymous(door);
  const identity = identityStore(pool);
  const settings: CareSettings = {
    notify: config.notifyRule,
    upperEdge: config.jointWindowEdge,
    calendar: NO_HOLIDAYS,
  };
  const operations: readonly Operation[] = [...STANDARD_OPERATIONS, ...careOperations(settings)];
  const metadata = metadataText({
    definitions,
    base,
    mode: config.mode,
    operations,
    topics: [],
    tokenUrl: `${issuer}/oauth/token`,
    version: VERSION,
    date: clock().toISOString(),
  });
  const clockJob = startClock({
    ports: async () =>
      (await internalContexts(door, 'pathway clock')).map((context) => carePort(door, context, settings)),
    log,
  });
  const smart: Router = smartRoutes({
    issuer,
    keys,
    verifier,
    clients: identity,
    replay: identity,
    log,
    recordToken: (entry) => audit.write(entry),
  });
  const http = buildHttp({
    fhir: {
      door,
      authenticate: (authorization, now) => verifier.verifyBearer(bearerToken(authorization), now),
      purposeOf,
      standing: (caller, asked) => standing.resolve(caller, asked),
      anonymous: anonymous.count,
      operations,
      metadata: () => metadata,
      bodyLimit: config.bodyLimit,
      bodyTimeout: 20_000,
    },
    health: {
      notReady: async () => options.waitingFor() ?? ((await answers(pool)) ? null : 'the database'),
      gauges: () => ({ auditWaiting: audit.waiting(), horizonAgeSeconds: sequencer.horizonAge() }),
    },
    routers: [smart],
    log,
  });

  return {
    http,
    door,
    base,
    close: async () => {
      await eddLoop.stop();
      await clockJob.stop();
      await anonymous.close();
      await audit.close();
      await sequencer.stop();
      await sealer.stop();
      await waker.close();
      await Promise.all([pool.end(), auditPool.end(), pumpPool.end()]);
    },
  };
}

async function answers(pool: Door['pool']): Promise<boolean> {
  try {
    await pool.query('select 1');
    return true;
  } catch {
    return false;
  }
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return 'code' in error && typeof error.code === 'string' ? `${error.name} ${error.code}` : error.name;
}
