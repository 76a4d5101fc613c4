/** Small steps every interaction takes around a decision. */
import { keepSpelling, parseJson } from '../fhir/json.ts';
import { asResource } from '../fhir/resource.ts';
import { applyMasks } from '../governance/apply-masks.ts';
import { decide } from '../governance/decide.ts';
import type { Decision, Mask } from '../governance/decision-types.ts';
import type { World } from '../governance/evaluate.ts';
import { mayRun } from '../governance/operations.ts';
import type { Action, Ask } from '../governance/types.ts';
import type { Reach } from '../store/reads.ts';
import type { ResourceRow } from '../store/rows.ts';
import type { FoundRow } from '../store/search.ts';
import type { Context, Door, ResourceDocument, Shown } from './types.ts';

export function ask(
  door: Pick<Door, 'mode'>,
  context: Pick<Context, 'purpose' | 'now'>,
  action: Action,
  type: string | null,
): Ask {
  return { action, type, purpose: context.purpose, now: context.now, mode: door.mode };
}

export function reach({ principal, agreements }: Pick<Context, 'principal' | 'agreements'>): Reach {
  const { supervises = [] } = principal;
  const parties = supervises.length === 0 ? principal.parties : [...principal.parties, ...supervises];
  return { parties, service: principal.service ?? null, agreements };
}

/**
 * Decides a write of one row. What an operation of the mission writes on a person's behalf (a released copy and its next
 * version, an extracted finding) is nobody's to write by hand: she must be permitted to see it, and write the kind of data
 * that the operation moves (domain.md 5.3).
 */
export function decideWrite(context: Context, asked: Ask, world: World): Decision {
  const decision = decide(context.principal, asked, world);
  if (decision.permit || context.operation === undefined || asked.action === 'delete') return decision;
  if (!mayRun(context.principal.role, context.operation)) return decision;
  const seen = decide(context.principal, { ...asked, action: 'read' }, world);
  return seen.permit ? seen : decision;
}

/** A stored row's text as shown under masks; without any the stored text leaves as it is, never parsed. */
export function show(row: ResourceRow, masks: readonly Mask[]): Shown {
  const text = row.body ?? '';
  return {
    type: row.type,
    id: row.id,
    version: row.version,
    updated: row.updated,
    // Of what was deleted there is nothing to mask.
    text: masks.length === 0 || text === '' ? text : masked(text, masks),
  };
}

/** Masks copy what they change, and number texts hang on objects: so the numbers themselves carry their text here. */
function masked(text: string, masks: readonly Mask[]): string {
  const { resource, numbers } = parseStored(text);
  if (numbers.size > 0) keepSpelling(resource, numbers);
  return JSON.stringify(applyMasks(resource, masks));
}

/** Parses a stored body: it was checked when it came in, so anything wrong with it is a bug. */
export function parseStored(text: string): ResourceDocument {
  const { root, numbers } = parseJson(Buffer.from(text, 'utf8'));
  return { resource: asResource(root), numbers };
}

/** What masks look at for a row that SQL has already permitted. */
export function worldOf(context: Context, found: FoundRow): World {
  return { row: found.row, relationships: [], consents: found.consents, agreements: [], now: context.now };
}

/** Longest time between the stamp of a write and its commit: waiting for a lane (together.ts) and a connection (pool.ts), and the statement. */
const SLOWEST_COMMIT_MS = 25_000;

/**
 * The instant up to which an answer is complete: nothing that commits later carries an earlier `lastUpdated`, so a client
 * that asks again from here misses nothing, and sees some rows twice (H12, house.md section 4).
 */
export function asOf(context: Pick<Context, 'now'>): string {
  return new Date(context.now.getTime() - SLOWEST_COMMIT_MS).toISOString();
}
