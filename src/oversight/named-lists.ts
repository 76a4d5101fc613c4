/**
 * Named lists (R-13: who may open a V record; R-43: who handles that of a colleague, EMP, or known person, CEL). One person
 * names, a second confirms; anybody who may name ends it alone, to the second. An entry has an end, so that
 * somebody looks at it again. Whoever names or confirms gets nothing by it and sees nothing of the record (ADR 0046).
 */
import { auditColumns } from '../audit/entry.ts';
import type { AuditEntry } from '../audit/types.ts';
import { type Outcome, refuse } from '../fhir/outcome.ts';
import { isObject } from '../fhir/resource.ts';
import { decide } from '../governance/decide.ts';
import { endOf, startOf } from '../governance/instants.ts';
import { isClinical } from '../governance/standing.ts';
import type { Principal, Relationship, Role } from '../governance/types.ts';
import { ask, reach } from '../record/decide.ts';
import { entryOf, withRows } from '../record/entry.ts';
import { requireFreshSignIn } from '../record/fresh-sign-in.ts';
import { newId } from '../record/ids.ts';
import { requireNoInterest } from '../record/interests.ts';
import { NO_FACTS } from '../record/own-interest.ts';
import { audited, notFound, unknown } from '../record/refusal.ts';
import { staffPrincipal } from '../record/standing.ts';
import { findPerson, type TraceAsk } from '../record/trace.ts';
import type { Context, Door } from '../record/types.ts';
import { endNamed, insertNamed, type NamedLine, type NamedPerson, namedFor } from '../store/models/named-people.ts';
import type { PoolClient } from '../store/pool.ts';
import { readCurrent } from '../store/reads.ts';
import type { DecidableRow } from '../store/rows.ts';
import { readStanding } from '../store/standing.ts';
import { inTransaction } from '../store/transaction.ts';
import { writeRows } from '../store/write.ts';
import { type CarryOut, keepProposal } from './proposals.ts';

export type { NamedLine } from '../store/models/named-people.ts';

export type ListCode = 'V' | 'EMP' | 'CEL';
export const LISTS: readonly ListCode[] = ['V', 'EMP', 'CEL'];

/** R-18 gives V to the safeguarding lead; the handling of staff and known persons is officers' work too. Ending is anybody's. */
const NAMERS: Readonly<Record<ListCode, readonly Role[]>> = {
  V: ['safeguarding', 'caldicott-guardian'],
  EMP: ['safeguarding', 'caldicott-guardian', 'ig-officer'],
  CEL: ['safeguarding', 'caldicott-guardian', 'ig-officer'],
};
const RULE: Readonly<Record<ListCode, string>> = { V: 'R-13', EMP: 'R-43', CEL: 'R-43' };
const DAY_MS = 86_400_000;
/** Longest entry: then two persons look again. */
const MOST_DAYS = 366;

export interface NameAsk {
  person: TraceAsk;
  list: ListCode;
  /** `PractitionerRole/..` */
  holder: string;
  /** A London day or an instant; null = from when it is confirmed. */
  from: string | null;
  /** The last day, or an instant. */
  until: string;
  words: string;
}

/** What waits for the second person. */
interface Named {
  list: ListCode;
  patient: string;
  holder: string;
  from: string | null;
  until: string;
}

/** Proposes an entry. @returns the id under which it waits @throws Outcome 403, 404 nobody of that number, 422 who cannot be named */
export function nameSomebody(door: Door, context: Context, asked: NameAsk): Promise<string> {
  const entry = { ...listEntry(context, '$name-person', asked.list), recipient: asked.holder };
  return audited(door, entry, async () => {
    requireNamer(context, NAMERS[asked.list]);
    requireFreshSignIn(door, context);
    const times = timesOf(asked, context.now);
    const found = await findPerson(door, context, asked.person);
    if (found === null) throw await notFound(door, entry);
    const seen = withRows(entry, [found.row]);
    await requireNoInterest(door, context, seen);
    const named: Named = {
      list: asked.list,
      patient: `Patient/${found.row.id}`,
      holder: asked.holder,
      ...times,
    };
    await requireNameable(door, context, named, found);
    const kept = { kind: 'named', title: `Named list ${asked.list}`, words: asked.words, version: null };
    const id = await keepProposal(context, door.pool, { ...kept, body: JSON.stringify(named) });
    await door.audit.write({ ...seen, status: 202 });
    return id;
  });
}

/** Writes what a second person confirmed: the entry, what the rules read of it, and its record with the woman. */
export const carryOutNamed: CarryOut = async (door, context, client, pending) => {
  const named = readNamed(pending.body);
  const { now, principal } = context;
  const { found } = await readCurrent(client, 'Patient', named.patient.slice('Patient/'.length), reach(context));
  if (found === null || found.row.deleted) throw refuse(409, 'conflict', 'This record is no longer there');
  const entry = { ...listEntry(context, '$name-person confirmed', named.list), recipient: named.holder };
  await requireNoInterest(door, context, withRows(entry, [found.row]));
  await requireNameable(door, context, named, found);
  const from = named.from === null || Date.parse(named.from) < now.getTime() ? now : new Date(named.from);
  const until = new Date(named.until);
  if (until.getTime() <= now.getTime()) throw refuse(409, 'conflict', 'Its time is over: name the person anew');
  const one: NamedPerson = {
    ...{ id: newId(now), list: named.list, patient: named.patient, holder: named.holder, words: pending.words },
    ...{ proposedBy: pending.proposer, confirmedBy: principal.practitionerRole ?? '', at: now, from, until },
  };
  await insertNamed(client, one);
  await writeFacts(client, relationshipOf(one, null), withRows(entry, [found.row]));
  return { written: [], entities: [named.holder] };
};

function readNamed(body: string): Named {
  const said: unknown = JSON.parse(body);
  const { patient, holder, until, ...rest } = isObject(said) ? said : {};
  const list = LISTS.find((one) => one === rest.list);
  if (list === undefined || typeof patient !== 'string' || typeof holder !== 'string' || typeof until !== 'string')
    throw new Error('a proposal of a named list is not as it was kept');
  return { list, patient, holder, until, from: typeof rest.from === 'string' ? rest.from : null };
}

/** Who stands and stood on the lists of one woman; recorded, and nothing of her record is shown. @throws Outcome 403, 404 */
export function namedPeople(door: Door, context: Context, person: TraceAsk, words: string): Promise<NamedLine[]> {
  const entry = listEntry(context, `$named-people; reason: ${words.slice(0, 300)}`, null);
  return audited(door, entry, async () => {
    requireNamer(context, NAMERS.EMP);
    const found = await findPerson(door, context, person);
    if (found === null) throw await notFound(door, entry);
    await requireNoInterest(door, context, withRows(entry, [found.row]));
    const lines = await namedFor(door.pool, `Patient/${found.row.id}`);
    await door.audit.write(withRows(entry, [found.row]));
    return lines;
  });
}

/** Ends an entry at once. @throws Outcome 403, 404 none of this id runs */
export function endNaming(door: Door, context: Context, id: string, words: string): Promise<void> {
  const entry = listEntry(context, `$end-named; reason: ${words.slice(0, 300)}`, null);
  return audited(door, entry, async () => {
    requireNamer(context, NAMERS.EMP);
    const { now, principal } = context;
    const by = principal.practitionerRole ?? '';
    const done = await inTransaction(door.pool, async (client) => {
      const ended = await endNamed(client, id, { by, words, now });
      if (ended === null) return false;
      const seen = { ...entry, patients: [ended.patient], recipient: ended.holder };
      await requireNoInterest(door, context, seen);
      await writeFacts(client, relationshipOf(ended, now), seen);
      return true;
    });
    if (!done) throw await notFound(door, entry);
    door.wake();
  });
}

function listEntry(context: Context, word: string, list: ListCode | null): AuditEntry {
  const rules = list === null ? ['R-13', 'R-43'] : [RULE[list], 'R-27'];
  return { ...entryOf(context, 'operation'), detail: list === null ? word : `${word} ${list}`, rules };
}

function requireNamer({ principal }: Context, roles: readonly Role[]): void {
  if (principal.kind === 'family') throw unknown();
  if (principal.practitionerRole !== undefined && roles.includes(principal.role)) return;
  throw refuse(403, 'forbidden', `Named lists are kept by: ${roles.join(', ')} (R-13, R-43)`);
}

function timesOf(asked: NameAsk, now: Date): { from: string | null; until: string } {
  const [from, until] = [startOf(asked.from), endOf(asked.until)];
  if (until === null || (asked.from !== null && from === null)) throw wrong('from and until are dates or instants');
  const start = Math.max(now.getTime(), from === null ? 0 : Date.parse(from));
  if (Date.parse(until) <= start) throw wrong('until must lie ahead, and after from');
  if (Date.parse(until) - now.getTime() > MOST_DAYS * DAY_MS)
    throw wrong(`An entry runs for at most ${MOST_DAYS} days; then two persons look again`);
  return { from, until };
}

/** Who may stand on a list, asked when it is proposed and again when it is confirmed. */
async function requireNameable(door: Door, context: Context, named: Named, found: DecidableRow): Promise<void> {
  const { principal, now } = context;
  const holder = staffPrincipal(door, named.holder, await readStanding(door.pool, named.holder, ''), now);
  if (holder === null) throw wrong('The directory knows nobody active of this reference');
  const isSelf = named.holder === principal.practitionerRole || holder.practitioner === principal.practitioner;
  if (isSelf) throw wrong('Nobody names or confirms herself (R-27)');
  const isOfCare = isClinical(holder.role) && holder.role !== 'student';
  if (!isOfCare && (named.list === 'V' || holder.role !== 'admin')) throw wrong('This role cannot stand on this list');
  requireFree(door, context, holder, found);
}

/** Her own record, a relative's or one she declared an interest in stays closed to her whoever names her. */
function requireFree(door: Door, { now, agreements }: Context, holder: Principal, found: DecidableRow): void {
  const patient = `Patient/${found.row.id}`;
  const party = holder.practitionerRole ?? '';
  const tie = { party, patient, pregnancy: null, from: null, until: null, ending: null, source: '', scope: [] };
  const relationships: Relationship[] = [{ ...tie, kind: 'care-team' }];
  const asked = ask(door, { now, purpose: holder.role === 'admin' ? 'PATADMIN' : 'TREAT' }, 'read', 'Patient');
  const { reason } = decide(holder, asked, { ...found, relationships, agreements, now });
  if (reason === 'own-record' || reason === 'conflict')
    throw wrong('It would open nothing: this person has an interest in the record (R-11, R-12)');
}

function wrong(why: string): Outcome {
  return refuse(422, 'business-rule', why, 'Parameters.parameter');
}

function relationshipOf(one: NamedPerson, ended: Date | null): Relationship {
  return {
    party: one.holder,
    patient: one.patient,
    pregnancy: null,
    kind: one.list === 'V' ? 'named' : 'handler',
    from: one.from.toISOString(),
    until: (ended ?? one.until).toISOString(),
    ending: ended === null ? null : 'revoked',
    source: `named:${one.id}`,
    scope: [],
  };
}

async function writeFacts(db: PoolClient, relationship: Relationship, entry: AuditEntry): Promise<void> {
  const facts = { ...NO_FACTS, sources: [relationship.source], relationships: [relationship] };
  await writeRows(db, { rows: [], facts, audit: [auditColumns(entry)] });
}
