/** Makes one PDF beside the requests: 300 entries take a second or more of a core, and nobody should wait for that. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Letter, pdfOf } from './pdf.ts';

const letter: Letter = workerData;
parentPort?.postMessage(await pdfOf(letter));
