/**
 * A process that uses the embedded database of a DATA_DIR, as the service does: prints its connection strings as one
 * JSON line, answers `SELECT 1` through them after every SIGINT, leaves on SIGTERM. Started by tests as a child.
 */

import { silentLog } from '../../src/log.ts';
import { ensureDatabase } from '../../src/store/embedded/ensure-database.ts';
import { withClient } from '../../src/store/embedded/roles.ts';

const dataDir = process.argv[2] ?? '';
const database = await ensureDatabase({ databaseUrl: undefined, serviceDatabaseUrl: undefined, dataDir }, silentLog);
const tell = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`);

process.on('SIGINT', async () => {
  const { rows } = await withClient(database.serviceUrl, (client) => client.query('select 1 as one'));
  tell({ afterInterrupt: rows[0] });
});
process.on('SIGTERM', async () => {
  await database.release();
  process.exit(0);
});
tell({ ownerUrl: database.ownerUrl, serviceUrl: database.serviceUrl });
