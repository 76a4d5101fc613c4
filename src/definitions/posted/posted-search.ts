/** Posted SearchParameters -> parameters of the types they name. A code that R4 or we define on a type stays as it is. */
import type { Resource } from '../../fhir/types.ts';
import type { SearchParam } from '../../search/types.ts';
import { withCodeSystems } from '../compile-code-systems.ts';
import { compileSearchParams, type SearchParameterSource } from '../compile-search.ts';
import type { DefinitionSource, ValueSetSource } from '../snapshot-types.ts';
import type { Posted, PostedFault } from './types.ts';

/** What the compiler asks of the definitions that ship. */
export interface SearchBase {
  resourceTypes: readonly string[];
  searchParams(type: string): ReadonlyMap<string, SearchParam>;
  /** A SearchParameter that ships, by canonical: parts of composites name them. */
  parameter(url: string): Resource | null;
  type(name: string): DefinitionSource | undefined;
  valueSet(url: string): ValueSetSource | undefined;
}

const TYPES: readonly string[] = ['token', 'reference', 'date', 'string', 'uri', 'number', 'quantity', 'composite'];
const CODE = /^[A-Za-z][A-Za-z0-9-]{0,63}$/;
/** Every parameter is work on every write of its types. */
const MOST = 200;
const LONGEST = 2_000;

function isParameter(resource: Resource | SearchParameterSource): resource is SearchParameterSource {
  const { code, type, base, url } = resource;
  const strings = [code, type, url].every((word) => typeof word === 'string');
  return strings && Array.isArray(base) && base.every((one) => typeof one === 'string');
}

/** Why it cannot be searched by, or null. */
function faultOf(source: SearchParameterSource, base: SearchBase): string | null {
  const { code, type, expression } = source;
  if (!CODE.test(code)) return `its code must be letters, digits and dashes, and begin with a letter`;
  if (!TYPES.includes(type)) return `parameters of type ${type} are not offered`;
  if (typeof expression !== 'string' || expression === '') return 'it has no expression';
  if (expression.length > LONGEST) return `its expression has more than ${LONGEST} characters`;
  const unknown = source.base.find(
    (one) => one !== 'Resource' && one !== 'DomainResource' && !base.resourceTypes.includes(one),
  );
  if (unknown !== undefined) return `${unknown} is no R4 resource type`;
  if (source.base.includes('AuditEvent')) return 'the access record is searched by parameters of its own';
  return null;
}

/** Composites name the definitions of their parts, which may ship. */
function partsOf(source: SearchParameterSource, base: SearchBase): SearchParameterSource[] {
  return (source.component ?? []).flatMap(({ definition }) => {
    const found: Resource | SearchParameterSource | null = base.parameter(definition.split('|', 1)[0] ?? '');
    return found !== null && isParameter(found) ? [found] : [];
  });
}

function compileOne(source: SearchParameterSource, base: SearchBase): Map<string, SearchParam> {
  const compiled = compileSearchParams(base.resourceTypes, [...partsOf(source, base), source]);
  const types = { get: base.type };
  const valueSets = { get: base.valueSet };
  const made = new Map<string, SearchParam>();
  for (const [type, params] of compiled) {
    const own = params.filter(({ url }) => url === source.url);
    const [param] = withCodeSystems(type, own, { types, valueSets });
    if (param !== undefined && type !== 'AuditEvent') made.set(type, { ...param, elsewhere: true });
  }
  return made;
}

function clash(
  made: ReadonlyMap<string, SearchParam>,
  taken: ReadonlyMap<string, Map<string, SearchParam>>,
  base: SearchBase,
): string | null {
  for (const [type, { code }] of made) {
    if (base.searchParams(type).has(code)) return `${type} has a search parameter ${code} already, and that stays`;
    if (taken.get(type)?.has(code)) return `another posted parameter is ${code} of ${type} already`;
  }
  return null;
}

/** By type; of two with one code on a type the first counts. */
export function compileParameters(
  posted: readonly Posted[],
  base: SearchBase,
): { params: Map<string, Map<string, SearchParam>>; faults: PostedFault[] } {
  const params = new Map<string, Map<string, SearchParam>>();
  const faults: PostedFault[] = [];
  let count = 0;
  for (const { place, resource } of posted) {
    const source: Resource | SearchParameterSource = resource;
    if (!isParameter(source)) {
      faults.push({ place, reason: 'it has no url, code, type or base' });
      continue;
    }
    const made = faultOf(source, base) ?? compileOne(source, base);
    const reason =
      typeof made === 'string'
        ? made
        : made.size === 0
          ? 'its expression speaks of none of its base types'
          : count >= MOST
            ? `${MOST} posted parameters take effect already`
            : clash(made, params, base);
    if (reason !== null) faults.push({ place, reason });
    else if (typeof made !== 'string') {
      count += 1;
      for (const [type, param] of made) params.set(type, (params.get(type) ?? new Map()).set(param.code, param));
    }
  }
  return { params, faults };
}
