/**
 * A replay at work: each recorded request of people and systems is decided again, as the person or system she was in the
 * directory at that moment, under the present rules and under the proposed ones. Relationships and consents keep their
 * dates, so they stand as they stood then; rows and their labels are those of now.
 */
import { auditEntry } from '../audit/entry.ts';
import type { AuditEntry, StoredAudit } from '../audit/types.ts';
import { purposeOf } from '../governance/purposes.ts';
import type { Action, Principal, Role } from '../governance/types.ts';
import { decideUnder } from '../governance/what-if.ts';
import { ask, reach } from '../record/decide.ts';
import { staffPrincipal, systemPrincipal } from '../record/standing.ts';
import type { Door } from '../record/types.ts';
import { recordsBefore } from '../store/models/replays.ts';
import { readSeveral } from '../store/reads.ts';
import type { DecidableRow } from '../store/rows.ts';
import { readStanding, type StandingRows } from '../store/standing.ts';
import { changeBetween, type Replayed, type ReplayTally } from './replay-count.ts';
import { isSearch, replaySearch } from './replay-search.ts';
import type { ReplayWorlds } from './replay-world.ts';

/** Requests that show or change single rows, with the action that decides them. */
const ACTIONS: Readonly<Partial<Record<AuditEntry['interaction'], Action>>> = {
  read: 'read',
  vread: 'vread',
  'history-instance': 'history',
  'search-type': 'search',
  'search-system': 'search',
  operation: 'read',
  update: 'update',
  patch: 'patch',
  disclosure: 'read',
};
/** Records walked at most, newest first, and rows decided of one request. */
export const MAX_RECORDS = 200_000;
const MAX_ROWS = 50;
/** Records of a stretch, the numbers it may pass over for them, and how long it takes: then it is kept. */
const STRETCH = 200;
const SPAN = 20_000;
const STRETCH_MS = 2_000;
/** People and systems remembered. */
const MAX_STANDINGS = 5_000;

export interface Replaying {
  door: Door;
  worlds: ReplayWorlds;
  tally: ReplayTally;
  standings: Map<string, StandingRows>;
}

/**
 * One stretch: the newest records below `before` and not below `first`, until it is time to keep what was counted.
 * @returns where the next one begins; `first` = there is no more
 */
export async function replayStretch(
  replaying: Replaying,
  { first, before }: { first: number; before: number },
): Promise<number> {
  const { door, tally, standings } = replaying;
  if (standings.size > MAX_STANDINGS) standings.clear();
  const low = Math.max(first, before - SPAN);
  const limit = Math.min(STRETCH, MAX_RECORDS - tally.records);
  const records = await recordsBefore(door.pool, { first: low, before, interactions: Object.keys(ACTIONS), limit });
  const end = performance.now() + STRETCH_MS;
  for (const record of records) {
    const entry = auditEntry(record);
    tally.record(entry.at);
    await replayOne(replaying, { ...entry, seq: record.seq });
    if (performance.now() > end) return record.seq;
  }
  return records.length < limit ? low : (records.at(-1)?.seq ?? low);
}

/** A record with its number. */
export type NumberedEntry = AuditEntry & Pick<StoredAudit, 'seq'>;

async function replayOne(replaying: Replaying, entry: NumberedEntry): Promise<void> {
  const { door, tally } = replaying;
  if (isAside(entry)) return;
  const references = rowsOf(entry);
  // A request that touched no row says nothing about a rule, unless it searched; one that failed for another reason neither.
  if ((references.length === 0 && !isSearch(entry)) || (entry.outcome !== 0 && entry.reason === null)) return;
  const principal = await principalThen(replaying, entry);
  const purpose = purposeOf(entry.purpose ?? '');
  if (principal === null || purpose === null) {
    tally.leaveOut();
    return;
  }
  const who: Asker = { principal, purpose, at: new Date(entry.at) };
  const found = await readSeveral(door.pool, references, reach({ principal, agreements: [] }));
  const search = isSearch(entry) ? await replaySearch(replaying, entry, who) : null;
  const rows = [...found.values()].map((one) => decidedRow(replaying, entry, who, one));
  if (rows.length === 0 && search === null) tally.leaveOut();
  // What a search asked again lists or does not list is counted by that; its rows tell what would be hidden in them.
  else tally.request({ rows: search === null || search === 'left' ? rows : rows.map(onlyMasks), search });
}

function onlyMasks(one: Replayed['rows'][number]): Replayed['rows'][number] {
  return one.change?.kind === 'masked' ? one : { ...one, change: null };
}

/** Who asked, as she was, and when. */
export interface Asker {
  principal: Principal;
  purpose: NonNullable<ReturnType<typeof purposeOf>>;
  at: Date;
}

function decidedRow({ door, worlds }: Replaying, entry: NumberedEntry, who: Asker, one: DecidableRow) {
  const { principal, purpose, at } = who;
  const asked = ask(door, { purpose, now: at }, ACTIONS[entry.interaction] ?? 'read', one.row.type);
  const under = (side: keyof ReplayWorlds) =>
    decideUnder(worlds[side].settings, principal, asked, worldOf(one, worlds[side].agreements, principal, at));
  const now = under('present');
  const change = changeBetween(now, under('proposed'));
  const { type, dataClass, service } = one.row;
  const about = { from: service, service: principal.service ?? null, role: principal.role };
  return {
    asThen: now.permit === (entry.outcome === 0),
    change: change === null ? null : { ...change, ...about, seq: entry.seq, at: entry.at, type, dataClass },
  };
}

/** Their requests are about the trail, or load data: no rule that can change decides them. */
const ASIDE: readonly (Role | null)[] = ['ig-officer', 'caldicott-guardian', 'sar-officer', 'sysadmin', 'steward'];

/** The service's own clock writes under this client (record/internal.ts). */
const OWN_CLIENT = 'tandem';

function isAside({ agent }: AuditEntry): boolean {
  if (agent.kind !== 'staff' && agent.kind !== 'system') return true;
  return ASIDE.includes(agent.role) || agent.clientId === OWN_CLIENT;
}

/** `Type/id` of the rows, without versions; what a search only named has no id. */
function rowsOf({ entities }: AuditEntry): string[] {
  const named = entities.flatMap((one) => {
    const [type = '', id = ''] = one.split('/');
    return id === '' || type === 'AuditEvent' ? [] : [`${type}/${id}`];
  });
  return [...new Set(named)].slice(0, MAX_ROWS);
}

function worldOf(
  { row, relationships, consents }: DecidableRow,
  agreements: ReplayWorlds['present']['agreements'],
  { service }: Principal,
  now: Date,
) {
  const own = agreements.filter(({ fromService, toService }) => fromService === service || toService === service);
  return { row, relationships, consents, agreements: own, now };
}

async function principalThen({ door, standings }: Replaying, entry: AuditEntry): Promise<Principal | null> {
  const { kind, practitionerRole, clientId } = entry.agent;
  const who = kind === 'system' ? null : practitionerRole;
  const client = kind === 'system' ? (clientId ?? '') : '';
  if (who === null && client === '') return null;
  const key = `${who ?? ''} ${client}`;
  const rows = standings.get(key) ?? (await readStanding(door.pool, who, client));
  standings.set(key, rows);
  return who === null ? systemPrincipal(door, client, rows) : staffPrincipal(door, who, rows, new Date(entry.at));
}
