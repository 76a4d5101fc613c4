/** What a replay found, counted as it goes: only what would be decided otherwise. Pure. */
import type { Decision, DenyReason } from '../governance/decision-types.ts';
import type { DataClass, Role } from '../governance/types.ts';

/** `refused`: shown then, and would not be any more; `permitted`: the other way; `masked`: other parts would be hidden. */
export type ChangeKind = 'refused' | 'permitted' | 'masked';

export interface ReplayChange {
  kind: ChangeKind;
  /** Record of the trail. */
  seq: number;
  at: string;
  service: string | null;
  role: Role;
  type: string;
  dataClass: DataClass;
  /** Why it would be refused, or was; null for masks. */
  reason: DenyReason | null;
}

export interface ReplayCount {
  kind: ChangeKind;
  service: string | null;
  role: Role;
  dataClass: DataClass;
  count: number;
}

export interface ReplayResult {
  /** Requests decided again, and the rows they touched. */
  requests: number;
  rows: number;
  /** Records left out: of families, of people and systems that the directory no longer knows, about rows that are gone. */
  leftOut: number;
  /** Of the rows, those that the present rules decide as they were decided then. */
  asThen: number;
  changedRequests: number;
  counts: ReplayCount[];
  sample: ReplayChange[];
  /** The trail holds more than a replay walks. */
  bounded: boolean;
}

const SAMPLE = 50;

export class ReplayTally {
  private readonly result: ReplayResult = {
    ...{ requests: 0, rows: 0, leftOut: 0, asThen: 0, changedRequests: 0 },
    ...{ counts: [], sample: [], bounded: false },
  };
  private readonly counts = new Map<string, ReplayCount>();

  leaveOut(): void {
    this.result.leftOut += 1;
  }

  /** One request with what each of its rows would have become. */
  request(rows: { asThen: boolean; change: ReplayChange | null }[]): void {
    this.result.requests += 1;
    this.result.rows += rows.length;
    this.result.asThen += rows.filter(({ asThen }) => asThen).length;
    const changes = rows.flatMap(({ change }) => change ?? []);
    if (changes.length > 0) this.result.changedRequests += 1;
    for (const change of changes) this.add(change);
  }

  private add(change: ReplayChange): void {
    const { kind, service, role, dataClass } = change;
    const key = [kind, service, role, dataClass].join(' ');
    const found = this.counts.get(key) ?? { kind, service, role, dataClass, count: 0 };
    this.counts.set(key, { ...found, count: found.count + 1 });
    if (this.result.sample.length < SAMPLE) this.result.sample.push(change);
  }

  /** Most frequent first. */
  total(bounded: boolean): ReplayResult {
    const counts = [...this.counts.values()].sort((a, b) => b.count - a.count);
    return { ...this.result, counts, bounded };
  }
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
