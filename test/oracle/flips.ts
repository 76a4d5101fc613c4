/** Every way in which one rule can be wrong, by name: what each flip does, and which words of a rule it is about. */
import type { RulePieces } from '../../src/governance/row-rules.ts';
import type { RowRule } from '../../src/governance/rule-types.ts';
import type { Principal } from '../../src/governance/types.ts';
import { replaced } from './answers.ts';
import { PEOPLE, TEAMS } from './people.ts';

export interface Flip {
  name: string;
  /** Words of a rule tree this is a flip of: `piece:label`, `op:agreement`, `kind:task`, `consent:override`. */
  of: string[];
  pieces?: (parts: RulePieces) => RulePieces;
  as?: (who: Principal) => Principal;
}

export const PIECES = [
  'held',
  'own-record',
  'relationship',
  'conflict',
  'restriction',
  'deceased',
  'agreement',
  'sharing',
  'objection',
  'family',
  'label',
  'role',
] as const;

const CLOSED: RowRule = { op: 'false' };
const OPEN: RowRule = { op: 'true' };

/** Changes every atom of a rule. */
function through(rule: RowRule, change: (rule: RowRule) => RowRule): RowRule {
  if (rule.op === 'all' || rule.op === 'any') return { ...rule, rules: rule.rules.map((one) => through(one, change)) };
  return rule.op === 'not' ? { op: 'not', rule: through(rule.rule, change) } : change(rule);
}

const changed =
  (change: (rule: RowRule) => RowRule) =>
  (parts: RulePieces): RulePieces => ({
    open: through(parts.open, change),
    pieces: parts.pieces.map((one) => ({ ...one, rule: through(one.rule, change) })),
  });

const atom = (name: string, of: string, change: (rule: RowRule) => RowRule): Flip => ({
  name,
  of: [of],
  pieces: changed(change),
});
const instead = (op: RowRule['op'], as: RowRule) => (rule: RowRule) => (rule.op === op ? as : rule);
const related =
  (change: (rule: Extract<RowRule, { op: 'related' }>) => RowRule) =>
  (rule: RowRule): RowRule =>
    rule.op === 'related' ? change(rule) : rule;

const CONSENTS = [
  'override',
  'permit',
  'objection',
  'own-record',
  'restriction',
  'conflict',
  'relative',
  'deceased',
  'sharing-explained',
  'sealed',
] as const;
const KINDS = [
  'care-team',
  'episode',
  'referral',
  'referral-accepted',
  'appointment',
  'task',
  'attendance',
  'self-claim',
  'break-glass',
  'sealed-grant',
  'history',
  'named',
  'registered',
] as const;

const ATOMS: Flip[] = [
  atom('no grace after a planned ending (R-08)', 'op:related', related((rule) => ({ ...rule, graceDays: 0 }))),
  atom('grace without end (R-08)', 'op:related', related((rule) => ({ ...rule, graceDays: 9999 }))),
  atom('any pregnancy (R-13)', 'op:related', related((rule) => ({ ...rule, pregnancy: 'any' }))),
  atom('no scope before acceptance (R-13)', 'op:related', related((rule) => ({ ...rule, scoped: false }))),
  atom('no lapse for people (R-04)', 'op:agreement', (rule) => (rule.op === 'agreement' ? { ...rule, graceDays: 0 } : rule)),
  atom('a longer lapse (R-04)', 'op:agreement', (rule) => (rule.op === 'agreement' ? { ...rule, graceDays: 60 } : rule)),
  atom('agreements ignored (R-04)', 'op:agreement', instead('agreement', OPEN)),
  atom('service ignored (R-04)', 'op:service', instead('service', OPEN)),
  atom('addressee ignored (R-06 c)', 'op:addressee', instead('addressee', CLOSED)),
  atom('class ignored (R-05)', 'op:class', instead('class', OPEN)),
  atom('type ignored (R-05)', 'op:type', instead('type', OPEN)),
  atom('labels ignored (R-13)', 'op:label', instead('label', OPEN)),
  atom('release ignored (R-06 c)', 'op:released', instead('released', OPEN)),
  atom('authors ignored', 'op:author', instead('author', OPEN)),
  atom('subjects ignored (R-09)', 'op:subject', instead('subject', OPEN)),
  atom('about nobody is anybody’s', 'op:nobody', instead('nobody', OPEN)),
  atom('every tag an EDD', 'op:tag', (rule) => (rule.op === 'tag' && rule.any.includes('EDD') ? OPEN : rule)),
  atom('one subject’s consent is enough (R-09)', 'op:consent', (rule) => (rule.op === 'consent' && rule.every ? { ...rule, every: false } : rule)),
]; // biome-ignore format: one flip a line

const STANDINGS: Flip[] = [
  { name: 'nobody is on a duty list (R-06 e, R-40)', of: ['standing:duty'], as: withoutDuty },
  { name: 'nobody supervises (R-06 g)', of: ['standing:supervises'], as: (who) => ({ ...who, supervises: [] }) },
  { name: 'no team is hers (R-06)', of: ['standing:teams'], as: (who) => ({ ...who, teams: [], parties: who.parties.filter((one) => !one.startsWith('CareTeam/')) }) },
  { name: 'her service is nobody’s (R-04)', of: ['standing:service'], as: ({ service: _service, ...who }) => who },
  { name: 'everybody has all teams (R-06)', of: ['standing:teams'], as: (who) => (who.kind === 'staff' ? { ...who, parties: [...who.parties, ...TEAMS], teams: [...TEAMS] } : who) },
  { name: 'everybody supervises everybody (R-06 g)', of: ['standing:supervises'], as: (who) => (who.kind === 'staff' ? { ...who, supervises: PEOPLE.map(({ id }) => `PractitionerRole/${id}`) } : who) },
]; // biome-ignore format: one flip a line

function withoutDuty(who: Principal): Principal {
  const duty = who.flags.flatMap((flag) => (flag.startsWith('duty:') ? [flag.slice('duty:'.length)] : []));
  const kept = (list: readonly string[]) => list.filter((one) => !duty.includes(one));
  return { ...who, teams: kept(who.teams), parties: kept(who.parties) };
}

/** Every flip of the row rules and of what they stand on. */
export const FLIPS: Flip[] = [
  ...PIECES.map((name): Flip => ({ name: `${name} always true`, of: [`piece:${name}`], pieces: replaced(name, OPEN) })),
  ...PIECES.map((name): Flip => ({ name: `${name} always false`, of: [`piece:${name}`], pieces: replaced(name, CLOSED) })),
  { name: 'open rows closed', of: ['piece:open'], pieces: (parts) => ({ ...parts, open: CLOSED }) },
  ...ATOMS,
  ...CONSENTS.map((kind) => atom(`${kind} ignored`, `consent:${kind}`, (rule) => (rule.op === 'consent' && rule.kind === kind ? CLOSED : rule))),
  ...KINDS.map((kind) => atom(`${kind} makes no relationship (R-06)`, `kind:${kind}`, related((rule) => ({ ...rule, kinds: rule.kinds.filter((one) => one !== kind) })))),
  ...STANDINGS,
]; // biome-ignore format: one list a line

/** The words of a rule, as `Flip.of` names them. */
export function wordsOf(rule: RowRule): string[] {
  if (rule.op === 'all' || rule.op === 'any') return rule.rules.flatMap(wordsOf);
  if (rule.op === 'not') return wordsOf(rule.rule);
  if (rule.op === 'true' || rule.op === 'false') return [];
  if (rule.op === 'consent') return ['op:consent', `consent:${rule.kind}`];
  return [`op:${rule.op}`, ...(rule.op === 'related' ? rule.kinds.map((kind) => `kind:${kind}`) : [])];
}
