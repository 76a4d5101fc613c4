/** What the service is configured with; `loadConfig` makes it. */
import type { LogLevel } from '../log.ts';

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
  /** Whose free room is watched; null = nobody's (the database stands elsewhere). */
  disk: DiskConfig | null;
  /** Largest request body in bytes. */
  bodyLimit: number;
  /** Connections of the service's pool. */
  poolSize: number;
  jointWindowEdge: JointWindowEdge;
  notifyRule: NotifyRule;
  /** Hosts (`host`, `host:port`, `*.domain`) that Subscription endpoints may point to; plain http only on loopback. */
  webhookAllow: readonly string[];
  /** How people sign in to the console; null = at the built-in provider in demo and (on loopback) training, else not at all. */
  signIn: SignInConfig | null;
  /** Origins of web pages that may call the API from a browser (CORS), e.g. `https://app.example.org`; usually none. */
  corsOrigins: readonly string[];
  /** Absolute file that gets a copy of each signed checkpoint of the audit chain; undefined = no second place. */
  checkpointCopy: string | undefined;
  /** A bucket and a log collector that get one as well; null = none. */
  checkpointS3: CheckpointS3Config | null;
  checkpointSyslog: { url: string; caFile: string | undefined } | null;
  /** Whom clinicians call about a record that nobody opens for herself, with the number. */
  safeguardingContact: string;
  /** seconds for which a sign-in counts as fresh. */
  freshSignIn: number;
  /** values of `acr` that are strong enough for staff, and whether a token must say one (production). */
  assurance: { levels: readonly string[]; required: boolean };
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
  /** Absolute file of who is employed, read each night; undefined = none. */
  hrFile: string | undefined;
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

/** Below the alarm operators are told, below the stop writes are refused; both in whole megabytes. */
export interface DiskConfig {
  /** Absolute folder on the disk that the database grows on. */
  path: string;
  alarmMegabytes: number;
  stopMegabytes: number;
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
  /** authenticator assurance level 2 or more. */
  leastAssurance: number;
  personClaim: string | undefined;
  roleClaim: string | undefined;
  assuranceClaim: string | undefined;
}
