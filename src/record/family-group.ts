/**
 * A family Group is a leak by design (domain.md 3.5): it names half-siblings and removed children. Each reader gets the
 * members she may see; the others are absent, and no count tells that they are there.
 */

import { isObject } from '../fhir/resource.ts';
import type { Resource } from '../fhir/types.ts';
import { visibleMembers } from '../governance/apply-masks.ts';
import { any, byAuthor, inTypes, not, TRUE } from '../governance/compose.ts';
import { decide } from '../governance/decide.ts';
import type { RowRule } from '../governance/rule-types.ts';
import { readSeveral } from '../store/reads.ts';
import type { ResourceRow } from '../store/rows.ts';
import { ask, parseStored, reach } from './decide.ts';
import type { Context, Door, Shown } from './types.ts';

/** The text of each shown row; Groups with the members this reader may see, everything else as it came. */
export async function withoutHiddenMembers(door: Door, context: Context, shown: readonly Shown[]): Promise<Shown[]> {
  if (context.principal.role === 'steward' || !shown.some(({ type }) => type === 'Group')) return [...shown];
  const groups = new Map<Shown, Resource>();
  const people = new Set<string>();
  for (const one of shown) {
    if (one.type !== 'Group' || one.text === '') continue;
    const group = parseStored(one.text).resource;
    groups.set(one, group);
    for (const person of membersOf(group)) people.add(person);
  }
  const visible = await visiblePeople(door, context, [...people]);
  return shown.map((one) => {
    const group = groups.get(one);
    return group === undefined ? one : { ...one, text: JSON.stringify(visibleMembers(group, visible)) };
  });
}

function membersOf(group: Resource): string[] {
  const members = Array.isArray(group.member) ? group.member : [];
  return members.flatMap((member) => {
    const entity = isObject(member) ? member.entity : undefined;
    return isObject(entity) && typeof entity.reference === 'string' && entity.reference.startsWith('Patient/')
      ? [entity.reference]
      : [];
  });
}

async function visiblePeople(door: Door, context: Context, people: readonly string[]): Promise<Set<string>> {
  const rows = await readSeveral(door.pool, people, reach(context));
  const asked = ask(door, context, 'read', 'Patient');
  const visible = [...rows].filter(
    ([, found]) => !found.row.deleted && decide(context.principal, asked, { ...found, now: context.now }).permit,
  );
  return new Set(visible.map(([reference]) => reference));
}

/** A family's earlier compositions are for its authors (domain.md 3.5: Group has no history for non-authors). */
export function mayReadHistory(context: Context, row: ResourceRow): boolean {
  return row.type !== 'Group' || isAuthor(context, row);
}

/** The same as a rule: what is left out after a page was cut would show in its size, and in its link to the next. */
export function historyRule({ principal }: Context): RowRule {
  if (principal.role === 'steward') return TRUE;
  return any(not(inTypes('Group')), byAuthor([...principal.parties, `Client/${principal.clientId}`]));
}

/** Is she one of those who wrote this resource? The demo's loader counts as one. */
export function isAuthor({ principal }: Context, row: ResourceRow): boolean {
  if (principal.role === 'steward') return true;
  const selves = [...principal.parties, `Client/${principal.clientId}`];
  return row.authors.some((author) => selves.includes(author));
}
