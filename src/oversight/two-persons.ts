/**
 * what widens access (agreements, the directory) is proposed by one person of the roles that keep it and takes effect
 * when a second one confirms it, exactly as it was proposed. Revoking an agreement only narrows, so one person does it.
 */
import { refuse } from '../fhir/outcome.ts';
import { cellOf } from '../governance/role-views.ts';
import { commit, one } from '../record/commit.ts';
import { reach } from '../record/decide.ts';
import { parseBody } from '../record/document.ts';
import { entryOf } from '../record/entry.ts';
import { newId } from '../record/ids.ts';
import { CONFIRMED, check, prepareCreate, prepareUpdate } from '../record/prepare.ts';
import { audited, notFound, unknown } from '../record/refusal.ts';
import type { Context, Door, ResourceDocument, Written } from '../record/types.ts';
import { insertPending, type PendingChange, readPending, takePending } from '../store/pending-changes.ts';
import type { PoolClient } from '../store/pool.ts';
import { readCurrent } from '../store/reads.ts';
import { inTransaction } from '../store/transaction.ts';

const TYPES = [
  ...['Contract', 'Organization', 'HealthcareService', 'Location', 'Practitioner', 'PractitionerRole', 'CareTeam'],
];
const NARROWING = ['revoked', 'terminated', 'cancelled'];

/** What became of a proposal: waiting under an id, or written at once. */
export type Proposed = { pending: string } | { written: Written };

/** @throws Outcome 403 for other roles, 404 no such resource, 422 what could never be written */
export function propose(door: Door, context: Context, body: Buffer, words: string): Promise<Proposed> {
  const detail = `$propose; reason: ${words.slice(0, 300)}`;
  const entry = { ...entryOf(context, 'operation'), detail, rules: ['R-27'] };
  return audited(door, entry, async () => {
    requireKeeper(context);
    const document = parseBody(door, body);
    const { resourceType: type, id, status } = document.resource;
    if (!TYPES.includes(type))
      throw refuse(422, 'business-rule', `Two persons change: ${TYPES.join(', ')}`, 'resourceType');
    await check({ door, context, db: door.pool }, document);
    const found = id === undefined ? null : (await readCurrent(door.pool, type, id, reach(context))).found;
    if (id !== undefined && (found === null || found.row.deleted)) throw await notFound(door, entry);
    if (type === 'Contract' && id !== undefined && NARROWING.includes(String(status)))
      return { written: await inTransaction(door.pool, (client) => write(door, context, client, document, null)) };
    const { practitionerRole = '', practitioner = null } = context.principal;
    const pending = { id: newId(context.now), proposer: practitionerRole, practitioner, at: context.now, words };
    await insertPending(door.pool, { ...pending, body: body.toString('utf8'), version: found?.row.version ?? null });
    await door.audit.write({ ...entry, status: 202, entities: [id === undefined ? type : `${type}/${id}`] });
    return { pending: pending.id };
  });
}

/** @throws Outcome 404 none waits under this id, 422 by the same person, 412 the resource has changed since */
export function confirm(door: Door, context: Context, id: string): Promise<Written> {
  const entry = { ...entryOf(context, 'operation'), detail: '$confirm', rules: ['R-27'] };
  return audited(door, entry, async () => {
    requireKeeper(context);
    const pending = await readPending(door.pool, id);
    if (pending === null) throw await notFound(door, entry);
    requireSecond(context, pending);
    const document = parseBody(door, Buffer.from(pending.body, 'utf8'));
    const written = await inTransaction(door.pool, async (client) => {
      const by = context.principal.practitionerRole ?? '';
      if (!(await takePending(client, id, by, context.now)))
        throw refuse(409, 'conflict', 'Somebody else has just confirmed this');
      return write(door, context, client, document, pending.version);
    });
    await door.audit.write({ ...entry, entities: [`${written.type}/${written.id}`] });
    return written;
  });
}

function requireKeeper({ principal }: Context): void {
  if (principal.kind === 'family') throw unknown();
  const isKeeper =
    principal.practitionerRole !== undefined && cellOf(principal.role, 'agreements').write === 'two-person';
  if (!isKeeper) throw refuse(403, 'forbidden', 'Agreements and the directory are kept by other roles (R-27)');
}

function requireSecond({ principal }: Context, { proposer, practitioner }: PendingChange): void {
  const isSame =
    principal.practitionerRole === proposer || (practitioner !== null && principal.practitioner === practitioner);
  if (isSame) throw refuse(422, 'business-rule', 'A second person confirms what the first proposed (R-27)');
}

async function write(
  door: Door,
  context: Context,
  db: PoolClient,
  document: ResourceDocument,
  version: number | null,
): Promise<Written> {
  const { resourceType: type, id } = document.resource;
  const writing = { door, context: { ...context, operation: CONFIRMED }, db };
  const ifMatch = version === null ? null : `W/"${version}"`;
  const change =
    id === undefined
      ? await prepareCreate(writing, type, document, null)
      : await prepareUpdate(writing, type, { id }, { document, ifMatch });
  if ('existing' in change) throw new Error('an unconditional create found something');
  return one(await commit(door, db, writing.context, [change]));
}
