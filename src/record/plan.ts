/** From changes to rows: facts, subjects, pregnancy and the decision, with one statement of questions beforehand. */
import type { AuditEntry } from '../audit/types.ts';
import { type OutcomeIssue, refuse } from '../fhir/outcome.ts';
import { saysTheSame } from '../fhir/same-content.ts';
import type { Decision } from '../governance/decision-types.ts';
import type { ResourceFacts } from '../governance/facts.ts';
import type { ConsentRow, Relationship } from '../governance/types.ts';
import { DRAFT_TAG } from '../governance/vocabulary.ts';
import type { IndexValues } from '../search/types.ts';
import { type Prefetched, prefetch } from '../store/prefetch.ts';
import type { Db } from '../store/reads.ts';
import type { DecidableRow, FactWrite, ResourceRow, RowWrite } from '../store/rows.ts';
import { teamsOfAuthors } from './authors-teams.ts';
import { ask, decideWrite, parseStored, reach, show } from './decide.ts';
import { deriveFacts, insideOf, lookupIn, questions, settle, touchInside } from './derive.ts';
import { stamp } from './document.ts';
import { entryOf, withDecision, withRows } from './entry.ts';
import { factWrite, registeredIn, registration } from './fact-write.ts';
import { checkGeneration } from './refusal.ts';
import { forgetHidden, outOfSight } from './sight.ts';
import { requireSoundBookings } from './sound-bookings.ts';
import { requireSoundKin } from './sound-kin.ts';
import { requireSoundLinks } from './sound-links.ts';
import type { Context, Door, ResourceDocument, Shown } from './types.ts';

/** One resource about to be written; `document` null = a tombstone. */
export interface Change {
  type: string;
  id: string;
  interaction: 'create' | 'update' | 'patch' | 'delete';
  document: ResourceDocument | null;
  /** The row as it is, with its facts; null = there never was one. */
  current: DecidableRow | null;
  /** The decision on that row, already a permit; null = there was no live row. */
  before: Decision | null;
  /** What validation noticed without refusing, e.g. an unknown extension. */
  warnings: readonly OutcomeIssue[];
}

export interface Planned {
  change: Change;
  /** Null = it says what is stored already: nothing is written, no version, no author, no fact. */
  write: RowWrite | null;
  decision: Decision;
  entry: AuditEntry;
  shown: Shown;
}

export interface Plan {
  planned: Planned[];
  facts: FactWrite | null;
}

/** Index words of one resource, at most: nobody's record needs more, and each is work for the whole server. */
const MAX_WORDS = 5_000;
const NO_INDEX: IndexValues = { tokens: [], strings: [], dates: [], numbers: [], texts: [], elements: [] };

/**
 * Decides each change and builds what will be written. A refusal is in `decision`; nothing has been written.
 * @throws StaleStanding when directory or agreements changed since the principal was resolved
 */
export async function plan(door: Door, db: Db, context: Context, changes: readonly Change[]): Promise<Plan> {
  const inside = insideOf(changes);
  const known = await prefetch(db, questions(changes, inside), reach(context));
  checkGeneration(context, known.generation);
  await forgetHidden(door, db, context, known);
  const lookup = lookupIn(inside, known);
  const teamsOf = await teamsOfAuthors(db, context, changes, lookup);
  const facts = changes.map((change) => deriveFacts(door, context, change, { lookup, teamsOf }));
  await requireSoundKin(db, context, changes, facts);
  await requireSoundLinks(door, db, context, changes);
  settle(facts, known);
  await requireSoundBookings(db, context, changes, facts);
  touchInside(facts);
  const hidden = outOfSight(door, context, known);
  const relationships = [...visible(known, hidden), ...madeHere(context, changes, facts)];
  const consents = untold(known, hidden);
  return {
    planned: changes.map((change, i) => {
      const own = facts[i];
      if (own === undefined) throw new Error('facts and changes differ in number');
      const world = { facts: own, relationships, consents, agreements: context.agreements };
      return planOne(door, context, change, world);
    }),
    facts: factWrite(
      context,
      changes.filter((change) => !isUnchanged(context, change)),
      facts.filter((_, i) => !isUnchanged(context, changes[i])),
    ),
  };
}

function visible(known: Prefetched, hidden: ReadonlySet<string>): Relationship[] {
  return known.relationships.filter(({ patient }) => !hidden.has(patient));
}

/**
 * A write about a woman out of sight is refused for want of a relationship, like one about nobody: that her record is V
 * must not be told by another refusal. What is stored about her was decided on before, with everything that is known.
 */
function untold(known: Prefetched, hidden: ReadonlySet<string>): ConsentRow[] {
  return known.consents.filter(({ kind, patient }) => kind !== 'sealed' || !hidden.has(patient));
}

interface World extends Omit<DecidableRow, 'row'> {
  facts: ResourceFacts;
}

/**
 * Relationships that this very request creates count only for people it also registers: nobody gives herself access to a
 * family that is already there by writing a care team.
 */
function madeHere(context: Context, changes: readonly Change[], all: readonly ResourceFacts[]): Relationship[] {
  const registered = registeredIn(changes);
  const fresh = all.flatMap((fact) => fact.relationships).filter(({ patient }) => registered.has(patient));
  return [...fresh, ...[...registered].flatMap((patient) => registration(context, patient))];
}

function planOne(door: Door, context: Context, change: Change, world: World): Planned {
  const version = (change.current?.row.version ?? 0) + 1;
  const previous = change.current?.row.updated.getTime() ?? 0;
  // Stamped here, not when the request came: what commits later than a reader's mark must not carry an earlier time (H12).
  const updated = new Date(Math.max(door.clock().getTime(), previous + 1));
  const body = change.document === null ? null : stamp(change.document, change.id, version, updated);
  const row: ResourceRow = { ...world.facts.row, version, updated, deleted: body === null, body };
  const decision = decisionOf(door, context, change, { ...world, row });
  if (isUnchanged(context, change)) return planNothing(context, change, decision);
  const op = change.interaction === 'delete' ? 'D' : change.current === null || change.current.row.deleted ? 'C' : 'U';
  // read together with the index: what is in effect changes between two turns of the event loop only
  const indexedAt = door.live.generation();
  const index = change.document === null ? NO_INDEX : indexed(door, change.document);
  const status = op === 'C' ? 201 : 200;
  return {
    change,
    write: { facts: row, version, op, updated, body, index, indexedAt },
    decision,
    entry: { ...withDecision(withRows(entryOf(context, change.interaction), [row]), decision), status },
    // A writer is answered under the masks of a reader: a change is no way to see the rest.
    shown: show(row, decision.masks),
  };
}

function planNothing(context: Context, change: Change, decision: Decision): Planned {
  const stored = change.current?.row;
  if (stored === undefined) throw new Error('what is unchanged is there');
  const entry = withDecision(withRows(entryOf(context, change.interaction), [stored]), decision);
  const shown = show(stored, decision.masks);
  return { change, write: null, decision, entry: { ...entry, detail: 'unchanged' }, shown };
}

/**
 * A write that says what is stored already changes nothing and makes nobody an author: or whoever may write could become
 * one by sending back what she read, and take its labels away. The demo's loader writes what it is told.
 */
function isUnchanged({ principal }: Context, change: Change | undefined): boolean {
  const stored = change?.current?.row;
  if (change === undefined || change.document === null || !stored?.body || principal.role === 'steward') return false;
  return !stored.deleted && saysTheSame(parseStored(stored.body), change.document);
}

/** @throws Outcome 422 `too-costly` when the resource has more to index than any record needs */
function indexed(door: Door, { resource }: ResourceDocument): IndexValues {
  const index = door.indexer.indexOf(resource);
  const { tokens, strings, dates, numbers, texts, elements } = index;
  const held = [tokens, strings, dates, numbers, texts, elements].reduce((sum, list) => sum + list.length, 0);
  if (held <= MAX_WORDS) return index;
  const diagnostics = `The resource has more than ${MAX_WORDS} searchable values; split it`;
  throw refuse(422, 'too-costly', diagnostics, resource.resourceType);
}

/**
 * An update must be permitted on the row as it is (decided in prepare.ts) and as it will be; one that brings in another
 * person is also a create about her.
 */
function decisionOf(door: Door, context: Context, change: Change, next: DecidableRow): Decision {
  if (change.document === null && change.before !== null) return change.before;
  // what was her draft may be finished by her, so that what it becomes is decided as the draft it was.
  const wasDraft = change.current?.row.tags.includes(DRAFT_TAG) === true;
  const row = wasDraft ? { ...next.row, tags: [...next.row.tags, DRAFT_TAG] } : next.row;
  const world = { ...next, row, now: context.now };
  const known = change.current?.row.subjects;
  const isNew = known === undefined || next.row.subjects.some((subject) => !known.includes(subject));
  const asked = ask(door, context, isNew ? 'create' : change.interaction, change.type);
  return decideWrite(context, asked, world);
}
