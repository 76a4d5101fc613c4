/** The thread of `apart.ts`: opens the same snapshot and does one task after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { parseJson } from '../fhir/json.ts';
import { asResource } from '../fhir/resource.ts';
import type { ApartAnswer, ApartData, ApartTask } from './apart-tasks.ts';
import { definitionsAt } from './load.ts';
import { answered } from './terms/question.ts';
import { MOST_STEPS } from './terms/source.ts';

/** For the constraints of others: whoever sent so large a resource waits here, nobody else. */
const PATIENCE_MS = 3_000;

const { place, sections }: ApartData = workerData;
const base = definitionsAt(place);
let definitions = base.withPosted(sections);

function answerTo(task: Exclude<ApartTask, { kind: 'use' }>): ApartAnswer {
  if (task.kind === 'compile') return { kind: 'compile', made: base.compilePosted(task.posted) };
  if (task.kind === 'term') return { kind: 'term', answered: answered(definitions.terms, task.question, MOST_STEPS) };
  const { root, numbers } = parseJson(Buffer.from(task.text));
  const { profiles } = task;
  return {
    kind: 'validate',
    issues: definitions.validate(asResource(root), { profiles, numbers, patience: PATIENCE_MS }),
  };
}

parentPort?.on('message', (task: ApartTask) => {
  if (task.kind === 'use') definitions = base.withPosted(task.sections);
  else parentPort?.postMessage(answerTo(task));
});
