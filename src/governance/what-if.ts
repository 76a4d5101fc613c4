/**
 * Decisions under rules that are not in force, for replays; nothing that answers a request uses it. What an organisation
 * settles about the rules can be tried: the grace after care ended, reading on after an agreement lapsed,
 * which kinds of record a role sees, up to which label, and which relationships open a record.
 */
import { all, any, FALSE, inClasses, not, ofService, specialise, TRUE } from './compose.ts';
import { classesOfType } from './data-classes.ts';
import { decideRow } from './decide.ts';
import type { Decision } from './decision-types.ts';
import { covers, type World } from './evaluate.ts';
import { gate } from './gates.ts';
import { isConceivable, isWrite } from './role-views.ts';
import { type Piece, type RulePieces, rulePieces } from './row-rules.ts';
import type { RowRule } from './rule-types.ts';
import { scopesAllow } from './scopes.ts';
import type { AgreementRow, Ask, DataClass, Label, Principal, RelationshipKind, Role } from './types.ts';

/** One cell of the role matrix (5.3). */
export interface RoleCell {
  role: Role;
  dataClass: DataClass;
}

export interface RuleSettings {
  /** Days of reading after a relationship closed as planned; null = as it is. */
  graceDays: number | null;
  /** Days of reading on after an agreement's end; null = as it is. */
  lapseDays: number | null;
  /** Kinds of record that a role would not see any more. */
  closed: readonly RoleCell[];
  /** Kinds of record that a role would see as well; relationship, agreement and label still decide. */
  opened: readonly RoleCell[];
  /** The highest label that a role would see. */
  ceilings: readonly { role: Role; label: Exclude<Label, 'V'> }[];
  /** Kinds of relationship that would open nothing any more. */
  without: readonly RelationshipKind[];
}

export const AS_IT_IS: RuleSettings = {
  ...{ graceDays: null, lapseDays: null },
  ...{ closed: [], opened: [], ceilings: [], without: [] },
};

/** As `decide`, under these settings. */
export function decideUnder(settings: RuleSettings, principal: Principal, ask: Ask, world: World): Decision {
  const shut = gateUnder(settings, principal, ask);
  if (shut !== null) return shut;
  return decideRow(principal, ask, world, piecesUnder(settings, principal, rulePieces(principal, ask), ask));
}

/** As `gate`: the matrix is asked with the cells that these settings add. */
export function gateUnder(settings: RuleSettings, principal: Principal, ask: Ask): Decision | null {
  const shut = gate(principal, ask);
  if (shut === null || shut.reason !== 'role' || ask.type === null || isWrite(ask.action)) return shut;
  if (isConceivable(principal.role, ask.action, ask.type) || !scopesAllow(principal, ask.action, ask.type)) return shut;
  const added = cellsOf(settings.opened, principal.role);
  return classesOfType(ask.type).some((one) => added.includes(one)) ? null : shut;
}

/**
 * As `rowRule`, under these settings and these agreements instead of those that are kept: each clause of an agreement
 * becomes a condition on the row, so that the rule can be asked of the store. Null where the gate is closed for the type.
 */
export function ruleUnder(
  under: { settings: RuleSettings; agreements: readonly AgreementRow[] },
  principal: Principal,
  ask: Ask,
): RowRule | null {
  if (gateUnder(under.settings, principal, ask) !== null) return null;
  if (principal.role === 'steward') return TRUE;
  const parts = piecesUnder(under.settings, principal, rulePieces(principal, ask), ask);
  const whole = agreed(any(parts.open, all(...parts.pieces.map(({ rule }) => rule))), under.agreements, ask.now);
  return ask.type === null ? whole : specialise(whole, ask.type, classesOfType(ask.type));
}

function cellsOf(cells: readonly RoleCell[], role: Role): DataClass[] {
  return cells.filter((one) => one.role === role).map(({ dataClass }) => dataClass);
}

function piecesUnder(settings: RuleSettings, principal: Principal, parts: RulePieces, ask: Ask): RulePieces {
  if (settings === AS_IT_IS || principal.role === 'steward') return parts;
  const closed = not(inClasses(cellsOf(settings.closed, principal.role)));
  const opened = isWrite(ask.action) ? FALSE : inClasses(cellsOf(settings.opened, principal.role));
  const ceiling = settings.ceilings.find(({ role }) => role === principal.role)?.label;
  const upTo: RowRule = ceiling === undefined ? TRUE : { op: 'label', atMost: ceiling };
  const under = ({ name, rules, rule }: Piece): Piece => {
    const timed = dated(settings, rule);
    if (name === 'role') return { name, rules, rule: all(closed, any(timed, opened)) };
    return { name, rules, rule: name === 'label' ? all(upTo, timed) : timed };
  };
  return { open: all(closed, upTo, dated(settings, parts.open)), pieces: parts.pieces.map(under) };
}

/** Another grace only where there is one at all: what has none (writes, systems) gets none. */
function dated(settings: RuleSettings, rule: RowRule): RowRule {
  switch (rule.op) {
    case 'all':
      return all(...rule.rules.map((one) => dated(settings, one)));
    case 'any':
      return any(...rule.rules.map((one) => dated(settings, one)));
    case 'not':
      return not(dated(settings, rule.rule));
    case 'related': {
      const kinds = rule.kinds.filter((kind) => !settings.without.includes(kind));
      const graceDays = rule.graceDays === 0 ? 0 : (settings.graceDays ?? rule.graceDays);
      return kinds.length === 0 ? FALSE : { ...rule, kinds, graceDays };
    }
    case 'agreement':
      return rule.graceDays === 0 ? rule : { ...rule, graceDays: settings.lapseDays ?? rule.graceDays };
    default:
      return rule;
  }
}

/** The rule with these agreements written into it. */
function agreed(rule: RowRule, agreements: readonly AgreementRow[], now: Date): RowRule {
  switch (rule.op) {
    case 'all':
      return all(...rule.rules.map((one) => agreed(one, agreements, now)));
    case 'any':
      return any(...rule.rules.map((one) => agreed(one, agreements, now)));
    case 'not':
      return not(agreed(rule.rule, agreements, now));
    case 'agreement':
      return any(...agreements.filter((one) => one.toService === rule.to).map((one) => clause(one, rule, now)));
    default:
      return rule;
  }
}

function clause(one: AgreementRow, rule: Extract<RowRule, { op: 'agreement' }>, now: Date): RowRule {
  const { fromService, classes, maxLabel } = one;
  const [dataClass] = classes;
  const sample = dataClass === undefined ? null : { service: fromService, dataClass, label: 'N' as const };
  if (sample === null || !covers(one, rule, { row: sample, now })) return FALSE;
  return all(ofService([fromService]), inClasses(classes), { op: 'label', atMost: maxLabel });
}
