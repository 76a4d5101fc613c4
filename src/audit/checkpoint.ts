/**
 * Checkpoints: known ends of the chain (number and hash), signed, one a line. Kept in a second place, they show a tail
 * that was cut off and a chain that was made anew (domain.md 6.5). Lines of the first version have no signature.
 */
import { isObject } from '../fhir/resource.ts';
import type { JsonObject } from '../fhir/types.ts';
import { type PublicKeys, readStatement, type StatementKey, signStatement } from './jws.ts';

export interface Checkpoint {
  seq: number;
  /** Hex of the chain hash at `seq`. */
  hash: string;
  /** ISO UTC. */
  at: string;
}

export interface CheckpointFile {
  /** Oldest first. */
  marks: Checkpoint[];
  /** How many of them are signed. */
  signed: number;
  /** Lines that are not to be believed, in words. */
  faults: string[];
}

/** The line of a checkpoint, without its line feed. */
export function checkpointLine({ seq, hash, at }: Checkpoint, key: StatementKey): string {
  return signStatement('audit-checkpoint', { seq, hash, at }, key);
}

/**
 * Reads a checkpoint file. A last line without its line feed was cut short by a crash and is left out; any other line
 * that cannot be read, or is not signed by a known key after the first signed one, is a fault.
 */
export function readCheckpointFile(text: string, keys: PublicKeys): CheckpointFile {
  const file: CheckpointFile = { marks: [], signed: 0, faults: [] };
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  for (const [i, line] of whole.split('\n').entries()) {
    if (line === '') continue;
    const unsigned = line.startsWith('{') && file.signed === 0;
    const read = unsigned ? parsed(line) : readStatement('audit-checkpoint', line, keys);
    const mark = typeof read === 'string' ? null : checkpointIn(read);
    if (mark === null) {
      file.faults.push(`line ${i + 1} ${typeof read === 'string' ? read : 'is not a checkpoint'}`);
      continue;
    }
    file.marks.push(mark);
    if (!unsigned) file.signed += 1;
  }
  return file;
}

function checkpointIn({ seq, hash, at }: JsonObject): Checkpoint | null {
  const fits = typeof seq === 'number' && Number.isSafeInteger(seq) && seq > 0;
  return fits && typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash) && typeof at === 'string'
    ? { seq, hash, at }
    : null;
}

function parsed(line: string): JsonObject {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
