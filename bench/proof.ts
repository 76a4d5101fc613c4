/**
 * How fast the chain is proven, against the least it could take: the same rows read along their key and hashed, with no
 * seal looked at. Both in turns; the best of three of each, as rate and, because machines are shared, as CPU of this process and
 * its PostgreSQL for each record.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import { DATABASE } from '../src/store/embedded/roles.ts';
import { verifyAudit } from '../src/store/verify.ts';
import { clusterOf } from './durable.ts';
import { servicePlusDatabase } from './measure.ts';
import type { Site } from './site.ts';

const TURNS = 3;
const GOAL = 0.7;

interface Run {
  records: number;
  /** Records a second, and microseconds of CPU for one. */
  rate: number;
  cpu: number;
}

/** One line for the report. */
export async function proofOf(site: Site): Promise<string> {
  const pool = new pg.Pool({ connectionString: (await clusterOf(site)).url('postgres', DATABASE), max: 2 });
  try {
    let whole = true;
    const proven: Run[] = [];
    const bare: Run[] = [];
    for (let turn = 0; turn < TURNS; turn += 1) {
      bare.push(await timed(site, () => bareLoop(pool)));
      const run = await timed(site, async () => {
        const { ok, rows } = await verifyAudit(pool, { links: false });
        whole &&= ok;
        return rows;
      });
      proven.push(run);
    }
    const rates = [best(proven, 'rate'), best(bare, 'rate')] as const;
    const costs = [best(proven, 'cpu'), best(bare, 'cpu')] as const;
    const ratio = (rates[0] / rates[1]).toFixed(2);
    return (
      `Proof of ${proven[0]?.records ?? 0} records (${whole ? 'whole' : 'NOT whole'}), best of ${TURNS}: ${Math.round(rates[0])}/s, ` +
      `a bare SELECT and SHA-256 loop ${Math.round(rates[1])}/s, ratio ${ratio} (goal ${GOAL}); CPU ${costs[0].toFixed(1)} us for each ` +
      `record, the bare loop ${costs[1].toFixed(1)} us, ratio ${(costs[1] / costs[0]).toFixed(2)}.`
    );
  } finally {
    await pool.end();
  }
}

function best(runs: readonly Run[], what: 'rate' | 'cpu'): number {
  const values = runs.map((run) => run[what]);
  return what === 'rate' ? Math.max(...values) : Math.min(...values);
}

async function timed({ dataDir }: Site, work: () => Promise<number>): Promise<Run> {
  const processes = servicePlusDatabase(process.pid, join(dataDir, 'postgres', 'cluster'));
  const spent = (): number => processes.cpu().node + processes.cpu().postgres;
  const [before, began] = [spent(), performance.now()];
  const records = await work();
  const ms = performance.now() - began;
  return { records, rate: (records * 1_000) / ms, cpu: ((spent() - before) * 1_000) / records };
}

async function bareLoop(pool: pg.Pool): Promise<number> {
  let place = ['0', '0'];
  let hash = Buffer.alloc(32);
  let count = 0;
  for (;;) {
    const { rows } = await pool.query<{ x: string; i: string; text: string }>({
      name: 'bare',
      text: `select a.xid::text as x, a.id::text as i, a.at::text || a.body || a.patients::text as text
        from audit a where (a.xid, a.id) > ($1::xid8, $2::bigint) order by a.xid, a.id limit 2000`,
      values: place,
    });
    for (const { text } of rows) {
      const row = createHash('sha256').update(text).digest();
      hash = createHash('sha256').update(hash).update(row).digest();
    }
    count += rows.length;
    const last = rows.at(-1);
    if (last === undefined) return count;
    place = [last.x, last.i];
  }
}
