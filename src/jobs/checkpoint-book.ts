/**
 * The checkpoints of the chain in one or more places, each signed lines beside the public keys that signed them. They only
 * ever grow: a place that nobody here can shorten shows a trail that was cut off or made anew. Keys that are rotated out
 * stay known, so that old checkpoints stay provable.
 */
import { type Checkpoint, checkpointLine, readCheckpointFile } from '../audit/checkpoint.ts';
import {
  jwkIn,
  type PublicKeys,
  publicKeysOf,
  type StatementKey,
  type StatementKind,
  signStatement,
} from '../audit/jws.ts';
import type { JsonObject } from '../fhir/types.ts';
import type { CheckpointPlace } from './checkpoint-places.ts';

/** File in DATA_DIR. */
export const CHECKPOINT_FILE = 'audit-checkpoints.jsonl';

export interface KnownEnds {
  marks: Checkpoint[];
  signed: number;
  /** What in the files is not to be believed; anything here means that a place was tampered with or is damaged. */
  faults: string[];
  /** Public keys of all places. */
  keys?: PublicKeys;
}

export interface CheckpointBook {
  /** Signs the end of the chain and keeps it in every place. @throws Error naming the places that failed, after trying all */
  append(head: { seq: number; hash: string }): Promise<void>;
  read(): Promise<KnownEnds>;
  /** A signed statement about the trail, for a report. */
  sign(report: JsonObject): Promise<string>;
  /** The same over the notice of an alert. */
  signNotice(notice: JsonObject): Promise<string>;
  /** A certificate of what was removed for good. */
  certify(
    kind: Extract<StatementKind, 'trail-removal' | 'destruction-certificate' | 'retention-schedule'>,
    statement: JsonObject,
  ): Promise<string>;
  /** RFC 7517 set of every key that has signed, with the one that signs now. */
  jwks(): Promise<{ keys: JsonObject[] }>;
}

export interface BookOptions {
  /** The first is ours, others are copies. */
  places: readonly CheckpointPlace[];
  /** The key that signs now, and its public JWK. */
  key: () => StatementKey & { jwk: JsonObject };
  clock: () => Date;
}

export function openCheckpointBook({ places, key, clock }: BookOptions): CheckpointBook {
  const signer = async (): Promise<StatementKey> => {
    const { jwk, ...one } = key();
    await places[0]?.keepKey(one.kid, JSON.stringify(jwk));
    return one;
  };
  return {
    append: async (head) => {
      const mark = { ...head, at: clock().toISOString() };
      const line = checkpointLine(mark, await signer());
      const { kid, jwk } = key();
      const failed: string[] = [];
      for (const place of places) {
        await place
          .keepKey(kid, JSON.stringify(jwk))
          .then(() => place.append(mark, line))
          .catch(() => failed.push(place.name));
      }
      if (failed.length > 0) throw new Error(`the checkpoint could not be kept in: ${failed.join(', ')}`);
    },
    read: () => readCheckpoints(places),
    sign: async (report) => signStatement('audit-report', report, await signer()),
    signNotice: async (notice) => signStatement('alert-notice', notice, await signer()),
    certify: async (kind, statement) => signStatement(kind, statement, await signer()),
    jwks: async () => {
      await signer();
      const own = await places[0]?.read();
      const lines = (own?.keys ?? '').split('\n');
      return { keys: lines.map(jwkIn).filter((jwk) => jwk !== null) };
    },
  };
}

/**
 * Everything the places know, each read with its own keys. One that cannot be read is a fault: what it would show is not
 * known. One that gives nothing back (syslog) is passed by.
 */
export async function readCheckpoints(places: readonly CheckpointPlace[]): Promise<KnownEnds> {
  const all: KnownEnds = { marks: [], signed: 0, faults: [] };
  let keys: PublicKeys = new Map();
  for (const place of places) {
    const held = await place.read().catch(() => 'unreadable' as const);
    if (held === 'unreadable') all.faults.push(`${place.name} could not be read`);
    if (held === null || held === 'unreadable') continue;
    const own = publicKeysOf(held.keys);
    keys = new Map([...keys, ...own]);
    const { marks, signed, faults } = readCheckpointFile(held.lines, own);
    all.marks.push(...marks);
    all.signed += signed;
    all.faults.push(...faults.map((fault) => `${place.name}: ${fault}`));
  }
  return { ...all, keys };
}
