/**
 * Where checkpoints are kept: our own file, and copies that somebody here cannot shorten. A place takes signed lines and
 * the public keys that signed them; what can be read back is compared with the trail each night.
 */
import { appendFile, open, readFile } from 'node:fs/promises';
import type { Checkpoint } from '../audit/checkpoint.ts';

export interface CheckpointPlace {
  /** In words, for logs and faults: no secret, no address with one. */
  name: string;
  /** Keeps a public JWK, once; called before the first line that it signed. */
  keepKey(kid: string, jwk: string): Promise<void>;
  append(mark: Checkpoint, line: string): Promise<void>;
  /** Lines and keys it holds, each ended by a line feed; null where nothing can be read back (syslog). */
  read(): Promise<{ lines: string; keys: string } | null>;
}

/** A file of lines beside a file of the keys (`.keys`, one JWK a line). Both only ever grow. */
export function filePlace(file: string): CheckpointPlace {
  const keys = `${file}.keys`;
  return {
    name: `file ${file}`,
    keepKey: async (_kid, jwk) => {
      if (!(await textOf(keys)).includes(`${jwk}\n`)) await appendLine(keys, jwk);
    },
    append: (_mark, line) => appendLine(file, line),
    read: async () => ({ lines: await textOf(file), keys: await textOf(keys) }),
  };
}

/** A place that does not exist yet knows nothing. */
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
