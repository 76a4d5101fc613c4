/**
 * "Would this person see this, and why": the same `decide` a request meets, asked by an officer about somebody else, at
 * this moment's directory, relationships, consents and agreements. No content is shown, and the question is recorded.
 */
import { refuse } from '../fhir/outcome.ts';
import { decide } from '../governance/decide.ts';
import type { Decision } from '../governance/decision-types.ts';
import { evaluate, type World } from '../governance/evaluate.ts';
import { purposeOf, usualPurpose } from '../governance/purposes.ts';
import type { Action, DataClass, Label, Principal, Purpose, Role } from '../governance/types.ts';
import { type WayStep, wayOf } from '../governance/way.ts';
import { ask, reach } from '../record/decide.ts';
import { entryOf, withRows } from '../record/entry.ts';
import { audited, checkGeneration, notFound, unknown } from '../record/refusal.ts';
import { guardOf } from '../record/search-sight.ts';
import { staffPrincipal, systemPrincipal } from '../record/standing.ts';
import type { Context, Door } from '../record/types.ts';
import { searchableParams } from '../search/params.ts';
import { readCurrent } from '../store/reads.ts';
import { readStanding, type StandingRows } from '../store/standing.ts';
import { ownOf, requireNoInterest } from './officer.ts';

export interface SimulateAsk {
  /** `PractitionerRole/..`, or `Client/..` for a system. */
  who: string;
  type: string;
  id: string;
  action: Action;
  /** Null = what her role has when she says nothing. */
  purpose: string | null;
  /** Why the officer asks. */
  words: string;
}

export interface Simulated {
  decision: Decision;
  purpose: Purpose;
  /** What the request would be answered with. */
  status: number;
  /** Every step of the decision. */
  way: WayStep[];
  /** Name and role of whom it is about, as the directory has them now. */
  name: string;
  role: Role;
  dataClass: DataClass;
  label: Label;
  /**
   * Of a search: parameters by which this row is not found, because what they read is hidden from her in it. Whether the
   * words of one of her searches fit the row is content, and is not told.
   */
  notFoundBy: string[];
}

const OFFICERS = ['ig-officer', 'caldicott-guardian'];

/** @throws Outcome 403 for other roles and for the officer's own record, 404 no such row, 422 nobody of that name */
export function simulate(door: Door, context: Context, asked: SimulateAsk): Promise<Simulated> {
  const words = asked.words.slice(0, 300);
  const entry = { ...entryOf(context, 'operation'), recipient: asked.who, detail: `$simulate; reason: ${words}` };
  return audited(door, entry, async () => {
    requireOfficer(context);
    const rows = await standingRows(door, asked.who);
    const principal = principalOf(door, context, asked.who, rows);
    const purpose = purposeMeant(principal, asked.purpose);
    const reached = reach({ principal, agreements: rows.agreements });
    const { found, generation } = await readCurrent(door.pool, asked.type, asked.id, reached);
    checkGeneration({ ...context, generation: rows.generation }, generation);
    if (found === null) throw await notFound(door, entry);
    const seen = withRows(entry, [found.row]);
    await requireNoInterest(door, context, { entry: seen, own: await ownOf(door, context) }, found.row.subjects);
    const asking = ask(door, { now: context.now, purpose }, asked.action, asked.type);
    const world = { ...found, now: context.now };
    const decision = decide(principal, asking, world);
    await door.audit.write(seen);
    const { dataClass, label, deleted } = found.row;
    const { name, role } = principal;
    const way = wayOf(principal, asking, world);
    const notFoundBy = asked.action === 'search' && decision.permit ? hiddenParams(door, principal, world) : [];
    const who = { name, role, dataClass, label, notFoundBy };
    return { decision, purpose, status: statusOf(decision, deleted), way, ...who };
  });
}

function hiddenParams({ definitions }: Door, principal: Principal, world: World): string[] {
  const { type } = world.row;
  const codes = [...searchableParams(definitions, type).keys()];
  return codes.filter((code) => !evaluate(guardOf({ definitions }, principal, type, code), world));
}

function requireOfficer({ principal }: Context): void {
  if (principal.kind === 'family') throw unknown();
  if (!OFFICERS.includes(principal.role))
    throw refuse(403, 'forbidden', 'The simulator is for privacy officers and Caldicott Guardians (R-26)');
}

function standingRows(door: Door, who: string): Promise<StandingRows> {
  return who.startsWith('Client/')
    ? readStanding(door.pool, null, who.slice('Client/'.length))
    : readStanding(door.pool, who, '');
}

function principalOf(door: Door, context: Context, who: string, rows: StandingRows): Principal {
  const principal = who.startsWith('Client/')
    ? systemPrincipal(door, who.slice('Client/'.length), rows)
    : staffPrincipal(door, who, rows, context.now);
  if (principal === null) throw refuse(422, 'business-rule', 'The directory knows nobody active of this name');
  return principal;
}

function purposeMeant(principal: Principal, stated: string | null): Purpose {
  const purpose = stated === null ? usualPurpose(principal) : purposeOf(stated);
  if (purpose !== null) return purpose;
  throw refuse(400, 'value', 'purpose is a v3-ActReason code of R-02; this role has no usual one');
}

function statusOf(decision: Decision, deleted: boolean): number {
  if (decision.permit) return deleted ? 410 : 200;
  return decision.concealed ? 404 : (decision.status ?? 403);
}
