/**
 * Who looked at a record (Q1, R-26): an IG officer gives an NHS number and a reason and learns who, when, why and what
 * kind, never content. The look is recorded with its reason before anything is shown, found or not; the number itself
 * stays encrypted, as in any search. What leaves here holds no ids of resources and no values of a query.
 */
import { auditEntry } from '../audit/entry.ts';
import type { AuditEntry, StoredAudit } from '../audit/types.ts';
import { NHS_NUMBER } from '../fhir/identifiers.ts';
import type { Decision } from '../governance/decision-types.ts';
import { entryOf } from '../record/entry.ts';
import { audited, checkGeneration, refused } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { word, wordPrefix } from '../search/words.ts';
import {
  type AccessCount,
  type AccessScope,
  accessCounts,
  accessRows,
  directoryNames,
  familyByWords,
  MAX_COUNTED,
} from '../store/models/access-record.ts';
import { sealDurable } from '../store/seal.ts';
import { officersOnly } from './console-door.ts';
import { ownOf, requireNoInterest } from './officer.ts';

export interface AccessQuestion {
  /** Ten digits, checked. */
  nhsNumber: string;
  /** The officer's words, at most MAX_REASON characters. */
  reason: string;
  /** Instants `[from, until)`, ISO UTC; null = open. */
  from: string | null;
  until: string | null;
  /** `party` of an AccessPerson; null = everyone. */
  party: string | null;
  /** Place in the sequence to go on before; null = newest. */
  before: number | null;
  /** Events on a page. */
  count: number;
}

/** One request that touched the family: records of the trail with the same request, person and outcome. */
export interface AccessEvent {
  /** Place of its newest record in the sequence. */
  seq: number;
  /** ISO UTC. */
  at: string;
  requestId: string;
  agent: Pick<AuditEntry['agent'], 'kind' | 'clientId' | 'name' | 'role' | 'service' | 'team' | 'address'>;
  interactions: AuditEntry['interaction'][];
  outcome: AuditEntry['outcome'];
  status: number;
  purpose: AuditEntry['purpose'];
  rules: string[];
  reason: AuditEntry['reason'];
  explanation: AuditEntry['explanation'];
  /** Resource types and how many of each; of a list that held other families too, only the type that was searched. */
  types: { type: string; count: number }[];
  /** Highest label; null when unknown, or when other families' records were in the same list. */
  label: string | null;
  /** Names of the parameters of a search. */
  searchedBy: string[];
  /** Other families were in the same answer. */
  others: boolean;
  /** The reason an officer gave for a look like this one. */
  checkReason: string | null;
}

export type AccessTally = AccessCount;

export interface AccessAnswer {
  /** People that carry the number; 0 = nothing is known under it. */
  found: number;
  /** Unborn babies, children or parents linked to them, whose records are covered too. */
  linked: number;
  events: AccessEvent[];
  /** `before` of the next page. */
  next: number | null;
  /** Counts over the whole scope, all persons, newest records first up to a bound. */
  tallies: AccessTally[];
  /** True when more records exist than were counted. */
  bounded: boolean;
  /** Names of services and teams by reference. */
  names: ReadonlyMap<string, string>;
}

export const MAX_REASON = 300;
const WORD = 'console-access-record';
const REASON = '; reason: ';
/** A transaction of one family has some tens of records; they are one event. */
const ROWS_PER_EVENT = 20;

/** One page of the access record of a family. @throws Outcome 403, 503; StaleStanding: resolve again and repeat */
export function askAccessRecord(door: Door, context: Context, question: AccessQuestion): Promise<AccessAnswer> {
  const entry: AuditEntry = {
    ...entryOf(context, 'operation'),
    entities: ['AuditEvent'],
    rules: ['R-26'],
    query: door.auditQuery(rawOf(question), context.requestId),
    detail: `${WORD}${REASON}${question.reason.slice(0, MAX_REASON)}`,
  };
  return audited(door, entry, async () => {
    const closed = mayLook(door, context, question.nhsNumber);
    if (closed !== null) throw await refused(door, entry, closed);
    const words = [word(wordPrefix('Patient', 'identifier'), `${NHS_NUMBER}|${question.nhsNumber}`)];
    const { found, family, generation } = await familyByWords(door.pool, words);
    checkGeneration(context, generation);
    // Whoever is linked to her is in the answer too: by the number of her child she would look at herself.
    const own = await ownOf(door, context);
    await requireNoInterest(door, context, { entry, own }, family);
    const answer = family.length === 0 ? NOTHING : await accessOf(door, question, family);
    await door.audit.write({
      ...entry,
      patients: family,
      query: { ...door.auditQuery(rawOf(question), context.requestId), count: answer.events.length },
    });
    return { ...answer, found: found.length, linked: family.length - found.length };
  });
}

/** The reason in the detail of an officer's look, or null for any other detail. */
export function checkReasonOf(detail: string | null): string | null {
  return detail?.startsWith(WORD + REASON) ? detail.slice(WORD.length + REASON.length) : null;
}

const NOTHING: AccessAnswer = {
  found: 0,
  linked: 0,
  events: [],
  next: null,
  tallies: [],
  bounded: false,
  names: new Map(),
};

/** R-26; nobody, an officer neither, looks into a record of her own here. */
function mayLook(door: Door, context: Context, nhsNumber: string): Decision | null {
  const closed = officersOnly(door, context);
  const own = context.principal.ownRecordKey;
  if (closed !== null || own === undefined || own !== door.personKey(nhsNumber)) return closed;
  return {
    permit: false,
    rules: ['R-11'],
    reason: 'own-record',
    text: 'This is your own record; a colleague has to look.',
    explanation: null,
    masks: [],
    concealed: false,
    wayIn: null,
  };
}

function rawOf(question: AccessQuestion): string {
  const { nhsNumber, from, until, party, before } = question;
  return new URLSearchParams({
    identifier: `${NHS_NUMBER}|${nhsNumber}`,
    ...(from === null ? {} : { from }),
    ...(until === null ? {} : { until }),
    ...(party === null ? {} : { agent: party }),
    ...(before === null ? {} : { before: String(before) }),
  }).toString();
}

async function accessOf(door: Door, question: AccessQuestion, family: string[]): Promise<AccessAnswer> {
  await sealDurable(door.pool);
  const scope: AccessScope = { family, from: question.from, until: question.until };
  const limit = question.count * ROWS_PER_EVENT;
  const [rows, { counts, records }] = await Promise.all([
    accessRows(door.pool, { ...scope, party: question.party, before: question.before, limit: limit + 1 }),
    accessCounts(door.pool, scope),
  ]);
  const { events, last, whole } = fold(rows.slice(0, limit), new Set(family), question.count);
  const more = !whole || rows.length > limit;
  const references = [
    ...events.flatMap(({ agent }) => [agent.service, agent.team]),
    ...counts.map((one) => one.service),
  ];
  const names = await directoryNames(door.pool, [...new Set(references.filter((one) => one !== null))]);
  return { ...NOTHING, events, next: more ? last : null, tallies: counts, bounded: records >= MAX_COUNTED, names };
}

/** Folds neighbouring records of one request into events, up to a number of them. */
function fold(rows: readonly StoredAudit[], family: ReadonlySet<string>, count: number) {
  const events: AccessEvent[] = [];
  let last: number | null = null;
  for (const row of rows) {
    const entry = auditEntry(row);
    const before = events.at(-1);
    const same = before !== undefined && isSameRequest(before, entry);
    if (!same && events.length === count) return { events, last, whole: false };
    const event = same ? before : eventOf(row.seq, entry);
    if (!same) events.push(event);
    addTo(event, entry, family);
    last = row.seq;
  }
  return { events, last, whole: true };
}

function isSameRequest(event: AccessEvent, entry: AuditEntry): boolean {
  return (
    event.requestId === entry.requestId &&
    event.agent.clientId === entry.agent.clientId &&
    event.outcome === entry.outcome &&
    event.explanation === entry.explanation &&
    event.checkReason === checkReasonOf(entry.detail)
  );
}

function eventOf(seq: number, entry: AuditEntry): AccessEvent {
  const { kind, clientId, name, role, service, team, address } = entry.agent;
  return {
    seq,
    at: entry.at,
    requestId: entry.requestId,
    // A person of the family is recorded under her own reference: an id the officer has no use for.
    agent: { kind, clientId, name: kind === 'family' ? null : name, role, service, team, address },
    interactions: [],
    outcome: entry.outcome,
    status: entry.status,
    purpose: entry.purpose,
    rules: [],
    reason: entry.reason,
    explanation: entry.explanation,
    types: [],
    label: null,
    searchedBy: [],
    others: false,
    checkReason: checkReasonOf(entry.detail),
  };
}

function addTo(event: AccessEvent, entry: AuditEntry, family: ReadonlySet<string>): void {
  include(event.interactions, entry.interaction);
  for (const rule of entry.rules) include(event.rules, rule);
  const others = entry.patients.some((one) => !family.has(one));
  event.others ||= others;
  if (!others && entry.label !== null && (event.label === null || entry.label > event.label)) event.label = entry.label;
  for (const name of parameterNames(entry.query?.cleaned ?? '')) include(event.searchedBy, name);
  // Of a list over several families the record does not say which rows were hers.
  for (const entity of others ? entry.entities.slice(0, 1) : entry.entities) {
    const type = entity.split('/')[0] ?? '';
    const known = event.types.find((one) => one.type === type);
    if (known === undefined) event.types.push({ type, count: others ? 0 : 1 });
    else if (!others) known.count += 1;
  }
}

function include<T>(list: T[], value: T): void {
  if (!list.includes(value)) list.push(value);
}

/** Names only: a value can itself be clinical content (domain.md 6.4). */
function parameterNames(cleaned: string): string[] {
  return cleaned.split('&').flatMap((part) => {
    const name = part.split('=')[0] ?? '';
    return name === '' || name.startsWith('_') ? [] : [name];
  });
}
