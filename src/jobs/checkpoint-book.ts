/**
 * The checkpoints of the chain in one or more places, each a file of signed lines beside a file of the public keys that
 * signed them (`.keys`, one JWK a line). Both only ever grow: a place on a medium that nobody here can shorten shows a
 * trail that was cut off or made anew. Keys that are rotated out stay known, so that old checkpoints stay provable.
 */
import { appendFile, open, readFile } from 'node:fs/promises';
import { type Checkpoint, checkpointLine, readCheckpointFile } from '../audit/checkpoint.ts';
import { jwkIn, publicKeysOf, type StatementKey, signStatement } from '../audit/jws.ts';
import type { JsonObject } from '../fhir/types.ts';

/** File in DATA_DIR. */
export const CHECKPOINT_FILE = 'audit-checkpoints.jsonl';

export interface KnownEnds {
  marks: Checkpoint[];
  signed: number;
  /** What in the files is not to be believed; anything here means that a place was tampered with or is damaged. */
  faults: string[];
}

export interface CheckpointBook {
  /** Signs the end of the chain and keeps it in every place. @throws Error naming the places that failed, after trying all */
  append(head: { seq: number; hash: string }): Promise<void>;
  read(): Promise<KnownEnds>;
  /** A signed statement about the trail, for a report. */
  sign(report: JsonObject): Promise<string>;
  /** The same over the notice of an alert. */
  signNotice(notice: JsonObject): Promise<string>;
  /** RFC 7517 set of every key that has signed, with the one that signs now. */
  jwks(): Promise<{ keys: JsonObject[] }>;
}

export interface BookOptions {
  /** Absolute paths; the first is ours, others are copies. */
  files: readonly string[];
  /** The key that signs now, and its public JWK. */
  key: () => StatementKey & { jwk: JsonObject };
  clock: () => Date;
}

export function openCheckpointBook({ files, key, clock }: BookOptions): CheckpointBook {
  const known = async (): Promise<StatementKey> => {
    const { jwk, ...signer } = key();
    for (const file of files) {
      const lines = await textOf(keysOf(file));
      if (!publicKeysOf(lines).has(signer.kid)) await appendLine(keysOf(file), JSON.stringify(jwk));
    }
    return signer;
  };
  return {
    append: async (head) => {
      const line = checkpointLine({ ...head, at: clock().toISOString() }, await known());
      const failed: string[] = [];
      for (const file of files) await appendLine(file, line).catch(() => failed.push(file));
      if (failed.length > 0) throw new Error(`the checkpoint could not be kept in ${failed.length} of its places`);
    },
    read: () => readCheckpoints(files),
    sign: async (report) => signStatement('audit-report', report, await known()),
    signNotice: async (notice) => signStatement('alert-notice', notice, await known()),
    jwks: async () => {
      await known();
      const lines = files[0] === undefined ? '' : await textOf(keysOf(files[0]));
      return {
        keys: lines
          .split('\n')
          .map(jwkIn)
          .filter((jwk) => jwk !== null),
      };
    },
  };
}

/** Everything the places know, each read with its own keys. A place that does not exist yet knows nothing. */
export async function readCheckpoints(files: readonly string[]): Promise<KnownEnds> {
  const all: KnownEnds = { marks: [], signed: 0, faults: [] };
  for (const [i, file] of files.entries()) {
    const { marks, signed, faults } = readCheckpointFile(await textOf(file), publicKeysOf(await textOf(keysOf(file))));
    all.marks.push(...marks);
    all.signed += signed;
    all.faults.push(...faults.map((fault) => `checkpoint file ${i + 1}: ${fault}`));
  }
  return all;
}

function keysOf(file: string): string {
  return `${file}.keys`;
}

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
}

/** Appends in one write and waits until it is on the disk; what a crash left of a line before is cut off first. */
async function appendLine(file: string, line: string): Promise<void> {
  const text = await textOf(file);
  const whole = text.lastIndexOf('\n') + 1;
  if (whole < text.length) {
    const handle = await open(file, 'r+');
    await handle.truncate(Buffer.byteLength(text.slice(0, whole))).finally(() => handle.close());
  }
  await appendFile(file, `${line}\n`, { mode: 0o600, flush: true });
}
