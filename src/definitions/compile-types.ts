/** StructureDefinition snapshots of R4 -> compact element tables (`snapshot-types.ts`). */
import type {
  DefinitionSource,
  ElementDefinition,
  ElementSource,
  ElementType,
  NodeSource,
  RuleSource,
  StructureDefinition,
  TypeSource,
} from './snapshot-types.ts';

interface ElementFacts {
  types: ElementType[];
  constraints: { key: string; severity: string; expression?: string; human: string }[];
  baseMax: string;
  binding: string | undefined;
  extensible: string | undefined;
  /** The binding is a preferred one with a maximum value set. */
  preferred: boolean;
}

const TYPE_NAME = 'http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type';
const MAX_VALUE_SET = 'http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet';
const CORE = 'http://hl7.org/fhir/StructureDefinition/';

/** Checked by the walker itself on every element or resource, never through the tables. */
const WALKER_RULES = new Set(['ele-1', 'ext-1', 'dom-2', 'dom-3', 'dom-4', 'dom-5', 'ref-1', 'txt-1', 'txt-2']);

/** A canonical without its `|version`. */
export function unversioned(canonical: string): string {
  const bar = canonical.indexOf('|');
  return bar < 0 ? canonical : canonical.slice(0, bar);
}

interface RawBinding {
  strength: string;
  valueSet?: string;
  extension?: { url: string; valueCanonical?: string }[];
}

interface RawElement {
  type?: ElementType[];
  constraint?: ElementFacts['constraints'];
  base?: { max: string };
  binding?: RawBinding;
}

function boundValueSet(binding: RawBinding | undefined): string | undefined {
  if (!binding) return undefined;
  if (binding.strength === 'required' && binding.valueSet) return unversioned(binding.valueSet);
  const maximum = binding.extension?.find((extension) => extension.url === MAX_VALUE_SET)?.valueCanonical;
  return maximum ? unversioned(maximum) : undefined;
}

function factsOf(element: ElementDefinition & RawElement): ElementFacts {
  return {
    types: element.type ?? [],
    constraints: element.constraint ?? [],
    baseMax: element.base?.max ?? element.max ?? '1',
    binding: boundValueSet(element.binding),
    extensible: element.binding?.strength === 'extensible' ? element.binding.valueSet : undefined,
    preferred: element.binding?.strength === 'preferred',
  };
}

/** Type code for JSON: FHIRPath system types are named by their FHIR type; a resource's own id is an `id`. */
function typeCode(type: ElementType, path: string, resource: boolean): string {
  if (!type.code.startsWith('http://hl7.org/fhirpath/')) return type.code;
  if (resource && path.endsWith('.id') && path.split('.').length === 2) return 'id';
  return type.extension?.find((extension) => extension.url === TYPE_NAME)?.valueUrl ?? 'string';
}

/** One allowed type, with profiled data types (SimpleQuantity, MoneyQuantity) and reference targets. */
export function typeSource(type: ElementType, path: string, resource: boolean): TypeSource {
  const source: TypeSource = { c: typeCode(type, path, resource) };
  const profile = type.profile?.[0];
  if (profile?.startsWith(CORE) && /^(Simple|Money)Quantity$/.test(profile.slice(CORE.length))) {
    source.d = profile.slice(CORE.length);
  }
  const targets = (type.targetProfile ?? []).map((target) => unversioned(target).split('/').at(-1) ?? '');
  if (targets.length > 0 && !targets.includes('Resource')) source.r = targets;
  return source;
}

/** Compiles one resource or complex type. */
export function compileDefinition(definition: StructureDefinition): DefinitionSource {
  const resource = definition.kind === 'resource';
  const elements = definition.snapshot?.element ?? [];
  const parents = new Set(elements.map((element) => element.path.split('.').slice(0, -1).join('.')));
  const nodes: NodeSource[] = [];
  const byPath = new Map<string, number>();
  for (const element of elements) {
    if (!parents.has(element.path)) continue;
    byPath.set(element.path, nodes.length);
    nodes.push({ path: element.path, e: [] });
  }
  const rules: Record<string, RuleSource> = {};
  for (const element of elements) {
    const facts = factsOf(element);
    const keys = takeRules(facts, rules);
    const own = byPath.get(element.path);
    if (own !== undefined && keys.length > 0) assign(nodes, own, keys);
    const parent = byPath.get(element.path.split('.').slice(0, -1).join('.'));
    if (parent === undefined) continue;
    const source = elementSource(element, facts, resource, byPath);
    if (own === undefined && keys.length > 0) source.i = keys;
    nodes[parent]?.e.push(source);
  }
  // SimpleQuantity and MoneyQuantity are profiles: they walk like their type but carry their own name and rules
  const name = definition.derivation === 'constraint' ? definition.id : definition.type;
  return { name, resource, nodes, rules };
}

function assign(nodes: NodeSource[], index: number, keys: string[]): void {
  const node = nodes[index];
  if (node) node.i = keys;
}

function takeRules(facts: ElementFacts, rules: Record<string, RuleSource>): string[] {
  const keys: string[] = [];
  for (const constraint of facts.constraints) {
    if (constraint.severity !== 'error' || WALKER_RULES.has(constraint.key) || !constraint.expression) continue;
    rules[constraint.key] = { e: constraint.expression, h: constraint.human };
    keys.push(constraint.key);
  }
  return keys;
}

function elementSource(
  element: ElementDefinition,
  facts: ElementFacts,
  resource: boolean,
  byPath: ReadonlyMap<string, number>,
): ElementSource {
  const last = element.path.slice(element.path.lastIndexOf('.') + 1);
  const choice = last.endsWith('[x]');
  const source: ElementSource = {
    n: choice ? last.slice(0, -3) : last,
    min: element.min ?? 0,
    max: element.max === '*' ? -1 : Number(element.max ?? '1'),
    t: facts.types.map((type) => typeSource(type, element.path, resource)),
  };
  if (facts.baseMax !== '1' && facts.baseMax !== '0') source.l = 1;
  if (choice) source.x = 1;
  if (element.isSummary === true) source.s = 1;
  if (facts.binding) source.b = facts.binding;
  if (facts.binding && facts.preferred) source.w = 1;
  if (facts.extensible) source.g = unversioned(facts.extensible);
  const node = byPath.get(element.contentReference?.replace(/^.*#/, '') ?? element.path);
  if (node !== undefined) source.k = node;
  return source;
}
