/** The walk: one pass over a resource along the element tables. Never throws, whatever the JSON. */
import { isPrimitive, isPrimitiveAt } from '../fhir/primitives.ts';
import type { Json, JsonObject } from '../fhir/types.ts';
import {
  checkBinding,
  checkConceptId,
  checkExtensible,
  checkIdentifier,
  checkOwnCode,
  checkReference,
} from './element-checks.ts';
import type { Extensions } from './extensions.ts';
import type { Node, Prop, Rule, Types } from './nodes.ts';
import { formatOf } from './primitives.ts';
import { expressionOf, isObject, quoted, type Run, report, reportChild } from './run.ts';
import type { Terminology } from './terminology.ts';
import { xhtmlFault } from './xhtml.ts';

export interface Walker {
  types: Types;
  terminology: Terminology;
  extensions: Extensions;
  /** Called on a resource inside another one (contained, bundle entry, parameter) at the run's path. */
  nested(run: Run, value: JsonObject, contained: boolean): void;
}

/** Steps on the path; JSON at the door is at most 64 levels deep (fhir/json.ts), this is for other callers. */
const DEEPEST = 300;

function applyRules(run: Run, rules: readonly Rule[], value: Json): void {
  for (const rule of rules) {
    if (rule.direct === null) {
      const expression = expressionOf(run.path);
      run.deferred.push({ rule, value, expression, resource: run.resource, root: run.root });
    } else if (isObject(value) && !rule.direct(value, run)) {
      report(run, 'error', 'invariant', `${rule.key}: ${rule.human}`);
    }
  }
}

function unknownElement(run: Run, node: Node, key: string): void {
  const diagnostics = `${quoted(node.path)} has no element ${quoted(key)}. Remove it, or check the spelling.`;
  if (/^[A-Za-z_]\w{0,63}$/.test(key)) reportChild(run, key, 'structure', diagnostics);
  else report(run, 'error', 'structure', diagnostics);
}

function checkRequired(run: Run, node: Node, value: JsonObject, bits: number): void {
  for (const required of node.required) {
    if (required.choice !== 0 ? (bits & required.choice) !== 0 : present(value, required.keys)) continue;
    const name = required.choice === 0 ? required.name : `${required.name}[x]`;
    reportChild(run, required.name, 'required', `${quoted(name)} is required. Add it.`);
  }
}

function present(value: JsonObject, keys: readonly string[]): boolean {
  for (let i = 0; i < keys.length; i += 1) if (value[keys[i] ?? ''] !== undefined) return true;
  return false;
}

/** Two types of one choice: `valueString` beside `valueQuantity`. `_valueString` belongs to `valueString`. */
function checkChoices(run: Run, node: Node, value: JsonObject): void {
  for (const keys of node.choices.values()) {
    const used = new Set<string>();
    for (const key of keys) if (value[key] !== undefined) used.add(key.replace(/^_/, ''));
    if (used.size < 2) continue;
    const name = node.props.get(keys[0] ?? '')?.name ?? '';
    reportChild(run, name, 'structure', `Only one of ${[...used].join(', ')} may be given.`);
  }
}

/** Walks one object level. */
export function walkNode(walker: Walker, run: Run, node: Node, value: JsonObject): void {
  let children = 0;
  let bits = 0;
  let doubled = false;
  for (const key in value) {
    const item = value[key];
    if (item === undefined) continue;
    const prop = node.props.get(key);
    if (prop === undefined) {
      unknownElement(run, node, key);
      children += 1;
      continue;
    }
    if (prop.choice !== 0) {
      doubled ||= (bits & prop.choice) !== 0;
      bits |= prop.choice;
    }
    if (key !== 'id') children += 1;
    walkProp(walker, run, prop, item, value);
  }
  if (children === 0 && !node.resource) {
    report(run, 'error', 'invariant', 'ele-1: an element is not empty. Leave it out, or give it a value.');
  }
  if (doubled) checkChoices(run, node, value);
  if (node.required.length > 0) checkRequired(run, node, value, bits);
  if (node.rules.length > 0) applyRules(run, node.rules, value);
}

function walkProp(walker: Walker, run: Run, prop: Prop, item: Json, parent: JsonObject): void {
  if (prop.kind === 'type') return;
  run.path.push(prop.name);
  if (prop.list) walkList(walker, run, prop, item, parent);
  else if (Array.isArray(item))
    report(run, 'error', 'structure', 'This element does not repeat: give one value, not a list.');
  else if (prop.kind !== 'shadow' || !isNamed(item, parent[prop.key.slice(1)])) {
    walkItem(walker, run, prop, item);
    if (run.numbers !== null && typeof item === 'number') checkSpelling(run, prop, parent, prop.key);
  }
  run.path.pop();
}

function walkList(walker: Walker, run: Run, prop: Prop, items: Json, parent: JsonObject): void {
  if (!Array.isArray(items)) {
    report(run, 'error', 'structure', 'This element repeats: give a list, even for one value.');
    return;
  }
  if (items.length === 0) report(run, 'error', 'structure', 'An empty list is not allowed. Leave the element out.');
  if (prop.max > 0 && items.length > prop.max) {
    report(run, 'error', 'structure', `At most ${prop.max} of this element are allowed.`);
  }
  const twin =
    prop.kind === 'primitive' ? parent[`_${prop.key}`] : prop.kind === 'shadow' ? parent[prop.key.slice(1)] : null;
  const at = run.path.length;
  for (let i = 0; i < items.length; i += 1) {
    const item = items[i];
    run.path[at] = i;
    if (item === null && twin !== null) walkGap(run, prop, twin, i);
    else if (item !== undefined && !(prop.kind === 'shadow' && isNamed(item, Array.isArray(twin) ? twin[i] : null)))
      walkItem(walker, run, prop, item);
    if (run.numbers !== null && typeof item === 'number') checkSpelling(run, prop, items, i);
  }
  run.path.length = at;
}

/** `_given: [{"id": "a"}]` beside a value: the id is the value's, so the element is not empty (ele-1). */
function isNamed(shadow: Json | undefined, value: Json | undefined): boolean {
  if (value === undefined || value === null || !isObject(shadow)) return false;
  return isPrimitive('string', shadow.id ?? null) && Object.keys(shadow).length === 1;
}

/** A null in a list of primitives stands for a value of which only the other list says something. */
function walkGap(run: Run, prop: Prop, twin: Json | undefined, position: number): void {
  const other = Array.isArray(twin) ? twin[position] : undefined;
  if (other !== undefined && other !== null) return;
  const name = prop.kind === 'shadow' ? prop.key.slice(1) : `_${prop.key}`;
  report(run, 'error', 'structure', `null is allowed only beside an entry of ${quoted(name)} at the same position.`);
}

function walkItem(walker: Walker, run: Run, prop: Prop, item: Json): void {
  if (item === null) {
    report(run, 'error', 'structure', 'null is not a value here. Leave the element out.');
    return;
  }
  if (prop.kind === 'primitive') walkPrimitive(run, prop, item);
  else if (prop.kind === 'xhtml') walkXhtml(run, item);
  else if (prop.kind === 'resource') walkNested(walker, run, prop, item);
  else walkComplex(walker, run, prop, item);
}

function walkPrimitive(run: Run, prop: Prop, item: Json): void {
  if (!prop.test(item)) {
    report(run, 'error', 'value', `Not a valid ${prop.type}: expected ${formatOf(prop.type)}.`);
    return;
  }
  if (prop.binding !== null) checkBinding(run, prop.type, item, prop.binding);
  if (prop.link && run.hashes !== null && typeof item === 'string' && item.startsWith('#')) run.hashes.add(item);
  if (prop.rules.length > 0) applyRules(run, prop.rules, item);
}

/** Whole numbers have digits only: `1.0` and `1e0` are decimals in FHIR, though JSON.parse makes them 1. */
function checkSpelling(run: Run, prop: Prop, parent: Json[] | JsonObject, at: string | number): void {
  const item = Array.isArray(parent) ? parent[Number(at)] : parent[at];
  // another fault of the value has its own finding
  if (run.numbers === null || item === undefined || !prop.test(item)) return;
  if (isPrimitiveAt(prop.type, item, { parent, key: String(at), numbers: run.numbers })) return;
  report(
    run,
    'error',
    'value',
    `Not a valid ${prop.type}: a whole number is spelt with digits only, such as 1, not 1.0.`,
  );
}

function walkXhtml(run: Run, item: Json): void {
  const fault = typeof item === 'string' ? xhtmlFault(item) : 'is not text';
  if (fault) report(run, 'error', 'value', `The narrative ${fault}.`);
}

function walkNested(walker: Walker, run: Run, prop: Prop, item: Json): void {
  if (!isObject(item)) report(run, 'error', 'structure', 'Expected a resource.');
  else if (run.path.length > DEEPEST) report(run, 'error', 'structure', 'Nested too deeply.');
  else walker.nested(run, item, prop.name === 'contained');
}

function walkComplex(walker: Walker, run: Run, prop: Prop, item: Json): void {
  if (!isObject(item)) {
    report(run, 'error', 'structure', `Expected an object (${prop.definition}).`);
    return;
  }
  if (run.path.length > DEEPEST) {
    report(run, 'error', 'structure', 'Nested too deeply.');
    return;
  }
  prop.node ??= walker.types.node(prop.definition);
  if (prop.node === null) return;
  walkNode(walker, run, prop.node, item);
  if (prop.kind === 'shadow') return;
  checkType(walker, run, prop, item);
  if (prop.binding !== null) checkBinding(run, prop.type, item, prop.binding);
  if (prop.extensible !== null) checkOpenBinding(walker, run, prop.extensible, item);
  if (prop.rules.length > 0) applyRules(run, prop.rules, item);
}

function checkOpenBinding(walker: Walker, run: Run, valueSet: string, item: JsonObject): void {
  const codes = walker.terminology.codesOf(valueSet);
  if (codes !== null) checkExtensible(run, item, codes);
}

function checkType(walker: Walker, run: Run, prop: Prop, item: JsonObject): void {
  const { type } = prop;
  if (type === 'Coding') {
    checkOwnCode(run, item, walker.terminology);
    checkConceptId(run, item);
  }
  if (type === 'Identifier') checkIdentifier(run, item);
  else if (type === 'Reference') checkReference(run, item, prop.targets);
  else if (type === 'Extension') walker.extensions.check(run, item, prop.name === 'modifierExtension');
}
