/**
 * what widens access (agreements, the directory) is proposed by one person of the roles that keep it and takes effect
 * when a second one confirms it, exactly as it was proposed. What only narrows an agreement one person does, at once.
 */
import { refuse } from '../fhir/outcome.ts';
import { cellOf } from '../governance/role-views.ts';
import { commit, one } from '../record/commit.ts';
import { parseStored, reach } from '../record/decide.ts';
import { parseBody } from '../record/document.ts';
import { entryOf } from '../record/entry.ts';
import { newId } from '../record/ids.ts';
import { CONFIRMED, check, prepareCreate, prepareUpdate } from '../record/prepare.ts';
import { audited, notFound } from '../record/refusal.ts';
import type { Context, Door, ResourceDocument, Written } from '../record/types.ts';
import { lockAgreements } from '../store/models/agreements.ts';
import { keepDecided, markWritten } from '../store/models/decided-changes.ts';
import type { PoolClient } from '../store/pool.ts';
import { readCurrent } from '../store/reads.ts';
import type { ResourceRow } from '../store/rows.ts';
import { inTransaction } from '../store/transaction.ts';
import { recordInside } from './officer.ts';
import { type CarryOut, keepProposal, requireKeeper } from './proposals.ts';
import { onlyNarrows, requireSound } from './sound-agreements.ts';

const TYPES = [
  ...['Contract', 'Organization', 'HealthcareService', 'Location', 'Practitioner', 'PractitionerRole', 'CareTeam'],
];

/** What became of a proposal: waiting under an id, or written at once. */
export type Proposed = { pending: string } | { written: Written };

/** @throws Outcome 403 for other roles, 404 no such resource, 422 what could never be written */
export function propose(door: Door, context: Context, body: Buffer, words: string): Promise<Proposed> {
  const detail = `$propose; reason: ${words.slice(0, 300)}`;
  const entry = { ...entryOf(context, 'operation'), detail, rules: ['R-27'] };
  return audited(door, entry, async () => {
    requireKeeper(context);
    const document = parseBody(door, body);
    const { resourceType: type, id } = document.resource;
    if (!TYPES.includes(type))
      throw refuse(422, 'business-rule', `Two persons change: ${TYPES.join(', ')}`, 'resourceType');
    if (type === 'CareTeam' && document.resource.subject !== undefined)
      throw refuse(422, 'business-rule', 'The team of a family is kept by those who care for it', 'CareTeam.subject');
    await check({ door, context, db: door.pool }, document);
    const found = id === undefined ? null : (await readCurrent(door.pool, type, id, reach(context))).found;
    if (id !== undefined && (found === null || !isKept(context, found.row))) throw await notFound(door, entry);
    const before = found === null ? null : parseStored(found.row.body ?? '').resource;
    await requireSound(door.pool, document.resource, context.now);
    const version = found?.row.version ?? null;
    if (before !== null && onlyNarrows(before, document.resource)) {
      const written = await inTransaction(door.pool, async (client) => {
        await soundAlone(client, context, document);
        const done = await write(door, context, client, document, version);
        await keepDecided(client, { id: newId(context.now), ...decided(context, words), at: context.now }, done);
        return done;
      });
      return { written };
    }
    const title = id === undefined ? `New ${type}` : `${type}/${id}`;
    const kept = { kind: 'resource', title, words, body: body.toString('utf8'), version };
    const proposed = { ...entry, status: 202, entities: [id === undefined ? type : `${type}/${id}`] };
    const pending = await inTransaction(door.pool, async (client) => {
      const waiting = await keepProposal(context, client, kept);
      await recordInside(client, proposed);
      return waiting;
    });
    return { pending };
  });
}

/** What a family calls its team or its home is as unknown here as an id that never was. */
function isKept({ principal }: Context, { deleted, dataClass }: Pick<ResourceRow, 'deleted' | 'dataClass'>): boolean {
  return !deleted && cellOf(principal.role, dataClass).write === 'two-person';
}

/** Two papers confirmed at once must not contradict each other: each waits for the other and is then looked at again. */
async function soundAlone(client: PoolClient, { now }: Context, { resource }: ResourceDocument): Promise<void> {
  if (resource.resourceType !== 'Contract') return;
  await lockAgreements(client);
  await requireSound(client, resource, now);
}

/** Writes the one resource that was proposed. @throws Outcome 412 when it has changed since */
export const carryOutResource: CarryOut = async (door, context, client, pending) => {
  const document = parseBody(door, Buffer.from(pending.body, 'utf8'));
  await soundAlone(client, context, document);
  const written = await write(door, context, client, document, pending.version);
  await markWritten(client, pending.id, written);
  return { written: [written], entities: [`${written.type}/${written.id}`] };
};

/** What one person narrowed stands in the register like what two decided: proposer and decider are the same. */
function decided({ principal }: Context, words: string) {
  const { practitionerRole = '', practitioner = null } = principal;
  return { proposer: practitionerRole, practitioner, words };
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
