/**
 * One row, one principal, one request: permit or deny, by which rules, in which words, and whether a refusal may be told
 * at all (domain.md 5.1 "No existence oracle"). The permit is that of `rowRule`; this adds the why.
 */
import { any, consentFor } from './compose.ts';
import type { Decision, DenyReason } from './decision-types.ts';
import { evaluate, type World } from './evaluate.ts';
import { DRAFT_TYPES, deleteRefused, gate } from './gates.ts';
import { masksFor } from './masks.ts';
import { relationshipRule } from './relationship-rules.ts';
import { isWrite } from './role-views.ts';
import { LAPSE_DAYS, type Piece, type RulePieces, rulePieces } from './row-rules.ts';
import type { RowRule } from './rule-types.ts';
import { isSealed } from './sealed.ts';
import { isClinical, mayBreakGlass, READ_GRACE_DAYS, selvesOf } from './standing.ts';
import type { Ask, Principal } from './types.ts';
import { NO_SUCH_RECORD, wordsFor } from './words.ts';

/**
 * Decides a request about one row: gate first, then the row. Pure; never throws.
 * Precedence of reasons: gate, test-data, held, own-record, relationship (earlier-pregnancy, no-relationship),
 * agreement (dsa-expired, label, dsa-missing), not-released, objection, label, role.
 */
export function decide(principal: Principal, ask: Ask, world: World): Decision {
  return gate(principal, ask) ?? decideRow(principal, ask, world);
}

/** As `decide`, for a request whose gate has passed. `parts` may be kept by the caller: they do not depend on time. */
export function decideRow(
  principal: Principal,
  ask: Ask,
  world: World,
  parts: RulePieces = rulePieces(principal, ask),
): Decision {
  if (principal.role === 'steward') return permit(['R-05'], principal, ask, world);
  if (evaluate(parts.open, world)) return permit(['R-05'], principal, ask, world);
  const failed = parts.pieces.find((piece) => !evaluate(piece.rule, world));
  if (failed === undefined) return permit(rulesThatDecided(parts, world), principal, ask, world);
  return refusal(failed, principal, ask, world);
}

function permit(rules: string[], principal: Principal, ask: Ask, world: World): Decision {
  return {
    permit: true,
    rules,
    reason: null,
    text: 'Permitted.',
    explanation: explanationOf(principal, ask, world),
    masks: masksFor(principal, world),
    concealed: false,
    wayIn: null,
  };
}

/** The rules a permit rests on: relationship and role always; label and agreement where they had something to decide. */
function rulesThatDecided(parts: RulePieces, world: World): string[] {
  const rules = new Set<string>();
  const own = parts.pieces.find((piece) => piece.name === 'agreement');
  for (const piece of parts.pieces) {
    if (piece.name === 'relationship' || piece.name === 'role' || piece.name === 'family') add(rules, piece);
    if (piece.name === 'label' && world.row.label !== 'N') add(rules, piece);
  }
  if (own && usesAgreement(own.rule, world)) add(rules, own);
  if (world.consents.some((one) => one.kind === 'override')) rules.add('R-22');
  return [...rules];
}

function add(rules: Set<string>, piece: Piece): void {
  for (const rule of piece.rules) rules.add(rule);
}

function usesAgreement(rule: RowRule, world: World): boolean {
  if (rule.op === 'any') {
    const first = rule.rules.find((one) => evaluate(one, world));
    return first !== undefined && usesAgreement(first, world);
  }
  if (rule.op === 'all') return rule.rules.some((one) => usesAgreement(one, world));
  return rule.op === 'agreement';
}

function refusal(failed: Piece, principal: Principal, ask: Ask, world: World): Decision {
  // what it may see and has finished is not deleted; the recipe says what to do.
  if (failed.name === 'role' && ask.action === 'delete' && DRAFT_TYPES.includes(world.row.type)) return deleteRefused();
  const reason = reasonOf(failed, principal, ask, world);
  const concealed = isConcealed(reason, failed, { principal, ask, world });
  return {
    permit: false,
    rules: failed.rules,
    reason,
    text: concealed ? NO_SUCH_RECORD : wordsFor(reason),
    explanation: null,
    masks: [],
    concealed,
    wayIn: concealed ? null : wayInFor(reason, failed, principal, world),
  };
}

function reasonOf(failed: Piece, principal: Principal, ask: Ask, world: World): DenyReason {
  switch (failed.name) {
    case 'test-data':
      return 'test-data';
    case 'held':
      return 'held';
    case 'own-record':
      return 'own-record';
    case 'restriction':
      return 'restricted-processing';
    case 'conflict':
      return 'conflict';
    case 'deceased':
      return 'no-relationship';
    case 'relationship':
      return relationshipReason(principal, ask, world);
    case 'agreement':
      return agreementReason(principal, world);
    case 'sharing':
      return 'not-released';
    case 'objection':
      return 'objection';
    case 'family':
      return 'label';
    case 'label':
      return 'label';
    case 'role':
      return 'role';
  }
}

function relationshipReason(principal: Principal, ask: Ask, world: World): DenyReason {
  // Supervision reads only (R-06 g): she may see it, her role may not change it.
  if (isWrite(ask.action)) {
    const reading: Ask = { ...ask, action: 'read' };
    if (evaluate(relationshipRule(principal, reading, 0), world)) return 'role';
  }
  const { pregnancy } = world.row;
  if (pregnancy === null) return 'no-relationship';
  const here = (key: string | null) => {
    const parties = [...principal.parties, ...(principal.service === undefined ? [] : [principal.service])];
    const rows = world.relationships.filter((one) => parties.includes(one.party) && one.pregnancy !== null);
    const rule: RowRule = {
      op: 'related',
      parties,
      kinds: [
        'care-team',
        'episode',
        'referral',
        'referral-accepted',
        'appointment',
        'task',
        'attendance',
        'supervision',
        'self-claim',
      ],
      graceDays: READ_GRACE_DAYS,
      pregnancy: key === null ? 'any' : 'row',
      scoped: false,
    };
    return evaluate(rule, { ...world, relationships: rows });
  };
  return here(null) && !here(pregnancy) ? 'earlier-pregnancy' : 'no-relationship';
}

function agreementReason(principal: Principal, world: World): DenyReason {
  const { row, now } = world;
  const pair = world.agreements.filter(
    (one) =>
      one.fromService === row.service && one.toService === principal.service && one.classes.includes(row.dataClass),
  );
  const ended = (until: string | null) => until !== null && Date.parse(until) <= now.getTime();
  if (pair.some((one) => !one.revoked && !ended(one.until))) return 'label';
  if (pair.some((one) => one.revoked || ended(one.until))) return 'dsa-expired';
  return principal.kind === 'system' && row.service === principal.service ? 'label' : 'dsa-missing';
}

interface Asked {
  principal: Principal;
  ask: Ask;
  world: World;
}

/**
 * 5.1: a clinical role without relationship is told the way in; everyone else hears nothing. V and restricted
 * demographics are never told, a held referral never to its addressee, nothing ever to a family audience.
 */
function isConcealed(reason: DenyReason, failed: Piece, { principal, ask, world }: Asked): boolean {
  if (principal.kind === 'family' || reason === 'held' || isVery(world)) return true;
  // of a family's rows she reads some consents; that there are others is not told, whoever gave her a Task,
  // and of what she once wrote neither.
  if (principal.role === 'ig-officer' && !isWrite(ask.action)) return true;
  if (failed.name === 'restriction') return !world.row.authors.some((one) => selvesOf(principal).includes(one));
  if ((failed.name === 'relationship' || failed.name === 'deceased') && evaluate(any(consentFor('s-flag', [])), world))
    return true;
  // a lapsed agreement stops system flows loudly.
  if (principal.kind === 'system') return reason !== 'dsa-expired';
  if (isClinical(principal.role)) return false;
  return failed.name === 'relationship' || failed.name === 'deceased';
}

function isVery(world: World): boolean {
  return world.row.label === 'V' || evaluate(isSealed(), world);
}

/** a claim for N within the area's agreements, broken glass beyond it, neither for V. */
function wayInFor(reason: DenyReason, failed: Piece, principal: Principal, world: World): Decision['wayIn'] {
  if (!mayBreakGlass(principal.role)) return null;
  if (reason === 'conflict' || failed.name === 'deceased') return 'break-glass';
  if (reason !== 'no-relationship') return null;
  const { row } = world;
  const isOwn = row.service !== null && row.service === principal.service;
  const inArea = world.agreements.some(
    (one) =>
      one.fromService === row.service && one.toService === principal.service && !one.revoked && isCurrent(one, world),
  );
  return row.label === 'N' && (isOwn || inArea) ? 'self-claim' : 'break-glass';
}

function isCurrent(agreement: { from: string | null; until: string | null }, world: World): boolean {
  const now = world.now.getTime();
  const begun = agreement.from === null || Date.parse(agreement.from) <= now;
  return begun && (agreement.until === null || now < Date.parse(agreement.until) + LAPSE_DAYS * 86_400_000);
}

/** Why this person and not only her team (6.2 Q3): her own Task, her own appointment, her named role; else nothing. */
function explanationOf(principal: Principal, ask: Ask, world: World): Decision['explanation'] {
  if (principal.kind !== 'staff' || isWrite(ask.action)) return null;
  const self = [principal.practitionerRole, principal.practitioner].filter((one) => one !== undefined);
  const now = world.now.getTime();
  const mine = world.relationships.filter(
    (one) =>
      self.includes(one.party) &&
      world.row.subjects.includes(one.patient) &&
      (one.from === null || Date.parse(one.from) <= now) &&
      (one.until === null || now < Date.parse(one.until)),
  );
  const has = (...kinds: string[]) => mine.some((one) => kinds.includes(one.kind));
  if (has('appointment')) return 'own-appointment';
  if (has('task')) return 'own-task';
  if (has('care-team', 'named', 'episode', 'referral-accepted')) return 'named-role';
  return isThroughDuty(principal, world) ? 'duty-list' : null;
}

/** Hers by today's duty list alone, and the family is that team's. */
function isThroughDuty(principal: Principal, world: World): boolean {
  const teams = principal.flags.flatMap((flag) => (flag.startsWith('duty:') ? [flag.slice('duty:'.length)] : []));
  return world.relationships.some((one) => teams.includes(one.party) && world.row.subjects.includes(one.patient));
}
