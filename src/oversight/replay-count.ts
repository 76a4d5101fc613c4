/** What a replay found, counted as it goes: only what would be decided otherwise. Kept as text between two stretches. Pure. */
import type { Decision, DenyReason } from '../governance/decision-types.ts';
import type { DataClass, Role } from '../governance/types.ts';

/**
 * Of what was shown or changed then: `refused` would not be any more, `permitted` was refused and would not be, `masked`
 * would hide other parts. Of searches asked again: `found` is what they would list as well, `lost` what no more.
 */
export type ChangeKind = 'refused' | 'permitted' | 'masked' | 'found' | 'lost';

/** Whose data for whom. */
export interface ChangeAbout {
  /** The service whose record it is; null = nobody's. */
  from: string | null;
  /** The service of who asked. */
  service: string | null;
  role: Role;
  dataClass: DataClass;
}

export interface ReplayChange extends ChangeAbout {
  kind: ChangeKind;
  /** Record of the trail. */
  seq: number;
  at: string;
  type: string;
  /** Why it would be refused, or was; null for masks and searches. */
  reason: DenyReason | null;
}

export interface ReplayCount extends ChangeAbout {
  kind: ChangeKind;
  count: number;
}

export interface ReplayResult {
  /** Records of the trail looked at, and the instant of the oldest of them. */
  records: number;
  oldest: string | null;
  /** Requests decided again, and the rows they touched. */
  requests: number;
  rows: number;
  /** Records left out: of families, of people and systems that the directory no longer knows, about rows that are gone. */
  leftOut: number;
  /** Of the rows, those that the present rules decide as they were decided then. */
  asThen: number;
  changedRequests: number;
  /** Searches asked again; those that were not (not understood now, too long, too many); those that find more than counted. */
  searches: number;
  searchesLeft: number;
  searchesCapped: number;
  counts: ReplayCount[];
  sample: ReplayChange[];
  /** The trail holds more than a replay walks. */
  bounded: boolean;
}

const SAMPLE = 50;
/** Of one search, so that a list of two hundred does not fill the sample. */
const SAMPLE_OF_ONE = 5;
/** Service pairs, roles and kinds are few; a directory of very many services would still not fill the memory. */
const MOST_COUNTS = 2_000;

export const EMPTY_RESULT: ReplayResult = {
  ...{ records: 0, oldest: null, requests: 0, rows: 0, leftOut: 0, asThen: 0, changedRequests: 0 },
  ...{ searches: 0, searchesLeft: 0, searchesCapped: 0, counts: [], sample: [], bounded: false },
};

/** What one request would have become. */
export interface Replayed {
  rows: { asThen: boolean; change: ReplayChange | null }[];
  /** Null: it was no search. `left`: it was not asked again. */
  search: { changes: ReplayChange[]; capped: boolean } | 'left' | null;
}

export class ReplayTally {
  private readonly result: ReplayResult;
  private readonly counts = new Map<string, ReplayCount>();

  /** @param before what was counted until now */
  constructor(before: ReplayResult = EMPTY_RESULT) {
    this.result = { ...before, counts: [], sample: [...before.sample] };
    for (const one of before.counts) this.counts.set(keyOf(one), { ...one });
  }

  get searches(): number {
    return this.result.searches;
  }

  get records(): number {
    return this.result.records;
  }

  /** One record of the trail was looked at. */
  record(at: string): void {
    this.result.records += 1;
    this.result.oldest = at;
  }

  leaveOut(): void {
    this.result.leftOut += 1;
  }

  request({ rows, search }: Replayed): void {
    const { result } = this;
    result.requests += 1;
    result.rows += rows.length;
    result.asThen += rows.filter(({ asThen }) => asThen).length;
    const asked = search === null || search === 'left' ? null : search;
    if (asked !== null) result.searches += 1;
    if (search === 'left') result.searchesLeft += 1;
    if (asked?.capped === true) result.searchesCapped += 1;
    const changes = [...rows.flatMap(({ change }) => change ?? []), ...(asked?.changes ?? [])];
    if (changes.length > 0) result.changedRequests += 1;
    for (const change of changes) this.count(change);
    result.sample.push(...changes.slice(0, Math.min(SAMPLE_OF_ONE, SAMPLE - result.sample.length)));
  }

  private count({ kind, from, service, role, dataClass }: ReplayChange): void {
    const about = { kind, from, service, role, dataClass };
    const found = this.counts.get(keyOf(about)) ?? { ...about, count: 0 };
    if (found.count === 0 && this.counts.size >= MOST_COUNTS) return;
    this.counts.set(keyOf(about), { ...found, count: found.count + 1 });
  }

  /** Most frequent first. */
  total(bounded: boolean): ReplayResult {
    const counts = [...this.counts.values()].sort((a, b) => b.count - a.count);
    return { ...this.result, counts, bounded };
  }
}

function keyOf({ kind, from, service, role, dataClass }: Omit<ReplayCount, 'count'>): string {
  return [kind, from, service, role, dataClass].join(' ');
}

/** What becomes of one row, or null when nothing does. */
export function changeBetween(now: Decision, then: Decision): Pick<ReplayChange, 'kind' | 'reason'> | null {
  if (now.permit && !then.permit) return { kind: 'refused', reason: then.reason };
  if (!now.permit && then.permit) return { kind: 'permitted', reason: now.reason };
  if (!now.permit) return null;
  return hidden(now) === hidden(then) ? null : { kind: 'masked', reason: null };
}

function hidden({ masks }: Decision): string {
  return [...new Set(masks.flatMap(({ remove }) => remove))].sort().join(' ');
}
