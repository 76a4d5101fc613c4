/**
 * Everything the people of a case did, newest first: a person timeline lives inside a case. Families stand as
 * numbers of this page alone: how many there were shows, who they are does not.
 */
import { auditEntry } from '../audit/entry.ts';
import type { AuditEntry } from '../audit/types.ts';
import { refused } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { explainedLater, timelineOf } from '../store/models/officer-questions.ts';
import { readCase } from './cases.ts';
import { deskEntry, isAbout, notYours, onDesk, withoutInterests } from './officer.ts';

/** The newest ones. */
export const TIMELINE_ROWS = 300;

export interface TimelineRow {
  seq: number;
  entry: AuditEntry;
  explanation: AuditEntry['explanation'];
  /** Numbers of the families of this page, in the order in which they first come. */
  families: number[];
}

export interface Timeline {
  people: string[];
  rows: TimelineRow[];
  /** Distinct people whose records were touched. */
  patients: number;
  full: boolean;
}

/** @throws Outcome 404 no such case, 403 for the person it is about */
export async function personTimeline(
  door: Door,
  context: Context,
  reference: string,
  period: { from: string | null; until: string | null },
): Promise<Timeline> {
  const { file, people } = await readCase(door, context, reference);
  const entry = deskEntry(context, `timeline ${reference.slice(0, 20)}`);
  return onDesk(door, context, entry, async (own) => {
    if (isAbout(own, file.parties))
      throw await refused(door, entry, notYours('conflict', 'It is about your own access.'));
    const found = (
      await Promise.all(file.parties.map((party) => timelineOf(door.pool, party, period, TIMELINE_ROWS)))
    ).flat();
    const open = await withoutInterests(door, context, own, { rows: found, about: ({ patients }) => patients });
    const newest = open.sort((a, b) => b.seq - a.seq).slice(0, TIMELINE_ROWS);
    const later = await explainedLater(
      door.pool,
      newest.map(({ seq }) => seq),
    );
    await door.audit.write({ ...entry, query: { ...door.auditQuery('', context.requestId), count: newest.length } });
    const numbers = new Map<string, number>();
    const numberOf = (patient: string): number => {
      const known = numbers.get(patient) ?? numbers.size + 1;
      numbers.set(patient, known);
      return known;
    };
    const rows = newest.map((record): TimelineRow => {
      const one = auditEntry(record);
      const explanation = one.explanation ?? later.get(record.seq) ?? null;
      return { seq: record.seq, entry: one, explanation, families: one.patients.map(numberOf) };
    });
    return { people, rows, patients: numbers.size, full: newest.length === TIMELINE_ROWS };
  });
}
