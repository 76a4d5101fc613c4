/**
 * One place to measure: a folder with a DATA_DIR, the families in it, and the processes that run on it (the service and
 * the floor, each its own). Everything that is started here is stopped here.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../src/store/embedded/server.ts';
import { type ProcessTree, servicePlusDatabase } from './measure.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** The checkout under test: this one, or another with the same layout, so that two versions can be compared. */
const SERVICE = resolve(process.env.BENCH_SERVICE ?? ROOT);

/** Where stores are kept: `BENCH_DIR`, else `bench/.data`. */
export function benchFolder(): string {
  return resolve(process.env.BENCH_DIR ?? join(ROOT, 'bench', '.data'));
}

/** The identities of house.md section 7. */
export const ROLES = ['steward', 'hv-system', 'health-visitor'] as const;
export type RoleName = (typeof ROLES)[number];

export interface Site {
  name: string;
  /** DATA_DIR. */
  dataDir: string;
  /** One line of JSON per family that is in the store. */
  manifest: string;
}

export interface Running {
  child: ChildProcess;
  port: number;
  /** Milliseconds from start to the first ready answer. */
  readyAfter: number;
  tree: ProcessTree;
  stop(): Promise<void>;
}

/** A site by name; `fresh` removes what is there. */
export function siteOf(name: string, fresh: boolean): Site {
  const folder = join(benchFolder(), name);
  if (fresh) rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return { name, dataDir: join(folder, 'data'), manifest: join(folder, 'families.ndjson') };
}

export function isPrepared(name: string): boolean {
  return existsSync(join(benchFolder(), name, 'complete'));
}

/**
 * Starts the service on a site and waits until it is ready. `nodeFlags` for profiling.
 * @throws Error with the end of its log when it ends or is not ready in two minutes
 */
export async function startService(site: Site, nodeFlags: readonly string[] = []): Promise<Running> {
  const port = await freePort();
  const env = { MODE: 'demo', SEED: 'none', DATA_DIR: site.dataDir, PORT: String(port), LOG_LEVEL: 'warn' };
  return start({ site, port, args: [...nodeFlags, join(SERVICE, 'src/main.ts')], env, ready: '/health/ready' });
}

/** Starts the floor on the PostgreSQL of a site. */
export async function startFloor(site: Site): Promise<Running> {
  const port = await freePort();
  const env = { DATA_DIR: site.dataDir, PORT: String(port) };
  return start({ site, port, args: [join(ROOT, 'bench/floor.ts')], env, ready: '/ready' });
}

/** A demo bearer token, made by the token command itself. */
export function tokenFor(site: Site, port: number, role: RoleName): string {
  const command = join(SERVICE, 'src/identity/token-cli.ts');
  const env = { ...process.env, MODE: 'demo', DATA_DIR: site.dataDir, PORT: String(port) };
  return execFileSync(process.execPath, [command, role], { env, encoding: 'utf8' }).trim();
}

interface Start {
  site: Site;
  port: number;
  args: readonly string[];
  env: Record<string, string>;
  ready: string;
}

async function start({ site, port, args, env, ready }: Start): Promise<Running> {
  const began = performance.now();
  const logFile = `${site.manifest}.${ready === '/ready' ? 'floor' : 'service'}.log`;
  const log = openSync(logFile, 'w');
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, args, {
    env: { ...(PATH === undefined ? {} : { PATH }), ...(HOME === undefined ? {} : { HOME }), ...env },
    stdio: ['ignore', log, log],
  });
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  while (!(await answers(port, ready))) {
    const late = performance.now() - began > 120_000;
    if (child.exitCode !== null || child.signalCode !== null || late) {
      child.kill('SIGKILL');
      throw new Error(`${args.at(-1)} did not become ready: ${readFileSync(logFile, 'utf8').slice(-2_000)}`);
    }
    await delay(10);
  }
  return {
    child,
    port,
    readyAfter: performance.now() - began,
    tree: servicePlusDatabase(child.pid ?? 0, join(site.dataDir, 'postgres', 'cluster')),
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function answers(port: number, path: string): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}
