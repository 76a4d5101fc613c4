/** The audit trail's own machinery: its signing keys, checkpoints in one or two places, the nightly proof, and alerts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type AlertSettings, alertSettings } from '../audit/alert-settings.ts';
import type { Config } from '../config/types.ts';
import { createKeyWarnings } from '../directory/key-warnings.ts';
import { openKeys } from '../identity/keys.ts';
import { startAlertWebhook } from '../jobs/alert-webhook.ts';
import { CHECKPOINT_FILE, type CheckpointBook, openCheckpointBook } from '../jobs/checkpoint-book.ts';
import { type CheckpointPlace, filePlace } from '../jobs/checkpoint-places.ts';
import { s3Place } from '../jobs/checkpoint-s3.ts';
import { syslogPlace } from '../jobs/checkpoint-syslog.ts';
import { startSamples } from '../jobs/monthly-samples.ts';
import { startNightlyProof } from '../jobs/nightly-proof.ts';
import { startRetention } from '../jobs/retention.ts';
import type { Log } from '../log.ts';
import { warnOfEnds } from '../oversight/agreement-warnings.ts';
import { type Oversight, oversee, raiseAlert } from '../oversight/oversee.ts';
import { createWatchOfRules } from '../oversight/rules-watch.ts';
import type { TrailReport } from '../oversight/verify-trail.ts';
import { type Loop, startLoop } from '../store/loop.ts';
import { forgetCounts } from '../store/models/oversight.ts';
import type { Pool } from '../store/pool.ts';

/** Days a key signs checkpoints; its public half stays known for ever. */
const KEY_DAYS = 90;

type BookConfig = Pick<Config, 'dataDir' | 'checkpointCopy' | 'checkpointS3' | 'checkpointSyslog'>;

/** Our own file first, then every copy that is configured. */
export function checkpointPlaces(config: BookConfig, clock: () => Date): CheckpointPlace[] {
  const { checkpointCopy, checkpointS3, checkpointSyslog } = config;
  const secret = checkpointS3 === null ? '' : readFileSync(checkpointS3.secretFile, 'utf8').trim();
  return [
    filePlace(join(config.dataDir, CHECKPOINT_FILE)),
    ...(checkpointCopy === undefined ? [] : [filePlace(checkpointCopy)]),
    ...(checkpointS3 === null ? [] : [s3Place({ ...checkpointS3, secret }, clock)]),
    ...(checkpointSyslog === null ? [] : [syslogPlace(checkpointSyslog, clock)]),
  ];
}

/** The book of checkpoints in DATA_DIR and in every second place that is configured. */
export function openBook(config: BookConfig, clock: () => Date): CheckpointBook {
  const key = auditSigner(join(config.dataDir, 'keys', 'audit'), clock);
  return openCheckpointBook({ places: checkpointPlaces(config, clock), key, clock });
}

/** Keys of their own, so that nothing that can sign a token can sign a checkpoint; rotated when they are old. */
function auditSigner(folder: string, clock: () => Date) {
  const ring = openKeys({ folder, maxLife: 0 }, clock());
  return () => {
    const now = clock();
    const isOld = now.getTime() - ring.current(now).created.getTime() > KEY_DAYS * 86_400_000;
    const { kid, alg, privateKey, publicKey } = isOld ? ring.rotate(now) : ring.current(now);
    const { kty = '', crv = '', x = '', y = '' } = publicKey.export({ format: 'jwk' });
    return { kid, alg, privateKey, jwk: { kty, crv, x, y, kid, alg, use: 'sig' } };
  };
}

export interface TrailDeps {
  pool: Pool;
  book: CheckpointBook;
  clock: () => Date;
  log: Log;
  oversight: AlertWatch;
}

/** What runs by the clock beside the trail: the nightly proof, the monthly samples, and notices of alerts elsewhere. */
export function startTrailJobs(
  config: Pick<Config, 'alertWebhook' | 'sampleSize'>,
  { pool, book, clock, log, oversight }: TrailDeps,
): { stop(): Promise<void> } {
  const broken = async ({ firstBroken, faults }: TrailReport): Promise<void> => {
    log.error('the audit trail is not whole', { record: firstBroken?.seq, faults: faults.length });
    await oversight.raise('The proof of the access record failed');
  };
  const proof = startNightlyProof({ pool, keeper: book, clock, log, broken });
  const retention = startRetention({ pool, keeper: book, clock, log });
  const samples = startSamples({ pool, size: config.sampleSize, clock, log });
  const url = config.alertWebhook;
  const notices = url === undefined ? null : startAlertWebhook({ pool, log, url, sign: book.signNotice });
  return {
    stop: async () => {
      await proof.stop();
      await retention.stop();
      await samples.stop();
      await notices?.stop();
    },
  };
}

export interface AlertWatch extends Loop {
  settings: AlertSettings;
  /** Raises A-16 with words that name no person. */
  raise(why: string): Promise<void>;
  /** The audit writer could not store a record. */
  writeFailed(): void;
  /** Each minute: write failures and the clock become A-16, agreements near their end a warning; old counts are forgotten. */
  check(): Promise<void>;
}

/** How long a sealed record waits for the alert rules; domain.md asks for 60 s. */
const EVERY_MS = 2_000;
const BACKLOG_PAUSE_MS = 300;
/** clocks further apart than this. */
const SKEW_MS = 5_000;

/** Alert rules in the order of the seal. A live alert is one line of the log: reference, severity and time. */
export function startAlerts(
  config: Pick<Config, 'alertRules'>,
  { pool, log, hash }: Pick<Oversight, 'pool' | 'log' | 'hash'>,
): AlertWatch {
  const base = alertSettings(config.alertRules === undefined ? null : readFileSync(config.alertRules, 'utf8'));
  // One object for all who look at it: what is set in the console is laid over the file at each step.
  const settings: AlertSettings = { ...base };
  const oversight: Oversight = {
    pool,
    hash,
    settings,
    log,
    notify: ({ reference, severity, at }) => log.warn('alert', { reference, severity, at: at.toISOString() }),
  };
  const raise = (why: string) => raiseAlert(oversight, 'A-16', why);
  let failures = 0;
  let skewed = false;
  const warnOfKeys = createKeyWarnings(pool, log);
  const watch = createWatchOfRules(oversight);
  const loop = startLoop({
    everyMs: EVERY_MS,
    run: async () => {
      Object.assign(settings, await watch.settings(base));
      const more = await oversee(oversight);
      watch.well();
      // A backlog is worked off beside the requests, not before them.
      if (more) await setTimeout(BACKLOG_PAUSE_MS);
      return more;
    },
    onError: (error) => {
      log.error('a pump failed', { task: 'alerts', error: error instanceof Error ? error.name : '' });
      watch.failed();
    },
  });
  return {
    ...loop,
    settings,
    raise,
    writeFailed: () => {
      failures += 1;
    },
    check: async () => {
      if (failures > 0) {
        await raise(`The access record could not be written ${failures} times`);
        failures = 0;
      }
      const before = Date.now();
      const { rows } = await pool.query<{ now: Date }>('select clock_timestamp() as now');
      const apart = Math.abs((rows[0]?.now.getTime() ?? before) - (before + Date.now()) / 2);
      if (apart > SKEW_MS && !skewed) await raise('The clocks of service and database are more than 5 seconds apart');
      skewed = apart > SKEW_MS;
      await warnOfEnds(oversight, new Date());
      await warnOfKeys(new Date());
      await forgetCounts(pool);
    },
  };
}
