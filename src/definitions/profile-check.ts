/** Checks a sound resource against what profiles add to its type. */
import type { Json, JsonObject } from '../fhir/types.ts';
import { evaluateRule } from './path-rules.ts';
import { checkValue } from './profile-values.ts';
import { choiceName } from './reading.ts';
import { PROFILE_RULES } from './rules-profile.ts';
import { isObject, quoted, type Run, report, reportChild } from './run.ts';
import { inSlice, type Met, type SliceContext } from './slices.ts';
import type { Snapshot } from './snapshot.ts';
import type { ProfileNode, ProfileSlice, ProfileSource } from './snapshot-types.ts';
import type { Terminology } from './terminology.ts';
import type { ProfileCheck } from './validate.ts';

export { matchesPattern } from './profile-values.ts';

interface Place extends Met {
  /** Position in a list, or -1. */
  at: number;
}

interface Checker extends SliceContext {
  profileOf(url: string): ProfileSource | null;
}

/** Profiles within profiles on the same value: a definition that applies itself must end. */
const DEEPEST = 40;

/** The values of a child element, choice types included. */
function placesOf(value: JsonObject, name: string): Place[] {
  const item = value[name];
  const type = (entry: Json): string | null =>
    isObject(entry) && typeof entry.resourceType === 'string' ? entry.resourceType : null;
  if (Array.isArray(item)) return item.map((entry, at) => ({ value: entry, at, type: type(entry) }));
  if (item !== undefined) return [{ value: item, at: -1, type: type(item) }];
  const shadow = value[`_${name}`];
  if (shadow !== undefined)
    return (Array.isArray(shadow) ? shadow : [null]).map((_, at, all) => ({
      value: null,
      at: all.length > 1 ? at : -1,
      type: null,
    }));
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

/** Items in their slices: an item is in the first slice it fits. */
function sorted(checker: Checker, run: Run, slices: readonly ProfileSlice[], places: readonly Place[]): number[] {
  return places.map((place) => slices.findIndex((slice) => inSlice(checker, run, slice, place)));
}

function checkSlices(checker: Checker, run: Run, node: ProfileNode, places: readonly Place[], base: string): void {
  const slices = node.slices ?? [];
  const homes = sorted(checker, run, slices, places);
  slices.forEach((slice, number) => {
    if (slice.by.length === 0) return;
    const own = places.filter((_, at) => homes[at] === number);
    checkCount(run, slice.node, own.length, quoted(slice.name));
    for (const place of own) {
      const steps = stepInto(run, node.name, place.at);
      checkItem(checker, run, slice.node, place, base);
      run.path.length -= steps;
    }
    if (slice.node.slices) checkSlices(checker, run, slice.node, own, base);
  });
  if (node.slicing && slices.every(({ by }) => by.length > 0)) checkOrder(run, node, homes);
}

function checkOrder(run: Run, node: ProfileNode, homes: readonly number[]): void {
  const { rules = 'open', ordered = false } = node.slicing ?? {};
  if (rules === 'closed' && homes.includes(-1)) {
    reportChild(run, node.name, 'structure', 'The profile allows only the kinds of this element it names.');
  }
  const last = homes.findLastIndex((home) => home >= 0);
  if (rules === 'openAtEnd' && homes.slice(0, last + 1).includes(-1)) {
    reportChild(
      run,
      node.name,
      'structure',
      'The profile allows other kinds of this element only after those it names.',
    );
  }
  const named = homes.filter((home) => home >= 0);
  if (ordered && named.some((home, at) => at > 0 && home < (named[at - 1] ?? 0))) {
    reportChild(run, node.name, 'structure', 'The profile sets the order of these elements; they stand in another.');
  }
}

function checkRules(run: Run, node: ProfileNode, value: Json, base: string): void {
  for (const rule of node.rules ?? []) {
    const direct = isObject(value) ? PROFILE_RULES.get(rule.key) : undefined;
    const around = { resource: run.resource, root: run.root };
    const kept = direct && isObject(value) ? direct(value) : evaluateRule({ base, expression: rule.e }, value, around);
    if (kept === false) report(run, rule.severity, 'invariant', `${rule.key}: ${rule.h}`);
    if (kept === null) report(run, 'information', 'incomplete', `${rule.key} could not be checked here.`);
  }
}

/** Profiles on the value's type: one of them must hold; unknown ones cannot be held against anybody. */
function checkTypeProfiles(checker: Checker, run: Run, node: ProfileNode, place: Place): void {
  const types = node.types?.filter(({ c }) => place.type === null || sameOrResource(c, place.type)) ?? [];
  const urls = types.flatMap(({ p = [] }) => p);
  const [only] = urls;
  if (only === undefined || types.some(({ p }) => p === undefined) || place.value === null) return;
  if (urls.length === 1) {
    applyProfile(checker, run, only, place.value);
    return;
  }
  const held = urls.map((url) => checker.conforms(run, url, place.value));
  if (held.every((one) => one === false)) {
    report(run, 'error', 'structure', `This meets none of the profiles ${urls.join(', ')}.`);
  }
}

function sameOrResource(wanted: string, actual: string): boolean {
  return wanted === 'Resource' || wanted.toLowerCase() === actual.toLowerCase();
}

function checkItem(checker: Checker, run: Run, node: ProfileNode, place: Place, base: string): void {
  checkValue(run, node, place, checker.terminology);
  if (place.value !== null) checkRules(run, node, place.value, base);
  checkTypeProfiles(checker, run, node, place);
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

/** Applies a profile of a resource or data type to a value at the run's path; false when the profile is not known. */
function applyProfile(checker: Checker, run: Run, url: string, value: Json): boolean {
  const profile = checker.profileOf(url);
  if (!profile || run.depth > DEEPEST) return false;
  run.depth += 1;
  const { resource } = run;
  if (isObject(value) && typeof value.resourceType === 'string') run.resource = value;
  checkRules(run, profile.root, value, profile.type);
  if (isObject(value)) checkChildren(checker, run, profile.root, value, profile.type);
  run.resource = resource;
  run.depth -= 1;
  return true;
}

const CORE = 'http://hl7.org/fhir/StructureDefinition/';
/** Ours are listed as supportedProfile: whoever claims one is held to it. */
const OWN = 'https://tandem.example/fhir/StructureDefinition/';

function unversioned(canonical: string): string {
  return canonical.split('|', 1)[0] ?? '';
}

function sourcesOf(snapshot: Snapshot): Checker['profileOf'] {
  const loaded = new Map<string, ProfileSource | null>();
  return (url) => {
    const known = loaded.get(url);
    if (known !== undefined) return known;
    const source = snapshot.text(`profile:${url}`);
    if (source === null) return null;
    const profile: ProfileSource = JSON.parse(source);
    loaded.set(url, profile);
    return profile;
  };
}

function createChecker(snapshot: Snapshot, terminology: Terminology): Checker {
  const checker: Checker = {
    terminology,
    profileOf: sourcesOf(snapshot),
    conforms: (run, url, value) => {
      const type = isObject(value) ? value.resourceType : undefined;
      if (url.startsWith(CORE) && typeof type === 'string' && url.slice(CORE.length) === type) return true;
      const trial: Run = { ...run, issues: [], errors: 0, soft: false, path: [...run.path] };
      const profile = checker.profileOf(url);
      if (profile && typeof type === 'string' && profile.type !== type) return false;
      return applyProfile(checker, trial, url, value) ? trial.errors === 0 : null;
    },
  };
  return checker;
}

/** Constraints of others within their time: what was found counts only when all was looked at. */
function applyForeign(checker: Checker, run: Run, url: string, resource: JsonObject): void {
  if (run.later !== null && run.isLarge()) {
    run.later = true;
    return;
  }
  const attempt = (): Run | undefined => {
    const trial: Run = { ...run, issues: [], errors: 0, path: [...run.path] };
    return run.foreign(() => {
      applyProfile(checker, trial, url, resource);
      return trial;
    });
  };
  // Cut off while others had the processor, it has time left; what spends its time itself has none.
  const trial = attempt() ?? attempt() ?? attempt();
  if (trial !== undefined) {
    run.issues.push(...trial.issues);
    run.errors += trial.errors;
  } else {
    const words = `The constraints of the profile ${quoted(url)} take too long on this resource to be checked.`;
    report(run, 'error', 'too-costly', words);
  }
}

/** A profile a resource claims or is asked to meet; false when it is not known. */
function checkWhole(checker: Checker, run: Run, resource: JsonObject, url: string): boolean {
  if (url === CORE + String(resource.resourceType)) return true;
  const profile = checker.profileOf(url);
  if (!profile) return false;
  if (profile.type === resource.resourceType) {
    if (url.startsWith(OWN)) applyProfile(checker, run, url, resource);
    else applyForeign(checker, run, url, resource);
    return true;
  }
  report(run, 'error', 'structure', `The profile ${quoted(url)} is for ${profile.type}.`);
  return true;
}

function unknownProfile(run: Run, url: string, asked: boolean): void {
  run.path.push('meta', 'profile');
  const words = `Unknown profile ${quoted(url)}: ${asked ? 'cannot be checked' : 'stored, not checked'}.`;
  report(run, asked ? 'error' : 'warning', 'not-found', words);
  run.path.length -= 2;
}

/**
 * Profiles of one snapshot. Asked for: errors. Claimed in `meta.profile`: ours are enforced, because our
 * CapabilityStatement lists them; what others know (R4's, a package's) is told as warnings; unknown ones warn.
 */
export function createProfileCheck(snapshot: Snapshot, terminology: Terminology): ProfileCheck {
  const checker = createChecker(snapshot, terminology);
  return (run, resource, extra) => {
    const meta = isObject(resource.meta) ? resource.meta : {};
    const claimed = Array.isArray(meta.profile) ? meta.profile.filter((url) => typeof url === 'string') : [];
    const asked = new Set(extra.map(unversioned));
    for (const url of new Set([...claimed.map(unversioned), ...asked])) {
      const { soft } = run;
      run.soft = soft || !(asked.has(url) || url.startsWith(OWN));
      if (!checkWhole(checker, run, resource, url)) unknownProfile(run, url, asked.has(url));
      run.soft = soft;
    }
  };
}
