/** Validation of a resource: base R4, then the profiles of ours it claims or is asked to meet. Never throws. */
import type { Json, JsonObject, Resource } from '../fhir/types.ts';
import { foreignWork } from './foreign-work.ts';
import { evaluateRule } from './path-rules.ts';
import { distinct, objects, text } from './reading.ts';
import { type Deferred, expressionOf, isObject, quoted, type Run, report, reportAt, reportChild } from './run.ts';
import type { Definitions, Issue, ValidateOptions } from './types.ts';
import { type Walker, walkNode } from './walk.ts';

/** Checks a sound resource against profiles; `path` is where it stands. */
export type ProfileCheck = (run: Run, resource: JsonObject, extra: readonly string[]) => void;

const PLAIN = new Set(['Bundle', 'Parameters', 'Binary']);

function newRun(resource: JsonObject, options: ValidateOptions, soon: boolean): Run {
  let large: boolean | null = null;
  return {
    foreign: foreignWork(options.patience, options.patience),
    isLarge: () => {
      large ??= valuesIn(resource, FEW) > FEW;
      return large;
    },
    later: soon ? false : null,
    issues: [],
    errors: 0,
    path: [],
    resource,
    base: 1,
    root: resource,
    hashes: null,
    inside: null,
    entries: null,
    soft: false,
    depth: 0,
    deferred: [],
    nhsNumber: options.nhsNumber ?? 'error',
    numbers: options.numbers === undefined || options.numbers.size === 0 ? null : options.numbers,
  };
}

function walkResource(walker: Walker, run: Run, value: JsonObject): boolean {
  const type = value.resourceType;
  const node = typeof type === 'string' ? walker.types.node(type) : null;
  if (!node?.resource || type === 'Resource' || type === 'DomainResource') {
    const diagnostics =
      typeof type === 'string' ? `${quoted(type)} is not an R4 resource type.` : 'resourceType is missing.';
    report(run, 'error', 'structure', diagnostics);
    return false;
  }
  walkNode(walker, run, node, value);
  return true;
}

/** dom-2..5 and ids of what is contained (R4 domainresource.html, references.html#contained). */
function checkContained(run: Run, root: JsonObject): void {
  const contained = objects(root, 'contained');
  const ids = contained.map((resource) => text(resource, 'id')).filter((id) => id !== undefined);
  if (!distinct(ids)) reportChild(run, 'contained', 'invariant', 'Contained resources must have different ids.');
  contained.forEach((resource, index) => {
    run.path.push('contained', index);
    const meta = isObject(resource.meta) ? resource.meta : {};
    if (resource.contained !== undefined)
      report(run, 'error', 'invariant', 'dom-2: a contained resource contains none itself.');
    if (meta.versionId !== undefined || meta.lastUpdated !== undefined) {
      report(run, 'error', 'invariant', 'dom-4: a contained resource has no meta.versionId or meta.lastUpdated.');
    }
    if (meta.security !== undefined)
      report(run, 'error', 'invariant', 'dom-5: a contained resource has no security label.');
    const id = text(resource, 'id');
    const referenced = id !== undefined && run.hashes?.has(`#${id}`);
    if (!referenced && !refersToContainer(resource)) {
      report(
        run,
        'error',
        'invariant',
        'dom-3: nothing refers to this contained resource. Give it an id and refer to #id.',
      );
    }
    run.path.length -= 2;
  });
}

/** The other way round: the contained resource refers to its container as `#`. */
function refersToContainer(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(refersToContainer);
  if (!isObject(value)) return false;
  return value.reference === '#' || Object.values(value).some(refersToContainer);
}

/** Looked up for every `#id`; of two with one id the first counts. */
function containedOf(root: JsonObject): Map<string, JsonObject> {
  const found = objects(root, 'contained').map((one): [string, JsonObject] => [text(one, 'id') ?? '', one]);
  return new Map(found.reverse());
}

/** A Bundle's resources by their fullUrl, so that references between them have a known target. */
function entriesOf(bundle: JsonObject): Map<string, JsonObject> {
  const entries = new Map<string, JsonObject>();
  for (const entry of objects(bundle, 'entry')) {
    const url = text(entry, 'fullUrl');
    if (url !== undefined && isObject(entry.resource)) entries.set(url, entry.resource);
  }
  return entries;
}

/** A whole resource with what it contains: `run.root` and `run.resource` are it while it is walked. */
function validateRoot(context: Context, run: Run, value: JsonObject, extra: readonly string[]): void {
  const before = {
    root: run.root,
    resource: run.resource,
    base: run.base,
    hashes: run.hashes,
    inside: run.inside,
    entries: run.entries,
    errors: run.errors,
  };
  run.root = value;
  run.resource = value;
  run.base = run.path.length;
  const contains = value.contained !== undefined && !PLAIN.has(text(value, 'resourceType') ?? '');
  run.hashes = contains ? new Set() : null;
  run.inside = contains ? containedOf(value) : null;
  if (value.resourceType === 'Bundle') run.entries = entriesOf(value);
  if (walkResource(context.walker, run, value)) {
    if (contains) checkContained(run, value);
    context.checkRequirements(run, value);
    if (run.errors === before.errors) context.checkProfiles(run, value, extra);
  }
  run.root = before.root;
  run.resource = before.resource;
  run.base = before.base;
  run.hashes = before.hashes;
  run.inside = before.inside;
  run.entries = before.entries;
}

function validateContained(context: Context, run: Run, value: JsonObject): void {
  const { resource: outer, base } = run;
  run.resource = value;
  run.base = run.path.length;
  if (outer !== run.root) report(run, 'error', 'invariant', 'dom-2: a contained resource contains none itself.');
  else if (value.resourceType === 'Bundle') {
    report(run, 'error', 'structure', 'A Bundle cannot be contained: what it holds are resources of their own.');
  } else if (walkResource(context.walker, run, value)) context.checkRequirements(run, value);
  run.resource = outer;
  run.base = base;
}

/** What fhirpath may take for one resource; 1,000 elements of a StructureDefinition take half a second. */
const FHIRPATH_MS = 3_000;
/** Values of a resource whose rules are decided in no time; a limit on the work itself costs 0.3 ms. */
const FEW = 1_000;

/** fhirpath's share, only on sound structure: its functions assume it. */
function decideDeferred(run: Run): void {
  if (run.errors > 0 || run.deferred.length === 0) return;
  const decide = (): boolean => {
    for (const one of run.deferred) decideOne(run, one);
    return true;
  };
  if (!run.isLarge()) decide();
  else if (run.later !== null) run.later = true;
  else if (foreignWork(FHIRPATH_MS, FHIRPATH_MS)(decide) === undefined) {
    const diagnostics = 'This resource is too large for all its rules to be checked; send it in parts.';
    reportAt(run, 'error', 'too-costly', expressionOf(run.path.slice(0, 1)), diagnostics);
  }
}

/** How many values a tree has, counted no further than just above `most`. */
function valuesIn(tree: Json, most: number): number {
  if (typeof tree !== 'object' || tree === null) return 1;
  let sum = 1;
  for (const inner of Object.values(tree)) {
    if (sum > most) break;
    sum += inner === undefined ? 0 : valuesIn(inner, most - sum);
  }
  return sum;
}

function decideOne(run: Run, { rule, value, expression, resource, root }: Deferred): void {
  const kept = evaluateRule(rule, value, { resource, root });
  if (kept === false) reportAt(run, 'error', 'invariant', expression, `${rule.key}: ${rule.human}`);
  if (kept === null) reportAt(run, 'information', 'incomplete', expression, `${rule.key} could not be checked here.`);
}

export interface Context {
  walker: Walker;
  checkProfiles: ProfileCheck;
  /** What our CapabilityStatement requires of every resource of a type, claimed or not. */
  checkRequirements(run: Run, resource: JsonObject): void;
}

/**
 * The validator of one set of definitions. Measured against JSON.parse of the same body (scripts/measure-definitions.ts,
 * Node 24, 2 shared cores): Patient of 660 bytes 2.2 to 3.1 times (goal 8), a response with 150 items 1.1 times.
 */
export function createValidate(context: Context): Pick<Definitions, 'validate' | 'validateSoon'> {
  context.walker.nested = (run, value, contained) => {
    if (contained) validateContained(context, run, value);
    else validateRoot(context, run, value, []);
  };
  const runOver = (resource: Resource, options: ValidateOptions, soon: boolean): Run => {
    const run = newRun(resource, options, soon);
    const type = text(resource, 'resourceType');
    run.path.push(type !== undefined && /^[A-Za-z]{1,64}$/.test(type) ? type : 'Resource');
    try {
      validateRoot(context, run, resource, options.profiles ?? []);
    } catch (error) {
      // only a tree far deeper than the door lets in (64 levels) can exhaust the stack
      if (!(error instanceof RangeError)) throw error;
      reportAt(run, 'error', 'structure', text(resource, 'resourceType') ?? 'Resource', 'Nested too deeply.');
    }
    decideDeferred(run);
    return run;
  };
  return {
    validate: (resource, options = {}) => (isObject(resource) ? runOver(resource, options, false).issues : NOTHING),
    validateSoon: (resource, options = {}) => {
      if (!isObject(resource)) return NOTHING;
      const { issues, later } = runOver(resource, options, true);
      return later === true ? null : issues;
    },
  };
}

const NOTHING: Issue[] = [
  { severity: 'error', code: 'structure', expression: '', diagnostics: 'A resource is a JSON object.' },
];
