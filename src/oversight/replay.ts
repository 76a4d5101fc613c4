/**
 * "Replay the last days of recorded requests against a proposed agreement or other rules: what would have changed"
 * (6.7 item 11). Started by an officer with a reason, gone on with by any process (replay-work.ts), one at a time, bounded,
 * stopped by any officer; what it found are counts and numbers of records of the trail, no content and no family.
 */
import { refuse } from '../fhir/outcome.ts';
import { agreementsOf } from '../governance/agreements.ts';
import type { RuleSettings } from '../governance/what-if.ts';
import { parseStored } from '../record/decide.ts';
import { newId } from '../record/ids.ts';
import { notFound } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { allAgreements } from '../store/models/agreements.ts';
import {
  insertReplay,
  newestReplays,
  type ReplayRow,
  replayById,
  stopReplay as stopKept,
  stretchSince,
} from '../store/models/replays.ts';
import { readPending } from '../store/pending-changes.ts';
import { inTransaction } from '../store/transaction.ts';
import { deskEntry, officerOf, onDesk, recordInside } from './officer.ts';
import type { ReplayResult } from './replay-count.ts';
import { type AgreementChange, replayWorlds } from './replay-world.ts';

/** Days of the trail a replay may walk. */
export const MAX_DAYS = 90;

export interface ReplayAsk {
  days: number;
  /** A proposal that waits, an agreement as if it were revoked, or none of them. */
  agreement: { proposal: string } | { revoked: string } | null;
  settings: RuleSettings | null;
  /** What it is about, in words for the page: the agreement's title, the settings. */
  about: string;
  words: string;
}

/** Starts one. @returns its id @throws Outcome 409 while another one runs, 404 no such proposal or agreement */
export function startReplay(door: Door, context: Context, asked: ReplayAsk): Promise<string> {
  const entry = deskEntry(context, `replay ${asked.days} days; reason: ${asked.words.slice(0, 300)}`);
  return onDesk(door, context, entry, async () => {
    const agreements = await allAgreements(door.pool);
    const change = asked.agreement === null ? null : await changeOf(door, asked.agreement);
    const isUnknown = change?.rows.length === 0 && !agreements.some(({ source }) => source === change.source);
    if (isUnknown) throw await notFound(door, entry);
    const id = newId(context.now);
    const stretch = await stretchSince(door.pool, new Date(context.now.getTime() - asked.days * 86_400_000));
    const row = {
      ...{ id, askedBy: officerOf(context), askedName: context.principal.name, at: context.now },
      asked: JSON.stringify(asked),
      // Kept with it: a proposal may be confirmed, withdrawn or changed before the replay has ended.
      worlds: JSON.stringify(replayWorlds(agreements, { change, settings: asked.settings }, context.now)),
      ...(stretch === null ? { first: 0, place: 0 } : { first: stretch.first, place: stretch.last + 1 }),
    };
    await inTransaction(door.pool, async (client) => {
      if (!(await insertReplay(client, row)))
        throw refuse(409, 'conflict', 'Another replay runs; wait until it has ended, or stop it.');
      await recordInside(client, entry);
    });
    return id;
  });
}

/** Stops one that runs; what it counted so far stays. @throws Outcome 409 when it has ended */
export function stopReplay(door: Door, context: Context, id: string): Promise<void> {
  const entry = deskEntry(context, `replay-stop ${id.slice(0, 40)}`);
  return onDesk(door, context, entry, () =>
    inTransaction(door.pool, async (client) => {
      if (!(await stopKept(client, id, context.principal.name)))
        throw refuse(409, 'conflict', 'This replay has ended already.');
      await recordInside(client, entry);
    }),
  );
}

async function changeOf(door: Door, asked: NonNullable<ReplayAsk['agreement']>): Promise<AgreementChange> {
  if ('revoked' in asked) return { source: asked.revoked, rows: [] };
  const pending = await readPending(door.pool, asked.proposal);
  if (pending?.kind !== 'resource') throw refuse(404, 'not-found', 'No such proposal waits any more.');
  const { resource } = parseStored(pending.body);
  const id = resource.id ?? 'proposed';
  const rows = agreementsOf({ ...resource, id });
  return { source: resource.id === undefined ? null : `Contract/${id}`, rows };
}

export interface Replay extends Omit<ReplayRow, 'asked' | 'result'> {
  asked: ReplayAsk;
  result: ReplayResult | null;
}

/** One with what it found so far. @throws Outcome 404 */
export function readReplay(door: Door, context: Context, id: string): Promise<Replay> {
  const entry = deskEntry(context, 'replay-read');
  return onDesk(door, context, entry, async () => {
    const row = await replayById(door.pool, id);
    if (row === null) throw await notFound(door, entry);
    await door.audit.write(entry);
    return replayOf(row);
  });
}

const LISTED = 20;

/** The newest ones. */
export function readReplays(door: Door, context: Context): Promise<Replay[]> {
  const entry = deskEntry(context, 'replays');
  return onDesk(door, context, entry, async () => {
    const rows = await newestReplays(door.pool, LISTED);
    await door.audit.write(entry);
    return rows.map(replayOf);
  });
}

/** Both texts were written by this file. */
function replayOf({ asked, result, ...row }: ReplayRow): Replay {
  const question: ReplayAsk = JSON.parse(asked);
  const found: ReplayResult | null = result === null ? null : JSON.parse(result);
  return { ...row, asked: question, result: found };
}
