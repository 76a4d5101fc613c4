/** Whose open work is asked for: a role that the directory knows, and by whom it may be asked at all. */
import { refuse } from '../fhir/outcome.ts';
import { entryOf } from '../record/entry.ts';
import { audited, notFound, unknown } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { rolesByReference } from '../store/models/roles.ts';

/** @throws Outcome 404 nobody here, 403 callers who are no staff */
export function leaverOf(
  door: Door,
  context: Context,
  role: string,
): Promise<{ role: string; practitioner: string | null; name: string | null; service: string | null }> {
  const entry = { ...entryOf(context, 'operation'), detail: '$open-work', entities: [role] };
  return audited(door, entry, async () => {
    if (context.principal.kind === 'family') throw unknown();
    if (context.principal.kind !== 'staff')
      throw refuse(403, 'forbidden', 'Staff hand on what colleagues leave open (R-05)');
    const [found] = await rolesByReference(door.pool, [role]);
    if (found === undefined) throw await notFound(door, entry);
    await door.audit.write(entry);
    return found;
  });
}
