/** From measurements to ratios, verdicts and a table that a person can read. */
import { type Calibration, median } from './measure.ts';
import { FLOOR_OF, type Floor, OPERATIONS, type Operation } from './operations.ts';
import type { Measurement, Pace } from './rounds.ts';
import { ROLES, type RoleName } from './site.ts';

export interface Results {
  /** Instant. */
  at: string;
  /** Load: of the last minute before anything of the bench ran. Above a tenth of the cores others were at work. */
  machine: { cores: number; loadBefore: number };
  pace: Pace;
  calibration: Calibration;
  sizes: { store: string; resources: number; bytes: number }[];
  /** Milliseconds and MB. */
  resting: { store: string; startMs: number; idleMemory: number }[];
  measurements: Measurement[];
}

/** Issue point 12, at 16 clients as hv-system; the name search has no goal of its own. */
const RATIO_GOALS: Readonly<Partial<Record<Operation, number>>> = {
  ...{ read: 0.6, identifier: 0.5, encounters: 0.6, create: 0.4, update: 0.35, transaction: 0.3 },
};
const GROWTH = 1.3;
const START_MS = 3_000;
const IDLE_MB = 250;

export interface Verdict {
  goal: string;
  /** One figure a round. */
  seen: number[];
  met: boolean;
}

/** Goals count as met in two of three rounds; with fewer rounds, in all of them. */
function won(seen: readonly number[], holds: (value: number) => boolean): boolean {
  const wins = seen.filter(holds).length;
  return seen.length >= 3 ? wins * 3 >= seen.length * 2 : seen.length > 0 && wins === seen.length;
}

/** Every goal that these measurements can speak about. */
export function verdicts(results: Results): Verdict[] {
  const stores = results.sizes.map(({ store }) => store);
  const found: Verdict[] = [];
  for (const store of stores) {
    for (const operation of OPERATIONS) {
      const least = RATIO_GOALS[operation];
      const seen = ratios(results, { store, operation, role: 'hv-system', clients: 16 });
      if (least === undefined || seen.length === 0) continue;
      const goal = `${operation} >= ${least} of (${FLOOR_OF[operation]}), ${store}`;
      found.push({ goal, seen, met: won(seen, (ratio) => ratio >= least) });
    }
  }
  for (const operation of OPERATIONS) {
    const seen = growth(results, operation);
    if (seen.length > 0)
      found.push({ goal: `${operation}: growth of p50 <= ${GROWTH}`, seen, met: won(seen, (one) => one <= GROWTH) });
  }
  for (const { store, startMs, idleMemory } of results.resting) {
    found.push({
      goal: `start on existing data <= ${START_MS} ms, ${store}`,
      seen: [startMs],
      met: startMs <= START_MS,
    });
    found.push({ goal: `idle memory <= ${IDLE_MB} MB, ${store}`, seen: [idleMemory], met: idleMemory <= IDLE_MB });
  }
  return found;
}

interface Where {
  store: string;
  operation: Operation;
  role: RoleName;
  clients: number;
}

function pick(results: Results, wanted: Partial<Measurement>): Measurement[] {
  const entries = Object.entries(wanted);
  return results.measurements.filter((one) => entries.every(([name, value]) => Reflect.get(one, name) === value));
}

const speed = (one: Measurement): number => one.perSecond;
/** Requests per second of CPU time, Node and PostgreSQL together: what speed would be on two cores all to themselves. */
const thrift = (one: Measurement): number => 1 / Math.max(0.001, one.cpuNode + one.cpuPostgres);

/** Service over floor of the same round. */
function ratios(results: Results, { store, operation, role, clients }: Where, figure = speed): number[] {
  return pick(results, { store, what: operation, role, clients }).flatMap((one) => {
    const [floor] = pick(results, { store, what: FLOOR_OF[operation], role: null, clients, round: one.round });
    return floor === undefined ? [] : [figure(one) / figure(floor)];
  });
}

/** p50 on the last store over p50 on the first, round by round. */
function growth(results: Results, operation: Operation): number[] {
  const [small, large] = results.sizes;
  if (small === undefined || large === undefined) return [];
  const of = (store: string) => pick(results, { store, what: operation, role: 'hv-system', clients: 16 });
  return of(large.store).flatMap((one) => {
    const before = of(small.store).find(({ round }) => round === one.round);
    return before === undefined ? [] : [one.p50 / before.p50];
  });
}

const mid = (of: readonly Measurement[], value: (one: Measurement) => number): number => median(of.map(value));
const fixed = (value: number, digits = 2): string => value.toFixed(digits);

function rowOf(
  name: string,
  found: readonly Measurement[],
  ratio: readonly number[],
  cpu: readonly number[],
): string[] {
  return [
    name,
    fixed(
      mid(found, (one) => one.perSecond),
      0,
    ),
    ratio.length === 0 ? '' : fixed(median(ratio)),
    cpu.length === 0 ? '' : fixed(median(cpu)),
    ...[mid(found, (one) => one.p50), mid(found, (one) => one.p95), mid(found, (one) => one.p99)].map((ms) =>
      fixed(ms),
    ),
    fixed(mid(found, (one) => one.cpuNode)),
    fixed(mid(found, (one) => one.cpuPostgres)),
    fixed(
      mid(found, (one) => one.memory),
      0,
    ),
    `${fixed(mid(found, (one) => one.bytes) / 1_000, 1)} (${mid(found, (one) => one.entries)})`,
    String(found.reduce((sum, one) => sum + one.errors, 0)),
  ];
}

const HEADS = [
  '',
  'req/s',
  'ratio',
  'CPU ratio',
  'p50 ms',
  'p95',
  'p99',
  'CPU node',
  'CPU pg',
  'MB',
  'kB (entries)',
  'errors',
];
const FLOORS: readonly Floor[] = ['i', 'ii', 'iii', 'iv', 'v', 'v5'];

function section(results: Results, store: string, clients: number): string[][] {
  const floors = FLOORS.flatMap((floor) => {
    const found = pick(results, { store, what: floor, role: null, clients });
    return found.length === 0 ? [] : [rowOf(`floor (${floor})`, found, [], [])];
  });
  const rows = OPERATIONS.flatMap((operation) =>
    ROLES.flatMap((role) => {
      const found = pick(results, { store, what: operation, role, clients });
      if (found.length === 0) return [];
      const where = { store, operation, role, clients };
      return [rowOf(`${operation} / ${role}`, found, ratios(results, where), ratios(results, where, thrift))];
    }),
  );
  return [...floors, ...rows];
}

/** The tables and verdicts as Markdown, which a terminal shows well enough. */
export function table(results: Results): string {
  const parts: string[] = [];
  const counts = [...new Set(results.measurements.map(({ clients }) => clients))].sort((a, b) => a - b);
  for (const { store, resources, bytes } of results.sizes) {
    for (const clients of counts) {
      const rows = section(results, store, clients);
      if (rows.length === 0) continue;
      parts.push(
        `### ${store} (${resources} resources, ${fixed(bytes / 1e6, 0)} MB), ${clients} clients\n\n${grid([HEADS, ...rows])}`,
      );
    }
  }
  const goals = verdicts(results).map(({ goal, seen, met }) => [
    goal,
    seen.map((one) => fixed(one, one > 50 ? 0 : 2)).join(' '),
    met ? 'met' : 'NOT met',
  ]);
  parts.push(`### Goals (hv-system, 16 clients; two of three rounds)\n\n${grid([['goal', 'rounds', ''], ...goals])}`);
  return parts.join('\n\n');
}

function grid(rows: readonly (readonly string[])[]): string {
  const [heads = []] = rows;
  const widths = heads.map((_, i) => Math.max(3, ...rows.map((row) => row[i]?.length ?? 0)));
  const shown = rows.map(
    (row) =>
      `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`,
  );
  const rule = `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [shown[0], rule, ...shown.slice(1)].join('\n');
}

export function markdown(results: Results): string {
  const { hashesPerSecond, fsyncMs, selectMs } = results.calibration;
  const { warmMs, measureMs } = results.pace;
  const { cores, loadBefore } = results.machine;
  const busy =
    loadBefore > cores / 10 ? ' **Others were at work on this machine: believe the CPU ratio, not the times.**' : '';
  return `# Bench of ${results.at.slice(0, 16).replace('T', ' ')} UTC

${cores} cores, load ${fixed(loadBefore, 1)} before the start.${busy}
Calibration: ${hashesPerSecond} SHA-256 of 1 kB per second; 1 kB append and fsync ${fixed(fsyncMs)} ms; \`SELECT 1\` ${fixed(selectMs)} ms.
Each figure: ${measureMs / 1_000} s after ${warmMs / 1_000} s of warm-up; medians over rounds; CPU in milliseconds per request.

${table(results)}
`;
}
