/**
 * What leaves of a request: the versions two people agreed on, without what they cut, made anew from versions and decisions
 * each time, and held against what stays before a byte of it goes anywhere (R-14, R-16, R-17, R-23, R-28).
 */
import { keepSpelling } from '../../fhir/json.ts';
import { refuse } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import { applyMasks } from '../../governance/apply-masks.ts';
import { EVERYWHERE, PLACE } from '../../governance/mask-tables.ts';
import { parseStored } from '../../record/decide.ts';
import { keyOf, readInside } from '../../record/inside-request.ts';
import type { Context, Door } from '../../record/types.ts';
import { wordsAround } from '../../record/words-around.ts';
import { namesInDirectory } from '../../store/models/sar-around.ts';
import { itemsOf, type SarItem } from '../../store/models/sar-items.ts';
import type { SarJob } from '../../store/models/sar-jobs.ts';
import { filesSeen } from '../../store/models/sar-standing.ts';
import { type AccessLine, accessLines } from './accesses.ts';
import { type Leaving, leakIn, leavingOf } from './cut.ts';
import { filesOf, fileWords, heldFiles, leavingName } from './file-content.ts';
import { unopened } from './files.ts';
import { placeIn } from './hints.ts';
import type { LetterFile } from './pdf.ts';
import { mayNotLead } from './queue.ts';
import { type Names, readableOf } from './readable.ts';
import type { Strictness } from './standing.ts';

export interface Copies {
  resources: Resource[];
  /** JSON texts of the same resources, numbers as they were written. */
  texts: string[];
  /** The items they come from, in the same order. */
  items: SarItem[];
  /** Of whom references lead to. */
  names: Names;
  accesses: { lines: AccessLine[]; more: boolean } | null;
}

const STRETCH = 100;

/** What leaves, as it stood at the release. @throws Outcome 403 beyond the reader, 409 a text that names what stays */
export async function copiesOf(
  door: Door,
  context: Context,
  job: SarJob,
  { at, strict }: { at: Date; strict: Strictness },
): Promise<Copies> {
  const items = await allItems(door, job);
  const { leaving, chosen } = choose(job, items);
  const copies: Copies = {
    resources: [],
    texts: [],
    items: chosen.map(({ item }) => item),
    names: new Map(),
    accesses: null,
  };
  const address = addressStays(job, strict);
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
      copies.resources.push(leavingOf(masked(address, parseStored(body).resource), paths, leaving));
      const { resource, numbers } = parseStored(body);
      if (numbers.size > 0) keepSpelling(resource, numbers);
      copies.texts.push(JSON.stringify(leavingOf(masked(address, resource), paths, leaving)));
    }
  }
  requireNoLeak(copies, { leaving, items, places: address ? (await wordsAround(door, job.subject)).places : [] });
  copies.names = await namesFor(door, copies.resources);
  return job.wantsAccesses ? { ...copies, accesses: await accessLines(door, job.subject, at, leaving) } : copies;
}

/** Names of people in what leaves, and of those who acted professionally (R-23). */
async function namesFor(door: Door, resources: readonly Resource[]): Promise<Names> {
  const people = resources.flatMap((one): [string, string][] => {
    const { lines } = readableOf({ resourceType: one.resourceType, name: one.name });
    const [name] = lines;
    return name === undefined || !['Patient', 'RelatedPerson'].includes(one.resourceType)
      ? []
      : [[`${one.resourceType}/${one.id}`, name.value]];
  });
  const named = JSON.stringify(resources).matchAll(
    /"reference":"((?:PractitionerRole|Practitioner|Organization|CareTeam)\/[^"/]+)"/g,
  );
  const references = [...new Set([...named].map(([, one = '']) => one))];
  return new Map([...people, ...(await namesInDirectory(door.pool, references))]);
}

/** Nothing that leaves, no text and no file that can be read as one, names what stays or leads to where somebody lives. */
function requireNoLeak(
  { resources, texts, items: left }: Copies,
  { leaving, items, places }: { leaving: Leaving; items: readonly SarItem[]; places: readonly string[] },
): void {
  const words = texts.map((text, i) => `${text}\n${fileWords(resources[i] ?? { resourceType: '' })}`);
  const leak = leakIn(words, leaving);
  if (leak !== null) {
    const hidden = items.find(({ type, id }) => `${type}/${id}` === leak.names)?.n;
    const told = `Item ${left[leak.text]?.n} names item ${hidden}, which does not leave: leave that element out too`;
    throw refuse(409, 'business-rule', told);
  }
  const place = words.findIndex((text) => placeIn(text, places) !== null);
  if (place === -1) return;
  const told = `Item ${left[place]?.n} holds an address that does not leave: leave that element out too (R-16, R-17)`;
  throw refuse(409, 'business-rule', told);
}

/** Whoever decided about an item, and whoever agreed, opened every file of it that leaves. @throws Outcome 409 */
export async function requireFilesSeen(door: Door, job: SarJob, { resources, items }: Copies): Promise<void> {
  const by = await filesSeen(door.pool, job.id);
  for (const [i, item] of items.entries()) {
    const resource = resources[i];
    const people = [item.person, item.reviewerPerson].filter((one) => one !== null);
    const missing = (person: string) =>
      unopened(resource ?? { resourceType: '' }, [], { by, item: item.n, person }).length;
    if (!people.some((person) => missing(person) > 0)) continue;
    const told = `Item ${item.n} holds a file that not both who decided about it have opened (R-23, R-28)`;
    throw refuse(409, 'business-rule', told);
  }
}

/** Every file that leaves, once, under the name the letter gives it. */
export function filesThatLeave(resources: readonly Resource[]): LetterFile[] {
  const found = new Map<string, LetterFile>();
  for (const resource of resources) {
    const held = [...heldFiles(resource)];
    for (const [i, file] of filesOf(resource).entries())
      found.set(file.sha256, { name: leavingName(file), type: file.type, bytes: held[i]?.bytes ?? Buffer.alloc(0) });
  }
  return [...found.values()].filter(({ bytes }) => bytes.length > 0);
}

/** R-16, R-17: a child's record leads its other parent to no address, nor a restricted one anybody but herself. */
function addressStays(job: SarJob, strict: Strictness): boolean {
  return mayNotLead(job) || (strict.address && job.asker !== 'self');
}

function masked(address: boolean, resource: Resource): Resource {
  if (!address) return resource;
  const remove = [...(PLACE[resource.resourceType]?.remove ?? []), ...EVERYWHERE];
  return applyMasks(resource, [{ rule: 'R-16', remove, params: [] }]);
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
