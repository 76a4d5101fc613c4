/** `npm run bench`: the service against its floor, in turns, and what that says about the goals. See README.md. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from './build.ts';
import { clusterOf, durabilityFaults, storeSize, walFlushes } from './durable.ts';
import { type Calibration, calibrate, median } from './measure.ts';
import { FLOOR_OF, type Floor, OPERATIONS, type Operation } from './operations.ts';
import { markdown, type Results, table, verdicts } from './report.ts';
import { type Live, type Loader, type Measurement, measure, type Pace, startLoader } from './rounds.ts';
import { isPrepared, ROLES, type RoleName, type Site, siteOf, startFloor, startService, tokenFor } from './site.ts';

const LARGE = 'prepared';
const say = (text: string): void => void process.stdout.write(text);

const { values: options } = parseArgs({
  options: {
    ...{ quick: { type: 'boolean' }, strict: { type: 'boolean' }, keep: { type: 'boolean' } },
    'no-large': { type: 'boolean' },
    families: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
    clients: { type: 'string', default: '16,1,64' },
    roles: { type: 'string', default: ROLES.join(',') },
    only: { type: 'string', default: OPERATIONS.join(',') },
  },
});

const chosen = <T extends string>(text: string, known: readonly T[]): T[] => {
  const words = text.split(',');
  const unknown = words.find((word) => !known.some((one) => one === word));
  if (unknown !== undefined) throw new Error(`${unknown} is not one of ${known.join(', ')}`);
  return known.filter((one) => words.includes(one));
};
const operations = chosen(options.only, OPERATIONS);
const roles = chosen(options.roles, ROLES);
const clientCounts = options.clients.split(',').map(Number);
const rounds = Number(options.rounds);
const pace: Pace = {
  ...(options.quick === true ? { warmMs: 500, measureMs: 1_500 } : { warmMs: 1_000, measureMs: 4_000 }),
  today: new Date().toISOString().slice(0, 10),
};

/** Three starts on existing data, PostgreSQL included, and the memory of a service that nobody asks anything. */
async function starts(site: Site): Promise<{ startMs: number; idleMemory: number }> {
  const taken: number[] = [];
  let idleMemory = 0;
  for (let i = 0; i < 3; i += 1) {
    const service = await startService(site);
    taken.push(service.readyAfter);
    if (i === 2) await delay(5_000);
    idleMemory = service.tree.memory();
    await service.stop();
  }
  return { startMs: median(taken), idleMemory };
}

async function open(site: Site): Promise<Live> {
  const flags = process.env.BENCH_NODE_FLAGS?.split(' ') ?? [];
  const service = await startService(site, flags);
  const floor = await startFloor(site).catch(async (error: unknown) => {
    await service.stop();
    throw error;
  });
  const [steward, system, visitor] = ROLES.map((role) => tokenFor(site, service.port, role));
  const tokens = { steward: steward ?? '', 'hv-system': system ?? '', 'health-visitor': visitor ?? '' };
  return { site, service, floor, tokens };
}

/**
 * At one client every durable answer needs a WAL flush of its own, which no setting can feign. What the pumps add is a
 * few flushes a second; an operation that did not wait for its flush would leave a fifth of the sum missing.
 */
async function provenDurable(loader: Loader, live: Live): Promise<string[]> {
  const at = { clients: 1, round: 0, pace: { ...pace, warmMs: 0, measureMs: 1_000 } };
  const targets = [
    { kind: 'service', operation: 'read', role: 'hv-system' },
    { kind: 'service', operation: 'create', role: 'hv-system' },
    { kind: 'floor', floor: 'ii' },
    { kind: 'floor', floor: 'iii' },
  ] as const;
  const before = await walFlushes(live.site);
  let answers = 0;
  for (const target of targets) answers += (await measure(loader, live, target, at)).requests;
  const flushes = (await walFlushes(live.site)) - before;
  return flushes < answers * 0.95 ? [`${answers} answers one after another, but ${flushes} WAL flushes`] : [];
}

/** Floor and service take turns, store by store, so that what else the machine does hits all of them. */
async function turns(loader: Loader, lives: readonly Live[], into: Measurement[]): Promise<void> {
  for (const clients of clientCounts) {
    const count = clients === 16 ? rounds : 1;
    for (const operation of operations) {
      for (let round = 1; round <= count; round += 1) {
        for (const live of lives) {
          // The large store is for the goals and for growth, both at 16 clients.
          if (live.site.name === LARGE && clients !== 16) continue;
          for (const target of targetsOf(operation, clients, round, live)) {
            const one = await measure(loader, live, target, { clients, round, pace });
            into.push(one);
            say(line(one));
          }
        }
      }
    }
  }
}

function targetsOf(operation: Operation, clients: number, round: number, live: Live) {
  const asked = roles.filter((role) => role === 'hv-system' || (round === 1 && live.site.name !== LARGE));
  const more: Floor[] = clients !== 16 ? [] : operation === 'read' ? ['i'] : operation === 'encounters' ? ['v5'] : [];
  const floors = [FLOOR_OF[operation], ...(round === 1 ? more : [])];
  return [
    ...floors.map((floor) => ({ kind: 'floor' as const, floor })),
    ...asked.map((role: RoleName) => ({ kind: 'service' as const, operation, role })),
  ];
}

function line(one: Measurement): string {
  const name = `${one.store} ${one.role === null ? `floor (${one.what})` : `${one.what} ${one.role}`} x${one.clients}`;
  const failed = one.errors === 0 ? '' : `  ERRORS ${one.errors}: ${one.firstError}`;
  return `  ${name.padEnd(48)} ${one.perSecond.toFixed(0).padStart(6)}/s  p50 ${one.p50.toFixed(2)} ms${failed}\n`;
}

async function main(): Promise<number> {
  const began = new Date();
  const machine = { cores: availableParallelism(), loadBefore: loadavg()[0] ?? 0 };
  const small = siteOf(`families-${options.families}`, options.keep !== true);
  await build(small, Number(options.families), say);
  const sites = [small, ...(options['no-large'] !== true && isPrepared(LARGE) ? [siteOf(LARGE, false)] : [])];
  const resting: Results['resting'] = [];
  for (const site of sites) resting.push({ store: site.name, ...(await starts(site)) });
  const loader = startLoader();
  const lives: Live[] = [];
  const measurements: Measurement[] = [];
  let calibration: Calibration;
  const sizes: Results['sizes'] = [];
  try {
    for (const site of sites) lives.push(await open(site));
    for (const live of lives) {
      const faults = [...(await durabilityFaults(live.site)), ...(await provenDurable(loader, live))];
      if (faults.length > 0) throw new Error(`These figures would be worthless: ${faults.join('; ')}`);
      sizes.push({ store: live.site.name, ...(await storeSize(live.site)) });
    }
    calibration = await calibrate((await clusterOf(small)).url('postgres', 'postgres'));
    await turns(loader, lives, measurements);
  } finally {
    loader.stop();
    for (const live of lives) {
      await live.floor.stop();
      await live.service.stop();
    }
  }
  return publish({ at: began.toISOString(), machine, pace, calibration, sizes, resting, measurements });
}

function publish(results: Results): number {
  const folder = fileURLToPath(new URL('results/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const stamp = results.at.replaceAll(':', '').slice(0, 15);
  writeFileSync(join(folder, `${stamp}.json`), `${JSON.stringify(results, undefined, 1)}\n`);
  writeFileSync(join(folder, 'latest.md'), markdown(results));
  say(`\n${table(results)}\n`);
  const errors = results.measurements.reduce((sum, one) => sum + one.errors, 0);
  if (errors > 0) say(`FAILED: ${errors} answers were not 2xx\n`);
  const missed = verdicts(results).filter(({ met }) => !met);
  return errors > 0 || (options.strict === true && missed.length > 0) ? 1 : 0;
}

process.exitCode = await main();
