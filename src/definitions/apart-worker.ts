/** The thread of `apart.ts`: opens the same snapshot and does one task after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ApartAnswer, ApartData, ApartTask } from './apart-tasks.ts';
import { definitionsAt } from './load.ts';

const { place, sections }: ApartData = workerData;
const base = definitionsAt(place);
let definitions = base.withPosted(sections);

function answerTo(task: Exclude<ApartTask, { kind: 'use' }>): ApartAnswer {
  if (task.kind === 'compile') return { kind: 'compile', made: base.compilePosted(task.posted) };
  return { kind: 'validate', issues: definitions.validate(task.resource, task.options) };
}

parentPort?.on('message', (task: ApartTask) => {
  if (task.kind === 'use') definitions = base.withPosted(task.sections);
  else parentPort?.postMessage(answerTo(task));
});
