/** One measurement: the load process asks, this process reads what the service and its PostgreSQL spent meanwhile. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Job, Outcome, Report } from './load.ts';
import type { Floor, Operation } from './operations.ts';
import type { RoleName, Running, Site } from './site.ts';

export interface Measurement extends Outcome {
  /** Site name. */
  store: string;
  /** A floor by its number, or an operation of the service. */
  what: Floor | Operation;
  /** Null for the floor. */
  role: RoleName | null;
  clients: number;
  round: number;
  perSecond: number;
  /** CPU milliseconds per request. */
  cpuNode: number;
  cpuPostgres: number;
  /** MB of the process under load. */
  memory: number;
}

export interface Loader {
  run(
    job: Job,
    running: Running,
  ): Promise<Pick<Measurement, keyof Outcome | 'perSecond' | 'cpuNode' | 'cpuPostgres' | 'memory'>>;
  stop(): void;
}

/** Starts the load process. */
export function startLoader(): Loader {
  const child = fork(fileURLToPath(new URL('load.ts', import.meta.url)), { execPath: process.execPath });
  const next = async (): Promise<Report> => {
    const [report]: Report[] = await once(child, 'message');
    if (report === undefined || report.event === 'failed') throw new Error(`the load failed: ${report?.why}`);
    return report;
  };
  return {
    run: async (job, running) => {
      child.send(job);
      await next();
      const before = running.tree.cpu();
      const report = await next();
      const after = running.tree.cpu();
      if (report.event !== 'done') throw new Error('the load reports out of order');
      const { outcome } = report;
      const each = Math.max(1, outcome.requests);
      return {
        ...outcome,
        perSecond: outcome.requests / outcome.seconds,
        cpuNode: (after.node - before.node) / each,
        cpuPostgres: (after.postgres - before.postgres) / each,
        memory: running.tree.memory(),
      };
    },
    stop: () => child.disconnect(),
  };
}

/** A site that is up: its service, its floor, the tokens of the identities. */
export interface Live {
  site: Site;
  service: Running;
  floor: Running;
  tokens: Readonly<Record<RoleName, string>>;
}

export interface Pace {
  warmMs: number;
  measureMs: number;
  today: string;
}

let turn = 0;

/** Measures one thing once. */
export async function measure(
  loader: Loader,
  live: Live,
  target: Job['target'],
  at: { clients: number; round: number; pace: Pace },
): Promise<Measurement> {
  turn += 1;
  const role = target.kind === 'service' ? target.role : null;
  const running = target.kind === 'service' ? live.service : live.floor;
  const job: Job = {
    ...{ target, turn, clients: at.clients, ...at.pace },
    port: running.port,
    token: live.tokens[role ?? 'hv-system'],
    manifest: live.site.manifest,
  };
  const what = target.kind === 'service' ? target.operation : target.floor;
  const { clients, round } = at;
  return { ...(await loader.run(job, running)), store: live.site.name, what, role, clients, round };
}
