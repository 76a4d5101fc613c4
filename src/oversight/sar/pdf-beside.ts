/** Runs `pdf-worker.ts` for one letter. */
import { Worker } from 'node:worker_threads';
import type { Letter } from './pdf.ts';

/** Longest time for one copy: a large record has thousands of entries. */
const MOST_MS = 120_000;

/** The bytes of the PDF, made in a thread of its own that ends with it. @throws Error when it cannot be made */
export function pdfBeside(letter: Letter): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./pdf-worker.ts', import.meta.url), { workerData: letter, env: {} });
    const timer = setTimeout(() => {
      void worker.terminate();
      reject(new Error('a copy took too long to make'));
    }, MOST_MS);
    worker.once('message', (bytes: Uint8Array) => resolve(Buffer.from(bytes)));
    worker.once('error', reject);
    worker.once('exit', (code) => {
      clearTimeout(timer);
      if (code !== 0) reject(new Error('a copy could not be made'));
    });
  });
}
