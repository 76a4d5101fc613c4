/**
 * Row rules as SQL on alias `r`: the twin of governance/evaluate.ts; a property test proves the two equal.
 *
 * Written atom by atom, the rule of a health visitor held 35 EXISTS, and planning them cost more than any search. So
 * the row's own columns decide first (rule-fold.ts), and all atoms about relationships, consents and agreements are
 * answered together: each table is read once for a row, and each atom is one aggregate over what was read.
 */
import type { RowRule } from '../governance/rule-types.ts';
import type { Label } from '../governance/types.ts';
import { bound, folded, type LookupRule } from './rule-fold.ts';
import type { SqlParams } from './sql-params.ts';

const RANK: Record<Label, number> = { N: 0, R: 1, V: 2 };
const LABELS: readonly Label[] = ['N', 'R', 'V'];

/**
 * The condition a row must satisfy, two-valued (no part is ever null, so `not` is exact). Constants are folded; a rule
 * that permits everything is `true`. `now` is the request's time; intervals are half-open, ends equal to it have ended.
 */
export function ruleSql(rule: RowRule, params: SqlParams, now: Date): string {
  const whole = folded(rule);
  const possible = bound(whole, true);
  const certain = bound(whole, false);
  if (possible.op === 'false' || certain.op === 'true') return certain.op;
  const compiling = new Compiling(params, now);
  // No lookup, or none that matters.
  if (!needsLookup(whole)) return compiling.rowSql(whole);
  const lookup = compiling.lookupSql(whole);
  const decided = certain.op === 'false' ? lookup : `(${compiling.rowSql(certain)} or ${lookup})`;
  return possible.op === 'true' ? decided : `(${compiling.rowSql(possible)} and ${decided})`;
}

function needsLookup(rule: RowRule): boolean {
  if (rule.op === 'all' || rule.op === 'any') return rule.rules.some(needsLookup);
  return rule.op === 'not' ? needsLookup(rule.rule) : isLookup(rule);
}

function isLookup(rule: RowRule): rule is LookupRule {
  return rule.op === 'related' || rule.op === 'consent' || rule.op === 'agreement';
}

/** One rule on its way to SQL: the same value or atom is sent and asked once. */
class Compiling {
  readonly #params: SqlParams;
  readonly #now: Date;
  readonly #values = new Map<string, string>();
  readonly #atoms = new Map<string, { name: string; rule: LookupRule }>();

  constructor(params: SqlParams, now: Date) {
    this.#params = params;
    this.#now = now;
  }

  /** The rule over the row's columns and, once `lookupSql` gathers them, the answers `x.a1`, `x.a2`, ... */
  rowSql(rule: RowRule): string {
    switch (rule.op) {
      case 'all':
        return `(${rule.rules.map((part) => this.rowSql(part)).join(' and ')})`;
      case 'any':
        return `(${rule.rules.map((part) => this.rowSql(part)).join(' or ')})`;
      case 'not':
        return `(not ${this.rowSql(rule.rule)})`;
      case 'true':
      case 'false':
        return rule.op;
      case 'class':
        return this.#member('r.data_class', rule.in);
      case 'type':
        return this.#member('r.type', rule.in);
      case 'label':
        return this.#member('r.label', LABELS.slice(0, RANK[rule.atMost] + 1));
      case 'tag':
        return `(r.tags && ${this.#list(rule.any)})`;
      case 'released':
        return 'r.released';
      case 'service':
        return `coalesce(${this.#member('r.service', rule.in)}, false)`;
      case 'addressee':
        return `coalesce(${this.#member('r.addressee', rule.in)}, false)`;
      case 'author':
        return `(r.authors && ${this.#list(rule.any)})`;
      case 'nobody':
        return "(r.subjects = '{}')";
      case 'subject':
        return `(r.subjects <> '{}' and r.subjects <@ ${this.#list(rule.in)})`;
      default:
        return this.#answer(rule);
    }
  }

  /** The rule with its lookups: a subquery that reads each table once for the row. */
  lookupSql(rule: RowRule): string {
    const sql = this.rowSql(rule);
    const people = this.#peopleSql();
    const agreements = this.#agreementsSql();
    const from = [people, agreements].filter((part) => part !== null);
    return `(select ${sql} from ${from.join(', ')})`;
  }

  /** Relationships and consents, subject by subject; an atom holds for every subject unless it asks for some. */
  #peopleSql(): string | null {
    const related = this.#of('related');
    const consents = this.#of('consent');
    if (related.length + consents.length === 0) return null;
    const held = [
      ...related.map(({ name }) => `coalesce(bool_and(l.${name}), false) as ${name}`),
      ...consents.map(
        ({ name, rule }) => `coalesce(bool_${rule.every === true ? 'and' : 'or'}(c.${name}), false) as ${name}`,
      ),
    ];
    const tables = [
      'unnest(r.subjects) as u(subject)',
      related.length === 0 ? '' : this.#relationshipsSql(related),
      consents.length === 0 ? '' : this.#consentsSql(consents),
    ];
    return `(select ${held.join(', ')} from ${tables.filter((table) => table !== '').join(' cross join lateral ')}) as x`;
  }

  #relationshipsSql(atoms: { name: string; rule: Extract<LookupRule, { op: 'related' }> }[]): string {
    const parties = [...new Set(atoms.flatMap(({ rule }) => rule.parties))];
    const answers = atoms.map(({ name, rule }) => {
      const ended =
        rule.graceDays === 0
          ? ''
          : ` or (t.ending = 'closed' and ${this.#graced('t.until_at', rule.graceDays)} > ${this.#at()})`;
      const conditions = [`t.kind = any (${this.#list(rule.kinds)})`, `(t.until_at > ${this.#at()}${ended})`];
      if (parties.some((party) => !rule.parties.includes(party))) {
        conditions.push(`t.party = any (${this.#list(rule.parties)})`);
      }
      if (rule.pregnancy === 'row') conditions.push('(t.pregnancy is null or t.pregnancy = r.pregnancy)');
      if (rule.scoped) conditions.push(`(r.type || '/' || r.id) = any (t.scope)`);
      return `coalesce(bool_or(${conditions.join(' and ')}), false) as ${name}`;
    });
    return `(select ${answers.join(', ')} from relationship t
      where t.patient = u.subject and t.party = any (${this.#list(parties)}) and t.from_at <= ${this.#at()}) as l`;
  }

  #consentsSql(atoms: { name: string; rule: Extract<LookupRule, { op: 'consent' }> }[]): string {
    const answers = atoms.map(({ name, rule }) => {
      const party = this.#partySql(rule);
      return `coalesce(bool_or(t.kind = ${this.#text(rule.kind)} and ${party}
        and (t.classes = '{}' or r.data_class = any (t.classes))), false) as ${name}`;
    });
    return `(select ${answers.join(', ')} from consent t
      where t.patient = u.subject and t.from_at <= ${this.#at()} and t.until_at > ${this.#at()}) as c`;
  }

  #partySql({ ofPregnancy, parties }: Extract<LookupRule, { op: 'consent' }>): string {
    if (ofPregnancy === true) return 't.party = r.pregnancy';
    return parties.length === 0 ? 't.party is null' : `(t.party is null or t.party = any (${this.#list(parties)}))`;
  }

  #agreementsSql(): string | null {
    const atoms = this.#of('agreement');
    if (atoms.length === 0) return null;
    const answers = atoms.map(
      ({
        name,
        rule,
      }) => `coalesce(bool_or(t.to_service = ${this.#text(rule.to)} and ${this.#text(rule.purpose)} = any (t.purposes)
        and ${this.#graced('t.until_at', rule.graceDays)} > ${this.#at()}${this.#reach(rule.reaching)}), false) as ${name}`,
    );
    return `(select ${answers.join(', ')} from agreement t where t.from_service = r.service
      and t.to_service = any (${this.#list([...new Set(atoms.map(({ rule }) => rule.to))])}) and not t.revoked
      and t.from_at <= ${this.#at()} and r.data_class = any (t.classes) and r.label <= t.max_label) as y`;
  }

  /** Labels order as their letters do: N, R, V. */
  #reach(label: Label | undefined): string {
    return label === undefined ? '' : ` and ${this.#text(label)} <= t.max_label`;
  }

  #answer(rule: LookupRule): string {
    const key = JSON.stringify(rule);
    const known = this.#atoms.get(key) ?? { name: `a${this.#atoms.size + 1}`, rule };
    this.#atoms.set(key, known);
    return `${rule.op === 'agreement' ? 'y' : 'x'}.${known.name}`;
  }

  #of<K extends LookupRule['op']>(op: K): { name: string; rule: Extract<LookupRule, { op: K }> }[] {
    const found: { name: string; rule: Extract<LookupRule, { op: K }> }[] = [];
    for (const { name, rule } of this.#atoms.values()) if (hasOp(rule, op)) found.push({ name, rule });
    return found;
  }

  #at(): string {
    return `${this.#params.add(this.#now)}::timestamptz`;
  }

  #text(value: string): string {
    const key = `text ${value}`;
    const known = this.#values.get(key) ?? this.#params.add(value);
    this.#values.set(key, known);
    return known;
  }

  #list(values: readonly string[]): string {
    const key = JSON.stringify(values);
    const known = this.#values.get(key) ?? `${this.#params.add(values)}::text[]`;
    this.#values.set(key, known);
    return known;
  }

  #member(column: string, values: readonly string[]): string {
    const [only] = values;
    return values.length === 1 && only !== undefined
      ? `(${column} = ${this.#text(only)})`
      : `(${column} = any (${this.#list(values)}))`;
  }

  /** An end moved by a grace of whole days, in seconds: days of 24 hours whatever the session's time zone. */
  #graced(column: string, days: number): string {
    return days === 0 ? column : `${column} + interval '${Math.trunc(days) * 86_400} seconds'`;
  }
}

function hasOp<K extends LookupRule['op']>(rule: LookupRule, op: K): rule is Extract<LookupRule, { op: K }> {
  return rule.op === op;
}
