/** What is known around the records of one stretch of the trail, for the alert rules; everything is asked in few statements. */
import { isDenied, isExport, isNameSearch, opens } from '../audit/alert-rules.ts';
import type { AlertFacts, Thresholds } from '../audit/alert-types.ts';
import type { AuditEntry } from '../audit/types.ts';
import type { AccessExplanation } from '../governance/types.ts';
import { type Kinship, kinshipOf, NOT_KIN } from '../record/kinship.ts';
import {
  alertsBefore,
  type EarlierAlert,
  marksSince,
  type OpenedBefore,
  openedBefore,
  peerMedians,
} from '../store/models/alert-counts.ts';
import { type Around, aroundOf, dutyIsKnown, explanationsOf, type Touch } from '../store/models/alert-facts.ts';
import { bodiesOf, downgraded, expired } from '../store/models/alert-kin.ts';
import type { Mark, Opened } from '../store/models/oversight.ts';
import type { Pool } from '../store/pool.ts';

export interface SealedEntry {
  seq: number;
  entry: AuditEntry;
}

export interface StretchFacts {
  /** Facts of one record; records are asked in order, once each: counts grow as they are. */
  of(one: SealedEntry): AlertFacts;
  /** Explanations found here that the records themselves do not carry. */
  explained: { seq: number; explanation: AccessExplanation }[];
  earlier: EarlierAlert[];
  opened: Opened[];
  marks: Mark[];
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

const NO_FACTS: StretchFacts = {
  of: () => {
    throw new Error('a stretch without records has no facts');
  },
  explained: [],
  earlier: [],
  opened: [],
  marks: [],
};

export async function factsFor(pool: Pool, stretch: readonly SealedEntry[], t: Thresholds): Promise<StretchFacts> {
  if (stretch.length === 0) return NO_FACTS;
  const [first] = stretch;
  const asked = first?.entry.at ?? new Date(0).toISOString();
  const concerned = stretch.filter(({ entry }) => opens(entry) || isDenied(entry));
  const touches = concerned.flatMap(touchesOf);
  const parties = [...new Set(stretch.map(({ entry }) => partyOf(entry)))];
  const patients = [...new Set(concerned.flatMap(({ entry }) => patientsOf(entry)))];
  const roles = [...new Set(concerned.flatMap(({ entry }) => entry.agent.role ?? []))];
  const unexplained = concerned.filter(({ entry }) => opens(entry) && entry.explanation === null);
  const minutes = Math.max(t.denialMinutes, t.nameSearchMinutes);
  const since = new Date(Date.parse(asked) - minutes * 60_000).toISOString();
  const byPerson = [...new Set([...concerned.map(({ entry }) => partyOf(entry)), ...patients])];
  const [around, explained, marks, opened, medians, earlier, bodies, lowered, lapsed, duty] = await Promise.all([
    aroundOf(pool, [...touches, ...familyTouches(stretch)], t.permitHours),
    explanationsOf(pool, unexplained.flatMap(touchesOf)),
    marksSince(pool, { parties, patients, since }),
    openedBefore(pool, parties, asked),
    peerMedians(pool, roles, asked),
    alertsBefore(pool, parties, asked),
    concerned.length === 0 ? new Map<string, string>() : bodiesOf(pool, byPerson),
    downgraded(pool, stretch.flatMap(writtenIn)),
    expired(pool, concerned.flatMap(sharedIn)),
    concerned.length > 0 && dutyIsKnown(pool),
  ]);
  const ledger = new Ledger(t, marks, opened, medians);
  const late = new Map(explained.map((one) => [one.seq, one.explanation]));
  return {
    explained,
    earlier,
    opened: ledger.newlyOpened,
    marks: ledger.newMarks,
    of: (one) => ({
      ...NOTHING_AROUND,
      ...togetherOf(around.filter((row) => row.seq === one.seq)),
      ...(opens(one.entry) ? closestOf(one.entry, bodies) : NOBODYS_KIN),
      ...ledger.count(one),
      releasedAfterDowngrade: lowered.has(one.seq),
      agreementExpired: lapsed.has(one.seq),
      rostered: duty ? around.some((row) => row.seq === one.seq && row.onDuty) : null,
      sameRuleBefore: 0,
      explanation: one.entry.explanation ?? late.get(one.seq) ?? null,
    }),
  };
}

const NOTHING_AROUND = {
  relationships: new Set<string>(),
  relationshipOver: false,
  consents: new Set<string>(),
  newlyPermitted: false,
  tags: new Set<string>(),
  colleague: false,
  afterDeath: false,
  afterLoss: false,
};

function touchesOf({ seq, entry }: SealedEntry): Touch[] {
  return patientsOf(entry).map((patient) => ({ seq, party: partyOf(entry), patient, at: entry.at }));
}

/** Family members are looked at for A-18 alone. */
function familyTouches(stretch: readonly SealedEntry[]): Touch[] {
  return stretch.filter(({ entry }) => entry.agent.kind === 'family' && entry.outcome === 0).flatMap(touchesOf);
}

function writtenIn({ seq, entry }: SealedEntry) {
  if (entry.outcome !== 0 || !['update', 'patch', 'operation'].includes(entry.interaction)) return [];
  return entry.entities.flatMap((one) => {
    const [type = '', id = '', , version = ''] = one.split('/');
    return version === '' || version === '1' ? [] : [{ seq, type, id, version: Number(version) }];
  });
}

function sharedIn({ seq, entry }: SealedEntry) {
  const { service } = entry.agent;
  if (!opens(entry) || service === null || !entry.rules.includes('R-04')) return [];
  return entry.entities.flatMap((one) => {
    const [type = '', id = ''] = one.split('/');
    return id === '' ? [] : [{ seq, type, id, service, at: entry.at }];
  });
}

/** One record may be about several people: what holds for one of them counts; a relationship must be with each. */
function togetherOf(rows: readonly Around[]): Partial<typeof NOTHING_AROUND> {
  if (rows.length === 0) return {};
  const [first, ...others] = rows;
  const all = (first?.relationships ?? []).filter((kind) => others.every((row) => row.relationships.includes(kind)));
  return {
    relationships: new Set(all),
    relationshipOver: rows.some((row) => row.relationshipOver),
    consents: new Set(rows.flatMap((row) => row.consents)),
    newlyPermitted: rows.some((row) => row.newlyPermitted),
    tags: new Set(rows.flatMap((row) => row.tags ?? [])),
    colleague: rows.some((row) => row.colleague),
    afterDeath: rows.some((row) => row.afterDeath),
    afterLoss: rows.some((row) => row.afterLoss),
  };
}

const NOBODYS_KIN = { ...NOT_KIN, neighbour: false };

function closestOf(entry: AuditEntry, bodies: ReadonlyMap<string, string>): Kinship & { neighbour: boolean } {
  const own = bodies.get(partyOf(entry));
  if (own === undefined) return NOBODYS_KIN;
  const all = patientsOf(entry).flatMap((one) => {
    const body = bodies.get(one);
    return body === undefined ? [] : [kinshipOf(own, body)];
  });
  return {
    sameSurname: all.some((one) => one.sameSurname),
    samePostcode: all.some((one) => one.sameSurname && one.samePostcode),
    sameAgeBand: all.some((one) => one.sameSurname && one.sameAgeBand),
    sameAddress: all.some((one) => one.sameAddress),
    neighbour: all.some((one) => one.samePostcode),
  };
}

/** The network an address belongs to: its first three parts (IPv4) or four groups (IPv6); people change within it. */
export function networkOf(address: string | null): string | null {
  if (address === null) return null;
  const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
  if (plain.includes('.')) return plain.split('.').slice(0, 3).join('.');
  return plain.split(':').slice(0, 4).join(':');
}

/** Counts of this stretch on top of what was counted before. */
class Ledger {
  readonly newMarks: Mark[] = [];
  readonly newlyOpened: Opened[] = [];
  private readonly t: Thresholds;
  private readonly marks: Mark[];
  private readonly opened: Map<string, OpenedBefore>;
  private readonly medians: ReadonlyMap<string, number>;
  /** Instants at which somebody opened something within this stretch. */
  private readonly openings = new Map<string, number[]>();

  constructor(t: Thresholds, marks: Mark[], opened: Map<string, OpenedBefore>, medians: ReadonlyMap<string, number>) {
    this.t = t;
    this.marks = [...marks];
    this.opened = opened;
    this.medians = medians;
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
    return { firstExport, endpointChanged, newPlace, ...this.windows(entry, party), ...this.openedBy(entry, party) };
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
