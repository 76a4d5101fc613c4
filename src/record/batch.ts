/** What a Bundle request itself leaves in the audit trail; each entry of it leaves its own. */
import { entryOf } from './entry.ts';
import { audited } from './refusal.ts';
import type { Context, Door } from './types.ts';

/** Records that a batch was carried out; its entries are recorded one by one. */
export async function batchRecord(door: Door, context: Context, entries: number): Promise<void> {
  await door.audit.write({ ...entryOf(context, 'batch'), detail: `${entries} entries` });
}

/** Runs the reading of a Bundle; a malformed one is recorded before it is refused. */
export function failedBatch<T>(door: Door, context: Context, work: () => Promise<T>): Promise<T> {
  return audited(door, entryOf(context, 'batch'), work);
}
