/**
 * Node's compile cache for the services that tests start as processes: a start costs 1.0 s of processor instead of 1.8
 * (measured). Filled once by a process that ends by itself, for those that are killed leave nothing behind.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = join(tmpdir(), 'tandem-test-compiled');
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** For the environment of a child. */
export function compiled(): { NODE_COMPILE_CACHE: string } {
  if (!existsSync(FOLDER)) fill();
  return { NODE_COMPILE_CACHE: FOLDER };
}

/** Made beside its place and moved in whole; of two workers the second one's is thrown away. */
function fill(): void {
  const own = `${FOLDER}-${process.pid}`;
  const env = { PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE: own };
  const script = "await import('./src/app.ts'); await import('./src/demo.ts'); process.exit(0)";
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: ROOT, env, stdio: 'ignore' });
  try {
    renameSync(own, FOLDER);
  } catch {
    rmSync(own, { recursive: true, force: true });
  }
}
