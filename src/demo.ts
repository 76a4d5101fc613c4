/** Demo identities and their seed; nothing of this file runs in production. */
import type { App } from './app.ts';
import type { Config } from './config/types.ts';
import { DEMO_IDENTITIES } from './identity/identities.ts';
import type { Log } from './log.ts';
import { createStanding } from './record/standing.ts';
import type { Caller } from './record/types.ts';
import { registerClient } from './store/identity.ts';
import { openPool } from './store/pool.ts';

export interface DemoOptions {
  app: Pick<App, 'door' | 'base'>;
  config: Pick<Config, 'mode' | 'seed'>;
  ownerUrl: string;
  log: Log;
  /** What is being waited for, in words, for /health/ready. */
  progress?(words: string): void;
}

/**
 * Registers the demo's system clients and loads directory and seed as the steward. Quick when all is there. The steward
 * exists in demo mode only, so training has its identities but no seed of its own here.
 */
export async function prepareDemo(options: DemoOptions): Promise<void> {
  await registerClients(options.ownerUrl);
  if (options.config.mode === 'demo') await loadSeed(options);
}

async function registerClients(ownerUrl: string): Promise<void> {
  const pool = openPool(ownerUrl, 1);
  try {
    const known = await pool.query<{ client_id: string }>('select client_id from client');
    const registered = new Set(known.rows.map((row) => row.client_id));
    for (const one of DEMO_IDENTITIES.values()) {
      // Registering again would end every cached standing for nothing.
      if (one.kind !== 'system' || one.org === null || registered.has(one.clientId)) continue;
      await registerClient(pool, {
        clientId: one.clientId,
        name: one.name,
        org: one.org,
        scopes: [...one.scopes],
        introspects: false,
        ended: null,
        keys: [],
      });
    }
  } finally {
    await pool.end();
  }
}

async function loadSeed({ app, config, log, progress }: DemoOptions): Promise<void> {
  const started = Date.now();
  const { load, progressOf } = await import('../seed/load.ts');
  const loading = {
    door: app.door,
    standing: createStanding({ pool: app.door.pool, mode: config.mode }),
    caller: steward(app.base),
    progress: (words: string): void => {
      progress?.(words);
      log.debug('seed', { words });
    },
  };
  const wanted = config.seed === 'none' ? 'directory' : 'complete';
  const before = await progressOf(loading);
  if (before?.stage === 'complete' || before?.stage === wanted) return;
  const { directory, families } = await import('../seed/index.ts');
  await load(loading, { directory, families: wanted === 'complete' ? families : null }, before);
  log.info('the seed is in', { stage: wanted, seconds: (Date.now() - started) / 1000 });
}

/** The steward as the token command would have her; her requests are recorded as her own. */
function steward(base: string): Caller {
  const identity = DEMO_IDENTITIES.get('steward');
  if (identity === undefined) throw new Error('the demo identities have no steward');
  return {
    issuer: base.slice(0, -'/fhir/R4'.length),
    subject: identity.subject,
    clientId: identity.clientId,
    jti: 'seed',
    scopes: identity.scopes,
    fhirUser: null,
    org: identity.org,
    patient: null,
  };
}
