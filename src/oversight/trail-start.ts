/**
 * Where the proof of the trail begins: at its first record, or after the segments that were removed with a
 * certificate. Each certificate must be signed by a key of ours, say what its row says, follow the one before, and end at
 * a checkpoint that was signed while the segment was there. Anything else is a removal without certificate.
 */
import type { Checkpoint } from '../audit/checkpoint.ts';
import { type PublicKeys, readStatement } from '../audit/jws.ts';
import { type Removed, removals } from '../store/models/trail-removals.ts';
import type { Pool } from '../store/pool.ts';
import { type Verification, type VerifyOptions, verifyAudit } from '../store/verify.ts';

export interface KnownTrail {
  marks: readonly Checkpoint[];
  /** Public keys of every place; without them no certificate is believed. */
  keys?: PublicKeys;
}

export type TrailStart = { start: Removed | null } | { broken: { seq: number; why: string } };

/** The place after the last certified removal, or the first removal that is not to be believed. */
export async function trailStart(pool: Pool, { marks, keys = new Map() }: KnownTrail): Promise<TrailStart> {
  let start: Removed | null = null;
  for (const one of await removals(pool)) {
    const expected = (start?.to ?? 0) + 1;
    const why = one.from === expected ? faultOf(one, marks, keys) : `records ${expected} to ${one.from - 1} are gone`;
    if (why !== null) return { broken: { seq: Math.min(expected, one.from), why } };
    start = one;
  }
  return { start };
}

function faultOf(
  one: Removed & { certificate: string },
  marks: readonly Checkpoint[],
  keys: PublicKeys,
): string | null {
  const segment = `records ${one.from} to ${one.to} were removed, and the certificate`;
  const said = readStatement('trail-removal', one.certificate, keys);
  if (typeof said === 'string') return `${segment} ${said}`;
  const fits =
    said.from === one.from &&
    said.to === one.to &&
    said.xid === one.xid &&
    said.id === one.id &&
    said.hash === one.hash;
  if (!fits) return `${segment} is of something else`;
  const known = marks.some(({ seq, hash }) => seq === one.to && hash === one.hash);
  return known ? null : `${segment} ends at no signed checkpoint`;
}

/** Proves the trail from where it begins; a removal that is not to be believed is what is broken. */
export async function verifyFrom(pool: Pool, begins: TrailStart, options: VerifyOptions): Promise<Verification> {
  if ('broken' in begins) return { ok: false, rows: 0, unsealed: 0, head: '', firstBroken: begins.broken };
  return verifyAudit(pool, begins.start === null ? options : { ...options, start: begins.start });
}
