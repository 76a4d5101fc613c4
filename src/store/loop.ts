/** A background loop of this process: woken in memory, and by a timer so that it is correct without being woken. */

export interface Loop {
  /** Runs soon; wakes while it runs make it run once more. Never throws. */
  wake(): void;
  /** Lets the current run end and starts no other. */
  stop(): Promise<void>;
}

export interface LoopOptions {
  /** One run; true when there is more to do at once. */
  run: () => Promise<boolean>;
  /** Longest pause between two runs, milliseconds. */
  everyMs: number;
  /** Shortest pause between two runs that found nothing more to do: wakes within it share one run. Default 0. */
  debounceMs?: number;
  /** A failed run; the loop goes on after `everyMs`. */
  onError: (error: unknown) => void;
}

/** Starts a loop. One run at a time; a run that throws is reported and the timer tries again. */
export function startLoop(options: LoopOptions): Loop {
  const { everyMs, debounceMs = 0 } = options;
  let stopped = false;
  let running: Promise<void> | null = null;
  let woken = false;
  let lastEnd = 0;
  let timer: NodeJS.Timeout | null = null;

  const schedule = (delay: number): void => {
    if (timer) clearTimeout(timer);
    timer = setTimeout(start, delay);
  };
  const turns = async (): Promise<void> => {
    let more = true;
    while (more && !stopped) {
      woken = false;
      more = await options.run();
    }
  };
  const start = (): void => {
    timer = null;
    if (running || stopped) return;
    running = turns()
      .catch(options.onError)
      .then(() => {
        running = null;
        lastEnd = Date.now();
        if (!stopped) schedule(woken ? debounceMs : everyMs);
      });
  };
  schedule(0);

  return {
    wake: () => {
      if (stopped || woken) return;
      woken = true;
      if (!running) schedule(Math.max(0, lastEnd + debounceMs - Date.now()));
    },
    stop: async () => {
      stopped = true;
      if (timer) clearTimeout(timer);
      await running;
    },
  };
}
