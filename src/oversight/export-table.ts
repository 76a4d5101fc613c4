/**
 * An answer leaves as a file: with a reason, marked with who took it and when, and recorded as a disclosure before the
 * first byte. More people than the cap in one file need a second officer (export-requests.ts).
 */
import { createHash } from 'node:crypto';
import { csvText, type ExportAbout, ndjsonText, sampleOf, type Table } from '../audit/export-text.ts';
import { requireFreshSignIn } from '../record/fresh-sign-in.ts';
import type { Context, Door } from '../record/types.ts';
import { deskEntry, officerOf, onDesk } from './officer.ts';
import type { Answered } from './questions.ts';

export interface ExportAsked {
  format: 'csv' | 'ndjson';
  /** A byte order mark, for spreadsheets that need one. */
  bom: boolean;
  reason: string;
  /** A random sample of so many rows, which the same seed draws again; null = every row. */
  sample: { size: number; seed: string } | null;
}

export interface Exportable {
  /** Machine word, e.g. `timeline`. */
  name: string;
  title: string;
  answer: Pick<Answered, 'table' | 'patients' | 'rowPatients'>;
  period: string;
  filter: string;
}

export interface ExportFile {
  name: string;
  type: string;
  text: string;
}

/** People whose records one person may take out in one file. */
export const EXPORT_CAP = 50;

/**
 * Makes the file and records its disclosure. Above the cap without an approval no file is made: the answer is how many
 * people it would be about, and that is recorded. @throws Outcome 503 when it cannot be recorded
 */
export function exportTable(
  door: Door,
  context: Context,
  what: Exportable,
  asked: ExportAsked & { approved: string | null },
): Promise<{ file: ExportFile } | { people: number }> {
  const entry = deskEntry(context, `export ${what.name} ${asked.format}`);
  return onDesk(door, context, entry, async () => {
    requireFreshSignIn(door, context);
    const { table, patients } = sampled(what.answer, asked.sample);
    if (patients.length > EXPORT_CAP && asked.approved === null) {
      await door.audit.write({ ...entry, rules: ['R-38'], reason: 'cap', outcome: 4, status: 403 });
      return { people: patients.length };
    }
    const about: ExportAbout = {
      title: what.title,
      period: what.period,
      filter:
        asked.sample === null
          ? what.filter
          : `${what.filter}; sample of ${asked.sample.size} with seed ${asked.sample.seed}`,
      generatedBy: `${context.principal.name} (${officerOf(context)})`,
      generatedAt: context.now.toISOString(),
      reason: asked.reason,
      approvedBy: asked.approved,
    };
    const text = asked.format === 'csv' ? csvText(table, about, asked.bom) : ndjsonText(table, about);
    const approval = asked.approved === null ? '' : ` approved ${asked.approved}`;
    const sha256 = createHash('sha256').update(text).digest('hex');
    await door.audit.write({
      ...entry,
      interaction: 'disclosure',
      action: 'R',
      rules: ['R-38'],
      patients: [...patients],
      recipient: `${officerOf(context)} ${context.address ?? ''}`.trim(),
      query: { ...door.auditQuery('', context.requestId), count: table.rows.length },
      detail: `export ${what.name} ${asked.format} sha256:${sha256}${approval}; reason: ${asked.reason}`,
    });
    const day = context.now.toISOString().slice(0, 10);
    const type = asked.format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson; charset=utf-8';
    return { file: { name: `tandem-${what.name}-${day}.${asked.format}`, type, text } };
  });
}

/** The rows that leave, and the people they are about: of a sample, those of its rows alone. */
function sampled(
  answer: Exportable['answer'],
  sample: ExportAsked['sample'],
): { table: Table; patients: readonly string[] } {
  const { table, patients, rowPatients } = answer;
  if (sample === null) return { table, patients };
  const numbered = table.rows.map((row, i) => ({ row, about: rowPatients?.[i] ?? patients }));
  const drawn = sampleOf(numbered, ({ row }) => String(row[0]), sample.size, sample.seed);
  const about = new Set(drawn.flatMap((one) => one.about));
  return { table: { ...table, rows: drawn.map(({ row }) => row) }, patients: [...about] };
}
