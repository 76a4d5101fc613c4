/** Row rules in memory: the twin of the SQL in `store`; a property test proves the two equal. */
import type { RowRule } from './rule-types.ts';
import type { AgreementRow, ConsentRow, Label, Relationship, RowFacts } from './types.ts';

/** One row and the rows about its data subjects, at one instant. Rows about other patients or services do no harm. */
export interface World {
  row: RowFacts;
  relationships: readonly Relationship[];
  consents: readonly ConsentRow[];
  agreements: readonly AgreementRow[];
  /** The one `now` of the request. */
  now: Date;
}

const RANK: Readonly<Record<Label, number>> = { N: 0, R: 1, V: 2 };
const DAY = 86_400_000;

/** True when the row satisfies the rule. Intervals are half-open: an end equal to now has ended (R-08: to the second). */
export function evaluate(rule: RowRule, world: World): boolean {
  const { row } = world;
  switch (rule.op) {
    case 'all':
      return rule.rules.every((one) => evaluate(one, world));
    case 'any':
      return rule.rules.some((one) => evaluate(one, world));
    case 'not':
      return !evaluate(rule.rule, world);
    case 'true':
      return true;
    case 'false':
      return false;
    case 'class':
      return rule.in.includes(row.dataClass);
    case 'type':
      return rule.in.includes(row.type);
    case 'label':
      return RANK[row.label] <= RANK[rule.atMost];
    case 'tag':
      return row.tags.some((tag) => rule.any.includes(tag));
    case 'released':
      return row.released;
    case 'service':
      return row.service !== null && rule.in.includes(row.service);
    case 'addressee':
      return row.addressee !== null && rule.in.includes(row.addressee);
    case 'author':
      return row.authors.some((author) => rule.any.includes(author));
    case 'nobody':
      return row.subjects.length === 0;
    case 'subject':
      return row.subjects.length > 0 && row.subjects.every((subject) => rule.in.includes(subject));
    case 'related':
      return row.subjects.length > 0 && row.subjects.every((subject) => isRelated(rule, subject, world));
    case 'consent':
      return hasConsent(rule, world);
    case 'agreement':
      return world.agreements.some((agreement) => covers(agreement, rule, world));
  }
}

function isRelated(rule: Extract<RowRule, { op: 'related' }>, subject: string, world: World): boolean {
  const self = `${world.row.type}/${world.row.id}`;
  return world.relationships.some(
    (one) =>
      one.patient === subject &&
      rule.parties.includes(one.party) &&
      rule.kinds.includes(one.kind) &&
      isLive(one, rule.graceDays, world.now) &&
      (rule.pregnancy === 'any' || one.pregnancy === null || one.pregnancy === world.row.pregnancy) &&
      (!rule.scoped || one.scope.includes(self)),
  );
}

/** Valid at now, or closed as planned at most `graceDays` ago. */
function isLive(one: Relationship, graceDays: number, now: Date): boolean {
  if (!hasBegun(one.from, now)) return false;
  const grace = one.ending === 'closed' ? graceDays * DAY : 0;
  return one.until === null || now.getTime() < Date.parse(one.until) + grace;
}

function hasConsent(rule: Extract<RowRule, { op: 'consent' }>, world: World): boolean {
  const { subjects } = world.row;
  const holds = (subject: string) => world.consents.some((one) => applies(one, rule, subject, world));
  return rule.every === true ? subjects.length > 0 && subjects.every(holds) : subjects.some(holds);
}

function applies(one: ConsentRow, rule: Extract<RowRule, { op: 'consent' }>, subject: string, world: World): boolean {
  return (
    one.patient === subject &&
    one.kind === rule.kind &&
    isParty(one.party, rule, world) &&
    (one.classes.length === 0 || one.classes.includes(world.row.dataClass)) &&
    hasBegun(one.from, world.now) &&
    (one.until === null || world.now.getTime() < Date.parse(one.until))
  );
}

function isParty(party: string | null, rule: Extract<RowRule, { op: 'consent' }>, { row }: World): boolean {
  if (rule.ofPregnancy === true) return party !== null && party === row.pregnancy;
  return party === null || rule.parties.includes(party);
}

/** Whether one clause lets this row through at this moment. */
export function covers(
  agreement: AgreementRow,
  rule: Extract<RowRule, { op: 'agreement' }>,
  world: { row: Pick<World['row'], 'service' | 'dataClass' | 'label'>; now: Date },
): boolean {
  const { row, now } = world;
  return (
    agreement.fromService === row.service &&
    agreement.toService === rule.to &&
    !agreement.revoked &&
    agreement.classes.includes(row.dataClass) &&
    agreement.purposes.includes(rule.purpose) &&
    RANK[row.label] <= RANK[agreement.maxLabel] &&
    RANK[rule.reaching ?? 'N'] <= RANK[agreement.maxLabel] &&
    hasBegun(agreement.from, now) &&
    (agreement.until === null || now.getTime() < Date.parse(agreement.until) + rule.graceDays * DAY)
  );
}

function hasBegun(from: string | null, now: Date): boolean {
  return from === null || Date.parse(from) <= now.getTime();
}
