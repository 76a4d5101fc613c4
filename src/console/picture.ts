/** The picture of a look: when it was looked at, as stacked bars. Geometry only; the template draws it. Pure. */
import type { AccessTally } from '../oversight/ask-access-record.ts';
import { type AccessKind, KINDS, kindOf } from './kinds.ts';
import { shownDay } from './times.ts';

export interface Bar {
  /** `3 Mar 2026`, or `9:00 to 9:59`. */
  label: string;
  /** Under the axis; empty where there is no room. */
  tick: string;
  /** True for a tick that a phone has no room for. */
  spare: boolean;
  x: number;
  width: number;
  total: number;
  parts: { kind: AccessKind; y: number; height: number; count: number }[];
  /** For the table beside the picture, in the order of the picture's kinds. */
  counts: number[];
}

export interface Picture {
  unit: 'day' | 'hour';
  title: string;
  /** The picture in one sentence. */
  summary: string;
  bars: Bar[];
  /** Kinds that occur. */
  kinds: { kind: AccessKind; words: string }[];
  /** Highest bar. */
  max: number;
  width: number;
  height: number;
  /** Where bars stand. */
  floor: number;
}

const WIDTH = 720;
const HEIGHT = 190;
const FLOOR = 160;
const TOP = 14;
const LEFT = 40;
/** Days on one picture; older ones are in the table of records. */
const MAX_DAYS = 42;

/** Bars by London day, or by hour when everything is of one day; null when there is nothing to draw. */
export function pictureOf(tallies: readonly AccessTally[]): Picture | null {
  const days = [...new Set(tallies.map(({ hour }) => hour.slice(0, 10)))].sort();
  const [first] = days;
  const last = days.at(-1);
  if (first === undefined || last === undefined) return null;
  const unit = first === last ? 'hour' : 'day';
  const slots = unit === 'hour' ? hoursOf(first) : daysBetween(first, last);
  const counts = countBy(tallies, unit === 'hour' ? 13 : 10);
  const kinds = KINDS.filter(({ kind }) => [...counts.values()].some((one) => (one.get(kind) ?? 0) > 0));
  const totals = slots.map((slot) => sum(counts.get(slot)));
  const max = Math.max(1, ...totals);
  const step = (WIDTH - LEFT) / slots.length;
  const every = Math.ceil(slots.length / 8);
  const bars = slots.map((slot, i): Bar => {
    const of = counts.get(slot);
    return {
      label: unit === 'hour' ? hourWords(slot) : shownDay(slot),
      tick: i % every === 0 ? tickOf(slot, unit) : '',
      spare: (i / every) % 2 === 1,
      x: round(LEFT + i * step + step * 0.1),
      width: round(Math.min(step * 0.8, 60)),
      total: totals[i] ?? 0,
      parts: stack(of, max),
      counts: kinds.map(({ kind }) => of?.get(kind) ?? 0),
    };
  });
  const title = unit === 'hour' ? `Requests by hour on ${shownDay(first)}` : 'Requests by day';
  return {
    unit,
    title,
    summary: summaryOf(bars, unit, first),
    bars,
    kinds,
    max,
    width: WIDTH,
    height: HEIGHT,
    floor: FLOOR,
  };
}

function countBy(tallies: readonly AccessTally[], length: number): Map<string, Map<AccessKind, number>> {
  const counts = new Map<string, Map<AccessKind, number>>();
  for (const tally of tallies) {
    const slot = tally.hour.slice(0, length);
    const of = counts.get(slot) ?? new Map<AccessKind, number>();
    counts.set(slot, of);
    const kind = kindOf(tally);
    of.set(kind, (of.get(kind) ?? 0) + tally.requests);
  }
  return counts;
}

function stack(of: ReadonlyMap<AccessKind, number> | undefined, max: number): Bar['parts'] {
  let top = FLOOR;
  return KINDS.flatMap(({ kind }) => {
    const count = of?.get(kind) ?? 0;
    if (count === 0) return [];
    const height = Math.max(2, (count / max) * (FLOOR - TOP));
    top -= height;
    return [{ kind, y: round(top), height: round(height), count }];
  });
}

function summaryOf(bars: readonly Bar[], unit: 'day' | 'hour', first: string): string {
  const busy = bars.filter(({ total }) => total > 0);
  const most = busy.reduce<Bar | null>((best, bar) => (best === null || bar.total > best.total ? bar : best), null);
  if (most === null) return '';
  const all = busy.reduce((total, bar) => total + bar.total, 0);
  const requests = all === 1 ? '1 request' : `${all} requests`;
  const on = unit === 'hour' ? ` on ${shownDay(first)}` : '';
  if (busy.length === 1) return `${requests}${on}, ${most.label}.`;
  return `${requests}${on} in ${busy.length} ${unit}s. Most, ${most.total}: ${most.label}.`;
}

function hoursOf(day: string): string[] {
  return Array.from({ length: 24 }, (_, hour) => `${day} ${String(hour).padStart(2, '0')}`);
}

function daysBetween(first: string, last: string): string[] {
  const days: string[] = [];
  for (let at = new Date(`${last}T12:00:00Z`); days.length < MAX_DAYS; at = new Date(at.getTime() - 86_400_000)) {
    const day = at.toISOString().slice(0, 10);
    days.unshift(day);
    if (day === first) break;
  }
  return days;
}

function hourWords(slot: string): string {
  return `${slot.slice(11)}:00 to ${slot.slice(11)}:59`;
}

function tickOf(slot: string, unit: 'day' | 'hour'): string {
  return unit === 'hour' ? `${slot.slice(11)}:00` : shownDay(slot).replace(/ \d{4}$/, '');
}

function sum(of: ReadonlyMap<AccessKind, number> | undefined): number {
  return [...(of?.values() ?? [])].reduce((total, count) => total + count, 0);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
