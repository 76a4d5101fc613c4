/**
 * A leaver's phone number and mail address go out of the subscriptions of systems, unless another role of hers goes on. It
 * is no decision of the system whose subscription it is, so the service writes it, with its reason in the trail.
 */
import { auditColumns } from '../audit/entry.ts';
import type { JsonObject } from '../fhir/types.ts';
import { parseStored, reach } from '../record/decide.ts';
import { plan } from '../record/plan.ts';
import type { Context, Door } from '../record/types.ts';
import { resourcesByReference } from '../store/models/directory.ts';
import { subscriptionsNaming } from '../store/models/leavers.ts';
import { rolesOf } from '../store/models/roles.ts';
import type { PoolClient } from '../store/pool.ts';
import { readCurrent } from '../store/reads.ts';
import { writeRows } from '../store/write.ts';
import { objects } from './workspace.ts';

/** How many subscriptions named her. */
export async function removeContact(
  door: Door,
  context: Context,
  db: PoolClient,
  { role, person }: { role: string; person: string },
): Promise<number> {
  const others = (await rolesOf(db, person)).filter((one) => one.active && one.role !== role);
  if (others.length > 0) return 0;
  const [stored] = await resourcesByReference(db, [person]);
  if (stored === undefined) return 0;
  const values = objects(parseStored(stored.body).resource.telecom).flatMap(({ value }) =>
    typeof value === 'string' && value.length > 4 ? [value] : [],
  );
  let count = 0;
  for (const id of await subscriptionsNaming(db, values))
    count += (await without(door, context, db, { id, values })) ? 1 : 0;
  return count;
}

async function without(
  door: Door,
  context: Context,
  db: PoolClient,
  { id, values }: { id: string; values: readonly string[] },
): Promise<boolean> {
  const { found } = await readCurrent(db, 'Subscription', id, reach(context));
  if (found === null || found.row.body === null) return false;
  const document = parseStored(found.row.body);
  const contact = objects(document.resource.contact);
  const isHers = ({ value }: JsonObject) => typeof value === 'string' && values.includes(value);
  if (!contact.some(isHers)) return false;
  const { contact: _gone, ...rest } = document.resource;
  const kept = contact.filter((one) => !isHers(one));
  const resource = { ...rest, resourceType: 'Subscription', ...(kept.length === 0 ? {} : { contact: kept }) };
  const change = {
    type: 'Subscription',
    id,
    interaction: 'update' as const,
    document: { resource, numbers: document.numbers },
    current: found,
    before: null,
    warnings: [],
  };
  const { planned, facts } = await plan(door, db, context, [change]);
  const audit = planned.map(({ entry }) =>
    auditColumns({
      ...entry,
      rules: ['R-36'],
      reason: null,
      outcome: 0,
      status: 200,
      detail: 'leaver: contact removed',
    }),
  );
  await writeRows(db, { rows: planned.flatMap(({ write }) => write ?? []), facts, audit });
  return true;
}
