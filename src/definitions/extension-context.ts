/** Where an extension stands, in the ways a definition may name it (R4 defining-extensions.html#context). */
import type { Node, Prop, Types } from './nodes.ts';
import { text } from './reading.ts';
import type { Run } from './run.ts';

/** Types that specialise another: an extension for `Quantity` may stand on an Age. */
const BROADER: Readonly<Record<string, string>> = {
  Age: 'Quantity',
  Count: 'Quantity',
  Distance: 'Quantity',
  Duration: 'Quantity',
  SimpleQuantity: 'Quantity',
  canonical: 'uri',
  url: 'uri',
  oid: 'uri',
  uuid: 'uri',
  code: 'string',
  id: 'string',
  markdown: 'string',
  positiveInt: 'integer',
  unsignedInt: 'integer',
};

/** Resources that define things: R4's own carry extensions outside the contexts R4 gives them, so these only warn. */
const DEFINITIONAL = new Set([
  'StructureDefinition',
  'ValueSet',
  'CodeSystem',
  'ConceptMap',
  'SearchParameter',
  'OperationDefinition',
  'CapabilityStatement',
  'ImplementationGuide',
  'NamingSystem',
]);

function propsNamed(props: ReadonlyMap<string, Prop>, name: string): Prop[] {
  return [...props.values()].filter((prop) => prop.name === name && prop.kind !== 'shadow');
}

function addTypes(forms: Set<string>, props: readonly Prop[]): void {
  for (const { type } of props) {
    forms.add(type);
    const broader = BROADER[type];
    if (broader !== undefined) forms.add(broader);
  }
}

function nodesOf(types: Types, names: readonly string[]): Node[] {
  return names.flatMap((name) => types.node(name) ?? []);
}

/** The names under which the element that carries the extension at the run's path may be given as its context. */
function formsOf(run: Run, types: Types): Set<string> {
  const type = text(run.resource, 'resourceType') ?? '';
  const names = run.path
    .slice(run.base)
    .filter((step) => typeof step === 'string')
    .slice(0, -1);
  if (names.length === 0) return new Set([type, 'Resource', 'DomainResource', 'Element']);
  const forms = new Set<string>(['Element', [type, ...names].join('.')]);
  // A choice is one step for all of its types: the path says `value`, whatever the value is.
  let nodes = nodesOf(types, [type]);
  names.forEach((name, at) => {
    const props = nodes.flatMap((node) => propsNamed(node.props, name));
    if (at === names.length - 1) {
      for (const { path } of nodes) forms.add(`${path}.${name}`).add(`${path}.${name}[x]`);
      for (const { node } of props) if (node) forms.add(node.path);
      addTypes(forms, props);
    }
    nodes = props.flatMap((prop) => (prop.node ? [prop.node] : nodesOf(types, [prop.definition])));
  });
  return forms;
}

export type ContextFault = 'error' | 'warning' | null;

/** Whether an extension for these contexts may stand at the run's path. */
export function contextFault(run: Run, types: Types, contexts: readonly string[]): ContextFault {
  const forms = formsOf(run, types);
  if (contexts.some((context) => forms.has(context))) return null;
  return DEFINITIONAL.has(text(run.resource, 'resourceType') ?? '') ? 'warning' : 'error';
}
