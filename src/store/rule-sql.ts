/** Row rules as SQL on alias `r`: the twin of governance/evaluate.ts; a property test proves the two equal. */
import type { Label, RowRule } from '../governance/types.ts';
import type { SqlParams } from './sql-params.ts';

const RANK: Record<Label, number> = { N: 0, R: 1, V: 2 };
const LABELS: readonly Label[] = ['N', 'R', 'V'];

interface Compiling {
  params: SqlParams;
  /** Placeholder of the request's one `now`. */
  now: string;
}

/**
 * The condition a row must satisfy, two-valued (no part is ever null, so `not` is exact). Constants are folded; a rule
 * that permits everything is `true`. `now` is the request's time; intervals are half-open, ends equal to it have ended.
 */
export function ruleSql(rule: RowRule, params: SqlParams, now: Date): string {
  let placeholder = '';
  const compiling: Compiling = {
    params,
    get now() {
      if (placeholder === '') placeholder = `${params.add(now)}::timestamptz`;
      return placeholder;
    },
  };
  return compile(folded(rule), compiling);
}

const TRUE: RowRule = { op: 'true' };
const FALSE: RowRule = { op: 'false' };

/** Constants folded before anything is compiled: a parameter that no SQL uses is an error to PostgreSQL. */
function folded(rule: RowRule): RowRule {
  switch (rule.op) {
    case 'all':
      return foldedList(rule.rules, 'all', FALSE, TRUE);
    case 'any':
      return foldedList(rule.rules, 'any', TRUE, FALSE);
    case 'not': {
      const inner = folded(rule.rule);
      return inner.op === 'true' ? FALSE : inner.op === 'false' ? TRUE : { op: 'not', rule: inner };
    }
    case 'label':
      return rule.atMost === 'V' ? TRUE : rule;
    case 'class':
    case 'type':
    case 'service':
    case 'addressee':
    case 'subject':
      return rule.in.length === 0 ? FALSE : rule;
    case 'tag':
    case 'author':
      return rule.any.length === 0 ? FALSE : rule;
    case 'related':
      return rule.parties.length === 0 || rule.kinds.length === 0 ? FALSE : rule;
    default:
      return rule;
  }
}

function foldedList(rules: readonly RowRule[], op: 'all' | 'any', decisive: RowRule, neutral: RowRule): RowRule {
  const parts = rules.map(folded).filter((rule) => rule.op !== neutral.op);
  const [only] = parts;
  if (only === undefined) return neutral;
  if (parts.some((rule) => rule.op === decisive.op)) return decisive;
  return parts.length === 1 ? only : { op, rules: parts };
}

function compile(rule: RowRule, to: Compiling): string {
  switch (rule.op) {
    case 'all':
      return `(${rule.rules.map((part) => compile(part, to)).join(' and ')})`;
    case 'any':
      return `(${rule.rules.map((part) => compile(part, to)).join(' or ')})`;
    case 'not':
      return `(not ${compile(rule.rule, to)})`;
    case 'true':
      return 'true';
    case 'false':
      return 'false';
    case 'class':
      return memberOf('r.data_class', rule.in, to);
    case 'type':
      return memberOf('r.type', rule.in, to);
    case 'label':
      return memberOf('r.label', LABELS.slice(0, RANK[rule.atMost] + 1), to);
    case 'tag':
      return overlaps('r.tags', rule.any, to);
    case 'released':
      return 'r.released';
    case 'service':
      return `coalesce(${memberOf('r.service', rule.in, to)}, false)`;
    case 'addressee':
      return `coalesce(${memberOf('r.addressee', rule.in, to)}, false)`;
    case 'author':
      return overlaps('r.authors', rule.any, to);
    case 'nobody':
      return "(r.subjects = '{}')";
    case 'subject':
      return `(r.subjects <> '{}' and r.subjects <@ ${to.params.add(rule.in)}::text[])`;
    case 'related':
      return relatedSql(rule, to);
    case 'consent':
      return consentSql(rule, to);
    case 'agreement':
      return agreementSql(rule, to);
  }
}

function memberOf(column: string, values: readonly string[], to: Compiling): string {
  return values.length === 1
    ? `(${column} = ${to.params.add(values[0])})`
    : `(${column} = any (${to.params.add(values)}::text[]))`;
}

function overlaps(column: string, values: readonly string[], to: Compiling): string {
  return `(${column} && ${to.params.add(values)}::text[])`;
}

/** An end moved by a grace of whole days, in seconds: days of 24 hours whatever the session's time zone. */
function graced(column: string, days: number, to: Compiling): string {
  return days === 0 ? column : `${column} + ${to.params.add(days * 86_400)}::int * interval '1 second'`;
}

/** Nearly every row is about one person: that person is looked up directly, and only other rows are unnested. */
function everySubject(holds: (subject: string) => string): string {
  return `(case cardinality(r.subjects) when 0 then false when 1 then ${holds('r.subjects[1]')}
    else not exists (select 1 from unnest(r.subjects) as u(subject) where not ${holds('u.subject')}) end)`;
}

function relatedSql(rule: Extract<RowRule, { op: 'related' }>, to: Compiling): string {
  const live =
    rule.graceDays === 0
      ? `l.until_at > ${to.now}`
      : `(l.until_at > ${to.now} or (l.ending = 'closed' and ${graced('l.until_at', rule.graceDays, to)} > ${to.now}))`;
  const conditions = [
    `l.party = any (${to.params.add(rule.parties)}::text[])`,
    `l.kind = any (${to.params.add(rule.kinds)}::text[])`,
    `l.from_at <= ${to.now}`,
    live,
  ];
  if (rule.pregnancy === 'row') conditions.push('(l.pregnancy is null or l.pregnancy = r.pregnancy)');
  if (rule.scoped) conditions.push(`(r.type || '/' || r.id) = any (l.scope)`);
  const where = conditions.join(' and ');
  return everySubject((subject) => `exists (select 1 from relationship l where l.patient = ${subject} and ${where})`);
}

function consentSql(rule: Extract<RowRule, { op: 'consent' }>, to: Compiling): string {
  const party =
    rule.parties.length === 0
      ? 'c.party is null'
      : `(c.party is null or c.party = any (${to.params.add(rule.parties)}::text[]))`;
  const where = `c.kind = ${to.params.add(rule.kind)} and ${party}
    and (c.classes = '{}' or r.data_class = any (c.classes)) and c.from_at <= ${to.now} and c.until_at > ${to.now}`;
  if (rule.every === true) {
    return everySubject((subject) => `exists (select 1 from consent c where c.patient = ${subject} and ${where})`);
  }
  return `exists (select 1 from consent c where c.patient = any (r.subjects) and ${where})`;
}

function agreementSql(rule: Extract<RowRule, { op: 'agreement' }>, to: Compiling): string {
  return `exists (select 1 from agreement a where a.from_service = r.service and a.to_service = ${to.params.add(rule.to)}
    and not a.revoked and r.data_class = any (a.classes) and ${to.params.add(rule.purpose)} = any (a.purposes)
    and r.label <= a.max_label and a.from_at <= ${to.now} and ${graced('a.until_at', rule.graceDays, to)} > ${to.now})`;
}
