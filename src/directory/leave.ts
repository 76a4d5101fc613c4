/**
 * Leaving (domain.md 1.8): ending a role ends at once whatever hangs on it. Tokens and sessions are asked the directory at
 * their next request and find nobody; grants, keys of her own and proposals end in the same commit (migration 123), and her
 * name in teams, duty lists and subscriptions right after it (settle.ts). It only narrows, so one of those who keep the
 * directory does it alone. Calendar feeds do not exist here.
 */
import { auditColumns } from '../audit/entry.ts';
import { refuse } from '../fhir/outcome.ts';
import { requireKeeper } from '../oversight/proposals.ts';
import { parseStored } from '../record/decide.ts';
import { entryOf } from '../record/entry.ts';
import { CONFIRMED } from '../record/prepare.ts';
import { audited, notFound } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { directoryByReference } from '../store/models/directory.ts';
import { type Opened, openedBy } from '../store/models/leavers.ts';
import { inTransaction } from '../store/transaction.ts';
import { writeRows } from '../store/write.ts';
import { applyChanges } from './apply.ts';
import { fieldsOf } from './differences.ts';
import { endedNow } from './end-missing.ts';
import { type Settled, settleNow } from './settle.ts';

/** What ended beside the role. */
export type Left = Opened & Settled;

/** @throws Outcome 403 others, 404 no such role, 422 a role that has ended, or when nobody would be left who keeps all this */
export function endRole(door: Door, context: Context, role: string, reason: string): Promise<Left> {
  const detail = `$leave; reason: ${reason.slice(0, 300)}`;
  const entry = { ...entryOf(context, 'operation'), detail, rules: ['R-08', 'R-27'], entities: [role] };
  return audited(door, entry, async () => {
    requireKeeper(context);
    if (reason.trim().length < 5) throw refuse(400, 'required', 'Say why, in five characters or more: reason');
    const opened = await inTransaction(door.pool, async (client) => {
      const [stored] = await directoryByReference(client, [role]);
      if (stored === undefined) throw await notFound(door, entry);
      const resource = parseStored(stored.body).resource;
      const ended = endedNow(resource, context.now);
      if (resource.active === false || fieldsOf(resource, ended).length === 0)
        throw refuse(422, 'business-rule', 'This role has ended already');
      const found = await openedBy(client, [role], context.now);
      await applyChanges(door, { ...context, operation: CONFIRMED }, client, [{ ...stored, resource: ended }]);
      await writeRows(client, { rows: [], facts: null, audit: [auditColumns(entry)] });
      return found;
    });
    door.wake();
    return { ...opened, ...(await settleNow(door, role)) };
  });
}
