/**
 * Content inside a request for a person's own record: one door, under purpose HLEGAL, each version decided and
 * recorded before it is shown. Nothing of it widens any other way of asking.
 */
import type { AuditEntry } from '../audit/types.ts';
import type { Decision } from '../governance/decision-types.ts';
import { refusalInside } from '../governance/subject-access-rule.ts';
import { readCurrent, readVersion } from '../store/reads.ts';
import type { DecidableRow, ResourceRow } from '../store/rows.ts';
import { ask, reach } from './decide.ts';
import { entryOf, withRows } from './entry.ts';
import { checkGeneration, notFound, refused } from './refusal.ts';
import type { Context, Door } from './types.ts';

/** The request somebody works in. */
export interface Request {
  reference: string;
  /** `Patient/..` */
  subject: string;
  professional: string | null;
}

/** The same person, for the purpose of the request. */
export function forRequest(context: Context): Context {
  return { ...context, purpose: 'HLEGAL' };
}

/** The entry of one step inside a request; `detail` is one machine word. */
export function requestEntry(context: Context, request: Pick<Request, 'subject'> | null, detail: string): AuditEntry {
  const entry = entryOf(forRequest(context), 'operation');
  return { ...entry, rules: ['R-28'], detail, patients: request === null ? [] : [request.subject] };
}

/** Lets the people of a request pass; hers alone and a conflict are decided on the Patient herself. @throws Outcome 403 */
export async function enterRequest(door: Door, context: Context, request: Request, entry: AuditEntry): Promise<void> {
  const { found, generation } = await readCurrent(door.pool, ...parts(request.subject), reach(context));
  checkGeneration(context, generation);
  // The record itself may have been destroyed since: what is left of the request is still kept by its officers.
  const closed = decided(door, context, found ?? nobody(request.subject), request);
  if (closed !== null) throw await refused(door, entry, closed);
}

/** As `enterRequest`, before there is a request: whether this person may open one about this Patient. */
export function openable(door: Door, context: Context, found: DecidableRow): Decision | null {
  return decided(door, context, found, { professional: null });
}

export interface ItemVersion {
  type: string;
  id: string;
  version: number;
}

/** Versions of a request's items as they are stored, recorded as read. Those beyond the reader are absent. */
export async function readInside(
  door: Door,
  context: Context,
  request: Request,
  items: readonly ItemVersion[],
): Promise<Map<string, ResourceRow>> {
  const rows = await permitted(door, context, request, items);
  if (rows.size > 0) {
    const entry = {
      ...entryOf(forRequest(context), 'read'),
      rules: ['R-28', 'R-03'],
      detail: `sar ${request.reference}`,
    };
    await door.audit.write(withRows({ ...entry, patients: [request.subject] }, [...rows.values()]));
  }
  return rows;
}

/** One of them. @throws Outcome 403 when it is beyond the reader, 404 when it is gone */
export async function readOneInside(
  door: Door,
  context: Context,
  request: Request,
  item: ItemVersion,
): Promise<ResourceRow> {
  const entry = { ...requestEntry(context, request, `sar ${request.reference}`), entities: [keyOf(item)] };
  const { found } = await readVersion(door.pool, item, reach(context));
  if (found === null || found.row.body === null) throw await notFound(door, entry);
  const closed = decided(door, context, found, request);
  if (closed !== null) throw await refused(door, entry, closed);
  const [row] = (await readInside(door, context, request, [item])).values();
  if (row === undefined) throw await notFound(door, entry);
  return row;
}

export function keyOf({ type, id, version }: ItemVersion): string {
  return `${type}/${id}/_history/${version}`;
}

async function permitted(
  door: Door,
  context: Context,
  request: Request,
  items: readonly ItemVersion[],
): Promise<Map<string, ResourceRow>> {
  const rows = new Map<string, ResourceRow>();
  for (const item of items) {
    const { found, generation } = await readVersion(door.pool, item, reach(context));
    checkGeneration(context, generation);
    if (found === null || found.row.body === null) continue;
    if (decided(door, context, found, request) === null) rows.set(keyOf(item), found.row);
  }
  return rows;
}

function decided(
  door: Door,
  context: Context,
  found: DecidableRow,
  inside: Pick<Request, 'professional'>,
): Decision | null {
  const asked = ask(door, forRequest(context), 'read', found.row.type);
  return refusalInside(context.principal, asked, { ...found, now: context.now }, inside);
}

function parts(reference: string): [string, string] {
  const [type = '', id = ''] = reference.split('/');
  return [type, id];
}

function nobody(reference: string): Pick<DecidableRow, 'relationships' | 'consents' | 'agreements' | 'row'> {
  const [type, id] = parts(reference);
  const row: ResourceRow = {
    ...{ type, id, version: 0, updated: new Date(0), deleted: true, body: null, patients: [], subjects: [reference] },
    ...{ pregnancy: null, dataClass: 'demographics', label: 'N', tags: [], service: null, authors: [], released: true },
    addressee: null,
  };
  return { row, relationships: [], consents: [], agreements: [] };
}
