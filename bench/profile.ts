/**
 * `node bench/profile.ts read,create [--role hv-system] [--clients 16] [--families 1000]`: where the time of an operation
 * goes. Functions of the service by self time (V8 profile) and statements by planning and execution time
 * (pg_stat_statements, loaded for this run only).
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openCluster } from '../src/store/embedded/cluster.ts';
import { build } from './build.ts';
import { asked } from './durable.ts';
import { OPERATIONS, type Operation } from './operations.ts';
import { type Live, measure, startLoader } from './rounds.ts';
import { ROLES, type RoleName, type Site, siteOf, startService, tokenFor } from './site.ts';

const say = (text: string): void => void process.stdout.write(text);
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    role: { type: 'string', default: 'hv-system' },
    clients: { type: 'string', default: '16' },
    families: { type: 'string', default: '1000' },
    rows: { type: 'string', default: '14' },
  },
});
const PRELOAD = {
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track': 'all',
  'pg_stat_statements.track_planning': 'on',
};

interface Statement {
  calls: number;
  plan: number;
  exec: number;
  query: string;
}

/** Milliseconds over all calls, the dearest first. */
function statements(site: Site): Promise<Statement[]> {
  return asked<Statement>(
    site,
    `select calls::int as calls, total_plan_time as plan, total_exec_time as exec,
       left(regexp_replace(query, '\\s+', ' ', 'g'), 110) as query
     from pg_stat_statements order by total_plan_time + total_exec_time desc limit ${Number(options.rows)}`,
  );
}

interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  timeDeltas: number[];
}

/** Self time by function between two moments of the profile (microseconds), largest first, as shares of all. */
function functions(folder: string, from: number, to: number): [string, number][] {
  const [file = ''] = readdirSync(folder);
  const profile: Profile = JSON.parse(readFileSync(join(folder, file), 'utf8'));
  const names = new Map(
    profile.nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const place = url.replace(/^.*\/(?=src\/)|^.*\/node_modules\//, '');
      return [id, `${functionName || '(anonymous)'} ${place}${place === '' ? '' : `:${lineNumber + 1}`}`];
    }),
  );
  const self = new Map<string, number>();
  let at = 0;
  let sum = 0;
  for (const [i, sample] of profile.samples.entries()) {
    const delta = profile.timeDeltas[i] ?? 0;
    at += delta;
    if (at < from || at > to) continue;
    const name = names.get(sample) ?? '';
    self.set(name, (self.get(name) ?? 0) + delta);
    sum += delta;
  }
  return [...self].map(([name, taken]): [string, number] => [name, taken / sum]).sort((a, b) => b[1] - a[1]);
}

async function profile(site: Site, operation: Operation, role: RoleName): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-profile-'));
  const began = performance.now();
  const service = await startService(site, ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=250']);
  const loader = startLoader();
  try {
    await asked(site, 'create extension if not exists pg_stat_statements');
    const [steward = '', system = '', visitor = ''] = ROLES.map((one) => tokenFor(site, service.port, one));
    const tokens = { steward, 'hv-system': system, 'health-visitor': visitor };
    const live: Live = { site, service, floor: service, tokens };
    const today = new Date().toISOString().slice(0, 10);
    const clients = Number(options.clients);
    const target = { kind: 'service', operation, role } as const;
    const run = (ms: number) =>
      measure(loader, live, target, { clients, round: 1, pace: { warmMs: 0, measureMs: ms, today } });
    await run(2_000);
    await asked(site, 'select pg_stat_statements_reset()');
    const from = (performance.now() - began) * 1_000;
    const seen = await run(6_000);
    const to = (performance.now() - began) * 1_000;
    const found = await statements(site);
    loader.stop();
    await service.stop();
    const figures = `${seen.perSecond.toFixed(0)}/s, CPU ms per request: node ${seen.cpuNode.toFixed(2)}, postgres ${seen.cpuPostgres.toFixed(2)}`;
    say(
      `\n## ${operation} as ${role}, ${clients} clients: ${figures}\n\nms per request: plan, execute; calls per request\n`,
    );
    for (const { calls, plan, exec, query } of found) {
      const [a, b, c] = [plan, exec, calls].map((sum) => (sum / seen.requests).toFixed(3).padStart(7));
      say(`${a} ${b} ${c}  ${query}\n`);
    }
    say('\nshare of the process, self time\n');
    for (const [name, share] of functions(folder, from, to).slice(0, 2 * Number(options.rows))) {
      say(`${(share * 100).toFixed(1).padStart(6)} %  ${name}\n`);
    }
  } finally {
    // Also when something failed before: a service left behind would slow whatever is measured next.
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const site = siteOf(`families-${options.families}`, false);
const role = ROLES.find((one) => one === options.role) ?? 'hv-system';
await build(site, Number(options.families), say);
for (const operation of OPERATIONS.filter((one) => (positionals[0] ?? 'read').split(',').includes(one))) {
  await openCluster(join(site.dataDir, 'postgres'), { settings: PRELOAD });
  await profile(site, operation, role);
}
