/** What the service has to do with outside: receivers, providers, authors, second places. */
import { resolve } from 'node:path';
import { absolute, isLoopback, type Reader } from './reader.ts';
import type { CheckpointS3Config, Config, DefinitionAuthors, Mode, SignInConfig, TerminologyConfig } from './types.ts';

/** In demo the receiver usually runs on the same machine; elsewhere nobody is allowed until named. */
export function readWebhookHosts(read: Reader, mode: Mode): string[] {
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
export function readAuthors(read: Reader, mode: Mode): DefinitionAuthors {
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
export function readBucket(read: Reader, cwd: string, mode: Mode): CheckpointS3Config | null {
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

export function readCollector(read: Reader, cwd: string): Config['checkpointSyslog'] {
  const url = read.url('CHECKPOINT_SYSLOG', ['udp:', 'tcp:', 'tls:']);
  const caFile = absolute(read.text('CHECKPOINT_SYSLOG_CA'), cwd);
  if (url === undefined) return null;
  return Object.freeze({ url, caFile });
}

export function readAlertWebhook(read: Reader, mode: Mode): string | undefined {
  const url = read.url('ALERT_WEBHOOK', ['https:', 'http:']);
  if (url !== undefined && mode === 'production' && url.startsWith('http:') && !isLoopback(new URL(url).hostname)) {
    read.problem('ALERT_WEBHOOK must be https in production.');
  }
  return url;
}

export function readTerminology(read: Reader, mode: Mode): TerminologyConfig | null {
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
export function readSignIn(read: Reader, cwd: string, mode: Mode): SignInConfig | null {
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
    read.problem('In MODE=demo people sign in at the built-in provider; OIDC_ISSUER is for training and production.');
  if (issuer.startsWith('http:') && !isLoopback(new URL(issuer).hostname)) {
    read.problem('OIDC_ISSUER must be https.');
  }
  return Object.freeze({ issuer, clientId, keyFile: resolve(cwd, keyFile), ...details });
}

/** Origins as browsers send them: scheme, host and port, nothing behind. Nobody unless named. */
export function readOrigins(read: Reader): string[] {
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
