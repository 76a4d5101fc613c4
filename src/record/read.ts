/** read: find, decide, minimise, record, answer (R4 http.html#read). */
import type { AuditEntry } from '../audit/types.ts';
import { refuse } from '../fhir/outcome.ts';
import { decide } from '../governance/decide.ts';
import { gate } from '../governance/gates.ts';
import { readCurrent } from '../store/reads.ts';
import type { DecidableRow } from '../store/rows.ts';
import { ask, reach, show } from './decide.ts';
import { entryOf, withDecision, withRows } from './entry.ts';
import { mayReadHistory, withoutHiddenMembers } from './family-group.ts';
import { audited, checkGeneration, notFound, refused } from './refusal.ts';
import { shippedRow } from './shipped.ts';
import type { Context, Door, Shown } from './types.ts';

/**
 * The current version, as this principal may see it.
 * @throws Outcome 404 unknown or concealed, 403 with the way in, 410 deleted (only to those who could see it), 503
 */
export function read(door: Door, context: Context, type: string, id: string): Promise<Shown> {
  const entry: AuditEntry = { ...entryOf(context, 'read'), entities: [`${type}/${id}`] };
  return audited(door, entry, async () => {
    const closed = gate(context.principal, ask(door, context, 'read', type));
    if (closed !== null) throw await refused(door, entry, closed);
    const shipped = shippedRow(door, type, id);
    if (shipped !== null) {
      await door.audit.write(withRows(entry, [shipped]));
      return show(shipped, []);
    }
    const { found, generation } = await readCurrent(door.pool, type, id, reach(context));
    checkGeneration(context, generation);
    return showFound(door, context, found, entry);
  });
}

/** Decides one found row (or none), records the access, and gives the text to show. Shared by read and vread. */
export async function showFound(
  door: Door,
  context: Context,
  found: DecidableRow | null,
  entry: AuditEntry,
): Promise<Shown> {
  if (found === null) throw await notFound(door, entry);
  const asked = ask(door, context, entry.interaction === 'vread' ? 'vread' : 'read', found.row.type);
  const decision = decide(context.principal, asked, { ...found, now: context.now });
  const seen = withDecision(withRows(entry, [found.row]), decision);
  if (!decision.permit) throw await refused(door, seen, decision);
  if (entry.interaction === 'vread' && !mayReadHistory(context, found.row)) throw await notFound(door, seen);
  if (found.row.deleted) throw refuse(410, 'deleted', 'This resource was deleted; its history is kept');
  const [shown] = await withoutHiddenMembers(door, context, [show(found.row, decision.masks)]);
  if (shown === undefined) throw new Error('one row went in and none came out');
  await door.audit.write(seen);
  return shown;
}
