/** The run's own PostgreSQL: a temporary folder named after the run's process, started by the first test that asks. */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeCluster } from '../../src/store/embedded/cluster.ts';

const PREFIX = 'tandem-test-';

/** Names the folder of this run; nothing is made or started yet, so pure unit tests pay nothing. */
export function newRunFolder(): string {
  return join(tmpdir(), `${PREFIX}${process.pid}-${Date.now().toString(36)}`);
}

/** The folder of the run this process belongs to. Throws when the run was not started through jest.config.js. */
export function runFolder(): string {
  const folder = process.env.TANDEM_TEST_RUN;
  if (folder === undefined) throw new Error('No test run: start tests through jest with jest.config.js.');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** A new empty folder that ends with the run; `name` is only for people. */
export function scratchFolder(name: string): string {
  const folder = join(runFolder(), `${name}-${process.pid}-${Math.random().toString(36).slice(2, 8)}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** Stops the server of a run, if one was started, and removes everything the run left. */
export async function endRun(folder: string): Promise<void> {
  if (existsSync(join(folder, 'postgres'))) await closeCluster(join(folder, 'postgres'));
  rmSync(folder, { recursive: true, force: true });
}

/** Ends the runs whose process is gone: killed runs must not leave servers behind for good. */
export async function endDeadRuns(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const pid = Number(name.slice(PREFIX.length).split('-')[0]);
    if (Number.isInteger(pid) && !isAlive(pid)) await endRun(join(tmpdir(), name)).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
