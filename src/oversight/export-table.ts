/**
 * An answer leaves as a file: with a reason, marked with who took it and when, and recorded as a disclosure before the
 * first byte. More people than the cap in one file would need a second officer, and is refused until that exists.
 */
import { createHash } from 'node:crypto';
import { csvText, type ExportAbout, ndjsonText, sampleOf, type Table } from '../audit/export-text.ts';
import type { Decision } from '../governance/types.ts';
import { refused } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { deskEntry, officerOf, onDesk } from './officer.ts';

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
  table: Table;
  patients: readonly string[];
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

/** Makes the file and records its disclosure. @throws Outcome 403 above the cap, 503 when it cannot be recorded */
export function exportTable(door: Door, context: Context, what: Exportable, asked: ExportAsked): Promise<ExportFile> {
  const entry = deskEntry(context, `export ${what.name} ${asked.format}`);
  return onDesk(door, context, entry, async () => {
    const table = sampled(what.table, asked.sample);
    if (what.patients.length > EXPORT_CAP && asked.sample === null) throw await refused(door, entry, ABOVE_CAP);
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
    };
    const text = asked.format === 'csv' ? csvText(table, about, asked.bom) : ndjsonText(table, about);
    const sha256 = createHash('sha256').update(text).digest('hex');
    await door.audit.write({
      ...entry,
      interaction: 'disclosure',
      action: 'R',
      rules: ['R-38'],
      patients: [...what.patients],
      recipient: `${officerOf(context)} ${context.address ?? ''}`.trim(),
      query: { ...door.auditQuery('', context.requestId), count: table.rows.length },
      detail: `export ${what.name} ${asked.format} sha256:${sha256}; reason: ${asked.reason}`,
    });
    const day = context.now.toISOString().slice(0, 10);
    const type = asked.format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson; charset=utf-8';
    return { name: `tandem-${what.name}-${day}.${asked.format}`, type, text };
  });
}

function sampled(table: Table, sample: ExportAsked['sample']): Table {
  if (sample === null) return table;
  return { ...table, rows: sampleOf(table.rows, (row) => String(row[0]), sample.size, sample.seed) };
}

const ABOVE_CAP: Decision = {
  permit: false,
  rules: ['R-38'],
  reason: 'cap',
  text: `A file holds records about at most ${EXPORT_CAP} people; more would need a second officer, which is not offered yet. Narrow it, or take a random sample.`,
  explanation: null,
  masks: [],
  concealed: false,
  wayIn: null,
};
