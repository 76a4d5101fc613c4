/** From changes to rows: facts, subjects, pregnancy and the decision, with one statement of questions beforehand. */
import type { AuditEntry } from '../audit/types.ts';
import { patientReferences } from '../fhir/compartments.ts';
import { decide } from '../governance/decide.ts';
import { factsOf, lookupsOf, type ResourceFacts } from '../governance/facts.ts';
import type { Decision, Relationship, RowFacts } from '../governance/types.ts';
import type { Resource } from '../fhir/types.ts';
import { indexOf } from '../search/extract.ts';
import type { IndexValues } from '../search/types.ts';
import { type Prefetched, prefetch } from '../store/prefetch.ts';
import type { Db } from '../store/reads.ts';
import type { DecidableRow, FactWrite, RowWrite } from '../store/rows.ts';
import { ask, parseStored, reach } from './decide.ts';
import { stamp } from './document.ts';
import { entryOf, withDecision, withRows } from './entry.ts';
import { checkGeneration } from './refusal.ts';
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
}

export interface Planned {
  change: Change;
  write: RowWrite;
  decision: Decision;
  entry: AuditEntry;
  shown: Shown;
}

export interface Plan {
  planned: Planned[];
  facts: FactWrite | null;
}

/** Time in which the service that registers a person can put its episode and team in place. */
const REGISTRATION_HOURS = 24;
const NO_INDEX: IndexValues = { tokens: [], strings: [], dates: [], numbers: [] };

/**
 * Decides each change and builds what will be written. A refusal is in `decision`; nothing has been written.
 * @throws StaleStanding when directory or agreements changed since the principal was resolved
 */
export async function plan(door: Door, db: Db, context: Context, changes: readonly Change[]): Promise<Plan> {
  const inside = new Map<string, Resource>();
  for (const { type, id, document } of changes) if (document !== null) inside.set(`${type}/${id}`, document.resource);
  const patients = new Set<string>();
  const lookups = new Set<string>();
  for (const [reference, resource] of inside) {
    for (const patient of patientReferences(resource)) patients.add(patient);
    if (resource.resourceType === 'Patient') patients.add(reference);
    for (const lookup of lookupsOf(resource)) if (!inside.has(lookup)) lookups.add(lookup);
  }
  const known = await prefetch(db, { patients: [...patients], lookups: [...lookups] }, reach(context.principal));
  checkGeneration(context, known.generation);
  const facts = changes.map((change) => deriveFacts(context, change, inside, known));
  settle(facts, known, inside);
  return {
    planned: changes.map((change, i) => planOne(door, context, change, worldOf(facts[i], facts, changes, known))),
    facts: factWrite(context, changes, facts),
  };
}

interface World extends Omit<DecidableRow, 'row'> {
  facts: ResourceFacts;
}

/** Facts of one change; a tombstone keeps its last facts but produces no relationship, consent or directory row. */
function deriveFacts(
  context: Context,
  change: Change,
  inside: ReadonlyMap<string, Resource>,
  known: Prefetched,
): ResourceFacts {
  const lookup = (reference: string): Resource | null => {
    const own = inside.get(reference);
    if (own !== undefined) return own;
    const stored = known.lookups.get(reference);
    return stored === undefined ? null : parseStored(stored.body).resource;
  };
  const service = change.current?.row.service ?? context.principal.service ?? null;
  if (change.document === null) return tombstone(change);
  return factsOf({ ...change.document.resource, id: change.id }, { lookup, service, now: context.now });
}

function tombstone(change: Change): ResourceFacts {
  if (change.current === null) throw new Error('a deletion needs a row');
  const { version: _v, updated: _u, deleted: _d, body: _b, ...row } = change.current.row;
  return { row, pregnancyHints: {}, relationships: [], consents: [], agreements: [], directory: [], kin: [], pregnancies: [] };
}

/** Subjects through kin (before birth everything is the mother's) and the pregnancy of each row. */
function settle(facts: readonly ResourceFacts[], known: Prefetched, inside: ReadonlyMap<string, Resource>): void {
  const kin = new Map(known.kin);
  for (const fact of facts) for (const { child, mother } of fact.kin) kin.set(child, mother);
  const mothers = (people: readonly string[]) => [...new Set(people.map((person) => kin.get(person) ?? person))];
  const byReference = new Map<string, RowFacts>();
  for (const fact of facts) {
    fact.row.subjects = mothers(fact.row.subjects);
    byReference.set(`${fact.row.type}/${fact.row.id}`, fact.row);
  }
  const pregnancies = [...facts.flatMap((fact) => fact.pregnancies), ...known.pregnancies];
  const of = (reference: string | undefined): string | null => {
    if (reference === undefined) return null;
    return byReference.get(reference)?.pregnancy ?? (inside.has(reference) ? null : known.lookups.get(reference)?.pregnancy) ?? null;
  };
  for (const { row, pregnancyHints: hints } of facts) {
    row.pregnancy ??= hints.identifier ?? of(hints.episode) ?? of(hints.encounter) ?? null;
  }
  // Encounters of this bundle may only now know theirs.
  for (const { row, pregnancyHints: hints } of facts) {
    row.pregnancy ??= of(hints.encounter) ?? byDate(pregnancies, row.subjects, hints.date);
  }
}

function byDate(
  pregnancies: readonly { key: string; mother: string; from: string; until: string | null }[],
  subjects: readonly string[],
  date: string | undefined,
): string | null {
  if (date === undefined) return null;
  const at = Date.parse(date);
  const within = (from: string, until: string | null) =>
    Date.parse(from) <= at && (until === null || until === 'infinity' || at < Date.parse(until));
  return pregnancies.find((p) => subjects.includes(p.mother) && within(p.from, p.until))?.key ?? null;
}

/**
 * The rows the decision may use. Relationships that this very request creates count only for people it also registers:
 * nobody gives herself access to a family that is already there by writing a care team.
 */
function worldOf(
  own: ResourceFacts | undefined,
  all: readonly ResourceFacts[],
  changes: readonly Change[],
  known: Prefetched,
): World {
  if (own === undefined) throw new Error('facts and changes differ in number');
  const registered = new Set(
    changes.filter((c) => c.type === 'Patient' && c.current === null).map((c) => `Patient/${c.id}`),
  );
  const fresh = all.flatMap((fact) => fact.relationships).filter((relationship) => registered.has(relationship.patient));
  return {
    facts: own,
    relationships: [...known.relationships, ...fresh, ...[...registered].map(registration)],
    consents: known.consents,
    agreements: known.agreements,
  };
}

function registration(patient: string): Relationship {
  return { party: '*', patient, pregnancy: null, kind: 'registered', from: null, until: null, ending: null, source: patient, scope: [] };
}

function planOne(door: Door, context: Context, change: Change, world: World): Planned {
  const { principal } = context;
  const version = (change.current?.row.version ?? 0) + 1;
  const previous = change.current?.row.updated.getTime() ?? 0;
  const updated = new Date(Math.max(context.now.getTime(), previous + 1));
  const body = change.document === null ? null : stamp(change.document, change.id, version, updated);
  const row = { ...world.facts.row, version, updated, deleted: body === null, body };
  const relationships = world.relationships.map((r) => (r.party === '*' ? { ...r, party: principal.parties[0] ?? '*' } : r));
  const decision = decisionOf(door, context, change, { ...world, relationships, row });
  const op = change.interaction === 'delete' ? 'D' : change.current === null || change.current.row.deleted ? 'C' : 'U';
  const index = change.document === null ? NO_INDEX : indexOf(change.document.resource);
  const status = op === 'C' ? 201 : 200;
  return {
    change,
    write: { facts: row, version, op, updated, body, index },
    decision,
    entry: { ...withDecision(withRows(entryOf(context, change.interaction), [row]), decision), status },
    shown: { type: change.type, id: change.id, version, updated, text: body ?? '' },
  };
}

/** An update must be permitted on the row as it is (decided in prepare.ts) and as it will be. */
function decisionOf(door: Door, context: Context, change: Change, next: DecidableRow): Decision {
  if (change.document === null && change.before !== null) return change.before;
  return decide(context.principal, ask(door, context, change.interaction, change.type), { ...next, now: context.now });
}

/** Types whose resources say something the rules read, and those that say who is who. */
const FACT_TYPES = new Set([
  ...['CareTeam', 'EpisodeOfCare', 'Task', 'Appointment', 'Encounter', 'ServiceRequest'],
  ...['Consent', 'Contract', 'Patient', 'RelatedPerson'],
  ...['PractitionerRole', 'Practitioner', 'Organization', 'HealthcareService', 'Schedule', 'Slot'],
]);
const STANDING_TYPES = new Set(['CareTeam', 'Contract', 'PractitionerRole', 'Practitioner', 'Organization', 'HealthcareService']);

/** Everything a source said before is replaced, so a participant taken out of a team is out with this commit (H5). */
function factWrite(context: Context, changes: readonly Change[], facts: readonly ResourceFacts[]): FactWrite | null {
  const speaking = facts.filter((fact, i) => FACT_TYPES.has(fact.row.type) && (says(fact) || changes[i]?.current !== null));
  const registrations = changes.flatMap((change) => registrationRow(context, change));
  if (speaking.length === 0 && registrations.length === 0) return null;
  const from = <T extends object>(fact: ResourceFacts, rows: readonly T[]) =>
    rows.map((row) => ({ ...row, source: reference(fact) }));
  return {
    sources: speaking.map(reference),
    relationships: [...speaking.flatMap((fact) => fact.relationships), ...registrations],
    consents: speaking.flatMap((fact) => fact.consents),
    agreements: speaking.flatMap((fact) => fact.agreements),
    kin: speaking.flatMap((fact) => from(fact, fact.kin)),
    pregnancies: speaking.flatMap((fact) => from(fact, fact.pregnancies)),
    directory: speaking.flatMap((fact) => fact.directory.map((entry) => ({ source: reference(fact), member: entry.member, entry }))),
    generation: speaking.some((fact) => fact.directory.length > 0 || fact.agreements.length > 0 || STANDING_TYPES.has(fact.row.type)),
  };
}

function reference(fact: ResourceFacts): string {
  return `${fact.row.type}/${fact.row.id}`;
}

function says(fact: ResourceFacts): boolean {
  const { relationships, consents, agreements, kin, pregnancies, directory } = fact;
  return [relationships, consents, agreements, kin, pregnancies, directory].some((rows) => rows.length > 0);
}

/** Whoever registers a person may put the episode and the team in place; after a day only those count. */
function registrationRow(context: Context, change: Change): Relationship[] {
  const party = context.principal.parties[0];
  if (change.type !== 'Patient' || change.current !== null || party === undefined) return [];
  const until = new Date(context.now.getTime() + REGISTRATION_HOURS * 3_600_000).toISOString();
  const patient = `Patient/${change.id}`;
  const from = context.now.toISOString();
  return [{ party, patient, pregnancy: null, kind: 'registered', from, until, ending: null, source: `registration:${patient}`, scope: [] }];
}
