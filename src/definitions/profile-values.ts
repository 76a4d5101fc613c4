/** What a profile says of one value: fixed, pattern, bounds, length, binding, reference targets. */
import type { Json } from '../fhir/types.ts';
import { checkBinding, checkExtensible } from './element-checks.ts';
import { isObject, type Run, report } from './run.ts';
import type { BoundSource, ProfileNode } from './snapshot-types.ts';
import type { Terminology } from './terminology.ts';

/** `actual` holds all of `pattern` (R4 elementdefinition.html: objects by name, every array item by some item). */
export function matchesPattern(pattern: unknown, actual: unknown): boolean {
  if (Array.isArray(pattern)) {
    return Array.isArray(actual) && pattern.every((item) => actual.some((other) => matchesPattern(item, other)));
  }
  if (isObject(pattern)) {
    return isObject(actual) && Object.entries(pattern).every(([name, item]) => matchesPattern(item, actual[name]));
  }
  return pattern === actual;
}

/** Same JSON, whatever the order of names; lists keep theirs. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, at) => equalJson(item, b[at]));
  }
  if (!isObject(a)) return a === b;
  if (!isObject(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => equalJson(a[name], b[name]));
}

/** CodeableConcept has a list of codings, Coding has not; Quantity looks like a Coding here. */
function shapeOf(value: Json): string {
  if (!isObject(value)) return 'code';
  return value.coding !== undefined || value.text !== undefined ? 'CodeableConcept' : 'Coding';
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 197)}...` : text;
}

/** -1, 0, 1, or null when the two cannot be compared (other units, other precision). */
function compare(bound: BoundSource, value: Json): number | null {
  const wanted = bound.value;
  if (isObject(wanted)) {
    if (!isObject(value) || value.code !== wanted.code || value.system !== wanted.system) return null;
    return compareScalars(wanted.value, value.value);
  }
  if (typeof wanted === 'string' && typeof value === 'string' && /^(?:date|time|instant)/i.test(bound.type)) {
    const [a, b] = [Date.parse(value), Date.parse(wanted)];
    if (value.includes('T') && wanted.includes('T')) return Number.isNaN(a - b) ? null : Math.sign(a - b);
    const shared = Math.min(value.length, wanted.length);
    return compareScalars(wanted.slice(0, shared), value.slice(0, shared));
  }
  return compareScalars(wanted, value);
}

function compareScalars(wanted: unknown, value: unknown): number | null {
  if (typeof wanted === 'number' && typeof value === 'number') return Math.sign(value - wanted);
  if (typeof wanted === 'string' && typeof value === 'string') return value < wanted ? -1 : value > wanted ? 1 : 0;
  return null;
}

function checkBounds(run: Run, node: ProfileNode, value: Json): void {
  if (node.least && compare(node.least, value) === -1) {
    report(run, 'error', 'value', `The profile allows no value below ${shown(node.least.value)} here.`);
  }
  if (node.most && compare(node.most, value) === 1) {
    report(run, 'error', 'value', `The profile allows no value above ${shown(node.most.value)} here.`);
  }
  if (node.maxLength !== undefined && typeof value === 'string' && [...value].length > node.maxLength) {
    report(run, 'error', 'value', `The profile allows at most ${node.maxLength} characters here.`);
  }
}

function checkCodes(run: Run, node: ProfileNode, value: Json, terminology: Terminology): void {
  const codes = node.binding === undefined ? null : terminology.codesOf(node.binding.v);
  if (!codes || value === null) return;
  if (node.binding?.s === 'required') checkBinding(run, shapeOf(value), value, codes);
  else checkExtensible(run, value, codes);
}

function checkTargets(run: Run, node: ProfileNode, value: Json): void {
  const types = node.types ?? [];
  const references = types.filter(({ c }) => c === 'Reference');
  if (references.length === 0 || references.some(({ r }) => r === undefined)) return;
  if (!isObject(value) || typeof value.reference !== 'string') return;
  const targets = references.flatMap(({ r = [] }) => r);
  const named = /(?:^|\/)([A-Z][A-Za-z]+)[/?][^/]+$/.exec(value.reference.replace(/\/_history\/.*$/, ''))?.[1];
  if (named !== undefined && !targets.includes(named)) {
    report(run, 'error', 'value', `The profile allows references to ${targets.join(', ')} here.`);
  }
}

/** Checks one value; `type` is that of a choice in use (`Quantity`), null when the element is none. */
export function checkValue(
  run: Run,
  node: ProfileNode,
  found: { value: Json; type: string | null },
  terminology: Terminology,
): void {
  const { value, type } = found;
  if (node.types && type !== null && !node.types.some(({ c }) => c.toLowerCase() === type.toLowerCase())) {
    const allowed = node.types.map(({ c }) => c).join(' or ');
    report(run, 'error', 'structure', `The profile allows ${allowed} here.`);
  }
  if (node.fixed !== undefined && !equalJson(node.fixed, value)) {
    report(run, 'error', 'value', `The profile fixes this to ${shown(node.fixed)}.`);
  }
  if (node.pattern !== undefined && !matchesPattern(node.pattern, value)) {
    report(run, 'error', 'value', `The profile requires this to hold ${shown(node.pattern)}.`);
  }
  checkBounds(run, node, value);
  checkCodes(run, node, value, terminology);
  checkTargets(run, node, value);
}
