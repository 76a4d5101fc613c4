/** Checks a sound resource against what our profiles add to its type. */
import type { Json, JsonObject } from '../fhir/types.ts';
import { checkBinding } from './element-checks.ts';
import { evaluateRule } from './path-rules.ts';
import { choiceName } from './reading.ts';
import { isObject, quoted, type Run, report, reportChild } from './run.ts';
import type { Snapshot } from './snapshot.ts';
import type { ProfileNode, ProfileSlice, ProfileSource } from './snapshot-types.ts';
import type { Terminology } from './terminology.ts';
import type { ProfileCheck } from './validate.ts';

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

/** Same JSON, whatever the order of names. */
function equalJson(a: unknown, b: unknown): boolean {
  return matchesPattern(a, b) && matchesPattern(b, a);
}

interface Place {
  value: Json;
  /** Position in a list, or -1. */
  at: number;
  /** Type of a choice element, e.g. `Quantity`. */
  type: string | null;
}

/** The values of a child element, choice types included. */
function placesOf(value: JsonObject, name: string): Place[] {
  const item = value[name];
  if (Array.isArray(item)) return item.map((entry, at) => ({ value: entry, at, type: null }));
  if (item !== undefined) return [{ value: item, at: -1, type: null }];
  if (value[`_${name}`] !== undefined) return [{ value: null, at: -1, type: null }];
  const choice = choiceName(value, name);
  if (choice === undefined) return [];
  return [{ value: value[choice] ?? null, at: -1, type: choice.slice(name.length) }];
}

function stepInto(run: Run, name: string, at: number): number {
  run.path.push(name);
  if (at >= 0) run.path.push(at);
  return at >= 0 ? 2 : 1;
}

function checkCount(run: Run, node: ProfileNode, found: number, what: string): void {
  if (node.min !== undefined && found < node.min) {
    const many = node.min === 1 ? '' : `at least ${node.min} times `;
    reportChild(run, node.name, 'required', `The profile requires ${what} ${many}here. Add it.`);
  }
  if (node.max !== undefined && node.max >= 0 && found > node.max) {
    const allowed = node.max === 0 ? 'does not allow' : `allows at most ${node.max} of`;
    reportChild(run, node.name, 'structure', `The profile ${allowed} ${what} here.`);
  }
}

function sameType(allowed: string, actual: string): boolean {
  return allowed.toLowerCase() === actual.toLowerCase();
}

/** Value at a simple path below an item: `$this`, `system`, `code.coding`. First of a list where lists are passed. */
function valueAt(item: unknown, path: string): unknown {
  if (path === '$this') return item;
  let value: unknown = item;
  for (const name of path.split('.')) {
    const object = Array.isArray(value) ? value[0] : value;
    value = isObject(object) ? object[name] : undefined;
  }
  return value;
}

function nodeAt(node: ProfileNode, path: string): ProfileNode | undefined {
  if (path === '$this') return node;
  let at: ProfileNode | undefined = node;
  for (const name of path.split('.')) at = at?.children.find((child) => child.name === name);
  return at;
}

function inSlice(slice: ProfileSlice, item: Json): boolean {
  return slice.by.every(({ path, type }) => {
    const wanted = nodeAt(slice.node, path);
    const actual = valueAt(item, path);
    if (type === 'exists') return (actual !== undefined) === (wanted?.min ?? 0) > 0;
    if (wanted?.fixed !== undefined) return equalJson(wanted.fixed, actual);
    return wanted?.pattern === undefined || matchesPattern(wanted.pattern, actual);
  });
}

interface Checker {
  terminology: Terminology;
}

function checkSlices(checker: Checker, run: Run, node: ProfileNode, places: readonly Place[], base: string): void {
  const taken = new Set<number>();
  for (const slice of node.slices ?? []) {
    const own = places.filter((place) => inSlice(slice, place.value));
    checkCount(run, slice.node, own.length, quoted(slice.name));
    for (const place of own) {
      taken.add(place.at);
      const steps = stepInto(run, node.name, place.at);
      checkItem(checker, run, slice.node, place, base);
      run.path.length -= steps;
    }
  }
  if (node.closed && places.some((place) => !taken.has(place.at))) {
    reportChild(run, node.name, 'structure', 'The profile allows only the kinds of this element it names.');
  }
}

function checkValue(checker: Checker, run: Run, node: ProfileNode, place: Place): void {
  const { value, type } = place;
  if (node.types && type !== null && !node.types.some((allowed) => sameType(allowed.c, type))) {
    report(
      run,
      'error',
      'structure',
      `The profile allows ${node.types.map((allowed) => allowed.c).join(' or ')} here.`,
    );
  }
  if (node.fixed !== undefined && !equalJson(node.fixed, value)) {
    report(run, 'error', 'value', `The profile fixes this to ${JSON.stringify(node.fixed)}.`);
  }
  if (node.pattern !== undefined && !matchesPattern(node.pattern, value)) {
    report(run, 'error', 'value', `The profile requires this to hold ${JSON.stringify(node.pattern)}.`);
  }
  const binding = node.binding === undefined ? null : checker.terminology.codesOf(node.binding);
  if (binding && value !== null) checkBinding(run, typed(value), value, binding);
  checkTargets(run, node, value);
}

/** CodeableConcept has a list of codings, Coding has not; Quantity looks like a Coding here. */
function typed(value: Json): string {
  if (!isObject(value)) return 'code';
  return value.coding !== undefined || value.text !== undefined ? 'CodeableConcept' : 'Coding';
}

function checkTargets(run: Run, node: ProfileNode, value: Json): void {
  const targets = node.types?.flatMap((type) => type.r ?? []) ?? [];
  if (targets.length === 0 || !isObject(value) || typeof value.reference !== 'string') return;
  const named = /(?:^|\/)([A-Z][A-Za-z]+)[/?][^/]+$/.exec(value.reference.replace(/\/_history\/.*$/, ''))?.[1];
  if (named !== undefined && !targets.includes(named)) {
    report(run, 'error', 'value', `The profile allows references to ${targets.join(', ')} here.`);
  }
}

function checkRules(run: Run, node: ProfileNode, value: Json, base: string): void {
  for (const rule of node.rules ?? []) {
    const kept = evaluateRule({ base, expression: rule.e }, value, { resource: run.resource, root: run.root });
    if (kept === false) report(run, rule.severity, 'invariant', `${rule.key}: ${rule.h}`);
    if (kept === null) report(run, 'information', 'incomplete', `${rule.key} could not be checked here.`);
  }
}

function checkItem(checker: Checker, run: Run, node: ProfileNode, place: Place, base: string): void {
  checkValue(checker, run, node, place);
  if (place.value !== null) checkRules(run, node, place.value, base);
  if (isObject(place.value)) checkChildren(checker, run, node, place.value, base);
}

function checkChildren(checker: Checker, run: Run, node: ProfileNode, value: JsonObject, base: string): void {
  for (const child of node.children) {
    const places = placesOf(value, child.name);
    checkCount(run, child, places.length, quoted(child.name));
    const path = `${base}.${child.name}`;
    for (const place of places) {
      const steps = stepInto(run, child.name, place.at);
      checkItem(checker, run, child, place, path);
      run.path.length -= steps;
    }
    if (child.slices) checkSlices(checker, run, child, places, path);
  }
}

const CORE = 'http://hl7.org/fhir/StructureDefinition/';

function unversioned(canonical: string): string {
  return canonical.split('|', 1)[0] ?? '';
}

/** Profiles of one snapshot: claimed in `meta.profile` or asked for; ours are enforced, unknown ones warn. */
export function createProfileCheck(snapshot: Snapshot, terminology: Terminology): ProfileCheck {
  const checker: Checker = { terminology };
  const loaded = new Map<string, ProfileSource | null>();
  const profileOf = (url: string): ProfileSource | null => {
    const known = loaded.get(url);
    if (known !== undefined) return known;
    const source = snapshot.text(`profile:${url}`);
    if (source === null) return null;
    const profile: ProfileSource = JSON.parse(source);
    loaded.set(url, profile);
    return profile;
  };
  const apply = (run: Run, resource: JsonObject, url: string, depth: number): boolean => {
    if (url === CORE + String(resource.resourceType)) return true;
    const profile = profileOf(url);
    if (!profile || depth > 5) return false;
    if (profile.type !== resource.resourceType) {
      report(run, 'error', 'structure', `The profile ${quoted(url)} is for ${profile.type}.`);
      return true;
    }
    if (!profile.base.startsWith(CORE)) apply(run, resource, profile.base, depth + 1);
    checkRules(run, profile.root, resource, profile.type);
    checkChildren(checker, run, profile.root, resource, profile.type);
    return true;
  };
  return (run, resource, extra) => {
    const meta = isObject(resource.meta) ? resource.meta : {};
    const claimed = Array.isArray(meta.profile) ? meta.profile.filter((url) => typeof url === 'string') : [];
    const asked = new Set(extra.map(unversioned));
    for (const url of new Set([...claimed.map(unversioned), ...asked])) {
      if (apply(run, resource, url, 0)) continue;
      const severity = asked.has(url) ? 'error' : 'warning';
      run.path.push('meta', 'profile');
      report(
        run,
        severity,
        'not-found',
        `Unknown profile ${quoted(url)}: ${asked.has(url) ? 'cannot be checked' : 'stored, not checked'}.`,
      );
      run.path.length -= 2;
    }
  };
}
