/**
 * A leaver's phone number and mail address go out of the subscriptions of systems, unless another role of hers goes on. It
 * is no decision of the system whose subscription it is, so the service writes it, with its reason in the trail.
 */
import type { JsonObject, Resource } from '../fhir/types.ts';
import { parseStored } from '../record/decide.ts';
import type { Context, Door } from '../record/types.ts';
import { resourcesByReference } from '../store/models/directory.ts';
import { subscriptionsNaming } from '../store/models/leavers.ts';
import type { PoolClient } from '../store/pool.ts';
import { writeByRule } from './by-rule.ts';
import { objects } from './workspace.ts';

/** Of somebody without any role that goes on. @returns how many subscriptions named her */
export async function removeContact(door: Door, context: Context, db: PoolClient, person: string): Promise<number> {
  const [stored] = await resourcesByReference(db, [person]);
  if (stored === undefined) return 0;
  const values = objects(parseStored(stored.body).resource.telecom).flatMap(({ value }) =>
    typeof value === 'string' && value.length > 4 ? [value] : [],
  );
  const wanted = (await subscriptionsNaming(db, values)).map((id) => ({
    reference: `Subscription/${id}`,
    change: (subscription: Resource) => without(subscription, values),
  }));
  return writeByRule(door, context, db, { wanted, detail: 'leaver: contact removed' });
}

function without(subscription: Resource, values: readonly string[]): Resource | null {
  const contact = objects(subscription.contact);
  const isHers = ({ value }: JsonObject) => typeof value === 'string' && values.includes(value);
  if (!contact.some(isHers)) return null;
  const { contact: _gone, ...rest } = subscription;
  const kept = contact.filter((one) => !isHers(one));
  return kept.length === 0 ? rest : { ...rest, contact: kept };
}
