/** Demo identities and their seed; nothing of this file runs in production. */
import type { App } from './app.ts';
import type { Config } from './config.ts';
import { DEMO_IDENTITIES } from './identity/identities.ts';
import type { Log } from './log.ts';
import { registerClient } from './store/identity.ts';
import { openPool } from './store/pool.ts';

export async function prepareDemo(options: { app: App; config: Config; ownerUrl: string; log: Log }): Promise<void> {
  const pool = openPool(options.ownerUrl, 1);
  try {
    for (const one of DEMO_IDENTITIES.values()) {
      if (one.kind !== 'system' || one.org === null) continue;
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
