/** The service as a child process that can be killed and started again on the same data, as `npm start` runs it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CACHE, testDefinitions } from '../unit/definitions/cache.ts';
import { type Client, clientOn } from './client.ts';
import { scratchFolder } from './cluster.ts';
import { compiled } from './compiled.ts';
import { type FreshDatabase, freshDatabase } from './database.ts';
import { signerOf, type Who } from './service.ts';

export interface ServiceProcess {
  database: FreshDatabase;
  dataDir: string;
  base: string;
  as(who: Who): Client;
  /** Starts it (again); resolves when `/health/ready` says so, with the milliseconds it took. */
  start(): Promise<number>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** Everything it has written to stdout and stderr. */
  output(): string;
  /** Stops it and drops its database. */
  close(): Promise<void>;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Environment of a process that says `LOADED oidc-provider` when it loads the built-in sign-in provider. */
export const TELLS_LOADS = { NODE_OPTIONS: `--import=${new URL('tell-loads.mjs', import.meta.url).href}` };

/** Prepares a service of its own, or one more on the data of `beside`; nothing runs until `start`. */
export async function serviceProcess(
  beside: ServiceProcess | null = null,
  environment: Readonly<Record<string, string>> = {},
): Promise<ServiceProcess> {
  const database = beside?.database ?? (await freshDatabase());
  const dataDir = beside?.dataDir ?? (await dataFolder());
  const port = await freePort();
  const root = `http://127.0.0.1:${port}`;
  const env = {
    PATH: process.env.PATH ?? '',
    MODE: 'demo',
    SEED: 'none',
    PORT: String(port),
    DATA_DIR: dataDir,
    DATABASE_URL: database.ownerUrl,
    SERVICE_DATABASE_URL: database.serviceUrl,
    ...compiled(),
    ...environment,
  };
  let child: ChildProcess | null = null;
  let said = '';
  const ended = (one: ChildProcess): Promise<number | null> =>
    one.exitCode !== null || one.signalCode !== null
      ? Promise.resolve(one.exitCode)
      : new Promise((resolve) => one.once('exit', (code) => resolve(code)));
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child === null) return null;
    const gone = ended(child);
    child.kill(signal);
    const code = await gone;
    child = null;
    return code;
  };
  const self: ServiceProcess = {
    database,
    dataDir,
    base: `${root}/fhir/R4`,
    as: (who) =>
      clientOn(
        `${root}/fhir/R4`,
        `Bearer ${signerOf({ dataDir, host: '127.0.0.1', publicUrl: undefined }, port).token(who)}`,
      ),
    start: async () => {
      const started = performance.now();
      const one = spawn(process.execPath, ['src/main.ts'], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
      child = one;
      const listen = (chunk: Buffer): void => {
        said += chunk.toString();
      };
      for (const stream of [one.stdout, one.stderr]) stream.on('data', listen);
      while (!(await isReady(root))) {
        if (one.exitCode !== null) throw new Error(`the service ended at its start: ${said.slice(-2_000)}`);
        if (performance.now() - started > 30_000)
          throw new Error(`the service does not get ready: ${said.slice(-2_000)}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return performance.now() - started;
    },
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
    output: () => said,
    close: async () => {
      await end('SIGTERM');
      if (beside === null) await database.drop();
    },
  };
  return self;
}

async function dataFolder(): Promise<string> {
  await testDefinitions();
  const folder = scratchFolder('process');
  symlinkSync(CACHE, join(folder, 'definitions'));
  return folder;
}

async function isReady(root: string): Promise<boolean> {
  try {
    return (await fetch(`${root}/health/ready`)).status === 200;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
