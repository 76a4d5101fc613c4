/**
 * The redaction queue as it is read: item by item with what asks for a closer look; `decisions.ts` decides.
 */
import { refuse } from '../../fhir/outcome.ts';
import { isNamed } from '../../governance/subject-access-rule.ts';
import { parseStored } from '../../record/decide.ts';
import { keyOf, readInside, readOneInside } from '../../record/inside-request.ts';
import type { Context, Door } from '../../record/types.ts';
import { wordsAround } from '../../record/words-around.ts';
import { type ItemState, itemOf, itemsOf, type SarItem, type Verdict } from '../../store/models/sar-items.ts';
import type { SarJob } from '../../store/models/sar-jobs.ts';
import { filesSeen, seenKey, strictnessOf } from '../../store/models/sar-standing.ts';
import { inside, personOf } from './bench.ts';
import { type Element, elementsOf } from './cut.ts';
import { filesOf, type SarFile } from './file-content.ts';
import { type Around, hintsOf, kindWords } from './hints.ts';
import { type Readable, readableOf } from './readable.ts';

export type { ItemState, SarItem, Verdict };

/** domain.md 2.8 `sar-exclusion`. */
export const EXCLUSIONS = ['third-party', 'serious-harm', 'child-abuse-data', 'other-exemption'] as const;
export type Exclusion = (typeof EXCLUSIONS)[number];

export const ITEMS_PER_PAGE = 20;

export interface QueueRow {
  item: SarItem;
  /** Null when the item is beyond the reader, or gone. */
  shown: Readable | null;
  /** What asks for a closer look, in words. */
  hints: string[];
}

/** A stretch of the queue with what stands in each item, recorded as read. */
export function readQueue(
  door: Door,
  context: Context,
  asked: { reference: string; state: ItemState | null; after: number },
): Promise<{ job: SarJob; rows: QueueRow[]; next: number | null }> {
  return inside(door, context, { reference: asked.reference, act: 'queue' }, async (job, entry) => {
    const found = await itemsOf(door.pool, job.id, { ...asked, limit: ITEMS_PER_PAGE + 1 });
    const page = found.slice(0, ITEMS_PER_PAGE);
    const bodies = await readInside(door, context, job, page);
    await door.audit.write(entry);
    const around = await aroundOf(door, job);
    const rows = page.map((item): QueueRow => {
      const body = bodies.get(keyOf(item))?.body ?? null;
      const resource = body === null ? null : parseStored(body).resource;
      const shown = resource === null ? null : readableOf(resource);
      return { item, shown, hints: hintsOf(item, resource, around) };
    });
    return { job, rows, next: found.length > ITEMS_PER_PAGE ? (page.at(-1)?.n ?? null) : null };
  });
}

/** What the words of this request's items are held against. */
export async function aroundOf(door: Door, job: SarJob): Promise<Around> {
  const strict = await strictnessOf(door.pool, job.id);
  return { ...(await wordsAround(door, job.subject)), guardsPlaces: strict.address || mayNotLead(job) };
}

/** to the other parent, and to whoever else asks for a child, its record leads to no address. */
export function mayNotLead({ child, asker }: Pick<SarJob, 'child' | 'asker'>): boolean {
  return child && asker !== 'self';
}

export interface ItemView {
  job: SarJob;
  item: SarItem;
  /** The bytes of files are told by their size. */
  elements: Element[];
  files: (SarFile & { opened: boolean })[];
  hints: string[];
  /** May this reader decide, review, or judge serious harm? */
  mayReview: boolean;
  mayJudge: boolean;
}

/** One item element by element. @throws Outcome 403 beyond the reader, 404 */
export function readItem(door: Door, context: Context, asked: { reference: string; n: number }): Promise<ItemView> {
  return inside(door, context, { reference: asked.reference, act: 'item' }, async (job) => {
    const item = await found(door, job, asked.n);
    const row = await readOneInside(door, context, job, item);
    const { resource } = parseStored(row.body ?? '');
    const { person } = personOf(context);
    const seen = await filesSeen(door.pool, job.id);
    const files = filesOf(resource).map((one) => ({ ...one, opened: seen.has(seenKey(item.n, one.sha256, person)) }));
    const bytes = new Map(files.map((one) => [one.path, `A file: ${kindWords(one)}`]));
    const elements = elementsOf(resource).map(({ path, value }) => ({ path, value: bytes.get(path) ?? value }));
    const hints = hintsOf(item, resource, await aroundOf(door, job));
    const mayReview = item.state === 'second' && item.person !== person;
    return { job, item, elements, files, hints, mayReview, mayJudge: isNamed(context.principal, job) };
  });
}

export async function found(door: Door, job: SarJob, n: number): Promise<SarItem> {
  const item = await itemOf(door.pool, job.id, n);
  if (item === null) throw refuse(404, 'not-found', 'There is no such item in this request.');
  return item;
}
