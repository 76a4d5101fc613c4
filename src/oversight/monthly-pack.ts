/** The monthly pack for Caldicott Guardian and SIRO (domain.md 6.7, feature 17): counts, what is unreviewed, how old it is. */
import type { Cell } from '../audit/export-text.ts';
import { londonDayStart } from '../fhir/london.ts';
import type { Context, Door } from '../record/types.ts';
import { type PackCount, packOf } from '../store/models/monthly-pack.ts';
import { type ExportAsked, type ExportFile, exportTable } from './export-table.ts';
import { deskEntry, onDesk } from './officer.ts';
import { nextMonth } from './samples.ts';

/** Counts alone: no person, no family. @param month `YYYY-MM` */
export function readPack(door: Door, context: Context, month: string): Promise<PackCount[]> {
  const entry = deskEntry(context, `monthly-pack ${month}`);
  return onDesk(door, context, entry, async () => {
    const from = new Date(londonDayStart(`${month}-01`));
    const until = new Date(londonDayStart(`${nextMonth(month)}-01`));
    const pack = await packOf(door.broadPool, { from, until });
    await door.audit.write(entry);
    return pack;
  });
}

/** The pack as a file, which is a disclosure as every file is. */
export async function exportPack(door: Door, context: Context, month: string, asked: ExportAsked): Promise<ExportFile> {
  const rows = (await readPack(door, context, month)).map(({ part, what, count }): Cell[] => [part, what, count]);
  const answer = { table: { columns: ['part', 'what', 'count'], rows }, patients: [], rowPatients: null };
  const what = { name: 'monthly-pack', title: 'Monthly pack', answer, period: month, filter: 'none' };
  const made = await exportTable(door, context, what, { ...asked, approved: null });
  if ('people' in made) throw new Error('a pack is about nobody');
  return made.file;
}
