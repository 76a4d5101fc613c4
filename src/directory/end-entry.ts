/** Ending one entry of the directory at once, by one person: it only narrows. */
import { auditColumns } from '../audit/entry.ts';
import { refuse } from '../fhir/outcome.ts';
import { isKeeper, requireKeeper } from '../oversight/proposals.ts';
import { parseStored } from '../record/decide.ts';
import { entryOf } from '../record/entry.ts';
import { CONFIRMED } from '../record/prepare.ts';
import { audited, notFound } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { directoryByReference } from '../store/models/directory.ts';
import { openedBy } from '../store/models/leavers.ts';
import { rolesOf } from '../store/models/roles.ts';
import { inTransaction } from '../store/transaction.ts';
import { writeRows } from '../store/write.ts';
import { applyChanges } from './apply.ts';
import { isLive } from './differences.ts';
import { endedNow } from './end-missing.ts';
import { endRole, type Left } from './leave.ts';

const NOTHING: Left = { memberships: 0, duty: 0, contacts: 0, grants: 0, keys: 0, proposals: 0, named: 0, cases: 0 };

/**
 * A person leaves with all her roles: first herself, so that nothing is open while the rest is ended. A time of the duty
 * list is taken back by an admin of the team's service, as she wrote it.
 * @throws Outcome 403, 404, 422 when it has ended or nobody would be left who keeps the directory
 */
export async function endEntry(door: Door, context: Context, reference: string, reason: string): Promise<Left> {
  const [type = ''] = reference.split('/');
  if (type === 'PractitionerRole') return endRole(door, context, reference, reason);
  const roles = type === 'Practitioner' ? (await rolesOf(door.pool, reference)).filter(({ active }) => active) : [];
  // Counted first: they end with the person.
  const opened = await openedBy(
    door.pool,
    roles.map(({ role }) => role),
    context.now,
  );
  await endOne(door, context, reference, reason);
  const left = { ...NOTHING, ...opened };
  for (const { role } of roles) {
    // The directory has moved with each of them.
    const ended = await endRole(door, await renewed(door, context), role, reason);
    for (const name of ['memberships', 'duty', 'contacts'] as const) left[name] += ended[name];
  }
  return left;
}

/** The same caller at the directory's present generation, which each ending moves; what is left to do only narrows. */
async function renewed(door: Door, context: Context): Promise<Context> {
  const { rows } = await door.pool.query<{ value: number }>('select value from generation');
  return { ...context, generation: rows[0]?.value ?? context.generation };
}

function endOne(door: Door, context: Context, reference: string, reason: string): Promise<void> {
  const detail = `end entry; reason: ${reason.slice(0, 300)}`;
  const entry = { ...entryOf(context, 'operation'), detail, rules: ['R-08', 'R-27'], entities: [reference] };
  return audited(door, entry, async () => {
    const isDuty = reference.startsWith('Slot/');
    if (!isDuty) requireKeeper(context);
    if (reason.trim().length < 5) throw refuse(400, 'required', 'Say why, in five characters or more: reason');
    const [stored] = await directoryByReference(door.pool, [reference]);
    if (stored === undefined) throw await notFound(door, entry);
    const { resource } = parseStored(stored.body);
    if (!isLive(resource, context.now)) throw refuse(422, 'business-rule', 'It has ended already');
    const writing = !isDuty && isKeeper(context.principal) ? { ...context, operation: CONFIRMED } : context;
    await inTransaction(door.pool, async (client) => {
      await applyChanges(door, writing, client, [{ ...stored, resource: endedNow(resource, context.now) }]);
      await writeRows(client, { rows: [], facts: null, audit: [auditColumns(entry)] });
    });
    door.wake();
  });
}
