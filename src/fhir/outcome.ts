/**
 * The one type for "no": a refusal or bad request. Thrown once, turned into an OperationOutcome in one place
 * (`http/respond.ts`). Anything else that is thrown is a bug and becomes a 500 with an id and no content.
 */
import type { JsonObject, Resource } from './types.ts';

/** OperationOutcome.issue.severity. */
export type Severity = 'fatal' | 'error' | 'warning' | 'information';

export interface OutcomeIssue {
  severity: Severity;
  /** FHIR issue-type code, e.g. `required`, `value`, `conflict`, `forbidden`, `not-found`, `too-costly`. */
  code: string;
  /** Plain words: what, where, what to do. Never record content. */
  diagnostics: string;
  /** FHIRPath of the element, e.g. `Patient.birthDate`. */
  expression?: string;
  /** Machine word of ours in `details.coding`, e.g. a domain.md `deny-reason`. */
  detail?: { system: string; code: string };
  /** An opaque handle of somebody out of the caller's sight, for the operations that take one. */
  handle?: string;
}

/** System of domain.md 2.8 `deny-reason`, in `details.coding` of every refusal by the rules. */
export const DENY_REASON = 'https://tandem.example/fhir/CodeSystem/deny-reason';

/** System of domain.md 2.8 `trace-result`: what is told of somebody out of sight. */
export const TRACE_RESULT = 'https://tandem.example/fhir/CodeSystem/trace-result';
const HANDLE = 'https://tandem.example/fhir/StructureDefinition/access-handle';

export class Outcome extends Error {
  readonly status: number;
  readonly issues: readonly OutcomeIssue[];
  /** Extra response headers, e.g. `WWW-Authenticate`, `Allow`, `Retry-After`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, issues: readonly OutcomeIssue[], headers: Readonly<Record<string, string>> = {}) {
    super(issues[0]?.diagnostics ?? `status ${status}`);
    this.name = 'Outcome';
    this.status = status;
    this.issues = issues;
    this.headers = headers;
  }
}

/** One-issue outcome: HTTP status, FHIR issue code, plain words, and where (FHIRPath) when there is a where. */
export function refuse(status: number, code: string, diagnostics: string, expression?: string): Outcome {
  const issue: OutcomeIssue = { severity: 'error', code, diagnostics };
  return new Outcome(status, [expression === undefined ? issue : { ...issue, expression }]);
}

/** The OperationOutcome resource of some issues (R4 OperationOutcome). */
export function operationOutcome(issues: readonly OutcomeIssue[]): Resource {
  return {
    resourceType: 'OperationOutcome',
    issue: issues.map(
      (issue): JsonObject => ({
        ...(issue.handle === undefined ? {} : { extension: [{ url: HANDLE, valueString: issue.handle }] }),
        severity: issue.severity,
        code: issue.code,
        ...(issue.detail ? { details: { coding: [{ ...issue.detail }] } } : {}),
        diagnostics: issue.diagnostics,
        ...(issue.expression === undefined ? {} : { expression: [issue.expression] }),
      }),
    ),
  };
}
