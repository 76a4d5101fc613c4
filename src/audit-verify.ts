/**
 * `npm run audit:verify [-- --chain-only] [--against FILE]`: proves the audit trail, behind what was removed with a
 * certificate, and the chains of partners' events, or names the first broken record of each. Exit code 0 when all is whole, 1 when it is not, 2 when it could not be read. Seals what waits first, so a service need not be
 * running. FILE holds checkpoint lines that were kept elsewhere (a log collector's), with their keys in `FILE.keys`.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig } from './config.ts';
import { type KnownEnds, readCheckpoints } from './jobs/checkpoint-book.ts';
import { filePlace } from './jobs/checkpoint-places.ts';
import { createLog } from './log.ts';
import { type PartnerProof, provePartners } from './oversight/partner-chains.ts';
import { trailStart, verifyFrom } from './oversight/trail-start.ts';
import { ensureDatabase } from './store/embedded/ensure-database.ts';
import { openPool } from './store/pool.ts';
import { sealDurable } from './store/seal.ts';
import type { Verification } from './store/verify.ts';
import { checkpointPlaces } from './wiring/audit.ts';

export interface Proven {
  trail: Verification;
  /** Last record removed with a certificate; 0 = none. */
  removed: number;
  partners: PartnerProof;
}

/** Lines for a person: what was proven, or the first broken record of each chain and what is wrong with it. */
export function verdict({ trail: result, removed, partners }: Proven, known: KnownEnds, seconds: number): string {
  const took = `${seconds.toFixed(1)} s`;
  const lines = [
    ...(removed === 0
      ? []
      : [`Records 1 to ${removed} were removed with a certificate; the proof begins behind them.`]),
    ...known.faults.map((fault) => `NOT TO BE BELIEVED: ${fault}.`),
    ...partners.faults.map((fault) => `BROKEN: ${fault}.`),
    ...(partners.chains > 0 && partners.faults.length === 0
      ? [
          `OK: ${partners.events} events of partners in ${partners.chains} ${partners.chains === 1 ? 'chain' : 'chains'} of their own.`,
        ]
      : []),
  ];
  const doubts = lines.map((line) => `\n${line}`).join('');
  if (!result.ok) {
    const { seq, why } = result.firstBroken ?? { seq: 0, why: 'unknown' };
    return `BROKEN at record ${seq}: ${why}. ${result.rows} records before it are whole (${took}).${doubts}`;
  }
  const { length } = known.marks;
  const marks =
    length === 0 ? 'no checkpoint file to compare with' : `${length} checkpoints agree, ${known.signed} of them signed`;
  const rest = result.unsealed === 0 ? '' : ` ${result.unsealed} newest records wait for their seal.`;
  const word = known.faults.length === 0 ? 'OK' : 'BROKEN';
  return `${word}: ${result.rows} records, chain head ${result.head.slice(0, 16)}, ${marks} (${took}).${rest}${doubts}`;
}

async function main(): Promise<number> {
  const asked = { 'chain-only': { type: 'boolean' }, against: { type: 'string' } } as const;
  const { 'chain-only': chainOnly = false, against } = parseArgs({ options: asked }).values;
  const config = loadConfig(process.env);
  const database = await ensureDatabase(config, createLog('warn', config.mode));
  const pool = openPool(database.serviceUrl, 2);
  try {
    const places = checkpointPlaces(config, () => new Date());
    const known = await readCheckpoints(against === undefined ? places : [...places, filePlace(resolve(against))]);
    const started = performance.now();
    await sealDurable(pool);
    const begins = await trailStart(pool, known);
    const trail = await verifyFrom(pool, begins, { checkpoints: known.marks, links: !chainOnly });
    const partners = await provePartners(pool);
    const removed = ('start' in begins ? begins.start?.to : 0) ?? 0;
    const proven = { trail, removed, partners };
    process.stdout.write(`${verdict(proven, known, (performance.now() - started) / 1_000)}\n`);
    return trail.ok && known.faults.length === 0 && partners.faults.length === 0 ? 0 : 1;
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
