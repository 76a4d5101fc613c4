/** The audit trail's own machinery: its signing keys, checkpoints in one or two places, and the nightly proof. */
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { openKeys } from '../identity/keys.ts';
import { CHECKPOINT_FILE, type CheckpointBook, openCheckpointBook } from '../jobs/checkpoint-book.ts';
import { type ProofJob, startNightlyProof } from '../jobs/nightly-proof.ts';
import type { Log } from '../log.ts';
import type { Pool } from '../store/pool.ts';

/** Days a key signs checkpoints; its public half stays known for ever. */
const KEY_DAYS = 90;

/** The book of checkpoints in DATA_DIR and, when configured, in a second place. */
export function openBook(config: Pick<Config, 'dataDir' | 'checkpointCopy'>, clock: () => Date): CheckpointBook {
  const copy = config.checkpointCopy === undefined ? [] : [config.checkpointCopy];
  return openCheckpointBook({
    files: [join(config.dataDir, CHECKPOINT_FILE), ...copy],
    key: auditSigner(join(config.dataDir, 'keys', 'audit'), clock),
    clock,
  });
}

/** Keys of their own, so that nothing that can sign a token can sign a checkpoint; rotated when they are old. */
function auditSigner(folder: string, clock: () => Date) {
  const ring = openKeys({ folder, maxLife: 0 }, clock());
  return () => {
    const now = clock();
    const isOld = now.getTime() - ring.current(now).created.getTime() > KEY_DAYS * 86_400_000;
    const { kid, alg, privateKey, publicKey } = isOld ? ring.rotate(now) : ring.current(now);
    const { kty = '', crv = '', x = '', y = '' } = publicKey.export({ format: 'jwk' });
    return { kid, alg, privateKey, jwk: { kty, crv, x, y, kid, alg, use: 'sig' } };
  };
}

export interface ProofDeps {
  pool: Pool;
  keeper: CheckpointBook;
  clock: () => Date;
  log: Log;
}

/** The nightly proof; a trail that is not whole is logged with its record number. */
export function startProof(deps: ProofDeps): ProofJob {
  return startNightlyProof({
    ...deps,
    broken: async ({ firstBroken, faults }) => {
      deps.log.error('the audit trail is not whole', { record: firstBroken?.seq, faults: faults.length });
    },
  });
}
