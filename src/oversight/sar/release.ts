/**
 * Release and copies (R-28, R-38): what two people agreed on becomes a FHIR Bundle and a tagged PDF, made anew from the
 * same versions and decisions each time, so that no copy of a record lies about here. Nothing leaves while a point is
 * open; the database checks that, not this file.
 */
import { createHash } from 'node:crypto';
import { keepSpelling } from '../../fhir/json.ts';
import { refuse } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import { applyMasks } from '../../governance/apply-masks.ts';
import { EVERYWHERE, PLACE } from '../../governance/mask-tables.ts';
import { parseStored } from '../../record/decide.ts';
import { keyOf, readInside } from '../../record/inside-request.ts';
import type { Context, Door } from '../../record/types.ts';
import { itemsOf, type SarItem } from '../../store/models/sar-items.ts';
import { insertRelease, openPoints, releasedAt, type SarJob } from '../../store/models/sar-jobs.ts';
import { inTransaction } from '../../store/transaction.ts';
import { isSqlState } from '../../store/write.ts';
import { recordInside } from '../officer.ts';
import { type AccessLine, accessLines } from './accesses.ts';
import { inside, personOf, step } from './bench.ts';
import { type Leaving, leakIn, leavingOf } from './cut.ts';
import { letterOf } from './letter.ts';
import { pdfBeside } from './pdf-beside.ts';

export interface Copies {
  resources: Resource[];
  /** JSON texts of the same resources, numbers as they were written. */
  texts: string[];
  accesses: { lines: AccessLine[]; more: boolean } | null;
}

/** Lets it leave. @throws Outcome 409 while a point is open or a text names what does not leave */
export function release(door: Door, context: Context, asked: { reference: string; version: number }): Promise<void> {
  return inside(door, context, { reference: asked.reference, act: 'release' }, async (found, entry) => {
    const job = { ...found, version: asked.version };
    const open = await openPoints(door.pool, job.id);
    if (open.length > 0) throw notYet(open.map(({ point }) => point).join(' '));
    await copiesOf(door, context, job, context.now);
    const { party, name, person } = personOf(context);
    const change = { ended: context.now, ending: 'released' as const };
    try {
      await step(door, context, { job, entry, change }, { kind: 'release', words: '' }, (client) =>
        insertRelease(client, job.id, { at: context.now, party, name, person }),
      );
    } catch (error) {
      if (isSqlState(error, 'TDS04')) throw notYet(error.message);
      throw error;
    }
  });
}

function notYet(points: string) {
  return refuse(409, 'business-rule', `Nothing leaves yet; open: ${points} (R-28)`);
}

export interface CopyFile {
  name: string;
  type: string;
  bytes: Buffer;
}

/** One of the copies, recorded as a disclosure before the first byte. @throws Outcome 409 before the release */
export function copyFile(
  door: Door,
  context: Context,
  asked: { reference: string; kind: 'pdf' | 'fhir' },
): Promise<CopyFile> {
  return inside(door, context, { reference: asked.reference, act: 'copy' }, async (job, entry) => {
    const at = await releasedAt(door.pool, job.id);
    if (at === null) throw refuse(409, 'business-rule', 'Nothing has been released yet.');
    const copies = await copiesOf(door, context, job, at);
    const bytes =
      asked.kind === 'fhir' ? Buffer.from(bundleOf(door, copies, at)) : await pdfBeside(letterOf(job, copies, at));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const { party } = personOf(context);
    await inTransaction(door.pool, (client) =>
      recordInside(client, {
        ...entry,
        interaction: 'disclosure',
        action: 'R',
        rules: ['R-28', 'R-38'],
        recipient: `${party} ${context.address ?? ''}`.trim(),
        detail: `${entry.detail} ${asked.kind} sha256:${sha256}`,
      }),
    );
    const type = asked.kind === 'fhir' ? 'application/fhir+json; charset=utf-8' : 'application/pdf';
    return { name: `${job.reference}.${asked.kind === 'fhir' ? 'json' : 'pdf'}`, type, bytes };
  });
}

function bundleOf(door: Door, { resources, texts }: Copies, at: Date): string {
  const entries = texts.map((text, i) => {
    const { resourceType, id } = resources[i] ?? { resourceType: '' };
    return `{"fullUrl":${JSON.stringify(`${door.base}/${resourceType}/${id}`)},"resource":${text}}`;
  });
  return `{"resourceType":"Bundle","type":"collection","timestamp":"${at.toISOString()}","entry":[${entries.join(',')}]}`;
}

const STRETCH = 100;

async function copiesOf(door: Door, context: Context, job: SarJob, at: Date): Promise<Copies> {
  const items = await allItems(door, job);
  const { leaving, chosen } = choose(job, items);
  const copies: Copies = { resources: [], texts: [], accesses: null };
  for (let from = 0; from < chosen.length; from += STRETCH) {
    const stretch = chosen.slice(from, from + STRETCH);
    const bodies = await readInside(
      door,
      context,
      job,
      stretch.map(({ item }) => item),
    );
    for (const { item, paths } of stretch) {
      const body = bodies.get(keyOf(item))?.body;
      if (body === undefined || body === null)
        throw refuse(
          403,
          'forbidden',
          `Item ${item.n} is beyond you or gone: the Caldicott Guardian has to make this copy (R-13)`,
        );
      copies.resources.push(leavingOf(masked(job, parseStored(body).resource), paths, leaving));
      const { resource, numbers } = parseStored(body);
      if (numbers.size > 0) keepSpelling(resource, numbers);
      copies.texts.push(JSON.stringify(leavingOf(masked(job, resource), paths, leaving)));
    }
  }
  const leak = leakIn(copies.texts, leaving);
  if (leak !== null) {
    const hidden = items.find(({ type, id }) => `${type}/${id}` === leak.names)?.n;
    const words = `Item ${chosen[leak.text]?.item.n} names item ${hidden}, which does not leave: leave that element out too`;
    throw refuse(409, 'business-rule', words);
  }
  return job.wantsAccesses ? { ...copies, accesses: await accessLines(door, job.subject, at, leaving) } : copies;
}

/** R-17: to the other parent a child's record leads to no address. */
function masked(job: SarJob, resource: Resource): Resource {
  if (!job.child || job.asker === 'self') return resource;
  const remove = [...(PLACE[resource.resourceType]?.remove ?? []), ...EVERYWHERE];
  return applyMasks(resource, [{ rule: 'R-17', remove, params: [] }]);
}

async function allItems(door: Door, job: SarJob): Promise<SarItem[]> {
  const items: SarItem[] = [];
  for (;;) {
    const next = await itemsOf(door.pool, job.id, { state: null, after: items.at(-1)?.n ?? 0, limit: 1_000 });
    items.push(...next);
    if (next.length < 1_000) return items;
  }
}

interface Chosen {
  item: SarItem;
  paths: string[];
}

/** An earlier version never says more than the newest: what is withheld or cut there is withheld and cut in all of them. */
export function choose(
  job: Pick<SarJob, 'subject'>,
  items: readonly SarItem[],
): { leaving: Leaving; chosen: Chosen[] } {
  const newest = new Map(items.filter((one) => one.newest).map((one) => [`${one.type}/${one.id}`, one]));
  const withheld = new Set<string>();
  for (const [name, item] of newest) if (item.verdict !== 'release' && item.verdict !== 'redact') withheld.add(name);
  // She may be named whatever became of her own Patient: it is her record.
  withheld.delete(job.subject);
  const isGone = (one: SarItem) =>
    newest.get(`${one.type}/${one.id}`)?.verdict === 'withhold' || one.verdict === 'withhold';
  const chosen = items
    .filter((one) => !isGone(one) && one.verdict !== null)
    .map((item) => {
      const later = newest.get(`${item.type}/${item.id}`)?.paths ?? [];
      return { item, paths: [...new Set([...(item.paths ?? []), ...later])] };
    });
  const released = new Set([job.subject, ...chosen.map(({ item }) => `${item.type}/${item.id}`)]);
  return { leaving: { released, withheld }, chosen };
}
