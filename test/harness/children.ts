/** Child processes that speak in JSON lines. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Speaker {
  process: ChildProcess;
  /** The next JSON line on standard output. Rejects when the child ends first, with what it said on stderr. */
  next(): Promise<unknown>;
  /** Resolves when the child has ended. */
  ended: Promise<void>;
}

/** Starts a child in a process group of its own (so that a test can interrupt the group as a terminal does). */
export function startSpeaker(command: string, args: readonly string[]): Speaker {
  const child = spawn(command, [...args], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString('utf8');
  });
  const lines: AsyncIterator<string> = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise<void>((resolve, reject) => {
    child.once('close', () => resolve());
    child.once('error', reject);
  });
  const next = async (): Promise<unknown> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`The child ended without a word on stdout. ${complaints}`);
    return JSON.parse(value);
  };
  return { process: child, next, ended };
}
