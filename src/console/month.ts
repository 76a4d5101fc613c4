/** A month as people type it: `2026-11`. */
import { londonDate } from '../fhir/london.ts';

/** The month, or null when it is none or has not begun in London. */
export function monthIn(typed: string, now: Date): string | null {
  const month = typed.trim();
  return /^20\d\d-(0[1-9]|1[0-2])$/.test(month) && month <= londonDate(now).slice(0, 7) ? month : null;
}
