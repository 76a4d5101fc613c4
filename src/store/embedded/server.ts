/** One PostgreSQL server process on one data folder: make the folder, start it, recognise it, stop it. */
import { type SpawnOptions, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  fchownSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type RunAs, SYSTEM_PATH } from './run-as.ts';

/** What `postmaster.pid` says about a running server. */
export interface Running {
  pid: number;
  port: number;
  /** True once connections are accepted. */
  ready: boolean;
}

/**
 * For a shared machine of two cores: modest memory, everything durable. Failing statements and their details are not
 * logged, because they hold record content; the log keeps what the server says about itself.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '192MB',
  effective_cache_size: '1GB',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  // lz4 and zstd are not in these binaries, and pglz costs more than the bytes it saves (a seal took 0.9 to 1.5 ms of a
  // create with it, 0.13 to 0.21 without).
  wal_compression: 'off',
  max_wal_size: '1GB',
  min_wal_size: '128MB',
  checkpoint_timeout: '10min',
  wal_level: 'minimal',
  max_wal_senders: '0',
  jit: 'off',
  random_page_cost: '1.1',
  max_parallel_workers_per_gather: '0',
  autovacuum_naptime: '10s',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'warning',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
  cluster_name: 'tandem',
};

/** Makes a new data folder at `cluster` with a superuser `postgres` of the given password. Throws with initdb's words. */
export async function initialise(as: RunAs, cluster: string, password: string): Promise<void> {
  mkdirSync(cluster, { mode: 0o700 });
  const secret = `${cluster}.password`;
  writeFileSync(secret, password, { mode: 0o600, flag: 'wx' });
  if (as.uid !== undefined && as.gid !== undefined) {
    chownSync(cluster, as.uid, as.gid);
    chownSync(secret, as.uid, as.gid);
  }
  const stdin = openSync(secret, 'r');
  try {
    const flags = ['-U', 'postgres', '-A', 'scram-sha-256', '--pwfile=/dev/stdin', '-E', 'UTF8'];
    const locale = ['--locale-provider=builtin', '--locale=C.UTF-8'];
    const { code, said } = await run(as, cluster, { program: 'initdb', args: [...flags, ...locale], stdin });
    if (code !== 0) throw new Error(`PostgreSQL could not make its data folder ${cluster}: ${said.trim()}`);
  } finally {
    closeSync(stdin);
    rmSync(secret, { force: true });
  }
  chmodSync(cluster, 0o700);
}

/**
 * Starts the server in a session of its own, so that neither Ctrl-C nor the end of this process reaches it, and waits
 * until it is ready. Returns undefined when it gave up (another process was faster, or the port was taken).
 */
export async function launch(
  as: RunAs,
  cluster: string,
  port: number,
  extra: Readonly<Record<string, string>> = {},
): Promise<Running | undefined> {
  const args = ['-p', String(port)];
  for (const [name, value] of Object.entries({ ...SETTINGS, ...extra })) args.push('-c', `${name}=${value}`);
  const log = openLog(cluster);
  if (as.uid !== undefined && as.gid !== undefined) fchownSync(log, as.uid, as.gid);
  const { command, words, options } = commandLine(as, cluster, 'postgres', args);
  const child = spawn(command, words, { ...options, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  let ended = false;
  child.once('exit', () => {
    ended = true;
  });
  child.once('error', () => {
    ended = true;
  });
  child.unref();
  while (!ended) {
    const running = readRunning(cluster);
    if (running?.ready && running.pid === child.pid) return running;
    await delay(10);
  }
  return undefined;
}

/** The server that holds this data folder, if one lives; a stale `postmaster.pid` counts as none. */
export function findRunning(cluster: string): Running | undefined {
  const running = readRunning(cluster);
  if (running === undefined || !isAlive(running.pid)) return undefined;
  if (process.platform !== 'linux' || holdsFolder(running.pid, cluster)) return running;
  // After a reboot the number may belong to another program; PostgreSQL itself would then refuse to start for good.
  rmSync(join(cluster, 'postmaster.pid'), { force: true });
  return undefined;
}

/** Fast shutdown: transactions are rolled back, everything is written, then it ends. Waits until it has ended. */
export async function shutDown(cluster: string): Promise<void> {
  const running = findRunning(cluster);
  if (running === undefined) return;
  try {
    process.kill(running.pid, 'SIGINT');
  } catch {
    return;
  }
  while (findRunning(cluster)?.pid === running.pid) await delay(20);
}

/** A TCP port on loopback that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('No free TCP port on 127.0.0.1.'));
        else resolve(address.port);
      });
    });
  });
}

/** The last lines of the server's log: what it said when it did not start. */
export function lastWords(cluster: string): string {
  try {
    return readFileSync(serverLog(cluster), 'utf8').trimEnd().split('\n').slice(-2).join(' | ');
  } catch {
    return 'it left no log';
  }
}

const LOG_LIMIT_BYTES = 4_000_000;

/** Appends, so that the words of the last crash are still there; starts anew when it has grown. */
function openLog(cluster: string): number {
  const path = serverLog(cluster);
  const grown = (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LOG_LIMIT_BYTES;
  return openSync(path, grown ? 'w' : 'a', 0o600);
}

function serverLog(cluster: string): string {
  return `${cluster}.log`;
}

/** Lines of postmaster.pid: pid, data folder, start time, port, socket folder, address, shared memory, status. */
function readRunning(cluster: string): Running | undefined {
  let lines: string[];
  try {
    lines = readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return undefined;
  }
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!Number.isInteger(pid) || pid <= 0 || !Number.isInteger(port)) return undefined;
  return { pid, port, ready: lines[7]?.trim() === 'ready' };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function holdsFolder(pid: number, cluster: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(cluster);
  } catch (error) {
    // Gone: not ours. Not allowed to look: believe the file.
    return error instanceof Error && 'code' in error && error.code === 'EACCES';
  }
}

function commandLine(as: RunAs, cluster: string, program: string, args: readonly string[]) {
  const [first, ...rest] = [...as.prefix, join(as.home, 'bin', program), '-D', as.dataFolder(cluster), ...args];
  const options: SpawnOptions = { cwd: cluster, env: { PATH: SYSTEM_PATH, TZ: 'UTC', LC_ALL: 'C' } };
  if (as.uid !== undefined) options.uid = as.uid;
  if (as.gid !== undefined) options.gid = as.gid;
  return { command: first ?? program, words: rest, options };
}

function run(
  as: RunAs,
  cluster: string,
  what: { program: string; args: readonly string[]; stdin: number },
): Promise<{ code: number | null; said: string }> {
  const { command, words, options } = commandLine(as, cluster, what.program, what.args);
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, { ...options, stdio: [what.stdin, 'ignore', 'pipe'] });
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, said }));
  });
}
