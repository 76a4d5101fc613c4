/**
 * Files inside a record (Binary, attachments, signatures): what they are, and opening one for review. A file is bytes to
 * the workbench: it is saved under a name without content, never shown in the page, and recorded with who opened it. What
 * those who decided have not opened does not leave.
 */
import { refuse } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import { parseStored } from '../../record/decide.ts';
import { readOneInside } from '../../record/inside-request.ts';
import type { Context, Door } from '../../record/types.ts';
import { itemOf } from '../../store/models/sar-items.ts';
import { filesSeen, keepSeen, seenKey } from '../../store/models/sar-standing.ts';
import { inTransaction } from '../../store/transaction.ts';
import { recordInside } from '../officer.ts';
import { inside, personOf } from './bench.ts';
import { leavingOf } from './cut.ts';
import { endingOf, filesOf, heldFiles, type SarFile } from './file-content.ts';

/** Files that would leave with a resource that was cut so, and that this person has not opened. */
export function unopened(
  resource: Resource,
  paths: readonly string[],
  seen: { by: ReadonlySet<string>; item: number; person: string },
): SarFile[] {
  const left = filesOf(leavingOf(resource, paths, { released: new Set(), withheld: new Set() }));
  return left.filter(({ sha256 }) => !seen.by.has(seenKey(seen.item, sha256, seen.person)));
}

/** @throws Outcome 409 when a file that would leave was not opened by whoever decides or agrees */
export async function requireOpened(
  door: Door,
  context: Context,
  of: { job: number; item: number; resource: Resource; paths: readonly string[] },
): Promise<void> {
  const { job, item, resource, paths } = of;
  const by = await filesSeen(door.pool, job);
  const left = unopened(resource, paths, { by, item, person: personOf(context).person });
  if (left.length === 0) return;
  const words = `Item ${item} holds ${left.length === 1 ? 'a file' : `${left.length} files`} that you have not opened: open it, or leave its data out (R-23, R-28)`;
  throw refuse(409, 'business-rule', words);
}

export interface FileCopy {
  name: string;
  bytes: Buffer;
}

/** One file of an item for review, recorded before the first byte. @throws Outcome 403, 404 */
export function openFile(
  door: Door,
  context: Context,
  asked: { reference: string; n: number; path: string },
): Promise<FileCopy> {
  return inside(door, context, { reference: asked.reference, act: 'file' }, async (job, entry) => {
    const item = await itemOf(door.pool, job.id, asked.n);
    if (item === null) throw refuse(404, 'not-found', 'There is no such item in this request.');
    const row = await readOneInside(door, context, job, item);
    const { resource } = parseStored(row.body ?? '');
    const files = filesOf(resource);
    const place = files.findIndex(({ path }) => path === asked.path);
    const [file, held] = [files[place], [...heldFiles(resource)][place]];
    if (file === undefined || held === undefined) throw refuse(404, 'not-found', 'There is no such file in this item.');
    const { sha256 } = file;
    const { person, party } = personOf(context);
    await inTransaction(door.pool, async (client) => {
      await keepSeen(client, { job: job.id, item: item.n, sha256, person, party, at: context.now });
      const detail = `${entry.detail} item ${item.n} file ${place + 1} sha256:${sha256}`;
      await recordInside(client, { ...entry, detail, entities: [`${item.type}/${item.id}`] });
    });
    const name = `${job.reference}-item-${item.n}-file-${place + 1}.${endingOf(file.type)}`;
    return { name, bytes: held.bytes };
  });
}
