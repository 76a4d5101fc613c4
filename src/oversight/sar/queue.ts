/**
 * The redaction queue (R-23, R-28): item by item, one person decides what leaves, a second one agrees or gives it back.
 * Serious harm is judged by the health professional the request names, and by nobody else.
 */
import type { AuditEntry } from '../../audit/types.ts';
import { refuse } from '../../fhir/outcome.ts';
import { isNamed } from '../../governance/subject-access-rule.ts';
import { parseStored } from '../../record/decide.ts';
import { keyOf, readInside, readOneInside } from '../../record/inside-request.ts';
import type { Context, Door } from '../../record/types.ts';
import {
  type ItemState,
  insertDecision,
  insertReview,
  itemOf,
  itemsOf,
  type SarItem,
  type Verdict,
} from '../../store/models/sar-items.ts';
import type { SarJob } from '../../store/models/sar-jobs.ts';
import { inTransaction } from '../../store/transaction.ts';
import { recordInside } from '../officer.ts';
import { inside, personOf, told } from './bench.ts';
import { type Element, elementsOf } from './cut.ts';
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
    const rows = page.map((item): QueueRow => {
      const body = bodies.get(keyOf(item))?.body ?? null;
      const resource = body === null ? null : parseStored(body).resource;
      return { item, shown: resource === null ? null : readableOf(resource), hints: hintsOf(item) };
    });
    return { job, rows, next: found.length > ITEMS_PER_PAGE ? (page.at(-1)?.n ?? null) : null };
  });
}

function hintsOf({ dataClass, label, alone, newest, type }: SarItem): string[] {
  return [
    ...(dataClass === 'third-party' ? ['Third-party information'] : []),
    ...(dataClass === 'confidential' || dataClass === 'safeguarding-flag' ? ['Safeguarding'] : []),
    ...(label === 'N' ? [] : ['Restricted']),
    ...(alone ? [] : ['About others of the family too']),
    ...(type === 'RelatedPerson' || type === 'Group' ? ['Names other people'] : []),
    ...(newest ? [] : ['Earlier version']),
  ];
}

export interface ItemView {
  job: SarJob;
  item: SarItem;
  elements: Element[];
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
    const elements = elementsOf(parseStored(row.body ?? '').resource);
    const mayReview = item.state === 'second' && item.person !== personOf(context).person;
    return { job, item, elements, hints: hintsOf(item), mayReview, mayJudge: isNamed(context.principal, job) };
  });
}

async function found(door: Door, job: SarJob, n: number): Promise<SarItem> {
  const item = await itemOf(door.pool, job.id, n);
  if (item === null) throw refuse(404, 'not-found', 'There is no such item in this request.');
  return item;
}

export interface Decided {
  reference: string;
  n: number;
  verdict: Verdict;
  code: Exclusion | null;
  paths: readonly string[];
  words: string;
}

/** One person decides about one item. @throws Outcome 403, 409 ended, 422 what cannot be decided so */
export function decideItem(door: Door, context: Context, decided: Decided): Promise<void> {
  return inside(door, context, { reference: decided.reference, act: 'decide' }, async (job, entry) => {
    const item = await found(door, job, decided.n);
    const row = await readOneInside(door, context, job, item);
    const known = new Set(elementsOf(parseStored(row.body ?? '').resource).map(({ path }) => path));
    requireSound(context, job, decided, known);
    await write(door, context, { job, entry }, [decided]);
  });
}

/** "Release as it is" for several items at once: those somebody has just read, open and without a hint. */
export function releaseItems(
  door: Door,
  context: Context,
  asked: { reference: string; items: readonly number[] },
): Promise<number> {
  return inside(door, context, { reference: asked.reference, act: 'decide' }, async (job, entry) => {
    const items: SarItem[] = [];
    for (const n of asked.items.slice(0, ITEMS_PER_PAGE)) items.push(await found(door, job, n));
    const plain = items.filter((item) => item.state === 'open' && hintsOf(item).length === 0);
    const readable = await readInside(door, context, job, plain);
    const decided = plain
      .filter((item) => readable.has(keyOf(item)))
      .map(({ n }): Decided => ({ ...asked, n, verdict: 'release', code: null, paths: [], words: '' }));
    if (decided.length > 0) await write(door, context, { job, entry }, decided);
    return decided.length;
  });
}

function requireSound(context: Context, job: SarJob, decided: Decided, known: ReadonlySet<string>): void {
  const { verdict, code, paths, words } = decided;
  const wrong = (text: string) => refuse(422, 'business-rule', text);
  if ((verdict === 'release') !== (code === null))
    throw wrong('What does not leave has a coded reason; what leaves has none.');
  if ((verdict === 'redact') !== paths.length > 0) throw wrong('Select the elements to leave out.');
  if (paths.some((path) => !known.has(path))) throw wrong('One of these elements is not in this item.');
  if (code !== null && words.length < 3) throw wrong('Say why in words too.');
  if (code === 'serious-harm' && !isNamed(context.principal, job))
    throw refuse(403, 'forbidden', 'Serious harm is judged by the health professional this request names (R-28).');
}

async function write(
  door: Door,
  context: Context,
  { job, entry }: { job: SarJob; entry: AuditEntry },
  decided: readonly Decided[],
): Promise<void> {
  const by = { ...personOf(context), at: context.now };
  const items = decided.map(({ n }) => n).join(',');
  await told(() =>
    inTransaction(door.pool, async (client) => {
      for (const { n, ...one } of decided) await insertDecision(client, job.id, { ...one, ...by, item: n });
      const [first] = decided;
      const how = `${first?.verdict}${first?.code == null ? '' : ` ${first.code}`}`;
      await recordInside(client, { ...entry, detail: `${entry.detail} items ${items}: ${how}` });
    }),
  );
}

/** A second person agrees with a decision or gives it back. @throws Outcome 409 a newer decision, 422 by the same person */
export function reviewItem(
  door: Door,
  context: Context,
  asked: { reference: string; n: number; decision: number; agreed: boolean; words: string },
): Promise<void> {
  return inside(door, context, { reference: asked.reference, act: 'review' }, async (job, entry) => {
    const item = await found(door, job, asked.n);
    await readOneInside(door, context, job, item);
    await review(door, context, { job, entry }, [{ ...asked, item }]);
  });
}

/** Agrees with several "release as it is" decisions that stood on one page. @returns how many */
export function agreeItems(
  door: Door,
  context: Context,
  asked: { reference: string; decisions: readonly { n: number; decision: number }[] },
): Promise<number> {
  return inside(door, context, { reference: asked.reference, act: 'review' }, async (job, entry) => {
    const own = personOf(context).person;
    const reviews: Reviewed[] = [];
    for (const { n, decision } of asked.decisions.slice(0, ITEMS_PER_PAGE)) {
      const item = await found(door, job, n);
      const isPlain = item.state === 'second' && item.verdict === 'release' && hintsOf(item).length === 0;
      if (isPlain && item.person !== own) reviews.push({ item, decision, agreed: true, words: '' });
    }
    const readable = await readInside(
      door,
      context,
      job,
      reviews.map(({ item }) => item),
    );
    const kept = reviews.filter(({ item }) => readable.has(keyOf(item)));
    if (kept.length > 0) await review(door, context, { job, entry }, kept);
    return kept.length;
  });
}

interface Reviewed {
  item: SarItem;
  decision: number;
  agreed: boolean;
  words: string;
}

async function review(
  door: Door,
  context: Context,
  { entry }: { job: SarJob; entry: AuditEntry },
  reviews: readonly Reviewed[],
): Promise<void> {
  const by = { ...personOf(context), at: context.now };
  for (const { item, decision } of reviews) {
    if (item.state === 'open') throw refuse(409, 'business-rule', 'Nobody has decided about this item yet.');
    if (item.decision !== decision)
      throw refuse(409, 'conflict', 'There is a newer decision about this item; look at it again.');
  }
  await told(() =>
    inTransaction(door.pool, async (client) => {
      for (const { decision, agreed, words } of reviews) await insertReview(client, decision, { ...by, agreed, words });
      const items = reviews.map(({ item }) => item.n).join(',');
      await recordInside(client, {
        ...entry,
        detail: `${entry.detail} items ${items}: ${reviews[0]?.agreed ? 'agreed' : 'given back'}`,
      });
    }),
  );
}
