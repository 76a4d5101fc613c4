/**
 * Turns on a bulkhead: one caller who asks for much at once waits for her own answers, and others do not wait for her.
 * Of the six connections of each kind of broad statements, each held for up to 8 s, one caller has four.
 */
import { Outcome } from '../fhir/outcome.ts';

/** Runs work when its caller has a place. @throws Outcome 503 when she has too much waiting, or for too long */
export type Turns = <T>(caller: string, work: () => Promise<T>) => Promise<T>;

export interface TurnLimits {
  /** Under way at once for one caller. */
  places: number;
  /** Waiting at once for one caller. */
  waiting: number;
  /** Milliseconds until one that waits is told to come back. */
  patience: number;
}

/** Waiting costs a request's memory and no connection: 256 clients of one system are no flood. */
const BROAD: TurnLimits = { places: 4, waiting: 2_000, patience: 15_000 };

interface Line {
  busy: number;
  waiting: Set<() => void>;
}

export function createTurns(limits: TurnLimits): Turns {
  const lines = new Map<string, Line>();
  return async (caller, work) => {
    const line = lines.get(caller) ?? { busy: 0, waiting: new Set() };
    lines.set(caller, line);
    if (line.busy >= limits.places) await place(line, limits);
    else line.busy += 1;
    try {
      return await work();
    } finally {
      const [next] = line.waiting;
      // The place goes over as it is, so that nobody new takes it first.
      if (next !== undefined) next();
      else {
        line.busy -= 1;
        if (line.busy === 0) lines.delete(caller);
      }
    }
  };
}

function place(line: Line, { waiting, patience }: TurnLimits): Promise<void> {
  if (line.waiting.size >= waiting) throw tooBusy();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      line.waiting.delete(called);
      reject(tooBusy());
    }, patience);
    const called = (): void => {
      clearTimeout(timer);
      line.waiting.delete(called);
      resolve();
    };
    line.waiting.add(called);
  });
}

const broad = createTurns(BROAD);

/** A broad statement in its caller's turn; without a caller (the service's own) at once. */
export const inTurn = <T>(caller: string | undefined, work: () => Promise<T>): Promise<T> =>
  caller === undefined ? work() : broad(caller, work);

/** What the driver throws when all connections of a pool stay taken. */
export function isWithoutConnection(error: unknown): boolean {
  return error instanceof Error && error.message === 'timeout exceeded when trying to connect';
}

/** The answer when there is no place. */
export function tooBusy(): Outcome {
  const diagnostics =
    'Too many broad searches are under way; nothing was done, try again shortly, or narrow the search';
  return new Outcome(503, [{ severity: 'error', code: 'transient', diagnostics }], { 'Retry-After': '5' });
}
