/** Element tables made ready to walk: one `Node` per object level, one `Prop` per JSON name. Linked lazily. */
import type { Json, JsonObject } from '../fhir/types.ts';
import { directRule } from './direct-rules.ts';
import { type PrimitiveTest, primitiveTest } from './primitives.ts';
import type { Run } from './run.ts';
import type { Snapshot } from './snapshot.ts';
import type { DefinitionSource, ElementSource, NodeSource, TypeSource } from './snapshot-types.ts';
import type { CodeSet } from './terminology.ts';

/** A constraint of R4: decided by direct code when we have it, else by fhirpath. */
export interface Rule {
  key: string;
  human: string;
  expression: string;
  /** Path of the level it stands on, fhirpath's `base`. */
  base: string;
  direct: ((value: JsonObject, run: Run) => boolean) | null;
}

export interface Prop {
  key: string;
  /** Element name, without the type of a choice. */
  name: string;
  kind: 'primitive' | 'complex' | 'resource' | 'xhtml' | 'shadow' | 'type';
  type: string;
  list: boolean;
  /** Marked isSummary. */
  summary: boolean;
  /** -1 = unbounded. */
  max: number;
  /** Bit of the choice group, 0 when it is none. */
  choice: number;
  test: PrimitiveTest;
  /** uri, url, canonical: may point at a contained resource. */
  link: boolean;
  /** Where a complex value goes on; resolved at first use because types refer to each other. */
  node: Node | null;
  definition: string;
  targets: ReadonlySet<string> | null;
  binding: CodeSet | null;
  /** Value set of an extensible binding, listed at first use. */
  extensible: string | null;
  rules: Rule[];
}

export interface Required {
  name: string;
  /** JSON names of which one must be there. */
  keys: string[];
  choice: number;
}

export interface Node {
  path: string;
  resource: boolean;
  props: ReadonlyMap<string, Prop>;
  required: Required[];
  /** JSON names of each choice group, by bit. */
  choices: Map<number, string[]>;
  rules: Rule[];
}

export interface Types {
  /** Root node of a resource or complex type, or null when R4 has none of that name. */
  node(type: string): Node | null;
}

const LINKS = new Set(['uri', 'url', 'canonical']);
const never: PrimitiveTest = () => false;

/** What names and texts the linker needs besides the tables. */
export interface LinkContext {
  snapshot: Snapshot;
  codesOf(valueSet: string): CodeSet | null;
}

function newProp(key: string, element: ElementSource, type: TypeSource): Prop {
  return {
    key,
    name: element.n,
    kind: 'complex',
    type: type.c,
    list: element.l === 1,
    summary: element.s === 1,
    max: element.max,
    choice: 0,
    test: never,
    link: false,
    node: null,
    definition: type.d ?? type.c,
    targets: type.r && type.c === 'Reference' ? new Set(type.r) : null,
    binding: null,
    extensible: element.g ?? null,
    rules: [],
  };
}

/** `value` + `Quantity` -> `valueQuantity`. */
export function choiceKey(name: string, type: string): string {
  return name + type.charAt(0).toUpperCase() + type.slice(1);
}

function rulesOf(keys: readonly string[] | undefined, path: string, source: DefinitionSource): Rule[] {
  return (keys ?? []).flatMap((key) => {
    const rule = source.rules[key];
    if (!rule) return [];
    return [{ key, human: rule.h, expression: rule.e, base: path, direct: directRule(source.name, key) }];
  });
}

/** System-typed elements cannot carry extensions, so they have no `_name`. */
function hasShadow(element: ElementSource, path: string): boolean {
  return element.n !== 'id' && !(path === 'Extension' && element.n === 'url');
}

function bindingOf(element: ElementSource, context: LinkContext): CodeSet | null {
  const codes = element.b === undefined ? null : context.codesOf(element.b);
  return codes !== null && element.w === 1 ? { ...codes, words: true } : codes;
}

interface Place {
  source: DefinitionSource;
  level: NodeSource;
  nodes: Node[];
  context: LinkContext;
}

function addProps(place: Place, props: Map<string, Prop>, element: ElementSource, bit: number): string[] {
  const keys: string[] = [];
  for (const type of element.t.length > 0 ? element.t : [{ c: 'BackboneElement' }]) {
    const key = element.x === 1 ? choiceKey(element.n, type.c) : element.n;
    const prop = newProp(key, element, type);
    prop.choice = bit;
    prop.rules = rulesOf(element.i, `${place.level.path}.${element.n}`, place.source);
    prop.binding = bindingOf(element, place.context);
    const test = primitiveTest(type.c);
    if (type.c === 'xhtml') prop.kind = 'xhtml';
    else if (test) {
      prop.kind = 'primitive';
      prop.test = test;
      prop.link = LINKS.has(type.c);
    } else if (type.c === 'Resource') prop.kind = 'resource';
    if (element.k !== undefined) prop.node = place.nodes[element.k] ?? null;
    props.set(key, prop);
    keys.push(key);
    if (prop.kind === 'primitive' && hasShadow(element, place.level.path)) {
      props.set(`_${key}`, { ...prop, key: `_${key}`, kind: 'shadow', definition: 'Element', node: null, rules: [] });
      keys.push(`_${key}`);
    }
  }
  return keys;
}

function linkLevel(place: Place, node: Node & { props: Map<string, Prop> }): void {
  let bit = 1;
  for (const element of place.level.e) {
    if (element.max === 0) continue;
    const own = element.x === 1 ? bit : 0;
    const keys = addProps(place, node.props, element, own);
    if (own !== 0) {
      node.choices.set(own, keys);
      bit <<= 1;
    }
    if (element.min > 0) node.required.push({ name: element.n, keys, choice: own });
  }
}

function link(source: DefinitionSource, context: LinkContext): Node | null {
  const nodes = source.nodes.map((level, index) => {
    const resource = source.resource && index === 0;
    const props = new Map<string, Prop>();
    const rules = rulesOf(level.i, level.path, source);
    return { path: level.path, resource, props, required: [], choices: new Map(), rules };
  });
  source.nodes.forEach((level, index) => {
    const node = nodes[index];
    if (node) linkLevel({ source, level, nodes, context }, node);
  });
  const root = nodes[0];
  if (root && source.resource) {
    const element: ElementSource = { n: 'resourceType', min: 1, max: 1, t: [] };
    root.props.set('resourceType', { ...newProp('resourceType', element, { c: 'code' }), kind: 'type' });
  }
  return root ?? null;
}

/** Types of one snapshot, linked when first walked. */
export function createTypes(context: LinkContext): Types {
  const linked = new Map<string, Node | null>();
  return {
    node: (type) => {
      const known = linked.get(type);
      if (known !== undefined) return known;
      const text = context.snapshot.text(`type:${type}`);
      if (text === null) return null;
      const source: DefinitionSource = JSON.parse(text);
      const node = link(source, context);
      linked.set(type, node);
      return node;
    },
  };
}

/** Value under a JSON name, own properties only. */
export function own(value: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}
