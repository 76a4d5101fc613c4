/** What a caller is told when terminology cannot answer. */
import type { TermFault, TermReason } from '../definitions/terms/faults.ts';
import { Outcome } from '../fhir/outcome.ts';

const STATUS: Readonly<Record<TermReason, [number, string]>> = {
  'not-found': [404, 'not-found'],
  undecidable: [422, 'not-supported'],
  'too-costly': [422, 'too-costly'],
  invalid: [422, 'invalid'],
};

/** A fault of terminology as the caller is told it. */
export function outcomeOf(fault: TermFault): Outcome {
  const [status, code] = STATUS[fault.reason];
  return new Outcome(status, [{ severity: 'error', code, diagnostics: fault.message }]);
}
