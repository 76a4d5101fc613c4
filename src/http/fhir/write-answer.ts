/** The answer to a write: status, Location, ETag, and the body `Prefer: return=` asks for (R4 http.html#return). */
import { operationOutcome } from '../../fhir/outcome.ts';
import type { Door, Written } from '../../record/types.ts';
import type { Answer } from '../answer.ts';
import { type FhirRequest, versionHeaders } from './request.ts';

const WORDS = {
  created: 'Created',
  updated: 'Updated',
  unchanged: 'Found; nothing was written',
  deleted: 'Deleted',
} as const;

export function writeAnswer(door: Door, request: FhirRequest, written: Written): Answer {
  const status = written.outcome === 'created' ? 201 : 200;
  const headers = versionHeaders(door, written, true);
  if (request.prefer.return === 'minimal') return { status, headers };
  if (request.prefer.return === 'OperationOutcome') return { status, headers, body: outcomeText(written) };
  return { status, headers, body: written.text };
}

/** `Updated CarePlan/17, version 3`, as an OperationOutcome's text, with what validation noticed. */
export function outcomeText(written: Written): string {
  const diagnostics = `${WORDS[written.outcome]}: ${written.type}/${written.id}, version ${written.version}`;
  return JSON.stringify(
    operationOutcome([{ severity: 'information', code: 'informational', diagnostics }, ...written.warnings]),
  );
}
