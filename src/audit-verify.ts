/**
 * `npm run audit:verify [-- --chain-only]`: proves the audit trail or names the first broken record. Exit code 0 when it
 * is whole, 1 when it is not, 2 when it could not be read. Seals what waits first, so a service need not be running.
 */
import { join } from 'node:path';
import { loadConfig } from './config.ts';
import { createLog } from './log.ts';
import { ensureDatabase } from './store/embedded/ensure-database.ts';
import { openPool } from './store/pool.ts';
import { CHECKPOINT_FILE, readCheckpoints, sealDurable } from './store/seal.ts';
import { type Verification, verifyAudit } from './store/verify.ts';

/** One line for a person: what was proven, or the first broken record and what is wrong with it. */
export function verdict(result: Verification, checkpoints: number, seconds: number): string {
  const took = `${seconds.toFixed(1)} s`;
  if (!result.ok) {
    const { seq, why } = result.firstBroken ?? { seq: 0, why: 'unknown' };
    return `BROKEN at record ${seq}: ${why}. ${result.rows} records before it are whole (${took}).`;
  }
  const marks = checkpoints === 0 ? 'no checkpoint file to compare with' : `${checkpoints} checkpoints agree`;
  const rest = result.unsealed === 0 ? '' : ` ${result.unsealed} newest records wait for their seal.`;
  return `OK: ${result.rows} records, chain head ${result.head.slice(0, 16)}, ${marks} (${took}).${rest}`;
}

async function main(): Promise<number> {
  const config = loadConfig(process.env);
  const database = await ensureDatabase(config, createLog('warn', config.mode));
  const pool = openPool(database.serviceUrl, 2);
  try {
    const checkpoints = await readCheckpoints(join(config.dataDir, CHECKPOINT_FILE));
    const started = performance.now();
    await sealDurable(pool);
    const links = !process.argv.includes('--chain-only');
    const result = await verifyAudit(pool, { checkpoints, links });
    process.stdout.write(`${verdict(result, checkpoints.length, (performance.now() - started) / 1_000)}\n`);
    return result.ok ? 0 : 1;
  } finally {
    await pool.end();
    await database.release();
  }
}

if (import.meta.main) {
  process.exitCode = await main().catch((error: unknown) => {
    process.stderr.write(
      `The audit trail could not be read: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    return 2;
  });
}
