/**
 * Leaving (domain.md 1.8): ending a role ends at once whatever hangs on it. Tokens and sessions are asked the directory at
 * their next request and find nobody; grants, keys of her own, memberships and her name in subscriptions end in the same
 * commit. It only narrows, so one of those who keep the directory does it alone. Calendar feeds do not exist here.
 */
import { auditColumns } from '../audit/entry.ts';
import { refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import { requireKeeper } from '../oversight/proposals.ts';
import { parseStored } from '../record/decide.ts';
import { entryOf } from '../record/entry.ts';
import { CONFIRMED } from '../record/prepare.ts';
import { audited, notFound } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { directoryByReference, type StoredResource } from '../store/models/directory.ts';
import { endGrants, endOwnKeys, teamsNaming } from '../store/models/leavers.ts';
import type { PoolClient } from '../store/pool.ts';
import { inTransaction } from '../store/transaction.ts';
import { writeRows } from '../store/write.ts';
import { applyChanges, type Writable } from './apply.ts';
import { memberOf } from './build-people.ts';
import { removeContact } from './contacts.ts';
import { fieldsOf } from './differences.ts';
import { endedNow } from './end-missing.ts';
import { objects } from './workspace.ts';

/** What ended beside the role. */
export interface Left {
  memberships: number;
  grants: number;
  keys: number;
  contacts: number;
}

/** @throws Outcome 403 others, 404 no such role, 422 a role that has ended, or when nobody would be left who keeps all this */
export function endRole(door: Door, context: Context, role: string, reason: string): Promise<Left> {
  const detail = `$leave; reason: ${reason.slice(0, 300)}`;
  const entry = { ...entryOf(context, 'operation'), detail, rules: ['R-08', 'R-27'], entities: [role] };
  return audited(door, entry, async () => {
    requireKeeper(context);
    if (reason.trim().length < 5) throw refuse(400, 'required', 'Say why, in five characters or more: reason');
    const left = await inTransaction(door.pool, async (client) => {
      const [stored] = await directoryByReference(client, [role]);
      if (stored === undefined) throw await notFound(door, entry);
      const resource = parseStored(stored.body).resource;
      const ended = endedNow(resource, context.now);
      if (resource.active === false || fieldsOf(resource, ended).length === 0)
        throw refuse(422, 'business-rule', 'This role has ended already');
      const result = await endAll(door, context, client, { stored, resource, ended });
      await writeRows(client, { rows: [], facts: null, audit: [auditColumns(entry)] });
      return result;
    });
    door.wake();
    return left;
  });
}

interface Ending {
  stored: StoredResource;
  resource: Resource;
  ended: Resource;
}

async function endAll(
  door: Door,
  context: Context,
  db: PoolClient,
  { stored, resource, ended }: Ending,
): Promise<Left> {
  const role = `${stored.type}/${stored.id}`;
  const teams = await directoryByReference(db, await teamsNaming(db, role));
  const writing = { ...context, operation: CONFIRMED };
  const left = teams.map((team) => withoutMember(team, role, context.now));
  const changes = left.filter(({ count }) => count > 0).map(({ change }) => change);
  const person = objects([resource.practitioner ?? null])[0]?.reference;
  // First, for after the directory has changed nothing may be written under what it said before.
  const contacts = typeof person === 'string' ? await removeContact(door, context, db, { role, person }) : 0;
  await applyChanges(door, writing, db, [{ ...stored, resource: ended }, ...changes]);
  return {
    memberships: left.reduce((sum, { count }) => sum + count, 0),
    grants: await endGrants(db, [role], context.now),
    keys: await endOwnKeys(db, role, context.now),
    contacts,
  };
}

/** The team with every time of hers that has not ended, ended now. */
function withoutMember(team: StoredResource, role: string, now: Date): { change: Writable; count: number } {
  const { resource } = parseStored(team.body);
  const at = now.toISOString();
  let count = 0;
  const participant = objects(resource.participant).flatMap((one) => {
    const period = objects([one.period ?? null])[0] ?? {};
    const { start, end } = period;
    if (memberOf(one) !== role || (typeof end === 'string' && end <= at.slice(0, end.length))) return [one];
    count += 1;
    // A time that has not begun never was.
    return typeof start === 'string' && start > at ? [] : [{ ...one, period: { ...period, end: at } }];
  });
  const { participant: _all, ...rest } = resource;
  const fresh = participant.length === 0 ? rest : { ...rest, participant };
  return { change: { ...team, resource: { ...fresh, resourceType: team.type } }, count };
}
