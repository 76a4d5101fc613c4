/** What a caller may see through a search: the rule of every type, masked parameters, and the types that are open. */
import { compartmentParams } from '../fhir/compartments-other.ts';
import { gate } from '../governance/gates.ts';
import { paramGuard } from '../governance/masks.ts';
import { rowRule } from '../governance/row-rules.ts';
import type { RowRule } from '../governance/rule-types.ts';
import type { Principal } from '../governance/types.ts';
import { paramsUsed } from '../search/clauses.ts';
import { elementsRead, searchableParams } from '../search/params.ts';
import type { KeySet } from '../search/parse.ts';
import type { Query, SearchParam } from '../search/types.ts';
import { ask } from './decide.ts';
import type { Context, Door } from './types.ts';

/** Parameters whose elements a role never sees, by the parameters of a type: they behave as if no row had a value. */
const FORBIDDEN = new WeakMap<ReadonlyMap<string, SearchParam>, Map<string, ReadonlySet<string>>>();

/** `Type.code` of such parameters, of every type a search may pass through. */
export function forbidden(door: Door, context: Context): KeySet {
  return { has: (key) => forbiddenOf(door, context, key.slice(0, key.indexOf('.'))).has(key) };
}

function forbiddenOf(door: Door, { principal }: Context, type: string): ReadonlySet<string> {
  const params = searchableParams(door.definitions, type);
  const roles = FORBIDDEN.get(params) ?? new Map<string, ReadonlySet<string>>();
  const known = roles.get(principal.role);
  if (known !== undefined) return known;
  const codes = [...params.keys()];
  // Who is in a family is shown member by member; a search by member would tell of the others.
  const never = type === 'Group' && principal.role !== 'steward' ? ['Group.member'] : [];
  const hidden = new Set([
    ...codes.filter((code) => guardOf(door, principal, type, code).op === 'false').map((code) => `${type}.${code}`),
    ...never,
  ]);
  FORBIDDEN.set(params, roles.set(principal.role, hidden));
  return hidden;
}

/** What a row must satisfy when this parameter is asked of it; of one that is not R4's, what it reads decides. */
export function guardOf(door: Pick<Door, 'definitions'>, principal: Principal, type: string, code: string): RowRule {
  const param = searchableParams(door.definitions, type).get(code);
  return paramGuard(principal, type, [code], param?.elsewhere === true ? elementsRead(param) : []);
}

/** Parameters of this query that are masked on some rows: there they have no value (promise 1, R-16). */
export function guards(door: Door, context: Context, query: Query): { params: ReadonlySet<string>; rule: RowRule }[] {
  return paramsUsed(query).flatMap(({ type, code }) => {
    const rule = guardOf(door, context.principal, type, code);
    return rule.op === 'true' ? [] : [{ params: new Set([`${type}.${code}`]), rule }];
  });
}

/** The row rule of a type for this principal; null where the gate is closed for the type. */
export function ruleFor(door: Door, context: Context): (type: string | null) => RowRule | null {
  return (type) => {
    const asked = ask(door, context, 'search', type);
    return gate(context.principal, asked) === null ? rowRule(context.principal, asked) : null;
  };
}

/** Types a search across types may reach. The access record has a door of its own. */
export function openTypes(door: Door, context: Context): string[] {
  return door.definitions.resourceTypes.filter(
    (type) => type !== 'AuditEvent' && gate(context.principal, ask(door, context, 'search', type)) === null,
  );
}

/** Of these, the types that can be in the compartment of a focus of this type. */
export function compartmentTypes(focus: string, types: readonly string[]): string[] {
  return types.filter((type) => type === focus || compartmentParams(focus, type).length > 0);
}
