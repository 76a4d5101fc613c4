/** What each change says to the rules: facts, whose data it is, and the pregnancy it belongs to. */
import { patientReferences } from '../fhir/compartments.ts';
import { isObject } from '../fhir/resource.ts';
import { hasSameContent } from '../fhir/same-content.ts';
import type { Resource } from '../fhir/types.ts';
import { factsOf, lookupsOf, type ResourceFacts, resolveFacts } from '../governance/facts.ts';
import { pregnancyHintsOf } from '../governance/pregnancies.ts';
import type { PrefetchAsk, Prefetched } from '../store/prefetch.ts';
import type { TeamsOf } from './authors-teams.ts';
import { parseStored } from './decide.ts';
import type { Change } from './plan.ts';
import type { Context, Door } from './types.ts';

/** Resources of this very request by reference, and mothers among them by their number (`Patient?identifier=...`). */
export function insideOf(changes: readonly Change[]): Map<string, Resource> {
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
export function questions(changes: readonly Change[], inside: ReadonlyMap<string, Resource>): PrefetchAsk {
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

export function lookupIn(
  inside: ReadonlyMap<string, Resource>,
  known: Prefetched,
): (reference: string) => Resource | null {
  return (reference) => {
    const own = inside.get(reference);
    if (own !== undefined) return own;
    const stored = known.lookups.get(reference);
    return stored === undefined ? null : parseStored(stored.body).resource;
  };
}

/** Facts of one change; a tombstone keeps its last facts but produces no relationship, consent or directory row. */
export function deriveFacts(
  door: Door,
  context: Context,
  change: Change,
  { lookup, teamsOf }: { lookup: (reference: string) => Resource | null; teamsOf: TeamsOf },
): ResourceFacts {
  const { principal, now } = context;
  if (change.document === null) return tombstone(change);
  return factsOf(
    { ...change.document.resource, id: change.id },
    {
      lookup,
      service: principal.service ?? null,
      now,
      writer: changesContent(change) ? writerOf(context) : [],
      before: change.current?.row ?? null,
      teamsOf,
      ownRecordKey: door.personKey,
    },
  );
}

/** Who changes labels, tags or profiles alone is no author of what stands there. */
function changesContent({ current, document }: Change): boolean {
  const stored = current?.row.body ?? null;
  if (stored === null || document === null || current?.row.deleted === true) return true;
  return !hasSameContent(parseStored(stored), document);
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
export function settle(facts: readonly ResourceFacts[], known: Prefetched): void {
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
    keys.set(`${fact.row.type}/${fact.row.id}`, key);
    resolveFacts(fact, mothers, fact.row.pregnancy ?? key);
  }
}

/** A referral's Task in this request releases or holds its ServiceRequest in this request too. */
export function touchInside(facts: readonly ResourceFacts[]): void {
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
