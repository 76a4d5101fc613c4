/** What processes cost, from /proc (Linux), and a fixed calibration that tells how fast this machine is today. */
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

/** Kernel clock ticks per second in /proc: 100 on every Linux that Node runs on. */
const TICKS = 100;

/** CPU milliseconds used so far: by the process, and by its PostgreSQL with all backends. */
export interface Cpu {
  node: number;
  postgres: number;
}

export interface ProcessTree {
  cpu(): Cpu;
  /** Resident memory of the process in MB (not of PostgreSQL). */
  memory(): number;
}

/** The process `pid` beside the PostgreSQL server on the folder `cluster`. */
export function servicePlusDatabase(pid: number, cluster: string): ProcessTree {
  return {
    cpu: () => ({ node: ticksOf(pid) * (1_000 / TICKS), postgres: postgresTicks(cluster) * (1_000 / TICKS) }),
    memory: () => Number(/VmRSS:\s+(\d+)/.exec(textOf(`/proc/${pid}/status`))?.[1] ?? 0) / 1_024,
  };
}

/** Postmaster, its living children, and those that ended (its cutime and cstime). */
function postgresTicks(cluster: string): number {
  const postmaster = Number(textOf(join(cluster, 'postmaster.pid')).split('\n')[0]);
  if (!(postmaster > 0)) return 0;
  let sum = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statOf(Number(name));
    if (Number(name) === postmaster) sum += Number(fields[13]) + Number(fields[14]);
    if (Number(name) === postmaster || Number(fields[1]) === postmaster) sum += Number(fields[11]) + Number(fields[12]);
  }
  return sum;
}

function ticksOf(pid: number): number {
  const fields = statOf(pid);
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
}

/** Fields of /proc/pid/stat after the command name: 0 state, 1 parent, 11 utime, 12 stime, 13 cutime, 14 cstime. */
function statOf(pid: number): string[] {
  const text = textOf(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

export interface Calibration {
  /** SHA-256 chains of 1 kB per second, one core. */
  hashesPerSecond: number;
  /** Milliseconds (median) for appending 1 kB and fsync. */
  fsyncMs: number;
  /** Milliseconds (median) for `SELECT 1` over one connection. */
  selectMs: number;
}

/** Takes about a second. `databaseUrl`: any database of the cluster under test. */
export async function calibrate(databaseUrl: string): Promise<Calibration> {
  return { hashesPerSecond: hashes(), fsyncMs: fsyncs(), selectMs: await selects(databaseUrl) };
}

function hashes(): number {
  let block = Buffer.alloc(1_024, 7);
  const until = performance.now() + 300;
  const began = performance.now();
  let count = 0;
  for (; performance.now() < until; count += 1) {
    const digest = createHash('sha256').update(block).digest();
    block = Buffer.concat([digest, block.subarray(32)]);
  }
  return Math.round((count * 1_000) / (performance.now() - began));
}

function fsyncs(): number {
  const path = join(tmpdir(), `tandem-bench-${process.pid}`);
  const file = openSync(path, 'a');
  const kilobyte = Buffer.alloc(1_024, 65);
  const taken = Array.from({ length: 60 }, () => {
    const began = performance.now();
    writeSync(file, kilobyte);
    fsyncSync(file);
    return performance.now() - began;
  });
  closeSync(file);
  rmSync(path);
  return median(taken);
}

async function selects(databaseUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const taken: number[] = [];
  for (let i = 0; i < 300; i += 1) {
    const began = performance.now();
    await client.query({ name: 'one', text: 'select 1' });
    taken.push(performance.now() - began);
  }
  await client.end();
  return median(taken);
}

/** The middle value, or the mean of the two in the middle; 0 of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[sorted.length / 2 - 1] ?? 0)) / 2;
}
