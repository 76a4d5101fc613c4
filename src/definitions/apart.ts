/**
 * Work on definitions that may take long, in a thread of its own: compiling what clients posted, rules over very large
 * resources, terminology over very large value sets. Whoever waits for it waits; nobody else does. A task that does not
 * end is ended with its thread.
 */
import { Worker } from 'node:worker_threads';
import { refuse } from '../fhir/outcome.ts';
import type { ApartAnswer, ApartTask } from './apart-tasks.ts';
import type { SnapshotPlace } from './load.ts';
import type { Posted, PostedSections } from './posted/types.ts';
import type { TermAnswered, TermQuestion } from './terms/question.ts';
import type { Issue } from './types.ts';

export interface Apart {
  /** @throws Error when it does not end or breaks the thread */
  compile(posted: readonly Posted[]): Promise<PostedSections>;
  /** Null when it does not end. */
  validate(text: string, profiles: string[]): Promise<Issue[] | null>;
  /** Null when it does not end. */
  term(question: TermQuestion): Promise<TermAnswered | null>;
  /** Posted definitions that later tasks know. */
  use(sections: ReadonlyMap<string, string>): void;
  close(): Promise<void>;
}

/** Longest time for one task. */
const LONGEST_MS = 10_000;
/** Tasks that may wait; a client that sends more is told to come back. */
const MOST_WAITING = 16;
/** The thread ends after so long without work: it holds some 40 MB. */
const IDLE_MS = 60_000;

interface Waiting {
  task: ApartTask;
  resolve(answer: ApartAnswer | null): void;
}

/** Starts nothing until there is work. */
export function createApart(place: SnapshotPlace): Apart {
  const queue: Waiting[] = [];
  let sections: ReadonlyMap<string, string> = new Map();
  let worker: Worker | null = null;
  let current: Waiting | null = null;
  let timer: NodeJS.Timeout | undefined;

  const rest = (): void => {
    clearTimeout(timer);
    timer = setTimeout(stop, IDLE_MS).unref();
  };
  const stop = (): Promise<unknown> => {
    clearTimeout(timer);
    const ended = worker?.terminate();
    worker = null;
    return Promise.resolve(ended);
  };
  const settle = (answer: ApartAnswer | null): void => {
    const done = current;
    current = null;
    done?.resolve(answer);
    next();
  };
  const start = (): Worker => {
    const fresh = new Worker(new URL('./apart-worker.ts', import.meta.url), {
      workerData: { place, sections },
      resourceLimits: { maxOldGenerationSizeMb: 768 },
    });
    fresh.unref();
    fresh.on('message', (answer: ApartAnswer) => {
      if (worker === fresh) settle(answer);
    });
    fresh.on('error', () => {
      if (worker !== fresh) return;
      worker = null;
      settle(null);
    });
    return fresh;
  };
  const next = (): void => {
    if (current !== null) return;
    current = queue.shift() ?? null;
    if (current === null) {
      rest();
      return;
    }
    clearTimeout(timer);
    timer = setTimeout(() => {
      void stop();
      settle(null);
    }, LONGEST_MS);
    worker ??= start();
    worker.postMessage(current.task);
  };
  const run = (task: ApartTask): Promise<ApartAnswer | null> => {
    if (queue.length >= MOST_WAITING)
      throw refuse(503, 'transient', 'Too much of this kind is under way; try again later');
    return new Promise((resolve) => {
      queue.push({ task, resolve });
      next();
    });
  };
  return {
    compile: async (posted) => {
      const answer = await run({ kind: 'compile', posted });
      if (answer?.kind !== 'compile') throw new Error('compiling posted definitions did not end');
      return answer.made;
    },
    term: async (question) => {
      const answer = await run({ kind: 'term', question });
      return answer?.kind === 'term' ? answer.answered : null;
    },
    validate: async (text, profiles) => {
      const answer = await run({ kind: 'validate', text, profiles });
      return answer?.kind === 'validate' ? answer.issues : null;
    },
    use: (posted) => {
      sections = posted;
      worker?.postMessage({ kind: 'use', sections });
    },
    close: async () => {
      for (const one of queue.splice(0)) one.resolve(null);
      await stop();
      settle(null);
      clearTimeout(timer);
    },
  };
}
