/**
 * The Query tree of a search in the audit trail as what its rows can be found by: the part of it that links and columns
 * know. Every event that matches the tree comes from a row that satisfies this (test/journeys/audit-query.test.ts).
 */
import { KINDS } from '../audit/kinds.ts';
import type { AuditNarrowed } from '../audit/types.ts';
import type { JsonObject, Resource } from '../fhir/types.ts';
import { PURPOSES } from '../governance/purposes.ts';
import type { Indexer } from '../search/extract.ts';
import { holds, isNegative } from '../search/match.ts';
import { type Clause, type Criterion, isCriterion, type SearchValue } from '../search/types.ts';

const JTI = 'urn:ietf:params:oauth:jti:';
const ACTIONS = ['C', 'R', 'U', 'D', 'E'];
const OUTCOMES = [0, 4, 8, 12];
/** One millisecond to either side: memory compares the ends exactly. */
const EDGE = 1;

/** The criteria all of which must hold, those within an `and` of `_filter` included. */
function required(clauses: readonly Clause[]): Criterion[] {
  return clauses.flatMap((clause): Criterion[] => {
    if (isCriterion(clause)) return [clause];
    return clause.op === 'all' ? required(clause.clauses) : [];
  });
}

/** What of a search rows can be found by. */
export function narrowedTo(where: readonly Clause[], indexer: Indexer): AuditNarrowed {
  const narrowed: AuditNarrowed = { links: [], columns: {}, seqs: null, from: null, until: null };
  for (const criterion of required(where)) narrow(narrowed, criterion, indexer);
  return narrowed;
}

function narrow(narrowed: AuditNarrowed, criterion: Criterion, indexer: Indexer): void {
  const { code } = criterion.param;
  const tests = (event: JsonObject): boolean => {
    const resource: Resource = { resourceType: 'AuditEvent', ...event };
    return holds(criterion, resource, indexer.indexOf(resource));
  };
  const { columns } = narrowed;
  if (code === 'type' || code === 'subtype') {
    const fitting = Object.entries(KINDS).filter(([, { type, subtype }]) => tests({ type, subtype: [subtype] }));
    columns.interaction = both(
      columns.interaction,
      fitting.map(([name]) => name),
    );
  } else if (code === 'action') {
    columns.action = both(
      columns.action,
      ACTIONS.filter((action) => tests({ action })),
    );
  } else if (code === 'outcome') {
    columns.outcome = both(
      columns.outcome,
      OUTCOMES.filter((outcome) => tests({ outcome: String(outcome) })),
    );
  } else if (code === 'purpose') {
    columns.purpose = both(
      columns.purpose,
      ['', ...PURPOSES].filter((one) => tests(purposeOf(one))),
    );
  } else if (!isNegative(criterion)) narrowByValue(narrowed, criterion);
}

/** As audit/balp.ts shows it. */
const purposeOf = (purpose: string): JsonObject =>
  purpose === ''
    ? {}
    : {
        purposeOfEvent: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: purpose }] }],
      };

const both = <T>(before: T[] | undefined, found: T[]): T[] =>
  before === undefined ? found : before.filter((one) => found.includes(one));

function narrowByValue(narrowed: AuditNarrowed, { param, modifier, values }: Criterion): void {
  if (modifier === 'identifier' && param.code === 'agent') addLinks(narrowed, values.map(identifierLinks));
  if (modifier !== null) return;
  switch (param.code) {
    case '_id':
      narrowed.seqs = both(narrowed.seqs ?? undefined, values.flatMap(places));
      return;
    case 'date':
      narrowByDate(narrowed, values);
      return;
    case 'policy':
      addLinks(narrowed, values.map(policyLinks));
      return;
    case 'agent':
      addLinks(
        narrowed,
        values.map((value) => referenceLinks(value, ['a='])),
      );
      return;
    case 'entity':
    case 'patient':
      addLinks(
        narrowed,
        values.map((value) => referenceLinks(value, ['e=', 'p='])),
      );
      return;
    default:
  }
}

/** A value that has no links may be in any row, and so may a row of the criterion. */
function addLinks(narrowed: AuditNarrowed, links: readonly (string[] | null)[]): void {
  const known = links.filter((one) => one !== null);
  if (known.length === links.length) narrowed.links.push([...new Set(known.flat())]);
}

/** Only people's agents have an identifier with a system: their issuer. */
function identifierLinks(value: SearchValue): string[] | null {
  return value.kind === 'token' && value.system && value.code ? [`a=${value.code}`] : null;
}

function policyLinks(value: SearchValue): string[] | null {
  if (value.kind !== 'uri') return null;
  return value.uri.startsWith(JTI) ? [`j=${value.uri.slice(JTI.length)}`] : [];
}

/** People are linked as patients and as entities; others as entities. */
function referenceLinks(value: SearchValue, kinds: readonly string[]): string[] | null {
  if (value.kind !== 'reference' || value.type === null) return null;
  const { type, id } = value;
  return kinds.filter((kind) => kind !== 'p=' || type === 'Patient').map((kind) => `${kind}${type}/${id}`);
}

function places(value: SearchValue): number[] {
  const seq = value.kind === 'token' && !value.system ? /^([1-9]\d{0,14})-[1-9]\d{0,5}$/.exec(value.code ?? '') : null;
  return seq === null ? [] : [Number(seq[1])];
}

/** `recorded` is an instant of one millisecond. */
function narrowByDate(narrowed: AuditNarrowed, values: readonly SearchValue[]): void {
  const spans = values.map((value) => (value.kind === 'date' ? spanOf(value) : { from: -Infinity, until: Infinity }));
  const from = Math.min(...spans.map((span) => span.from));
  const until = Math.max(...spans.map((span) => span.until));
  const before = Date.parse(narrowed.from ?? '');
  const after = Date.parse(narrowed.until ?? '');
  if (Number.isFinite(from)) narrowed.from = iso(Number.isNaN(before) ? from : Math.max(before, from));
  if (Number.isFinite(until)) narrowed.until = iso(Number.isNaN(after) ? until : Math.min(after, until));
}

const iso = (instant: number): string => new Date(instant).toISOString();

function spanOf({ prefix, low, high }: Extract<SearchValue, { kind: 'date' }>): { from: number; until: number } {
  const first = Date.parse(low) - EDGE;
  const last = Date.parse(high) + EDGE;
  switch (prefix) {
    case 'ne':
      return { from: -Infinity, until: Infinity };
    case 'gt':
    case 'sa':
      return { from: Date.parse(high) - EDGE, until: Infinity };
    case 'lt':
    case 'eb':
      return { from: -Infinity, until: Date.parse(low) + EDGE };
    case 'ge':
      return { from: first, until: Infinity };
    case 'le':
      return { from: -Infinity, until: last };
    default:
      return { from: first, until: last };
  }
}
