/** What "everything" is, by the type of its root: person, visit, family, pregnancy. Asks no more than the caller may find. */
import { refuse } from '../fhir/outcome.ts';
import { isObject } from '../fhir/resource.ts';
import type { Mask } from '../governance/decision-types.ts';
import type { RowRule } from '../governance/rule-types.ts';
import { searchableParams } from '../search/params.ts';
import type { CompartmentAsk, Membership } from '../store/compartment.ts';
import type { ResourceRow } from '../store/rows.ts';
import { parseStored, show } from './decide.ts';
import { withoutHiddenMembers } from './family-group.ts';
import { guardOf } from './search-sight.ts';
import type { Context, Door } from './types.ts';

export const EVERYTHING_TYPES = ['Patient', 'Encounter', 'Group', 'EpisodeOfCare'] as const;

export type Scope = Pick<CompartmentAsk, 'members' | 'pregnancy' | 'always'>;

/** More people than any family has: a group of this size is no family. */
const MOST_MEMBERS = 50;

/** @param root the row, already permitted under `masks` */
export async function scopeOf(door: Door, context: Context, root: ResourceRow, masks: readonly Mask[]): Promise<Scope> {
  const reference = `${root.type}/${root.id}`;
  if (root.type === 'Patient') return { ...ofPeople([reference]), always: [] };
  if (root.type === 'Group') return { ...ofPeople(await membersOf(door, context, root, masks)), always: [] };
  const linked = references(door, context, root.type).map(
    ({ prefix, rule }): Membership => ({ words: [prefix + reference], rule }),
  );
  if (root.type === 'Encounter') return { members: linked, pregnancy: null, always: [] };
  const pregnancy = root.pregnancy ?? reference;
  const people = root.patients;
  return { members: [...linked, ...ofPeople(people).members], pregnancy, always: people };
}

/** A person's compartment, and before birth what is said about her baby. */
function ofPeople(people: readonly string[]): Pick<Scope, 'members' | 'pregnancy'> {
  const words = people.flatMap((person) => [`@p=${person}`, `@s=${person}`]);
  return { members: words.length === 0 ? [] : [{ words, rule: null }], pregnancy: null };
}

/** Only the members this caller may see (domain.md 3.5): a family must not lead to the others. */
async function membersOf(door: Door, context: Context, root: ResourceRow, masks: readonly Mask[]): Promise<string[]> {
  const [shown] = await withoutHiddenMembers(door, context, [show(root, masks)]);
  const group = parseStored(shown?.text ?? '').resource;
  const people = (Array.isArray(group.member) ? group.member : []).flatMap((member) => {
    const entity = isObject(member) ? member.entity : undefined;
    const reference = isObject(entity) && typeof entity.reference === 'string' ? entity.reference : '';
    return reference.startsWith('Patient/') ? [reference] : [];
  });
  if (people.length > MOST_MEMBERS)
    throw refuse(400, 'too-costly', `This group has more than ${MOST_MEMBERS} people; ask for each of them`);
  return people;
}

/**
 * The parameters by which rows name an Encounter or EpisodeOfCare as theirs (R4 CompartmentDefinition/encounter), where
 * the element is not masked: a row must not be found by what it does not show.
 */
function references(door: Door, context: Context, target: string): { prefix: string; rule: RowRule | null }[] {
  const codes = target === 'Encounter' ? ['encounter', 'context'] : ['episode-of-care', 'context'];
  return door.definitions.resourceTypes.flatMap((type) =>
    codes.flatMap((code) => {
      const param = searchableParams(door.definitions, type).get(code);
      if (param?.type !== 'reference' || !param.targets.includes(target)) return [];
      const rule = guardOf(door, context.principal, type, code);
      if (rule.op === 'false') return [];
      return [{ prefix: `${type}.${code}=`, rule: rule.op === 'true' ? null : rule }];
    }),
  );
}

/** Parameters that say when care was given, planned or noted. */
const CARE_DATES: ReadonlySet<string> = new Set([
  'date',
  'authored',
  'authored-on',
  'authoredon',
  'occurrence',
  'period',
  'onset-date',
  'recorded-date',
  'start-date',
  'target-date',
  'sent',
  'received',
  'created',
  'issued',
  'effective',
  'effective-time',
]);

/** `Type.param` of every date of care that is never masked for this caller; where it may be, the row counts as undated. */
export function careDates(door: Door, context: Context, types: readonly string[]): string[] {
  return types.flatMap((type) =>
    [...searchableParams(door.definitions, type).values()]
      .filter(({ code, type: kind }) => kind === 'date' && CARE_DATES.has(code))
      .filter(({ code }) => guardOf(door, context.principal, type, code).op === 'true')
      .map(({ code }) => `${type}.${code}`),
  );
}
