/** Environment -> frozen, typed Config. The only reader of the environment; every problem is told at once. */
import { resolve } from 'node:path';
import type { LogLevel } from './log.ts';

export type Mode = 'demo' | 'training' | 'production';

/** Upper edge of the joint visit's window, in completed weeks + days; the public account is ambiguous. */
export type JointWindowEdge = '25+0' | '25+6';

/** When a health visiting service hears of a routine referral; urgent ones and safeguarding at once, always. */
export type NotifyRule = 'dating-scan-or-12+0' | '12+0' | 'immediate';

export interface Config {
  mode: Mode;
  /** Address to listen on, e.g. `127.0.0.1`. */
  host: string;
  /** TCP port; 0 asks the system for a free one. */
  port: number;
  /** Owner's connection string; undefined = embedded server under `dataDir`. */
  databaseUrl: string | undefined;
  /** Connection string of the least-privileged role; undefined = derived from `databaseUrl`. */
  serviceDatabaseUrl: string | undefined;
  /** Absolute folder for the embedded database, keys and compiled definitions. */
  dataDir: string;
  /** Address that others use to reach the service, without a trailing slash; undefined = `http://host:port`. */
  publicUrl: string | undefined;
  logLevel: LogLevel;
  seed: 'demo' | 'none';
  /** Largest request body in bytes. */
  bodyLimit: number;
  /** Connections of the service's pool. */
  poolSize: number;
  jointWindowEdge: JointWindowEdge;
  notifyRule: NotifyRule;
  /** Hosts (`host`, `host:port`, `*.domain`) that Subscription endpoints may point to; plain http only on loopback. */
  webhookAllow: readonly string[];
  /** How people sign in to the console; null = not at all (in demo they pick an identity). */
  signIn: SignInConfig | null;
  /** Origins of web pages that may call the API from a browser (CORS), e.g. `https://app.example.org`; usually none. */
  corsOrigins: readonly string[];
  /** Absolute file that gets a copy of each signed checkpoint of the audit chain; undefined = no second place. */
  checkpointCopy: string | undefined;
  /** A bucket and a log collector that get one as well; null = none. */
  checkpointS3: CheckpointS3Config | null;
  checkpointSyslog: { url: string; caFile: string | undefined } | null;
  /** Whom clinicians call about a record that nobody opens for herself (R-18), with the number. */
  safeguardingContact: string;
  /** R-39: seconds for which a sign-in counts as fresh. */
  freshSignIn: number;
  /** Another terminology server, for what is not held here; null = none. */
  terminology: TerminologyConfig | null;
  /** Absolute folder of implementation-guide packages (`.tgz`), read at start. */
  packageDir: string;
  /** Whose posted definitions take effect; nobody's until named, in demo the loading client's. */
  definitionAuthors: DefinitionAuthors;
  /** Absolute file that sets modes and thresholds of alert rules; undefined = as they ship. */
  alertRules: string | undefined;
  /** Address that is told of each live alert (reference, severity, time); undefined = nobody. */
  alertWebhook: string | undefined;
  /** Accesses drawn each month for each organisation, for review. */
  sampleSize: number;
}

/** A bucket for checkpoints, compatible with S3, and the key to write to it. */
export interface CheckpointS3Config {
  /** Bucket and prefix as a path: `https://s3.example.org/bucket/tandem`. */
  url: string;
  region: string;
  keyId: string;
  /** Absolute file that holds the secret. */
  secretFile: string;
  /** Days of object lock on each object; 0 = the bucket's own rule. */
  lockDays: number;
}

/** Asked about codes and canonicals that are not held here, e.g. SNOMED CT; nothing else goes out. */
export interface TerminologyConfig {
  /** FHIR base, without a trailing slash. */
  url: string;
  timeoutMs: number;
  /** How long an answer is kept. */
  keepSeconds: number;
}

/** Client ids and roles. */
export interface DefinitionAuthors {
  clients: readonly string[];
  roles: readonly string[];
}

/** The OpenID Connect provider of the console (domain.md 4.6); claims default to those of NHS CIS2. */
export interface SignInConfig {
  issuer: string;
  clientId: string;
  /** Absolute path of the client's private key, PEM. */
  keyFile: string;
  keyId: string | undefined;
  scope: string;
  /** R-39: authenticator assurance level 2 or more. */
  leastAssurance: number;
  personClaim: string | undefined;
  roleClaim: string | undefined;
  assuranceClaim: string | undefined;
}

/** The environment as a plain map; unset and empty mean the same. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Names that `loadConfig` reads, for the README and for a message about misspelt ones. */
export const VARIABLES = [
  'MODE',
  'PORT',
  'HOST',
  'DATABASE_URL',
  'SERVICE_DATABASE_URL',
  'DATA_DIR',
  'PUBLIC_URL',
  'LOG_LEVEL',
  'SEED',
  'BODY_LIMIT',
  'POOL_SIZE',
  'JOINT_WINDOW_EDGE',
  'NOTIFY_RULE',
  'SAFEGUARDING_CONTACT',
  'FRESH_SIGN_IN',
  'WEBHOOK_ALLOW',
  'OIDC_ISSUER',
  'OIDC_CLIENT_ID',
  'OIDC_KEY_FILE',
  'OIDC_KEY_ID',
  'OIDC_SCOPE',
  'OIDC_LEAST_AAL',
  'OIDC_PERSON_CLAIM',
  'OIDC_ROLE_CLAIM',
  'OIDC_ASSURANCE_CLAIM',
  'CORS_ORIGINS',
  'CHECKPOINT_COPY',
  'CHECKPOINT_S3',
  'CHECKPOINT_S3_REGION',
  'CHECKPOINT_S3_KEY_ID',
  'CHECKPOINT_S3_SECRET_FILE',
  'CHECKPOINT_S3_LOCK_DAYS',
  'CHECKPOINT_SYSLOG',
  'CHECKPOINT_SYSLOG_CA',
  'PACKAGE_DIR',
  'DEFINITION_AUTHORS',
  'ALERT_RULES',
  'ALERT_WEBHOOK',
  'SAMPLE_SIZE',
  'TERMINOLOGY_URL',
  'TERMINOLOGY_TIMEOUT_MS',
  'TERMINOLOGY_CACHE_SECONDS',
] as const;

type Variable = (typeof VARIABLES)[number];

/** Every problem with the environment, one per line of the message. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The environment is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** Reads one variable at a time and collects what is wrong instead of stopping at the first. */
interface Reader {
  text(name: Variable): string | undefined;
  choice<T extends string>(name: Variable, allowed: readonly T[]): T | undefined;
  integer(name: Variable, range: { min: number; max: number; default: number }): number;
  url(name: Variable, protocols: readonly string[]): string | undefined;
  problem(words: string): void;
}

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
    bodyLimit: read.integer('BODY_LIMIT', { min: 1_024, max: 268_435_456, default: 16_777_216 }),
    poolSize: read.integer('POOL_SIZE', { min: 2, max: 500, default: 16 }),
    safeguardingContact: read.text('SAFEGUARDING_CONTACT') ?? 'the on-call safeguarding lead of your service',
    freshSignIn: read.integer('FRESH_SIGN_IN', { min: 60, max: 43_200, default: mode === 'demo' ? 28_800 : 900 }),
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
    sampleSize: read.integer('SAMPLE_SIZE', { min: 1, max: 1_000, default: 20 }),
    terminology: readTerminology(read, mode),
    signIn: readSignIn(read, cwd, mode),
    corsOrigins: Object.freeze(readOrigins(read)),
  };
  checkTogether(config, read);
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(config);
}

/** True for addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
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

function absolute(path: string | undefined, cwd: string): string | undefined {
  return path === undefined ? undefined : resolve(cwd, path);
}

/** In demo the receiver usually runs on the same machine; elsewhere nobody is allowed until named. */
function readWebhookHosts(read: Reader, mode: Mode): string[] {
  const given = read.text('WEBHOOK_ALLOW');
  if (given === undefined) return mode === 'demo' ? ['127.0.0.1', 'localhost'] : [];
  const hosts = given.split(',').map((host) => host.trim().toLowerCase());
  for (const host of hosts) {
    if (!/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?$/.test(host)) {
      read.problem(`WEBHOOK_ALLOW lists hosts, separated by commas, such as "hv.example.org:443"; "${host}" is none.`);
    }
  }
  return hosts;
}

/** Definitions change what every system is told: nobody's count until named. */
function readAuthors(read: Reader, mode: Mode): DefinitionAuthors {
  const given = read.text('DEFINITION_AUTHORS') ?? (mode === 'demo' ? 'client:steward' : '');
  const clients: string[] = [];
  const roles: string[] = [];
  for (const one of given.split(',').map((word) => word.trim())) {
    const [, kind, name = ''] = /^(client|role):([\w.~:/-]{1,200})$/.exec(one) ?? [];
    if (kind === 'client') clients.push(name);
    else if (kind === 'role') roles.push(name);
    else if (one !== '') {
      read.problem(
        'DEFINITION_AUTHORS lists client:ID and role:ROLE, separated by commas; one of its words is neither.',
      );
    }
  }
  return Object.freeze({ clients: Object.freeze(clients), roles: Object.freeze(roles) });
}

/** Bucket, key id and secret belong together. */
function readBucket(read: Reader, cwd: string, mode: Mode): CheckpointS3Config | null {
  const url = read.url('CHECKPOINT_S3', ['https:', 'http:']);
  const keyId = read.text('CHECKPOINT_S3_KEY_ID');
  const secretFile = absolute(read.text('CHECKPOINT_S3_SECRET_FILE'), cwd);
  const region = read.text('CHECKPOINT_S3_REGION') ?? 'us-east-1';
  const lockDays = read.integer('CHECKPOINT_S3_LOCK_DAYS', { min: 0, max: 36_500, default: 0 });
  if (url === undefined && keyId === undefined && secretFile === undefined) return null;
  if (url === undefined || keyId === undefined || secretFile === undefined) {
    read.problem(
      'CHECKPOINT_S3, CHECKPOINT_S3_KEY_ID and CHECKPOINT_S3_SECRET_FILE belong together: set all, or none.',
    );
    return null;
  }
  const { protocol, hostname, pathname, search, username } = new URL(url);
  if (pathname.length < 2 || `${search}${username}` !== '')
    read.problem('CHECKPOINT_S3 is an address with the bucket and a prefix as its path, and nothing else.');
  if (mode === 'production' && protocol === 'http:' && !isLoopback(hostname))
    read.problem('CHECKPOINT_S3 must be https in production.');
  return Object.freeze({ url, region, keyId, secretFile, lockDays });
}

function readCollector(read: Reader, cwd: string): Config['checkpointSyslog'] {
  const url = read.url('CHECKPOINT_SYSLOG', ['udp:', 'tcp:', 'tls:']);
  const caFile = absolute(read.text('CHECKPOINT_SYSLOG_CA'), cwd);
  if (url === undefined) return null;
  return Object.freeze({ url, caFile });
}

function readAlertWebhook(read: Reader, mode: Mode): string | undefined {
  const url = read.url('ALERT_WEBHOOK', ['https:', 'http:']);
  if (url !== undefined && mode === 'production' && url.startsWith('http:') && !isLoopback(new URL(url).hostname)) {
    read.problem('ALERT_WEBHOOK must be https in production.');
  }
  return url;
}

function readTerminology(read: Reader, mode: Mode): TerminologyConfig | null {
  const url = read.url('TERMINOLOGY_URL', ['https:', 'http:'])?.replace(/\/+$/, '');
  const timeoutMs = read.integer('TERMINOLOGY_TIMEOUT_MS', { min: 100, max: 10_000, default: 2_000 });
  const keepSeconds = read.integer('TERMINOLOGY_CACHE_SECONDS', { min: 0, max: 604_800, default: 3_600 });
  if (url === undefined) return null;
  const { protocol, hostname, username, password, search, hash } = new URL(url);
  if (mode === 'production' && protocol === 'http:' && !isLoopback(hostname)) {
    read.problem('TERMINOLOGY_URL must be https in production.');
  }
  if (`${username}${password}${search}${hash}` !== '') {
    read.problem('TERMINOLOGY_URL is a FHIR base alone: no user, password, query or fragment.');
  }
  return Object.freeze({ url, timeoutMs, keepSeconds });
}

/** Scopes of domain.md 4.6 that say who somebody is and in which role. */
const CIS2_SCOPE = 'openid profile nhsperson nationalrbacaccess associatedorgs';

/** All three of issuer, client and key, or none. */
function readSignIn(read: Reader, cwd: string, mode: Mode): SignInConfig | null {
  const issuer = read.url('OIDC_ISSUER', ['https:', 'http:']);
  const clientId = read.text('OIDC_CLIENT_ID');
  const keyFile = read.text('OIDC_KEY_FILE');
  const details = {
    keyId: read.text('OIDC_KEY_ID'),
    scope: read.text('OIDC_SCOPE') ?? CIS2_SCOPE,
    leastAssurance: read.integer('OIDC_LEAST_AAL', { min: 1, max: 3, default: 2 }),
    personClaim: read.text('OIDC_PERSON_CLAIM'),
    roleClaim: read.text('OIDC_ROLE_CLAIM'),
    assuranceClaim: read.text('OIDC_ASSURANCE_CLAIM'),
  };
  if (issuer === undefined && clientId === undefined && keyFile === undefined) return null;
  if (issuer === undefined || clientId === undefined || keyFile === undefined) {
    read.problem('OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_KEY_FILE belong together: set all three, or none.');
    return null;
  }
  if (mode === 'demo')
    read.problem('In MODE=demo people pick an identity; OIDC_ISSUER is for training and production.');
  if (issuer.startsWith('http:') && !isLoopback(new URL(issuer).hostname)) {
    read.problem('OIDC_ISSUER must be https.');
  }
  return Object.freeze({ issuer, clientId, keyFile: resolve(cwd, keyFile), ...details });
}

/** Origins as browsers send them: scheme, host and port, nothing behind. Nobody unless named. */
function readOrigins(read: Reader): string[] {
  const origins = (read.text('CORS_ORIGINS') ?? '').split(',').map((one) => one.trim());
  return origins.filter((origin) => {
    if (origin === '') return false;
    const parsed = URL.parse(origin);
    const good = parsed !== null && /^https?:$/.test(parsed.protocol) && parsed.origin === origin;
    if (!good) {
      read.problem('CORS_ORIGINS lists origins, separated by commas, such as "https://app.example.org"; one is none.');
    }
    return good;
  });
}

function reader(env: Environment, problems: string[]): Reader {
  const problem = (words: string): void => {
    problems.push(words);
  };
  const text = (name: Variable): string | undefined => {
    const value = env[name]?.trim();
    return value === '' ? undefined : value;
  };
  return {
    text,
    problem,
    choice: (name, allowed) => {
      const value = text(name);
      const found = allowed.find((one) => one === value);
      if (value !== undefined && found === undefined)
        problem(`${name} must be one of ${allowed.join(', ')}, not "${value}".`);
      return found;
    },
    integer: (name, range) => {
      const value = text(name);
      if (value === undefined) return range.default;
      const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
      if (number >= range.min && number <= range.max) return number;
      problem(`${name} must be a whole number from ${range.min} to ${range.max}, not "${value}".`);
      return range.default;
    },
    // The value is not repeated: connection strings hold passwords.
    url: (name, protocols) => {
      const value = text(name);
      if (value === undefined) return undefined;
      const parsed = URL.parse(value);
      if (parsed !== null && protocols.includes(parsed.protocol)) return value;
      problem(`${name} must be an address that starts with ${protocols.map((one) => `${one}//`).join(' or ')}.`);
      return undefined;
    },
  };
}
