/** What alert rules count: refusals, searches by name, exports, places and notifications, on top of what was counted before. */
import { isDenied, isExport, isNameSearch, opens } from '../audit/alert-rules.ts';
import type { Thresholds } from '../audit/alert-types.ts';
import type { AuditEntry } from '../audit/types.ts';
import type { OpenedBefore, VolumeBefore } from '../store/models/alert-counts.ts';
import type { Mark, Opened, Volume } from '../store/models/oversight.ts';

export interface SealedEntry {
  seq: number;
  entry: AuditEntry;
}

/** One name for one person or system, as in the questions of the access record. */
export function partyOf({ agent, recipient, interaction }: AuditEntry): string {
  if (interaction === 'disclosure') return recipient?.split('/event/')[0]?.split(' ')[0] ?? '';
  return agent.practitionerRole ?? agent.subject ?? agent.clientId ?? '';
}

/** The people a record is about: those whose data it touched, or whom a refused address named. */
export function patientsOf(entry: AuditEntry): string[] {
  if (entry.patients.length > 0) return entry.patients;
  return entry.entities.flatMap((one) => {
    const reference = one.split('/_history/')[0] ?? '';
    return reference.startsWith('Patient/') ? [reference] : [];
  });
}

/** The network an address belongs to: its first three parts (IPv4) or four groups (IPv6); people change within it. */
export function networkOf(address: string | null): string | null {
  if (address === null) return null;
  const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
  if (plain.includes('.')) return plain.split('.').slice(0, 3).join('.');
  return plain.split(':').slice(0, 4).join(':');
}

interface Before {
  t: Thresholds;
  marks: readonly Mark[];
  opened: Map<string, OpenedBefore>;
  medians: ReadonlyMap<string, number>;
  volumes: ReadonlyMap<string, VolumeBefore>;
}

/** Counts of this stretch on top of what was counted before. */
export class Ledger {
  readonly newMarks: Mark[] = [];
  readonly newlyOpened: Opened[] = [];
  private readonly t: Thresholds;
  private readonly marks: Mark[];
  private readonly opened: Map<string, OpenedBefore>;
  private readonly medians: ReadonlyMap<string, number>;
  private readonly volumes: ReadonlyMap<string, VolumeBefore>;
  private readonly grown = new Map<string, number>();
  /** Instants at which somebody opened something within this stretch. */
  private readonly openings = new Map<string, number[]>();

  constructor({ t, marks, opened, medians, volumes }: Before) {
    this.t = t;
    this.marks = [...marks];
    this.opened = opened;
    this.medians = medians;
    this.volumes = volumes;
  }

  get newVolumes(): Volume[] {
    return [...this.grown].map(([key, notices]) => {
      const [party = '', hour = ''] = key.split(' ');
      return { party, hour, notices };
    });
  }

  /** This subscription's notifications in the hour, this one included. */
  private volumeOf(entry: AuditEntry, party: string) {
    const before = this.volumes.get(party);
    const hour = `${entry.at.slice(0, 13)}:00:00.000Z`;
    const key = `${party} ${hour}`;
    this.grown.set(key, (this.grown.get(key) ?? 0) + 1);
    const others = [...(before ?? [])].filter(([one]) => one !== hour).map(([, n]) => n);
    const usual = others.length === 0 ? null : others.reduce((sum, n) => sum + n, 0) / others.length;
    return { volumeHour: (before?.get(hour) ?? 0) + (this.grown.get(key) ?? 0), volumeUsual: usual };
  }

  count({ seq, entry }: SealedEntry) {
    const party = partyOf(entry);
    const firstExport = isExport(entry) && !this.has('export', party);
    const isNotice = entry.interaction === 'disclosure' && entry.recipient?.startsWith('Subscription/') === true;
    const [, endpoint = ''] = isNotice ? (entry.recipient?.split(' ') ?? []) : [];
    const endpointChanged = endpoint !== '' && this.has('endpoint', party) && !this.has('endpoint', party, endpoint);
    const place = opens(entry) ? networkOf(entry.agent.address) : null;
    const isNewPlace = place !== null && !this.has('place', party, place);
    const newPlace = isNewPlace && this.has('place', party);
    if (isNewPlace) this.mark('place', { seq, party, patient: place, at: entry.at });
    if (isDenied(entry))
      for (const patient of patientsOf(entry).length > 0 ? patientsOf(entry) : [''])
        this.mark('denied', { seq, party, patient, at: entry.at });
    if (isNameSearch(entry)) this.mark('name-search', { seq, party, patient: '', at: entry.at });
    if (isExport(entry)) this.mark('export', { seq, party, patient: '', at: entry.at });
    if (endpoint !== '' && !this.has('endpoint', party, endpoint))
      this.mark('endpoint', { seq, party, patient: endpoint, at: entry.at });
    const volume = isNotice ? this.volumeOf(entry, party) : { volumeHour: 0, volumeUsual: null };
    return {
      firstExport,
      endpointChanged,
      newPlace,
      ...volume,
      ...this.windows(entry, party),
      ...this.openedBy(entry, party),
    };
  }

  private has(kind: Mark['kind'], party: string, patient?: string): boolean {
    return this.marks.some(
      (one) => one.kind === kind && one.party === party && (patient === undefined || one.patient === patient),
    );
  }

  private mark(kind: Mark['kind'], one: Omit<Mark, 'kind'>): void {
    this.marks.push({ kind, ...one });
    this.newMarks.push({ kind, ...one });
  }

  private windows(entry: AuditEntry, party: string) {
    const since = (minutes: number) => Date.parse(entry.at) - minutes * 60_000;
    const recent = (kind: Mark['kind'], minutes: number) =>
      this.marks.filter((one) => one.kind === kind && Date.parse(one.at) > since(minutes));
    const denied = recent('denied', this.t.denialMinutes);
    const about = patientsOf(entry);
    return {
      denials: new Set(denied.filter((one) => one.party === party).map((one) => one.seq)).size,
      deniedPeople: Math.max(
        0,
        ...about.map(
          (patient) => new Set(denied.filter((one) => one.patient === patient).map((one) => one.party)).size,
        ),
      ),
      nameSearches: recent('name-search', this.t.nameSearchMinutes).filter((one) => one.party === party).length,
      openedSince: (this.openings.get(party) ?? []).filter((at) => at > since(this.t.nameSearchMinutes)).length,
    };
  }

  private openedBy(entry: AuditEntry, party: string) {
    const before = this.opened.get(party);
    const hour = `${entry.at.slice(0, 13)}:00:00.000Z`;
    const role = entry.agent.role ?? '';
    const patients = before?.hours.get(hour) ?? new Set<string>();
    before?.hours.set(hour, patients);
    if (opens(entry)) {
      this.openings.set(party, [...(this.openings.get(party) ?? []), Date.parse(entry.at)]);
      for (const patient of entry.patients) {
        if (patients.has(patient)) continue;
        patients.add(patient);
        this.newlyOpened.push({ party, patient, role, hour });
      }
    }
    const day = new Set([...(before?.hours ?? [])].flatMap(([, seen]) => [...seen]));
    return {
      openedHour: patients.size,
      openedDay: day.size,
      usualHour: before?.usual ?? null,
      peerMedian: this.medians.get(role) ?? null,
    };
  }
}
