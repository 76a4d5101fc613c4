/**
 * Patterns and expressions that somebody else wrote (authors of questionnaires and value sets, whoever sends one in
 * `contained`), run where they can be stopped: one that backtracks or repeats without end would hold the whole service.
 */
import { createContext, Script } from 'node:vm';

/** One piece of work, at most: fhirpath's first parse takes some 60 ms. Starting it where it can be stopped costs 0.3 ms. */
const ONE_MS = 150;
/** All of it in one answer. */
const ALL_MS = 200;

const sandbox: { work: () => void } = { work: () => undefined };
createContext(sandbox);
const script = new Script('work()');

/** Does a piece of work within what is left of the time; undefined when it threw, took too long, or no time is left. */
export type ForeignWork = <T>(work: () => T) => T | undefined;

/**
 * The time that all foreign work of one request has together: what this thread really spent on it, so that on a busy machine
 * what was cut off while it waited for a processor may be tried again. One piece is cut off by the clock.
 */
export function foreignWork(allMs = ALL_MS, oneMs = ONE_MS): ForeignWork {
  let left = allMs;
  return <T>(work: () => T): T | undefined => {
    const timeout = Math.floor(Math.min(oneMs, left));
    if (timeout < 1) return undefined;
    const result: { value?: T } = {};
    sandbox.work = () => {
      result.value = work();
    };
    const begun = spent();
    try {
      script.runInContext(sandbox, { timeout });
      return result.value;
    } catch {
      return undefined;
    } finally {
      left -= spent() - begun;
      sandbox.work = () => undefined;
    }
  };
}

/** Milliseconds of processor time of this thread. */
function spent(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/** What is made of texts that clients choose is kept for the latest of them only. */
export class Kept<T> {
  private readonly made = new Map<string, T>();
  private readonly most: number;

  constructor(most: number) {
    this.most = most;
  }

  /** Makes it the first time. */
  of(key: string, make: () => T): T {
    const known = this.made.get(key);
    if (known !== undefined) return known;
    const fresh = make();
    const oldest = this.made.keys().next().value;
    if (this.made.size >= this.most && oldest !== undefined) this.made.delete(oldest);
    this.made.set(key, fresh);
    return fresh;
  }
}
