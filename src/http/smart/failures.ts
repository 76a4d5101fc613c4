/** A brake on failed token requests, by client address, in the memory of one process. */

export interface FailureLimit {
  /** Seconds this address has to wait, or 0. */
  waitSeconds(address: string, now: Date): number;
  failed(address: string, now: Date): void;
}

interface Window {
  failures: number;
  /** Epoch milliseconds. */
  ends: number;
}

/** Most addresses remembered; the oldest is forgotten first. */
const MAX_ADDRESSES = 10_000;

/** Lets an address fail `most` times within `seconds`, counted from its first failure. */
export function failureLimit(most: number, seconds: number): FailureLimit {
  const windows = new Map<string, Window>();
  const open = (address: string, now: Date): Window | null => {
    const window = windows.get(address);
    if (window && window.ends > now.getTime()) return window;
    windows.delete(address);
    return null;
  };
  return {
    waitSeconds: (address, now) => {
      const window = open(address, now);
      return window && window.failures >= most ? Math.ceil((window.ends - now.getTime()) / 1000) : 0;
    },
    failed: (address, now) => {
      const window = open(address, now);
      if (window) window.failures += 1;
      else windows.set(address, { failures: 1, ends: now.getTime() + seconds * 1000 });
      if (windows.size <= MAX_ADDRESSES) return;
      const oldest = windows.keys().next();
      if (!oldest.done) windows.delete(oldest.value);
    },
  };
}
