/** An answer of the access record as the page shows it: words, not codes. Pure. */
import { createHash } from 'node:crypto';
import { printedNhsNumber } from '../fhir/identifiers.ts';
import type { AccessAnswer, AccessEvent, AccessTally } from '../oversight/ask-access-record.ts';
import { type AccessKind, KINDS, kindOf, kindOfEvent } from './kinds.ts';
import { type Picture, pictureOf } from './picture.ts';
import type { Look } from './session.ts';
import { type ShownTime, shownTime } from './times.ts';
import {
  explanationWords,
  interactionWords,
  labelWords,
  purposeWords,
  reasonWords,
  roleWords,
  ruleWords,
  typeWords,
} from './words.ts';

export interface PersonView {
  /** Opaque key for the filter. */
  key: string;
  party: string;
  name: string;
  /** Role and service. */
  about: string;
  sync: boolean;
  total: number;
  unexplained: number;
  refused: number;
  last: ShownTime;
  /** Shares of the widest bar, 0 to 100, in the order of the kinds. */
  parts: { kind: AccessKind; x: number; width: number }[];
}

export interface EventView {
  seq: number;
  when: ShownTime;
  who: string;
  /** Role, service, team. */
  about: string[];
  kind: AccessKind;
  /** Tags in words with their NHS colour. */
  tags: { text: string; colour: string }[];
  what: string;
  label: string | null;
  purpose: string | null;
  /** The personal explanation, the lack of one, or the reason of a refusal. */
  why: string | null;
  rules: string[];
  searchedBy: string | null;
  /** What a governance check was for. */
  checkReason: string | null;
  details: { key: string; value: string }[];
}

export interface AccessView {
  nhsNumber: string;
  reason: string;
  found: boolean;
  linked: number;
  bounded: boolean;
  people: PersonView[];
  picture: Picture | null;
  totals: { words: string; count: number; kind: AccessKind }[];
  events: EventView[];
}

/** The view of one page. The people of this answer are added to those the look knows. */
export function accessView(answer: AccessAnswer, look: Pick<Look, 'nhsNumber' | 'reason' | 'people'>): AccessView {
  const people = peopleOf(answer);
  for (const person of people) look.people.set(person.key, { party: person.party, name: person.name });
  const counts = new Map<AccessKind, number>();
  for (const tally of answer.tallies) add(counts, kindOf(tally), tally.requests);
  return {
    nhsNumber: printedNhsNumber(look.nhsNumber),
    reason: look.reason,
    found: answer.found > 0,
    linked: answer.linked,
    bounded: answer.bounded,
    people,
    picture: pictureOf(answer.tallies),
    totals: KINDS.map(({ kind, words }) => ({ kind, words, count: counts.get(kind) ?? 0 })),
    events: answer.events.map((event) => eventView(event, answer.names)),
  };
}

/** People first, those with most to review on top; systems after them. */
function peopleOf(answer: AccessAnswer): PersonView[] {
  const groups = new Map<string, AccessTally[]>();
  for (const tally of answer.tallies) {
    const key = `${tally.kind} ${tally.party}`;
    groups.set(key, [...(groups.get(key) ?? []), tally]);
  }
  const widest = Math.max(1, ...[...groups.values()].map((tallies) => requests(tallies)));
  return [...groups.values()]
    .flatMap((tallies) => personView(tallies, widest, answer.names) ?? [])
    .sort(
      (a, b) =>
        Number(a.sync) - Number(b.sync) ||
        b.unexplained - a.unexplained ||
        b.total - a.total ||
        compare(a.name, b.name),
    );
}

function personView(tallies: AccessTally[], widest: number, names: ReadonlyMap<string, string>): PersonView | null {
  const [first] = tallies;
  if (first === undefined) return null;
  const counts = new Map<AccessKind, number>();
  for (const tally of tallies) add(counts, kindOf(tally), tally.requests);
  let x = 0;
  const parts = KINDS.flatMap(({ kind }) => {
    const width = ((counts.get(kind) ?? 0) / widest) * 100;
    if (width === 0) return [];
    const part = { kind, x: Math.round(x * 10) / 10, width: Math.round(width * 10) / 10 };
    x += width;
    return [part];
  });
  const last = new Date(Math.max(...tallies.map(({ last: at }) => at.getTime())));
  const sync = first.kind === 'system' || first.kind === 'internal';
  return {
    key: createHash('sha256').update(`${first.kind} ${first.party}`).digest('base64url').slice(0, 12),
    party: first.party,
    name: nameOf(first),
    about: [sync ? 'Synchronisation' : roleOf(first), named(first.service, names)]
      .filter((part) => part !== null)
      .join(', '),
    sync,
    total: requests(tallies),
    unexplained: counts.get('unexplained') ?? 0,
    refused: counts.get('refused') ?? 0,
    last: shownTime(last),
    parts,
  };
}

function eventView(event: AccessEvent, names: ReadonlyMap<string, string>): EventView {
  const kind = kindOfEvent(event);
  const { agent } = event;
  return {
    seq: event.seq,
    when: shownTime(event.at),
    who: nameOf(agent),
    about: [kind === 'sync' ? null : roleOf(agent), named(agent.service, names), named(agent.team, names)].filter(
      (part) => part !== null,
    ),
    kind,
    tags: tagsOf(kind, event),
    what: whatOf(event),
    label: event.label === null ? null : labelWords(event.label),
    purpose: event.purpose === null ? null : purposeWords(event.purpose),
    why: whyOf(kind, event),
    rules: event.rules.map(ruleWords),
    searchedBy: event.checkReason === null && event.searchedBy.length > 0 ? event.searchedBy.join(', ') : null,
    checkReason: event.checkReason,
    details: [
      { key: 'Time in UTC', value: shownTime(event.at).utc },
      { key: 'Record number', value: String(event.seq) },
      { key: 'Request', value: event.requestId },
      ...(agent.clientId === null ? [] : [{ key: 'Application', value: agent.clientId }]),
      ...(agent.address === null ? [] : [{ key: 'Network address', value: agent.address }]),
    ],
  };
}

function tagsOf(kind: AccessKind, event: AccessEvent): EventView['tags'] {
  const tags: EventView['tags'] = [];
  if (kind === 'sync') tags.push({ text: 'Synchronisation', colour: 'grey' });
  if (kind === 'check') tags.push({ text: 'Governance check', colour: 'purple' });
  if (kind === 'unexplained') tags.push({ text: 'Not personally explained', colour: 'yellow' });
  if (kind === 'refused') tags.push({ text: isRefusal(event) ? 'Refused' : 'Failed', colour: 'red' });
  if (event.purpose === 'BTG') tags.push({ text: 'Break-glass', colour: 'orange' });
  return tags;
}

function isRefusal({ status }: AccessEvent): boolean {
  return status === 401 || status === 403 || status === 404;
}

function whatOf(event: AccessEvent): string {
  if (event.types.some(({ type }) => type === 'AuditEvent')) return 'Looked at who opened this record';
  const verbs = [...new Set(event.interactions.map(interactionWords))].join(', ');
  const types = event.types
    .map(({ type, count }) => (count > 1 ? `${typeWords(type)} (${count})` : typeWords(type)))
    .join(', ');
  const verb = event.outcome === 0 ? verbs : `Tried: ${verbs.toLowerCase()}`;
  const what = types === '' ? verb : `${verb}: ${types}`;
  return event.others ? `${what}, in a list with other families` : what;
}

function whyOf(kind: AccessKind, event: AccessEvent): string | null {
  if (kind === 'refused') {
    if (event.reason !== null) return reasonWords(event.reason);
    return isRefusal(event) ? 'Nothing was there to show' : 'The request did not succeed and showed nothing';
  }
  if (event.explanation !== null) return explanationWords(event.explanation);
  if (event.agent.kind === 'family') return 'The family’s own access';
  if (kind === 'unexplained') return 'Permitted by team, not personally explained';
  if (kind === 'sync') return 'Sent between systems; no person looked';
  if (kind === 'check') return null;
  return event.outcome === 0 && event.interactions.some((one) => one.startsWith('search'))
    ? 'Shown in a list; permitted by the rules for each record'
    : 'Recorded as part of care';
}

function nameOf(agent: Pick<AccessTally, 'kind' | 'name' | 'role'>): string {
  if (agent.kind === 'family')
    return agent.role === 'partner' ? 'Partner or related person' : 'The person this record is about';
  return agent.name ?? (agent.kind === 'anonymous' ? 'Nobody signed in' : 'Name not recorded');
}

function roleOf(agent: Pick<AccessTally, 'kind' | 'role'>): string | null {
  if (agent.kind === 'family') return 'Family access';
  return agent.role === null ? null : roleWords(agent.role);
}

function named(reference: string | null, names: ReadonlyMap<string, string>): string | null {
  return reference === null ? null : (names.get(reference) ?? null);
}

function add(counts: Map<AccessKind, number>, kind: AccessKind, count: number): void {
  counts.set(kind, (counts.get(kind) ?? 0) + count);
}

function requests(tallies: readonly AccessTally[]): number {
  return tallies.reduce((total, tally) => total + tally.requests, 0);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
