/**
 * Random samples: n accesses of a month for each organisation, drawn by a seed that is made at the draw and kept
 * (domain.md 6.7, feature 5). Each waits on a list until an officer has looked: nothing to note, or a case.
 */
import { randomBytes } from 'node:crypto';
import { londonDate, londonDayStart } from '../fhir/london.ts';
import { refuse } from '../fhir/outcome.ts';
import type { Context, Door } from '../record/types.ts';
import {
  drawSample,
  itemsOf,
  organizationsIn,
  reviewItem,
  type Sample,
  type SampleItem,
  sampleById,
  samplesOf,
} from '../store/models/samples.ts';
import type { Pool } from '../store/pool.ts';
import { inTransaction } from '../store/transaction.ts';
import { deskEntry, isAbout, officerOf, onDesk, recordInside, requireNoInterest, withoutInterests } from './officer.ts';

const SHOWN = 200;

/** Draws what a month lacks. @param month `YYYY-MM`. @returns how many organisations got a sample now */
export async function drawMonth(pool: Pool, month: string, drawn: { size: number; by: string }): Promise<number> {
  const from = new Date(londonDayStart(`${month}-01`));
  const until = new Date(londonDayStart(`${nextMonth(month)}-01`));
  let made = 0;
  for (const organization of await organizationsIn(pool, from, until)) {
    const draw = { month: `${month}-01`, from, until, organization, seed: randomBytes(8).toString('hex'), ...drawn };
    if (await inTransaction(pool, (client) => drawSample(client, draw))) made += 1;
  }
  return made;
}

/** `2026-12` of `2026-11`. */
export function nextMonth(month: string): string {
  const [year = 0, of = 1] = month.split('-').map(Number);
  return new Date(Date.UTC(year, of, 1)).toISOString().slice(0, 7);
}

/** `YYYY-MM` before the London day of an instant. */
export function monthBefore(now: Date): string {
  const [year = 0, month = 1] = londonDate(now).split('-').map(Number);
  return new Date(Date.UTC(year, month - 2, 1)).toISOString().slice(0, 7);
}

/** An officer draws by hand what the clock has not drawn yet. @throws Outcome 403 */
export function drawNow(door: Door, context: Context, month: string, size: number): Promise<number> {
  const entry = deskEntry(context, `sample-draw ${month}`);
  return onDesk(door, context, entry, async () => {
    await door.audit.write(entry);
    return drawMonth(door.broadPool, month, { size, by: officerOf(context) });
  });
}

export function readSamples(door: Door, context: Context): Promise<Sample[]> {
  const entry = deskEntry(context, 'samples');
  return onDesk(door, context, entry, async () => {
    const samples = await samplesOf(door.pool, SHOWN);
    await door.audit.write(entry);
    return samples;
  });
}

export interface SampleView {
  sample: Sample;
  /** Without whose record it was; what the officer opened herself, or has an interest in, is left out. */
  items: Omit<SampleItem, 'patient'>[];
}

/** One sample with its items. @throws Outcome 403, 404 */
export function readSample(door: Door, context: Context, id: number): Promise<SampleView> {
  const entry = deskEntry(context, `sample-read ${id}`);
  return onDesk(door, context, entry, async (own) => {
    const sample = await sampleById(door.pool, id);
    if (sample === null) throw refuse(404, 'not-found', 'There is no such sample.');
    const all = await itemsOf(door.pool, id);
    await door.audit.write({ ...entry, patients: all.map(({ patient }) => patient) });
    const open = await withoutInterests(door, context, own, { rows: all, about: ({ patient }) => [patient] });
    const items = open.flatMap(({ patient: _, ...item }) => (isAbout(own, [item.party]) ? [] : [item]));
    return { sample, items };
  });
}

/** Nothing to note about one item, in words. @throws Outcome 403, 404, 409 looked at already or about oneself */
export function passItem(
  door: Door,
  context: Context,
  item: { sample: number; n: number },
  words: string,
): Promise<void> {
  const entry = deskEntry(context, `sample-pass ${item.sample} ${item.n}`);
  return onDesk(door, context, entry, async (own) => {
    const found = (await itemsOf(door.pool, item.sample)).find(({ n }) => n === item.n);
    if (found === undefined) throw refuse(404, 'not-found', 'There is no such access in this sample.');
    if (isAbout(own, [found.party]))
      throw refuse(409, 'business-rule', 'It is about your own access: a colleague has to look at it.');
    await requireNoInterest(door, context, { entry, own }, [found.patient]);
    await inTransaction(door.pool, async (client) => {
      const by = { party: officerOf(context), at: context.now };
      if (!(await reviewItem(client, { ...item, state: 'fine', words }, by)))
        throw refuse(409, 'conflict', 'A colleague has looked at this access already.');
      await recordInside(client, { ...entry, patients: [found.patient] });
    });
  });
}
