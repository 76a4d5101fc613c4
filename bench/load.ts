/**
 * The load: a process of its own with keep-alive connections, each of which waits for its answer before it asks again.
 * It speaks HTTP over plain sockets, because what it spends is taken from the two cores that the service has.
 */
import { connect, type Socket } from 'node:net';
import { type StoredFamily, storedFamilies } from './fill.ts';
import { type Floor, floorRequests, type Operation, type Requests, serviceRequests } from './operations.ts';
import type { RoleName } from './site.ts';

export interface Job {
  target: { kind: 'floor'; floor: Floor } | { kind: 'service'; operation: Operation; role: RoleName };
  port: number;
  token: string;
  manifest: string;
  clients: number;
  warmMs: number;
  measureMs: number;
  today: string;
  /** Differs from run to run. */
  turn: number;
}

export interface Outcome {
  requests: number;
  seconds: number;
  /** Milliseconds. */
  p50: number;
  p95: number;
  p99: number;
  /** Answers other than 2xx, and the first of them. */
  errors: number;
  firstError: string | null;
  /** Of the first answer: bytes of its body, and Bundle entries in it. */
  bytes: number;
  entries: number;
}

/** `measuring` when the warm-up is over, then `done`. */
export type Report = { event: 'measuring' } | { event: 'done'; outcome: Outcome } | { event: 'failed'; why: string };

const stores = new Map<string, StoredFamily[]>();

async function run(job: Job): Promise<Outcome> {
  const families = stores.get(job.manifest) ?? storedFamilies(job.manifest);
  stores.set(job.manifest, families);
  const { target } = job;
  const requests =
    target.kind === 'floor'
      ? floorRequests(target.floor, families, job)
      : serviceRequests(target.operation, target.role, families, job);
  const tally = new Tally();
  const sockets = await Promise.all(Array.from({ length: job.clients }, (_, i) => open(job.port, i, requests, tally)));
  await pause(job.warmMs);
  tally.start();
  process.send?.({ event: 'measuring' } satisfies Report);
  await pause(job.measureMs);
  const outcome = tally.end();
  for (const socket of sockets) socket.destroy();
  return outcome;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

class Tally {
  private taken: number[] = [];
  private began = 0;
  private errors = 0;
  private firstError: string | null = null;
  private sample: { bytes: number; entries: number } | null = null;
  private counting = false;

  /** One answer; errors of the warm-up count too. */
  add(ms: number, status: number, body: () => Buffer): void {
    if (status < 200 || status > 299) {
      this.errors += 1;
      this.firstError ??= `${status} ${body().toString('utf8').slice(0, 400)}`;
    }
    if (!this.counting) return;
    this.taken.push(ms);
    if (this.sample !== null) return;
    const text = body().toString('utf8');
    this.sample = { bytes: Buffer.byteLength(text), entries: text.split('"resource":').length - 1 };
  }

  start(): void {
    this.counting = true;
    this.began = performance.now();
  }

  end(): Outcome {
    this.counting = false;
    const seconds = (performance.now() - this.began) / 1_000;
    const sorted = Float64Array.from(this.taken).sort();
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return {
      ...{ requests: sorted.length, seconds, p50: at(0.5), p95: at(0.95), p99: at(0.99) },
      ...{ errors: this.errors, firstError: this.firstError },
      ...(this.sample ?? { bytes: 0, entries: 0 }),
    };
  }
}

/** A connection that asks, reads the whole answer, and asks again until it is destroyed. */
function open(port: number, client: number, requests: Requests, tally: Tally): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let held: Buffer = Buffer.alloc(0);
    let sent = 0;
    const ask = (): void => {
      const request = requests(client);
      sent = performance.now();
      socket.write(request);
    };
    socket.setNoDelay(true);
    socket.once('connect', () => {
      resolve(socket);
      ask();
    });
    socket.on('error', reject);
    socket.on('close', () => {
      if (!socket.destroyed) tally.add(0, 0, () => Buffer.from('the connection was closed'));
    });
    socket.on('data', (chunk: Buffer) => {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const head = held.indexOf('\r\n\r\n');
      if (head < 0) return;
      const headers = held.toString('latin1', 0, head);
      const length = Number(/content-length: *(\d+)/i.exec(headers)?.[1] ?? Number.NaN);
      if (Number.isNaN(length)) throw new Error(`an answer without a length: ${headers}`);
      if (held.length < head + 4 + length) return;
      const whole = held;
      held = Buffer.alloc(0);
      tally.add(performance.now() - sent, Number(headers.slice(9, 12)), () => whole.subarray(head + 4));
      ask();
    });
  });
}

process.on('message', (job: Job) => {
  run(job).then(
    (outcome) => process.send?.({ event: 'done', outcome } satisfies Report),
    (error: Error) => process.send?.({ event: 'failed', why: error.stack ?? error.message } satisfies Report),
  );
});
process.on('disconnect', () => process.exit(0));
