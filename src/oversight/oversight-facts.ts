/** What is known around the records of one stretch of the trail, for the alert rules; everything is asked in few statements. */
import { isDenied, opens } from '../audit/alert-rules.ts';
import type { AlertFacts, Thresholds } from '../audit/alert-types.ts';
import type { AuditEntry } from '../audit/types.ts';
import type { AccessExplanation } from '../governance/decision-types.ts';
import { isSamePerson, type Kinship, kinshipByKeys, kinshipOf, NOT_KIN } from '../record/kinship.ts';
import {
  alertsBefore,
  type EarlierAlert,
  marksSince,
  openedBefore,
  peerMedians,
  volumesBefore,
} from '../store/models/alert-counts.ts';
import { type Around, aroundOf, dutyIsKnown, explanationsOf, type Touch } from '../store/models/alert-facts.ts';
import { bodiesOf, downgraded, expired, staffKeys } from '../store/models/alert-kin.ts';
import type { Mark, Opened, Volume } from '../store/models/oversight.ts';
import type { Pool } from '../store/pool.ts';
import { Ledger, partyOf, patientsOf, type SealedEntry } from './alert-ledger.ts';

export interface StretchFacts {
  /** Facts of one record; records are asked in order, once each: counts grow as they are. */
  of(one: SealedEntry): AlertFacts;
  /** Explanations found here that the records themselves do not carry. */
  explained: { seq: number; explanation: AccessExplanation }[];
  earlier: EarlierAlert[];
  opened: Opened[];
  marks: Mark[];
  /** Asked after the records: they have grown with them. */
  readonly volumes: Volume[];
}

const NO_FACTS: StretchFacts = {
  of: () => {
    throw new Error('a stretch without records has no facts');
  },
  explained: [],
  earlier: [],
  opened: [],
  marks: [],
  volumes: [],
};

/** What makes words comparable with the keyed hashes of the HR file. */
export type Hash = (text: string) => string;

export async function factsFor(
  { pool, hash }: { pool: Pool; hash: Hash },
  stretch: readonly SealedEntry[],
  t: Thresholds,
): Promise<StretchFacts> {
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
  const [around, explained, marks, opened, medians, earlier, bodies, keys, lowered, lapsed, duty, volumes] =
    await Promise.all([
      aroundOf(pool, [...touches, ...familyTouches(stretch)], t.permitHours),
      explanationsOf(pool, unexplained.flatMap(touchesOf)),
      marksSince(pool, { parties, patients, since }),
      openedBefore(pool, parties, asked),
      peerMedians(pool, roles, asked),
      alertsBefore(pool, parties, asked),
      concerned.length === 0 ? new Map<string, string>() : bodiesOf(pool, byPerson),
      concerned.length === 0 ? new Map<string, string[]>() : staffKeys(pool, byPerson),
      downgraded(pool, stretch.flatMap(writtenIn)),
      expired(pool, concerned.flatMap(sharedIn)),
      concerned.length > 0 && dutyIsKnown(pool),
      volumesBefore(pool, parties, asked),
    ]);
  const ledger = new Ledger({ t, marks, opened, medians, volumes });
  const late = new Map(explained.map((one) => [one.seq, one.explanation]));
  return {
    explained,
    earlier,
    opened: ledger.newlyOpened,
    marks: ledger.newMarks,
    get volumes() {
      return ledger.newVolumes;
    },
    of: (one) => ({
      ...NOTHING_AROUND,
      ...togetherOf(around.filter((row) => row.seq === one.seq)),
      ...(opens(one.entry) ? closestOf(one.entry, { bodies, keys, hash }) : NOBODYS_KIN),
      ...ledger.count(one),
      releasedAfterDowngrade: lowered.has(one.seq),
      agreementExpired: lapsed.has(one.seq),
      rostered: duty ? around.some((row) => row.seq === one.seq && row.onDuty) : null,
      sameRuleBefore: 0,
      smallRuleNow: false,
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

const NOBODYS_KIN = { ...NOT_KIN, neighbour: false, sameSelf: false };

function either(a: Kinship, b: Kinship): Kinship {
  return {
    sameSurname: a.sameSurname || b.sameSurname,
    samePostcode: a.samePostcode || b.samePostcode,
    sameAgeBand: a.sameAgeBand || b.sameAgeBand,
    sameAddress: a.sameAddress || b.sameAddress,
  };
}

interface KnownOfStaff {
  bodies: ReadonlyMap<string, string>;
  keys: ReadonlyMap<string, string[]>;
  hash: Hash;
}

/** By what the directory says of her, and by what the HR file does. */
function closestOf(entry: AuditEntry, { bodies, keys, hash }: KnownOfStaff): typeof NOBODYS_KIN {
  const own = bodies.get(partyOf(entry));
  if (own === undefined) return NOBODYS_KIN;
  const hers = keys.get(partyOf(entry)) ?? [];
  const all = patientsOf(entry).flatMap((one) => {
    const body = bodies.get(one);
    if (body === undefined) return [];
    return hers.length === 0 ? [kinshipOf(own, body)] : [either(kinshipOf(own, body), kinshipByKeys(hers, body, hash))];
  });
  return {
    sameSurname: all.some((one) => one.sameSurname),
    samePostcode: all.some((one) => one.sameSurname && one.samePostcode),
    sameAgeBand: all.some((one) => one.sameSurname && one.sameAgeBand),
    sameAddress: all.some((one) => one.sameAddress),
    neighbour: all.some((one) => one.samePostcode),
    sameSelf: patientsOf(entry).some((one) => isSamePerson(own, bodies.get(one) ?? '{}')),
  };
}
