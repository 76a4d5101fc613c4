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
import { recordsBefore, stretchSince } from '../store/models/replays.ts';
import { readSeveral } from '../store/reads.ts';
import type { DecidableRow } from '../store/rows.ts';
import { readStanding, type StandingRows } from '../store/standing.ts';
import { changeBetween, type ReplayResult, ReplayTally } from './replay-count.ts';
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
export const MAX_RECORDS = 20_000;
const MAX_ROWS = 50;
const CHUNK = 200;

export interface ReplayRun {
  door: Door;
  since: Date;
  worlds: ReplayWorlds;
  /** Called after each stretch; resolves when kept. */
  onMoved: (done: number, total: number) => Promise<void>;
}

export async function runReplay({ door, since, worlds, onMoved }: ReplayRun): Promise<ReplayResult> {
  const tally = new ReplayTally();
  const stretch = await stretchSince(door.pool, since);
  if (stretch === null) return tally.total(false);
  const { first, last } = stretch;
  const standings = new Map<string, StandingRows>();
  let before = last + 1;
  let walked = 0;
  for (;;) {
    const limit = Math.min(CHUNK, MAX_RECORDS - walked);
    const records = await recordsBefore(door.pool, { first, before, interactions: Object.keys(ACTIONS), limit });
    for (const record of records) await replayOne({ door, worlds, tally, standings }, record);
    walked += records.length;
    before = records.at(-1)?.seq ?? first;
    await onMoved(last - before + 1, last - first + 1);
    if (records.length < limit) return tally.total(false);
    if (walked >= MAX_RECORDS) return tally.total(before > first);
  }
}

interface Replaying {
  door: Door;
  worlds: ReplayWorlds;
  tally: ReplayTally;
  standings: Map<string, StandingRows>;
}

async function replayOne(replaying: Replaying, record: StoredAudit): Promise<void> {
  const { door, worlds, tally } = replaying;
  const entry = auditEntry(record);
  const references = rowsOf(entry);
  // A request that touched no row says nothing about a rule; one that failed for another reason neither.
  if (references.length === 0 || (entry.outcome !== 0 && entry.reason === null)) return;
  const at = new Date(entry.at);
  const principal = await principalThen(replaying, entry, at);
  const purpose = purposeOf(entry.purpose ?? '');
  if (principal === null || purpose === null) {
    tally.leaveOut();
    return;
  }
  const found = await readSeveral(door.pool, references, reach({ principal, agreements: [] }));
  const asking = { action: ACTIONS[entry.interaction] ?? 'read', purpose };
  const rows = [...found.values()].map((one) => {
    const asked = ask(door, { purpose, now: at }, asking.action, one.row.type);
    const world = (side: keyof ReplayWorlds) => worldOf(one, worlds[side].agreements, principal, at);
    const now = decideUnder(worlds.present.settings, principal, asked, world('present'));
    const then = decideUnder(worlds.proposed.settings, principal, asked, world('proposed'));
    const change = changeBetween(now, then);
    const { type, dataClass } = one.row;
    const about = { seq: record.seq, at: entry.at, service: principal.service ?? null, role: principal.role };
    return {
      asThen: now.permit === (entry.outcome === 0),
      change: change === null ? null : { ...change, ...about, type, dataClass },
    };
  });
  if (rows.length === 0) tally.leaveOut();
  else tally.request(rows);
}

/** Their requests are about the trail, or load data: no rule that can change decides them. */
const ASIDE: readonly (Role | null)[] = ['ig-officer', 'caldicott-guardian', 'sar-officer', 'sysadmin', 'steward'];

/** The service's own clock writes under this client (record/internal.ts). */
const OWN_CLIENT = 'tandem';

/** `Type/id` of the rows, without versions; what a search only named has no id. */
function rowsOf({ entities, agent }: AuditEntry): string[] {
  if ((agent.kind !== 'staff' && agent.kind !== 'system') || ASIDE.includes(agent.role)) return [];
  if (agent.clientId === OWN_CLIENT) return [];
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

async function principalThen({ door, standings }: Replaying, entry: AuditEntry, at: Date): Promise<Principal | null> {
  const { kind, practitionerRole, clientId } = entry.agent;
  const who = kind === 'system' ? null : practitionerRole;
  const client = kind === 'system' ? (clientId ?? '') : '';
  if (who === null && client === '') return null;
  const key = `${who ?? ''} ${client}`;
  const rows = standings.get(key) ?? (await readStanding(door.pool, who, client));
  standings.set(key, rows);
  return who === null ? systemPrincipal(door, client, rows) : staffPrincipal(door, who, rows, at);
}
