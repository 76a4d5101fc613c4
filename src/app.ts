/** The composition root: everything is built here once and handed in; tests override one part. */
import { join } from 'node:path';
import express, { type Express } from 'express';
import { auditColumns } from './audit/entry.ts';
import { NO_HOLIDAYS } from './care/clock.ts';
import type { CareSettings } from './care/ports.ts';
import type { Config } from './config/types.ts';
import { consoleRoutes } from './console/routes.ts';
import { loadDefinitions } from './definitions/load.ts';
import type { Definitions } from './definitions/types.ts';
import { TOPICS } from './events/topics.ts';
import { type Operation, STANDARD_OPERATIONS } from './http/fhir/dispatch.ts';
import { metadataText } from './http/fhir/metadata.ts';
import { operationResources } from './http/fhir/operation-definitions.ts';
import { ACCESS_OPERATIONS } from './http/operations/access.ts';
import { auditKeys, auditOperations } from './http/operations/audit.ts';
import { careOperations } from './http/operations/care.ts';
import { DIRECTORY_OPERATIONS } from './http/operations/directory.ts';
import { LEAVER_OPERATIONS } from './http/operations/leavers.ts';
import { OVERSIGHT_OPERATIONS } from './http/operations/oversight.ts';
import { PROPOSAL_OPERATIONS } from './http/operations/proposals.ts';
import { subscriptionOperations } from './http/operations/subscriptions.ts';
import { terminologyOperations } from './http/operations/terminology.ts';
import { buildHttp } from './http/server.ts';
import { smartRoutes } from './http/smart/routes.ts';
import { audienceOf, issuerOf, maxTokenLife } from './identity/contract.ts';
import { openKeys } from './identity/keys.ts';
import { purposeOf } from './identity/purpose.ts';
import { openSecrets } from './identity/secrets.ts';
import { bearerToken, createVerifier } from './identity/verify.ts';
import { watchDisk } from './jobs/disk-watch.ts';
import { startHousekeeping } from './jobs/housekeeping.ts';
import type { Log } from './log.ts';
import { createAnonymous } from './record/anonymous.ts';
import { createStanding } from './record/standing.ts';
import type { Door } from './record/types.ts';
import { createIndexer } from './search/extract.ts';
import { forgetTraces } from './store/access-grants.ts';
import { createAuditWriter } from './store/audit.ts';
import { startSequencer } from './store/feed.ts';
import { identityStore } from './store/identity.ts';
import { forgetPages } from './store/pages.ts';
import { openBroad, openPool } from './store/pool.ts';
import { startSealer } from './store/seal.ts';
import { startWaker } from './store/wake.ts';
import { openBook, startAlerts, startTrailJobs } from './wiring/audit.ts';
import { openLive } from './wiring/definitions.ts';
import { startDirectoryJobs } from './wiring/directory.ts';
import { startEvents } from './wiring/events.ts';
import { externalTermsOf } from './wiring/external-terms.ts';
import { writeGuards } from './wiring/guards.ts';
import { metadataOf } from './wiring/metadata.ts';
import { tellPackages } from './wiring/packages.ts';
import { startPathwayClock } from './wiring/pathway-clock.ts';
import { startIndexing } from './wiring/reindex.ts';
import { startReplays } from './wiring/replays.ts';
import { sealing } from './wiring/sealing.ts';
import { signInOf } from './wiring/sign-in.ts';

/** Of package.json; what /metadata says. */
const VERSION = '0.1.0';
const BODY_TIMEOUT_MS = 20_000;

export interface AppOptions {
  config: Config;
  /** Connection string of the service's role. */
  serviceUrl: string;
  /** The port that was really taken (config.port may be 0). */
  port: number;
  log: Log;
  /** Null once migrations and seed are in; else what is being waited for. */
  waitingFor(): string | null;
  overrides?: Partial<{ clock: () => Date; definitions: Definitions; bodyTimeout: number }>;
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
  const shipped =
    options.overrides?.definitions ?? (await loadDefinitions(join(config.dataDir, 'definitions'), config.packageDir));
  tellPackages(shipped, log);
  const folder = join(config.dataDir, 'keys');
  const secrets = openSecrets(folder);
  const maxLife = maxTokenLife(config.mode);
  const keys = openKeys({ folder, maxLife, warn: (message) => log.warn(message) }, clock());
  const verifier = createVerifier({ keys, issuer, audience: base, maxLife, assurance: config.assurance, log });

  // Pools of their own, so that requests, the audit trail and the pumps cannot starve each other (H24).
  const pool = openPool(options.serviceUrl, config.poolSize);
  const broadPool = openBroad(options.serviceUrl, 6);
  const auditPool = openPool(options.serviceUrl, 3);
  const pumpPool = openPool(options.serviceUrl, 6, 'each');
  const onError = (task: string) => (error: unknown) => log.error('a pump failed', { task, error: nameOf(error) });
  const alerts = startAlerts(config, { pool: pumpPool, log, hash: sealing(secrets).personKey });
  const audit = createAuditWriter({
    pool: auditPool,
    encode: auditColumns,
    onError: (error) => {
      alerts.writeFailed();
      onError('audit')(error);
    },
  });
  const followers: { wake(): void }[] = [];
  const sequencer = startSequencer({
    pool: pumpPool,
    onMoved: () => {
      for (const follower of followers) follower.wake();
    },
    onError: onError('sequencer'),
  });
  const book = openBook(config, clock);
  const sealer = startSealer({ pool: pumpPool, checkpoint: book.append, onError: onError('sealer') });
  const waker = startWaker(options.serviceUrl, () => sequencer.wake());

  const policy = { allow: config.webhookAllow };
  const live = await openLive({
    pool: pumpPool,
    base: shipped,
    authors: config.definitionAuthors,
    log,
    onError: onError('definitions'),
  });
  const { definitions } = live;
  const indexer = createIndexer(definitions, [base]);
  const reindex = await startIndexing({
    pool: pumpPool,
    definitions,
    generation: live.generation(),
    indexer,
    log,
    onError: onError('re-index'),
  });
  live.follow(reindex);
  const disk = await watchDisk(config.disk, log);
  const door: Door = {
    pool,
    broadPool,
    definitions,
    live,
    externalTerms: externalTermsOf(config.terminology, log),
    indexer,
    pending: reindex.pending,
    audit,
    room: disk,
    guards: writeGuards(policy),
    wake: () => {
      sequencer.wake();
      waker.tell();
    },
    base,
    mode: config.mode,
    safeguardingContact: config.safeguardingContact,
    freshSignIn: config.freshSignIn,
    clock,
    log,
    ...sealing(secrets),
  };
  const { notifyRule: notify, jointWindowEdge: upperEdge } = config;
  const settings: CareSettings = { notify, upperEdge, calendar: NO_HOLIDAYS };
  const events = startEvents(door, { pool: pumpPool, policy, living: waker.living, onError: onError('events') });
  const pathwayClock = await startPathwayClock(door, { pool: pumpPool, settings, onError: onError('pathway clock') });
  followers.push(events, pathwayClock, live);

  const standing = createStanding({ pool, mode: config.mode, authors: config.definitionAuthors });
  const anonymous = createAnonymous(door);
  const identity = identityStore(pool);
  const directoryJobs = startDirectoryJobs(config, door, pumpPool);
  const housekeeping = startHousekeeping(
    {
      pages: () => forgetPages(pumpPool),
      assertions: () => identity.prune(clock()),
      alerts: alerts.check,
      traces: () => forgetTraces(pumpPool, clock()),
      leavers: directoryJobs.settle,
    },
    log,
  );
  const replays = startReplays(door, onError('replays'));
  const trailJobs = startTrailJobs(config, { pool: pumpPool, book, clock, log, oversight: alerts });
  const operations: readonly Operation[] = [
    ...STANDARD_OPERATIONS,
    ...auditOperations(book),
    ...ACCESS_OPERATIONS,
    ...OVERSIGHT_OPERATIONS,
    ...PROPOSAL_OPERATIONS,
    ...DIRECTORY_OPERATIONS,
    ...LEAVER_OPERATIONS,
    ...careOperations(settings),
    ...terminologyOperations(),
    ...subscriptionOperations(events.ports),
  ];
  definitions.publish(operationResources(operations));
  const metadata = metadataOf(definitions, () =>
    metadataText({
      definitions,
      base,
      mode: config.mode,
      operations,
      topics: TOPICS.map(({ url }) => url),
      tokenUrl: `${issuer}/oauth/token`,
      cors: config.corsOrigins.length > 0,
      version: VERSION,
      date: clock().toISOString(),
    }),
  );
  const smart = smartRoutes({
    issuer,
    keys,
    verifier,
    clients: identity,
    replay: identity,
    log,
    recordToken: (entry) => audit.write(entry),
  });
  const people = consoleRoutes({
    door,
    standing: standing.resolve,
    signIn: signInOf({ config, issuer, port: options.port, pool, secret: secrets.handle, clock, log }),
    anonymous: anonymous.count,
    keeper: book,
    settings: alerts.settings,
    issuer,
  });
  const http = buildHttp({
    fhir: {
      door,
      authenticate: (authorization, now) => verifier.verifyBearer(bearerToken(authorization), now),
      purposeOf,
      standing: (caller, asked) => standing.resolve(caller, asked),
      anonymous: anonymous.count,
      operations,
      metadata,
      bodyLimit: config.bodyLimit,
      origins: config.corsOrigins,
      bodyTimeout: options.overrides?.bodyTimeout ?? BODY_TIMEOUT_MS,
    },
    health: {
      notReady: async () => options.waitingFor() ?? ((await answers(pool)) ? null : 'the database'),
      gauges: () => ({
        auditWaiting: audit.waiting(),
        horizonAgeSeconds: sequencer.horizonAge(),
        reindexing: reindex.waiting(),
        diskFreeMegabytes: disk.freeMegabytes(),
      }),
    },
    routers: [express.Router().get('/.well-known/audit-keys.json', auditKeys(book.jwks)), smart, people],
    log,
  });

  return {
    http,
    door,
    base,
    close: async () => {
      disk.stop();
      await live.stop();
      await reindex.stop();
      await replays.stop();
      await trailJobs.stop();
      await alerts.stop();
      await housekeeping.stop();
      await directoryJobs.stop();
      await pathwayClock.stop();
      await events.stop();
      await anonymous.close();
      await audit.close();
      await sequencer.stop();
      await sealer.stop();
      await waker.close();
      await Promise.all([pool, broadPool, broadPool.walks, auditPool, pumpPool].map((one) => one.end()));
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
