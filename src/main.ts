/** Reads the configuration, starts, drains on signal. The only file that touches the process. */

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type App, buildApp } from './app.ts';
import { banner } from './banner.ts';
import { loadConfig } from './config.ts';
import { prepareDemo } from './demo.ts';
import { buildServer } from './http/server.ts';
import { createLog } from './log.ts';
import { ensureDatabase } from './store/embedded/ensure-database.ts';
import { migrate } from './store/migrate.ts';

const started = Date.now();
const state: { waiting: string | null; app: App | null } = { waiting: 'the database', app: null };

try {
  await start();
} catch (error) {
  process.stderr.write(`${error instanceof Error && error.message !== '' ? error.message : String(error)}\n`);
  process.exit(1);
}

async function start(): Promise<void> {
  const config = loadConfig(process.env);
  const log = createLog(config.logLevel, config.mode);
  // It listens at once: /health/ready and every request say what is being waited for until the record is there.
  const server = buildServer((request, response) => {
    if (state.app !== null) {
      state.app.http(request, response);
      return;
    }
    response.writeHead(503, { 'Content-Type': 'application/json', 'Retry-After': '2' });
    response.end(JSON.stringify({ status: 'starting', waiting: state.waiting }));
  });
  const port = await listen(server, config.port, config.host);
  const database = await ensureDatabase(config, log);
  state.waiting = 'migrations';
  await migrate(database.ownerUrl);
  state.waiting = 'definitions';
  const app = await buildApp({ config, serviceUrl: database.serviceUrl, port, log, waitingFor: () => state.waiting });
  state.app = app;
  stopOnSignal(server, app, () => database.release());
  if (config.mode !== 'production') {
    state.waiting = 'the demo identities and seed';
    const progress = (words: string) => {
      state.waiting = words;
    };
    await prepareDemo({ app, config, ownerUrl: database.ownerUrl, log, progress });
  }
  state.waiting = null;
  process.stdout.write(banner({ config, base: app.base, seconds: (Date.now() - started) / 1000 }));
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

/** Stops taking requests, lets those under way finish (at most 10 s), stops the pumps, leaves the database. */
function stopOnSignal(server: Server, app: App, release: () => Promise<void>): void {
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 10_000).unref())]);
    server.closeAllConnections();
    await app.close();
    await release();
    process.exit(0);
  };
  process.on('SIGINT', () => void stop());
  process.on('SIGTERM', () => void stop());
}
