/** From changes to rows: facts, subjects, pregnancy and the decision, with one statement of questions beforehand. */
import type { AuditEntry } from '../audit/types.ts';
import { patientReferences } from '../fhir/compartments.ts';
import type { OutcomeIssue } from '../fhir/outcome.ts';
import { isObject } from '../fhir/resource.ts';
import type { Resource } from '../fhir/types.ts';
import { factsOf, lookupsOf, type ResourceFacts, resolveFacts } from '../governance/facts.ts';
import { pregnancyHintsOf } from '../governance/pregnancies.ts';
import type { Decision, Relationship } from '../governance/types.ts';
import type { IndexValues } from '../search/types.ts';
import { type PrefetchAsk, type Prefetched, prefetch } from '../store/prefetch.ts';
import type { Db } from '../store/reads.ts';
import type { DecidableRow, FactWrite, RowWrite } from '../store/rows.ts';
import { ask, decideWrite, parseStored, reach, show } from './decide.ts';
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
  /** What validation noticed without refusing, e.g. an unknown extension. */
  warnings: readonly OutcomeIssue[];
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
  const inside = insideOf(changes);
  const known = await prefetch(db, questions(changes, inside), reach(context));
  checkGeneration(context, known.generation);
  const lookup = lookupIn(inside, known);
  const facts = changes.map((change) => deriveFacts(door, context, change, lookup));
  settle(facts, known);
  touchInside(facts);
  return {
    planned: changes.map((change, i) => planOne(door, context, change, worldOf(context, changes, facts, i, known))),
    facts: factWrite(context, changes, facts),
  };
}

/** Resources of this very request by reference, and mothers among them by their number (`Patient?identifier=...`). */
function insideOf(changes: readonly Change[]): Map<string, Resource> {
  const inside = new Map<string, Resource>();
  for (const { type, id, document } of changes) {
    if (document === null) continue;
    const resource: Resource = { ...document.resource, id };
    inside.set(`${type}/${id}`, resource);
    if (type !== 'Patient') continue;
    for (const identifier of listOf(resource.identifier)) {
      if (isObject(identifier))
        inside.set(`Patient?identifier=${identifier.system ?? ''}|${identifier.value ?? ''}`, resource);
    }
  }
  return inside;
}

function listOf(value: Resource[string]) {
  return Array.isArray(value) ? value : [];
}

/** What must be known beforehand: the people, and what `lookupsOf` and the pregnancy hints name outside this request. */
function questions(changes: readonly Change[], inside: ReadonlyMap<string, Resource>): PrefetchAsk {
  const patients = new Set<string>();
  const lookups = new Set<string>();
  for (const { type, id, document, current } of changes) {
    if (type === 'Patient') patients.add(`Patient/${id}`);
    for (const subject of current?.row.subjects ?? []) patients.add(subject);
    if (document === null) continue;
    for (const patient of patientReferences(document.resource)) patients.add(patient);
    const hints = pregnancyHintsOf(document.resource, new Date(0));
    for (const named of [...lookupsOf(document.resource, true), hints.episode, hints.encounter]) {
      if (named !== undefined && !inside.has(named)) lookups.add(named);
    }
  }
  return { patients: [...patients], lookups: [...lookups] };
}

function lookupIn(inside: ReadonlyMap<string, Resource>, known: Prefetched): (reference: string) => Resource | null {
  return (reference) => {
    const own = inside.get(reference);
    if (own !== undefined) return own;
    const stored = known.lookups.get(reference);
    return stored === undefined ? null : parseStored(stored.body).resource;
  };
}

interface World extends Omit<DecidableRow, 'row'> {
  facts: ResourceFacts;
}

/** Facts of one change; a tombstone keeps its last facts but produces no relationship, consent or directory row. */
function deriveFacts(
  door: Door,
  context: Context,
  change: Change,
  lookup: (reference: string) => Resource | null,
): ResourceFacts {
  const { principal, now } = context;
  if (change.document === null) return tombstone(change);
  return factsOf(
    { ...change.document.resource, id: change.id },
    {
      lookup,
      service: principal.service ?? null,
      now,
      writer: writerOf(context),
      before: change.current?.row ?? null,
      teamsOf: (party) => (principal.parties.includes(party) ? principal.teams : []),
      ownRecordKey: door.personKey,
    },
  );
}

/** Parties that count as authors because they write. */
function writerOf({ principal }: Context): string[] {
  return [principal.practitionerRole, ...principal.teams, `Client/${principal.clientId}`].filter(
    (party) => party !== undefined,
  );
}

function tombstone(change: Change): ResourceFacts {
  if (change.current === null) throw new Error('a deletion needs a row');
  const { version: _v, updated: _u, deleted: _d, body: _b, ...row } = change.current.row;
  return {
    row,
    pregnancyHints: {},
    relationships: [],
    consents: [],
    agreements: [],
    directory: [],
    kin: [],
    pregnancies: [],
  };
}

/** Subjects through kin (before birth everything is the mother's) and the pregnancy of each row. */
function settle(facts: readonly ResourceFacts[], known: Prefetched): void {
  const mothers = new Map(known.kin);
  for (const fact of facts) for (const { child, mother } of fact.kin) mothers.set(child, mother);
  const pregnancies = [...facts.flatMap((fact) => fact.pregnancies), ...known.pregnancies];
  const keys = new Map<string, string | null>();
  const of = (named: string | undefined): string | null =>
    named === undefined ? null : (keys.get(named) ?? known.lookups.get(named)?.pregnancy ?? null);
  // Episodes first, then encounters, then what refers to them.
  for (const fact of facts.toSorted((a, b) => rank(a) - rank(b))) {
    const { pregnancyHints: hints } = fact;
    const subjects = fact.row.subjects.map((subject) => mothers.get(subject) ?? subject);
    const key =
      hints.identifier ?? of(hints.episode) ?? of(hints.encounter) ?? byDate(pregnancies, subjects, hints.date);
    keys.set(reference(fact), key);
    resolveFacts(fact, mothers, fact.row.pregnancy ?? key);
  }
}

/** A referral's Task in this request releases or holds its ServiceRequest in this request too. */
function touchInside(facts: readonly ResourceFacts[]): void {
  for (const touch of facts.flatMap((fact) => fact.touches ?? [])) {
    const target = facts.find(({ row }) => row.type === touch.type && row.id === touch.id);
    if (target !== undefined) Object.assign(target.row, { released: touch.released, addressee: touch.addressee });
  }
}

function rank({ row }: ResourceFacts): number {
  return row.type === 'EpisodeOfCare' ? 0 : row.type === 'Encounter' ? 1 : 2;
}

/** The latest pregnancy of these people that had begun by then. */
function byDate(
  pregnancies: readonly { key: string; mother: string; from: string; until: string | null }[],
  subjects: readonly string[],
  date: string | undefined,
): string | null {
  if (date === undefined) return null;
  const at = Date.parse(date);
  const begun = pregnancies.filter((one) => subjects.includes(one.mother) && Date.parse(one.from) <= at);
  return begun.toSorted((a, b) => Date.parse(b.from) - Date.parse(a.from))[0]?.key ?? null;
}

/**
 * The rows the decision may use. Relationships that this very request creates count only for people it also registers:
 * nobody gives herself access to a family that is already there by writing a care team.
 */
function worldOf(
  context: Context,
  changes: readonly Change[],
  all: readonly ResourceFacts[],
  i: number,
  known: Prefetched,
): World {
  const facts = all[i];
  if (facts === undefined) throw new Error('facts and changes differ in number');
  const registered = registeredIn(changes);
  const fresh = all
    .flatMap((fact) => fact.relationships)
    .filter((relationship) => registered.has(relationship.patient));
  return {
    facts,
    relationships: [
      ...known.relationships,
      ...fresh,
      ...[...registered].flatMap((patient) => registration(context, patient)),
    ],
    consents: known.consents,
    agreements: context.agreements,
  };
}

function registration(context: Context, patient: string): Relationship[] {
  const party = registrar(context);
  if (party === undefined) return [];
  const until = new Date(context.now.getTime() + REGISTRATION_HOURS * 3_600_000).toISOString();
  return [
    {
      party,
      patient,
      pregnancy: null,
      kind: 'registered',
      from: context.now.toISOString(),
      until,
      ending: null,
      source: `registration:${patient}`,
      scope: [],
    },
  ];
}

/** Whoever registers a person may put the episode and the team in place: the service for systems, else herself. */
function registrar({ principal }: Context): string | undefined {
  return principal.kind === 'system' ? principal.service : principal.practitionerRole;
}

/** People this very request registers. */
function registeredIn(changes: readonly Change[]): Set<string> {
  return new Set(
    changes
      .filter((change) => change.type === 'Patient' && change.current === null)
      .map((change) => `Patient/${change.id}`),
  );
}

function planOne(door: Door, context: Context, change: Change, world: World): Planned {
  const version = (change.current?.row.version ?? 0) + 1;
  const previous = change.current?.row.updated.getTime() ?? 0;
  const updated = new Date(Math.max(context.now.getTime(), previous + 1));
  const body = change.document === null ? null : stamp(change.document, change.id, version, updated);
  const row = { ...world.facts.row, version, updated, deleted: body === null, body };
  const decision = decisionOf(door, context, change, { ...world, row });
  const op = change.interaction === 'delete' ? 'D' : change.current === null || change.current.row.deleted ? 'C' : 'U';
  const index = change.document === null ? NO_INDEX : door.indexer.indexOf(change.document.resource);
  const status = op === 'C' ? 201 : 200;
  return {
    change,
    write: { facts: row, version, op, updated, body, index },
    decision,
    entry: { ...withDecision(withRows(entryOf(context, change.interaction), [row]), decision), status },
    // A writer is answered under the masks of a reader: a change is no way to see the rest.
    shown: show(row, decision.masks),
  };
}

/**
 * An update must be permitted on the row as it is (decided in prepare.ts) and as it will be; one that brings in another
 * person is also a create about her.
 */
function decisionOf(door: Door, context: Context, change: Change, next: DecidableRow): Decision {
  if (change.document === null && change.before !== null) return change.before;
  const world = { ...next, now: context.now };
  const known = change.current?.row.subjects;
  const isNew = known === undefined || next.row.subjects.some((subject) => !known.includes(subject));
  const asked = ask(door, context, isNew ? 'create' : change.interaction, change.type);
  return decideWrite(context, asked, world);
}

/** Types whose resources say something the rules read, and those that say who is who. */
const FACT_TYPES = new Set([
  ...['CareTeam', 'EpisodeOfCare', 'Task', 'Appointment', 'Encounter', 'ServiceRequest'],
  ...['Consent', 'Contract', 'Patient', 'RelatedPerson'],
  ...['PractitionerRole', 'Practitioner', 'Organization', 'HealthcareService', 'Schedule', 'Slot'],
]);
const STANDING_TYPES = new Set(['Contract', 'PractitionerRole', 'Practitioner', 'Organization', 'HealthcareService']);

/** Everything a source said before is replaced, so a participant taken out of a team is out with this commit (H5). */
function factWrite(context: Context, changes: readonly Change[], facts: readonly ResourceFacts[]): FactWrite | null {
  const speaking = facts.filter(
    (fact, i) => FACT_TYPES.has(fact.row.type) && (says(fact) || changes[i]?.current !== null),
  );
  const registrations = [...registeredIn(changes)].flatMap((patient) => registration(context, patient));
  if (speaking.length === 0 && registrations.length === 0) return null;
  const existed = new Set(changes.filter(({ current }) => current !== null).map(({ type, id }) => `${type}/${id}`));
  const from = <T extends object>(fact: ResourceFacts, rows: readonly T[]) =>
    rows.map((row) => ({ ...row, source: reference(fact) }));
  return {
    sources: speaking.filter((fact) => existed.has(reference(fact))).map(reference),
    relationships: [...speaking.flatMap((fact) => fact.relationships), ...registrations],
    consents: speaking.flatMap((fact) => fact.consents),
    agreements: speaking.flatMap((fact) => fact.agreements),
    kin: speaking.flatMap((fact) => from(fact, fact.kin)),
    pregnancies: speaking.flatMap((fact) => from(fact, fact.pregnancies)),
    touches: speaking.flatMap((fact) => fact.touches ?? []),
    directory: speaking.flatMap((fact) =>
      fact.directory.map((entry) => ({ source: reference(fact), member: entry.member, entry })),
    ),
    generation: speaking.some(changesStanding),
  };
}

/** A family's own care team is no directory; a team of the directory is about nobody. */
function changesStanding(fact: ResourceFacts): boolean {
  const isTeam = fact.row.type === 'CareTeam' && fact.row.subjects.length === 0;
  return isTeam || fact.directory.length > 0 || fact.agreements.length > 0 || STANDING_TYPES.has(fact.row.type);
}

function reference(fact: ResourceFacts): string {
  return `${fact.row.type}/${fact.row.id}`;
}

function says(fact: ResourceFacts): boolean {
  const { relationships, consents, agreements, kin, pregnancies, directory } = fact;
  return [relationships, consents, agreements, kin, pregnancies, directory].some((rows) => rows.length > 0);
}
