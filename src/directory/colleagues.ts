/** The active roles of a service, to choose from. Names of staff are open to staff (5.3), and the look is recorded. */
import { refuse } from '../fhir/outcome.ts';
import { cellOf } from '../governance/role-views.ts';
import { entryOf } from '../record/entry.ts';
import { audited } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { type RoleLine, rolesOfService } from '../store/models/roles.ts';

export function colleaguesOf(door: Door, context: Context, service: string): Promise<RoleLine[]> {
  const entry = { ...entryOf(context, 'search-type'), detail: 'colleagues', entities: ['PractitionerRole', service] };
  return audited(door, entry, async () => {
    if (context.principal.kind !== 'staff' || cellOf(context.principal.role, 'directory').view !== 'full')
      throw refuse(403, 'forbidden', 'The directory is for staff (R-05)');
    const now = context.now.toISOString();
    const all = await rolesOfService(door.pool, service);
    await door.audit.write(entry);
    return all.filter(
      ({ active, from, until }) => active && (from === null || from <= now) && (until === null || now < until),
    );
  });
}
