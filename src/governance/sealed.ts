/**
 * a woman whose own record is V is V in all of it. That follows from her record as it is now, never from what
 * was stamped on a row when it was written: old rows close with it, and open again when the label is taken away.
 */
import { consentFor } from './compose.ts';
import type { RowRule } from './rule-types.ts';

/** Somebody the row is about has a record that is for named persons alone. */
export function isSealed(): RowRule {
  return consentFor('sealed', []);
}
