/** One validation under way: findings, the path to where the walk is, and the resources around it. */

import type { NumberTexts } from '../fhir/json.ts';
import { isObject } from '../fhir/resource.ts';
import type { Json, JsonObject } from '../fhir/types.ts';
import type { ForeignWork } from './foreign-work.ts';
import type { Rule } from './nodes.ts';
import type { Issue, Severity } from './types.ts';

/** A rule that fhirpath decides, kept until the structure is known to be sound. */
export interface Deferred {
  rule: Rule;
  value: Json;
  /** FHIRPath of the value. */
  expression: string;
  resource: JsonObject;
  root: JsonObject;
}

export interface Run {
  issues: Issue[];
  errors: number;
  /** Element names and list positions from the outermost resource to here. */
  path: (string | number)[];
  /** The resource the walk is in: a contained one, or the root itself. */
  resource: JsonObject;
  /** Length of the path at which that resource begins. */
  base: number;
  /** The resource that holds the contained ones (%rootResource). */
  root: JsonObject;
  /** `#id` values seen in the root while it has contained resources; null when it has none. */
  hashes: Set<string> | null;
  /** The contained resources of the root by id; null when it has none. */
  inside: ReadonlyMap<string, JsonObject> | null;
  /** Resources of a Bundle's entries by fullUrl; null outside bundles. */
  entries: Map<string, JsonObject> | null;
  /** Errors are told as warnings: a profile is checked that is claimed and known, but not required of anybody. */
  soft: boolean;
  /** Profiles within profiles under way. */
  depth: number;
  deferred: Deferred[];
  /** Work by the expressions of others, within what is left of its time. */
  foreign: ForeignWork;
  /** True when the whole is so large that rules over it are work for a thread of its own (`apart.ts`). */
  isLarge(): boolean;
  /** Null where everything is decided at once; else whether something has to be decided there. */
  later: boolean | null;
  nhsNumber: 'error' | 'warn';
  /** Spelling of the numbers that are not spelt as JavaScript would; null when all are. */
  numbers: NumberTexts | null;
}

/** Findings beyond this are not listed: nobody reads them, and a hostile body must not make us write a book. */
const MOST_ISSUES = 100;

/** FHIRPath of a path: `['Patient', 'name', 0, 'family']` -> `Patient.name[0].family`. */
export function expressionOf(path: readonly (string | number)[]): string {
  let text = '';
  for (const step of path) text += typeof step === 'number' ? `[${step}]` : text === '' ? step : `.${step}`;
  return text;
}

/** Adds a finding about the place the walk is at. */
export function report(run: Run, severity: Severity, code: string, diagnostics: string): void {
  reportAt(run, severity, code, expressionOf(run.path), diagnostics);
}

/** An error about a child of the place the walk is at. */
export function reportChild(run: Run, child: string, code: string, diagnostics: string): void {
  run.path.push(child);
  report(run, 'error', code, diagnostics);
  run.path.pop();
}

/** Adds a finding about a known place. */
export function reportAt(run: Run, told: Severity, code: string, expression: string, diagnostics: string): void {
  const severity = run.soft && (told === 'error' || told === 'fatal') ? 'warning' : told;
  if (severity === 'error' || severity === 'fatal') run.errors += 1;
  if (run.issues.length < MOST_ISSUES) run.issues.push({ severity, code, expression, diagnostics });
}

/** A key or name as it may stand in a message: short, printable. */
export function quoted(name: string): string {
  const printable = name.replace(/[^\x20-\x7e]/g, '?');
  return `'${printable.length > 128 ? `${printable.slice(0, 125)}...` : printable}'`;
}

export { isObject };
