import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import { silentLog } from '../../src/log.ts';
import { type Cluster, closeCluster, openCluster } from '../../src/store/embedded/cluster.ts';
import { ensureDatabase } from '../../src/store/embedded/ensure-database.ts';
import { prepareCluster, withClient } from '../../src/store/embedded/roles.ts';
import { type Speaker, startSpeaker } from '../harness/children.ts';
import { scratchFolder } from '../harness/cluster.ts';

const USER = fileURLToPath(new URL('../harness/database-user.ts', import.meta.url));
const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

const used: string[] = [];
const started: Speaker[] = [];

afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.process.exitCode === null) child.process.kill('SIGKILL');
    await child.ended;
  }
  for (const folder of used.splice(0)) await closeCluster(folder);
});

/** A DATA_DIR that does not exist yet, in a folder that is ours alone. */
function newDataDir(name: string): string {
  const dataDir = join(scratchFolder(name), 'data');
  used.push(join(dataDir, 'postgres'));
  return dataDir;
}

interface Urls {
  ownerUrl: string;
  serviceUrl: string;
}

function isUrls(value: unknown): value is Urls {
  return typeof value === 'object' && value !== null && 'ownerUrl' in value && 'serviceUrl' in value;
}

async function use(dataDir: string, prefix: readonly string[] = []): Promise<Urls & { child: Speaker }> {
  const [command, ...args] = [...prefix, process.execPath, '--disable-warning=ExperimentalWarning', USER, dataDir];
  const child = startSpeaker(command ?? process.execPath, args);
  started.push(child);
  const told = await child.next();
  if (!isUrls(told)) throw new Error('The database user said something else than its connection strings.');
  return { ...told, child };
}

async function leave(child: Speaker): Promise<void> {
  child.process.kill('SIGTERM');
  await child.ended;
}

/** Process number in postmaster.pid; undefined when the server has stopped. */
function serverPid(dataDir: string): number | undefined {
  const file = join(dataDir, 'postgres', 'cluster', 'postmaster.pid');
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : undefined;
}

async function rowsOf(url: string, sql: string): Promise<unknown[]> {
  return withClient(url, async (client) => (await client.query(sql)).rows);
}

describe('the embedded database belongs to its DATA_DIR', () => {
  test('killed with -9, the service leaves it running; the next start adopts it with everything in it', async () => {
    const dataDir = newDataDir('adopt');
    const first = await use(dataDir);
    await rowsOf(first.ownerUrl, 'create table kept as select 42 as answer');
    const pid = serverPid(dataDir);
    first.child.process.kill('SIGKILL');
    await first.child.ended;
    expect(serverPid(dataDir)).toBe(pid);
    const second = await use(dataDir);
    expect(serverPid(dataDir)).toBe(pid);
    expect(second.ownerUrl).toBe(first.ownerUrl);
    expect(await rowsOf(second.ownerUrl, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await leave(second.child);
    expect(serverPid(dataDir)).toBeUndefined();
  });

  test('two that start together on an empty folder share one server, and the last to leave stops it', async () => {
    const dataDir = newDataDir('together');
    const [one, two] = await Promise.all([use(dataDir), use(dataDir)]);
    const pid = serverPid(dataDir);
    expect(one.serviceUrl).toBe(two.serviceUrl);
    await leave(one.child);
    expect(serverPid(dataDir)).toBe(pid);
    expect(await rowsOf(two.serviceUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
    await leave(two.child);
    expect(serverPid(dataDir)).toBeUndefined();
  });

  test('Ctrl-C reaches the service and not the database', async () => {
    const dataDir = newDataDir('interrupt');
    const { child } = await use(dataDir);
    process.kill(-(child.process.pid ?? 0), 'SIGINT');
    expect(await child.next()).toEqual({ afterInterrupt: { one: 1 } });
    await leave(child);
  });

  test('a server that dies is started again while somebody uses it', async () => {
    const dataDir = newDataDir('revive');
    const { child, serviceUrl } = await use(dataDir);
    const pid = serverPid(dataDir) ?? 0;
    process.kill(pid, 'SIGKILL');
    let answer: unknown[] = [];
    for (let tries = 0; tries < 100 && answer.length === 0; tries += 1) {
      answer = await rowsOf(serviceUrl, 'select 1 as one').catch(() => []);
      if (answer.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(answer).toEqual([{ one: 1 }]);
    expect(serverPid(dataDir)).not.toBe(pid);
    await leave(child);
    expect(serverPid(dataDir)).toBeUndefined();
  });

  test('a process number taken over by another program, and a port taken by another server, do not stop it', async () => {
    const dataDir = newDataDir('stale');
    const folder = join(dataDir, 'postgres');
    const { access } = await openCluster(folder);
    const pidFile = join(folder, 'cluster', 'postmaster.pid');
    const lines = readFileSync(pidFile, 'utf8').split('\n');
    await closeCluster(folder);
    writeFileSync(pidFile, [String(process.pid), ...lines.slice(1)].join('\n'));
    const squatter = createServer().listen(access.port, '127.0.0.1');
    const again = await openCluster(folder);
    squatter.close();
    expect(again.port).not.toBe(access.port);
    expect(await rowsOf(again.url('postgres', 'postgres'), 'select 1 as one')).toEqual([{ one: 1 }]);
  });
});

describe('who may do what', () => {
  test('secrets are readable by their owner alone, durable settings are on, the service role has least privilege', async () => {
    const dataDir = newDataDir('rights');
    const database = await ensureDatabase(
      { databaseUrl: undefined, serviceDatabaseUrl: undefined, dataDir },
      silentLog,
    );
    expect(statSync(join(dataDir, 'postgres')).mode & 0o077).toBe(0);
    expect(statSync(join(dataDir, 'postgres', 'access.json')).mode & 0o077).toBe(0);
    const shown = await rowsOf(
      database.serviceUrl,
      `select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'full_page_writes',
         'listen_addresses', 'transaction_timeout', 'idle_in_transaction_session_timeout') order by name`,
    );
    expect(shown).toEqual([
      { name: 'fsync', setting: 'on' },
      { name: 'full_page_writes', setting: 'on' },
      { name: 'idle_in_transaction_session_timeout', setting: '5000' },
      { name: 'listen_addresses', setting: '127.0.0.1' },
      { name: 'synchronous_commit', setting: 'on' },
      { name: 'transaction_timeout', setting: '5000' },
    ]);
    await expect(rowsOf(database.serviceUrl, 'create table x (y int)')).rejects.toThrow(/permission denied/);
    await expect(rowsOf(database.serviceUrl, 'create role x')).rejects.toThrow(/permission denied/);
    await expect(rowsOf(database.ownerUrl, 'create role x')).rejects.toThrow(/permission denied/);
    const wrong = database.serviceUrl.replace(/:[^:@]+@/, ':wrong@');
    await expect(rowsOf(wrong, 'select 1')).rejects.toThrow(/password authentication failed/);
    await database.release();
  });

  test("on a database of one's own the service role is made from DATABASE_URL, or named, or asked for", async () => {
    const folder = join(newDataDir('own'), 'postgres');
    const cluster: Cluster = await openCluster(folder);
    await prepareCluster(cluster, 'ours');
    const dataDir = '/nonexistent';
    const admin = cluster.url('postgres', 'ours');
    const plain = cluster.url('tandem_owner', 'ours');
    const named = cluster.url('tandem_service', 'ours');
    const given = await ensureDatabase({ databaseUrl: plain, serviceDatabaseUrl: named, dataDir }, silentLog);
    expect(given).toMatchObject({ ownerUrl: plain, serviceUrl: named });
    const refused = ensureDatabase({ databaseUrl: plain, serviceDatabaseUrl: undefined, dataDir }, silentLog);
    await expect(refused).rejects.toThrow(/set SERVICE_DATABASE_URL/);
    const derived = await ensureDatabase({ databaseUrl: admin, serviceDatabaseUrl: undefined, dataDir }, silentLog);
    expect(await rowsOf(derived.serviceUrl, 'select current_user as me')).toEqual([{ me: 'tandem_service' }]);
    const nobody = ensureDatabase(
      { databaseUrl: 'postgres://x@127.0.0.1:1/y', serviceDatabaseUrl: undefined, dataDir },
      silentLog,
    );
    await expect(nobody).rejects.toThrow(/cannot be reached/);
  });
});

/** Every folder from the root to this file can be entered by everyone: then another user can run us from here. */
function othersCanRunUs(): boolean {
  for (let at = dirname(USER); ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

function skipUnless(condition: boolean, why: string): typeof test | typeof test.skip {
  if (!condition) process.stderr.write(`skipped: ${why}\n`);
  return condition ? test : test.skip;
}

describe('whoever starts it, wherever it lies', () => {
  test('a path with spaces and letters beyond ASCII, inside a folder that is closed to others', async () => {
    const closed = scratchFolder('closed');
    chmodSync(closed, 0o700);
    const dataDir = join(closed, 'Zoë & the midwives', 'data');
    used.push(join(dataDir, 'postgres'));
    const { child, serviceUrl } = await use(dataDir);
    expect(await rowsOf(serviceUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
    await leave(child);
  });

  skipUnless(isRoot, 'root without user namespaces (not root here)')(
    'root where user namespaces are forbidden: an unprivileged uid, no folder of others touched',
    async () => {
      const closed = scratchFolder('no namespaces');
      const folder = join(closed, 'postgres');
      used.push(folder);
      const cluster = await openCluster(folder, { namespaces: false });
      expect(await rowsOf(cluster.url('postgres', 'postgres'), 'select 1 as one')).toEqual([{ one: 1 }]);
      expect(statSync(join(folder, 'cluster')).uid).toBe(NOBODY);
      expect(statSync(closed)).toMatchObject({ uid: 0 });
      expect(statSync(closed).mode & 0o777).toBe(0o700);
      await closeCluster(folder);
      // The folder's owner decides from now on, also where namespaces work.
      const again = await openCluster(folder);
      expect(await rowsOf(again.url('postgres', 'postgres'), 'select 1 as one')).toEqual([{ one: 1 }]);
    },
  );

  skipUnless(
    isRoot && othersCanRunUs(),
    'ordinary user, then root (not root here, or this folder is closed to others)',
  )('an ordinary user, and root after that on the same folder', async () => {
    const dataDir = join(tmpdir(), `tandem-test-${process.pid}-ordinary`);
    mkdirSync(dataDir);
    chownSync(dataDir, NOBODY, NOBODY);
    used.push(join(dataDir, 'postgres'));
    const ordinary = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
    const first = await use(dataDir, ordinary);
    await rowsOf(first.ownerUrl, 'create table kept as select 42 as answer');
    await leave(first.child);
    const second = await use(dataDir);
    expect(await rowsOf(second.ownerUrl, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await leave(second.child);
    const third = await use(dataDir, ordinary);
    expect(await rowsOf(third.ownerUrl, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await leave(third.child);
    expect(serverPid(dataDir)).toBeUndefined();
    rmSync(dataDir, { recursive: true });
  });
});
