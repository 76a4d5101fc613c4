/** Environment -> frozen, typed Config. The only reader of the environment; every problem is told at once. */
import { resolve } from 'node:path';
import {
  readAlertWebhook,
  readAuthors,
  readBucket,
  readCollector,
  readOrigins,
  readSignIn,
  readTerminology,
  readWebhookHosts,
} from './config/outside.ts';
import { absolute, ConfigError, type Environment, isLoopback, type Reader, reader } from './config/reader.ts';
import type { Config, DiskConfig, Mode } from './config/types.ts';

/**
 * The configuration for an environment; relative DATA_DIR counts from `cwd`. Pure. Throws ConfigError listing every
 * problem. Demo mode is the default only without DATABASE_URL and on loopback, and exists on loopback only.
 */
export function loadConfig(env: Environment, cwd: string = process.cwd()): Config {
  const problems: string[] = [];
  const read = reader(env, problems);
  const host = read.text('HOST') ?? '127.0.0.1';
  const databaseUrl = read.url('DATABASE_URL', ['postgres:', 'postgresql:']);
  const mode = readMode(read, host, databaseUrl);
  const config: Config = {
    mode,
    host,
    port: read.integer('PORT', { min: 0, max: 65_535, default: 8080 }),
    databaseUrl,
    serviceDatabaseUrl: read.url('SERVICE_DATABASE_URL', ['postgres:', 'postgresql:']),
    dataDir: resolve(cwd, read.text('DATA_DIR') ?? 'data'),
    publicUrl: read.url('PUBLIC_URL', ['http:', 'https:'])?.replace(/\/+$/, ''),
    logLevel: read.choice('LOG_LEVEL', ['debug', 'info', 'warn', 'error', 'silent']) ?? 'info',
    seed: read.choice('SEED', ['demo', 'none']) ?? (mode === 'demo' ? 'demo' : 'none'),
    disk: readDisk(read, cwd),
    bodyLimit: read.integer('BODY_LIMIT', { min: 1_024, max: 268_435_456, default: 16_777_216 }),
    poolSize: read.integer('POOL_SIZE', { min: 2, max: 500, default: 16 }),
    safeguardingContact: read.text('SAFEGUARDING_CONTACT') ?? 'the on-call safeguarding lead of your service',
    freshSignIn: read.integer('FRESH_SIGN_IN', { min: 60, max: 43_200, default: mode === 'demo' ? 28_800 : 900 }),
    assurance: Object.freeze({
      levels: Object.freeze((read.text('ASSURANCE') ?? 'AAL2 AAL3').split(/\s+/).filter((one) => one !== '')),
      required: mode === 'production',
    }),
    jointWindowEdge: read.choice('JOINT_WINDOW_EDGE', ['25+0', '25+6']) ?? '25+6',
    notifyRule: read.choice('NOTIFY_RULE', ['dating-scan-or-12+0', '12+0', 'immediate']) ?? 'dating-scan-or-12+0',
    webhookAllow: Object.freeze(readWebhookHosts(read, mode)),
    checkpointCopy: absolute(read.text('CHECKPOINT_COPY'), cwd),
    checkpointS3: readBucket(read, cwd, mode),
    checkpointSyslog: readCollector(read, cwd),
    packageDir: resolve(cwd, read.text('PACKAGE_DIR') ?? 'packages'),
    definitionAuthors: readAuthors(read, mode),
    alertRules: absolute(read.text('ALERT_RULES'), cwd),
    alertWebhook: readAlertWebhook(read, mode),
    hrFile: absolute(read.text('HR_FILE'), cwd),
    sampleSize: read.integer('SAMPLE_SIZE', { min: 1, max: 1_000, default: 20 }),
    terminology: readTerminology(read, mode),
    signIn: readSignIn(read, cwd, mode),
    corsOrigins: Object.freeze(readOrigins(read)),
  };
  checkTogether(config, read);
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(config);
}

/** Stands in after a problem with MODE has been noted, so that no further problems follow from a guess. */
const UNDECIDED: Mode = 'training';

function readMode(read: Reader, host: string, databaseUrl: string | undefined): Mode {
  const mode = read.choice('MODE', ['demo', 'training', 'production']);
  if (mode === 'demo' && !isLoopback(host)) {
    read.problem(`MODE=demo has well-known identities and therefore listens on loopback only, not on HOST=${host}.`);
  }
  if (mode !== undefined || read.text('MODE') !== undefined) return mode ?? UNDECIDED;
  if (databaseUrl === undefined && isLoopback(host)) return 'demo';
  read.problem('MODE must be set (demo, training or production) when DATABASE_URL is set or HOST is not loopback.');
  return UNDECIDED;
}

/** The embedded database grows beside the keys; where another one stands, only its operator knows. */
function readDisk(read: Reader, cwd: string): DiskConfig | null {
  const named = absolute(read.text('DISK_WATCH'), cwd);
  const embedded = read.text('DATABASE_URL') === undefined ? resolve(cwd, read.text('DATA_DIR') ?? 'data') : undefined;
  const path = named ?? embedded;
  const most = 1_000_000_000;
  const alarmMegabytes = read.integer('DISK_ALARM_MB', { min: 1, max: most, default: 2_048 });
  const stopMegabytes = read.integer('DISK_STOP_MB', { min: 1, max: most, default: 512 });
  if (stopMegabytes > alarmMegabytes)
    read.problem('DISK_STOP_MB is above DISK_ALARM_MB: writes would be refused before anybody is told.');
  return path === undefined ? null : Object.freeze({ path, alarmMegabytes, stopMegabytes });
}

function checkTogether(config: Config, read: Reader): void {
  if (config.mode === 'production') {
    if (read.text('DATABASE_URL') === undefined) {
      read.problem('MODE=production needs DATABASE_URL: the embedded database is for demo and training.');
    }
    if (config.seed === 'demo') read.problem('SEED=demo is synthetic and never goes into production.');
    if (read.text('PUBLIC_URL') === undefined) {
      read.problem('MODE=production needs PUBLIC_URL, the https address that others use.');
    } else if (config.publicUrl?.startsWith('http:') && !isLoopback(new URL(config.publicUrl).hostname)) {
      read.problem('PUBLIC_URL must be https in production.');
    }
  }
  if (config.serviceDatabaseUrl !== undefined && read.text('DATABASE_URL') === undefined) {
    read.problem('SERVICE_DATABASE_URL makes sense only together with DATABASE_URL.');
  }
}
