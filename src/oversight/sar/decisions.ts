/**
 * Decisions of the redaction queue (R-23, R-28): item by item, one person decides what leaves, a second one agrees or
 * gives it back. Serious harm is judged by the health professional the request names, and by nobody else.
 */
import type { AuditEntry } from '../../audit/types.ts';
import { refuse } from '../../fhir/outcome.ts';
import { isNamed } from '../../governance/subject-access-rule.ts';
import { parseStored } from '../../record/decide.ts';
import { keyOf, readInside, readOneInside } from '../../record/inside-request.ts';
import type { Context, Door } from '../../record/types.ts';
import { insertDecision, insertReview, type SarItem, type Verdict } from '../../store/models/sar-items.ts';
import type { SarJob } from '../../store/models/sar-jobs.ts';
import { inTransaction } from '../../store/transaction.ts';
import { recordInside } from '../officer.ts';
import { inside, personOf, told } from './bench.ts';
import { elementsOf } from './cut.ts';
import { requireOpened } from './files.ts';
import { hintsOf } from './hints.ts';
import { aroundOf, type Exclusion, found, ITEMS_PER_PAGE } from './queue.ts';

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
    const { resource } = parseStored(row.body ?? '');
    const { verdict, paths } = decided;
    requireSound(context, job, decided, new Set(elementsOf(resource).map(({ path }) => path)));
    if (item.code === 'serious-harm' && !isNamed(context.principal, job)) throw refuse(403, 'forbidden', HARM);
    if (verdict !== 'withhold') await requireOpened(door, context, { job: job.id, item: item.n, resource, paths });
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
    const open = items.filter((item) => item.state === 'open');
    const decided = (await plainOf(door, context, job, open)).map(
      ({ n }): Decided => ({ ...asked, n, verdict: 'release', code: null, paths: [], words: '' }),
    );
    if (decided.length > 0) await write(door, context, { job, entry }, decided);
    return decided.length;
  });
}

const HARM = 'Serious harm is judged by the health professional this request names (R-28).';

function requireSound(context: Context, job: SarJob, decided: Decided, known: ReadonlySet<string>): void {
  const { verdict, code, paths, words } = decided;
  const wrong = (text: string) => refuse(422, 'business-rule', text);
  if ((verdict === 'release') !== (code === null))
    throw wrong('What does not leave has a coded reason; what leaves has none.');
  if ((verdict === 'redact') !== paths.length > 0) throw wrong('Select the elements to leave out.');
  if (paths.some((path) => !known.has(path))) throw wrong('One of these elements is not in this item.');
  if (code !== null && words.length < 3) throw wrong('Say why in words too.');
  if (code === 'serious-harm' && !isNamed(context.principal, job)) throw refuse(403, 'forbidden', HARM);
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
    const row = await readOneInside(door, context, job, item);
    const left = { job: job.id, item: item.n, resource: parseStored(row.body ?? '').resource, paths: item.paths ?? [] };
    if (asked.agreed && item.verdict !== 'withhold') await requireOpened(door, context, left);
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
      const isReady = item.state === 'second' && item.verdict === 'release';
      if (isReady && item.person !== own) reviews.push({ item, decision, agreed: true, words: '' });
    }
    const plain = new Set(
      await plainOf(
        door,
        context,
        job,
        reviews.map(({ item }) => item),
      ),
    );
    const kept = reviews.filter(({ item }) => plain.has(item));
    if (kept.length > 0) await review(door, context, { job, entry }, kept);
    return kept.length;
  });
}

/** Those of these items that the reader may see and that ask for no closer look. */
async function plainOf(door: Door, context: Context, job: SarJob, items: readonly SarItem[]): Promise<SarItem[]> {
  const rows = await readInside(door, context, job, items);
  const around = await aroundOf(door, job);
  return items.filter((item) => {
    const body = rows.get(keyOf(item))?.body ?? null;
    return body !== null && hintsOf(item, parseStored(body).resource, around).length === 0;
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
