/**
 * A PostgreSQL of our own under a folder of ours: `<folder>/cluster` (data), `cluster.log`, `access.json` (port and
 * generated passwords, 0600). Whoever comes first makes and starts it, whoever comes later adopts it: nothing here
 * needs the process that started it to be alive.
 */
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { postgresHome } from './binaries.ts';
import { chooseRunAs, type RunAs } from './run-as.ts';
import { findRunning, freePort, initialise, lastWords, launch, shutDown } from './server.ts';

/** The three roles of an embedded server: superuser, owner of the schema (migrations), least-privileged service. */
export type RoleName = 'postgres' | 'tandem_owner' | 'tandem_service';

/** `access.json`: the port it prefers and the password of each role. */
export interface Access {
  port: number;
  passwords: Readonly<Record<RoleName, string>>;
}

export interface Cluster {
  /** The port it listens on now (127.0.0.1). */
  port: number;
  access: Access;
  /** Connection string for a role and a database of this server. */
  url(role: RoleName, database: string): string;
}

export interface ClusterOptions {
  /** Server settings that differ from the usual ones, for tests. */
  settings?: Readonly<Record<string, string>>;
  /** False: never use a user namespace (root only), for tests of the other way. */
  namespaces?: boolean;
}

/** Crash recovery of a big store takes a while; beyond this it is stuck. */
const START_LIMIT_MS = 60_000;

/** The kept port twice, then free ones: what fails more often fails for another reason than a race or a port. */
const LAUNCHES = 5;

/**
 * The server of this folder, running: made if there is none, started if it is down, adopted if it lives.
 * Any number of processes may call it at once for the same folder. Throws an Error in plain words.
 */
export async function openCluster(folder: string, options: ClusterOptions = {}): Promise<Cluster> {
  const at = resolve(folder);
  const home = postgresHome();
  if (!existsSync(join(at, 'access.json'))) await makeCluster(home, at, options);
  const access = readAccess(at);
  const cluster = join(at, 'cluster');
  let as: RunAs | undefined;
  let launches = 0;
  const giveUp = Date.now() + START_LIMIT_MS;
  for (let attempt = 0; Date.now() < giveUp; attempt += 1) {
    const running = findRunning(cluster);
    if (running === undefined) {
      if (launches === LAUNCHES) break;
      as ??= chooseRunAs(home, cluster, options);
      // The kept port first, so that addresses in notes and tools stay true.
      const port = launches < 2 ? access.port : await freePort();
      launches += 1;
      await launch(as, cluster, port, options.settings);
    } else {
      const opened: Cluster = {
        port: running.port,
        access,
        url: (role, database) => url(access, running.port, role, database),
      };
      if (running.ready && (await answers(opened))) return opened;
    }
    // Another process may be starting or stopping it at this moment.
    await delay(Math.min(20 * 2 ** attempt, 500));
  }
  throw new Error(`PostgreSQL under ${at} does not start: ${lastWords(cluster)}`);
}

/** Stops the server of this folder, if it runs; returns when it has ended. */
export async function closeCluster(folder: string): Promise<void> {
  await shutDown(join(resolve(folder), 'cluster'));
}

/** Made beside its place and renamed into it: complete or absent, also after a kill; the slower of two makers yields. */
async function makeCluster(home: string, at: string, options: ClusterOptions): Promise<void> {
  mkdirSync(dirname(at), { recursive: true });
  sweepHalfMade(at);
  const staging = mkdtempSync(`${at}.new-${process.pid}-`);
  try {
    const cluster = join(staging, 'cluster');
    const access: Access = { port: await freePort(), passwords: newPasswords() };
    await initialise(chooseRunAs(home, cluster, options), cluster, access.passwords.postgres);
    writeFileSync(join(staging, 'access.json'), `${JSON.stringify(access, undefined, 2)}\n`, { mode: 0o600 });
    renameSync(staging, at);
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    if (!existsSync(join(at, 'access.json'))) throw error;
  }
}

/** What makers that were killed left behind: their process number is in the name. */
function sweepHalfMade(at: string): void {
  const start = `${basename(at)}.new-`;
  for (const name of readdirSync(dirname(at))) {
    if (!name.startsWith(start)) continue;
    const maker = Number(name.slice(start.length).split('-')[0]);
    if (Number.isInteger(maker) && existsSync('/proc/self') && !existsSync(`/proc/${maker}`)) {
      rmSync(join(dirname(at), name), { recursive: true, force: true });
    }
  }
}

function newPasswords(): Record<RoleName, string> {
  const one = () => randomBytes(24).toString('base64url');
  return { postgres: one(), tandem_owner: one(), tandem_service: one() };
}

function readAccess(at: string): Access {
  const path = join(at, 'access.json');
  const read: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (!isAccess(read)) throw new Error(`${path} is damaged: it must hold a port and three passwords.`);
  return read;
}

function isAccess(value: unknown): value is Access {
  if (typeof value !== 'object' || value === null || !('port' in value) || !('passwords' in value)) return false;
  const { port, passwords } = value;
  if (typeof port !== 'number' || typeof passwords !== 'object' || passwords === null) return false;
  const known = new Map<string, unknown>(Object.entries(passwords));
  return ['postgres', 'tandem_owner', 'tandem_service'].every((role) => typeof known.get(role) === 'string');
}

function url(access: Access, port: number, role: RoleName, database: string): string {
  return `postgresql://${role}:${access.passwords[role]}@127.0.0.1:${port}/${database}`;
}

/** SCRAM proves both sides: a stranger on this port cannot pass for our server. */
async function answers(cluster: Cluster): Promise<boolean> {
  const client = new pg.Client({
    connectionString: cluster.url('postgres', 'postgres'),
    connectionTimeoutMillis: 5_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
