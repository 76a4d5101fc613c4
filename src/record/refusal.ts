/** Refusals and failures: recorded first, then told or concealed as the decision says. */
import type { AuditEntry } from '../audit/types.ts';
import { DENY_REASON, Outcome, type OutcomeIssue, refuse } from '../fhir/outcome.ts';
import type { Decision } from '../governance/decision-types.ts';
import { isSqlState, VersionConflict } from '../store/write.ts';
import { callerEntry, withDecision } from './entry.ts';
import { handleOf } from './handles.ts';
import { type Context, type Door, StaleStanding } from './types.ts';

const WAY_IN = 'https://tandem.example/fhir/CodeSystem/way-in';

/** What PostgreSQL says of U+0000: nothing holds it, so whatever was named by it is not there. */
const NOT_TEXT = '22021';

/** Outcomes that already have their audit record. */
const recorded = new WeakSet<Error>();

function markRecorded(outcome: Outcome): Outcome {
  recorded.add(outcome);
  return outcome;
}

/**
 * Runs an interaction so that it cannot end without its audit record: a success records itself; every Outcome and
 * every bug that comes out of `work` is recorded here before it is told.
 */
export async function audited<T>(door: Door, entry: AuditEntry, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const error = isSqlState(thrown, NOT_TEXT) ? refuse(400, 'value', 'U+0000 is no character of any text') : thrown;
    if (error instanceof StaleStanding || error instanceof VersionConflict) throw error;
    if (error instanceof Error && recorded.has(error)) throw error;
    const status = error instanceof Outcome ? error.status : 500;
    const detail = error instanceof Outcome ? (error.issues[0]?.code ?? null) : 'exception';
    await door.audit.write({ ...entry, outcome: status >= 500 ? 8 : 4, status, detail });
    if (error instanceof Error) recorded.add(error);
    throw error;
  }
}

/** Records an Outcome or bug that no interaction has recorded: the caller is known, what she wanted is not. */
export async function recordUnrecorded(
  door: Door,
  error: unknown,
  asked: Pick<Context, 'caller' | 'requestId' | 'address' | 'now'>,
): Promise<void> {
  if (error instanceof Error && recorded.has(error)) return;
  const status = error instanceof Outcome ? error.status : 500;
  const detail = error instanceof Outcome ? (error.issues[0]?.code ?? null) : 'exception';
  await door.audit.write({ ...callerEntry(asked), outcome: status >= 500 ? 8 : 4, status, detail });
}

/** Records a refusal by the rules and gives the Outcome to throw: 404 like an unknown id, or 403 with the way in. */
export async function refused(door: Door, entry: AuditEntry, decision: Decision): Promise<Outcome> {
  const outcome = decision.concealed ? unknown() : told(decision, wayIn(door, entry, decision));
  await door.audit.write({ ...withDecision(entry, decision), outcome: 4, status: outcome.status });
  return markRecorded(outcome);
}

/**
 * The way in, as words and as a handle of the one woman the row is about; without one (a refusal before any
 * row was read), only where to ask.
 */
function wayIn(door: Door, entry: AuditEntry, decision: Decision): OutcomeIssue[] {
  if (decision.wayIn === null) return [];
  const [patient, ...more] = entry.patients;
  const operation = decision.wayIn === 'self-claim' ? '$claim-relationship' : '$break-glass';
  const diagnostics = `The way in: POST ${door.base}/Patient/${operation} with handle, reason and text`;
  const issue: OutcomeIssue = { severity: 'information', code: 'informational', diagnostics };
  const detail = { system: WAY_IN, code: decision.wayIn };
  if (patient === undefined || more.length > 0) return [{ ...issue, detail }];
  const asking = { service: entry.agent.service, now: new Date(entry.at) };
  return [{ ...issue, detail, handle: handleOf(door, asking, { patient, traced: false }) }];
}

function told(decision: Decision, more: readonly OutcomeIssue[]): Outcome {
  const detail = decision.reason === null ? {} : { detail: { system: DENY_REASON, code: decision.reason } };
  const rules = decision.rules.length > 0 ? ` (${decision.rules.join(', ')})` : '';
  const issue = { severity: 'error' as const, code: 'forbidden', diagnostics: `${decision.text}${rules}`, ...detail };
  if (decision.status === 405)
    return new Outcome(405, [{ ...issue, code: 'not-supported' }], { Allow: 'GET, PUT, PATCH' });
  if (decision.status === 401)
    return new Outcome(401, [{ ...issue, code: 'login' }], { 'WWW-Authenticate': 'Bearer error="invalid_token"' });
  return new Outcome(403, [issue, ...more]);
}

/** Unknown and hidden answer alike, in words and size (domain.md 5.1, no existence oracle). */
export function unknown(): Outcome {
  return refuse(404, 'not-found', 'There is no such resource here, or none that you may know of');
}

/** Records that there was nothing to find (the same work as a concealed refusal) and gives the 404. */
export async function notFound(door: Door, entry: AuditEntry): Promise<Outcome> {
  await door.audit.write({ ...entry, outcome: 4, status: 404 });
  return markRecorded(unknown());
}

/** No cache decides (H7): an answer computed for an older generation is never given. */
export function checkGeneration(context: Context, seen: number): void {
  if (seen !== context.generation) throw new StaleStanding();
}

/** A copy of an Outcome that is already recorded is recorded too. */
export function sameRecord(original: Outcome, copy: Outcome): Outcome {
  return recorded.has(original) ? markRecorded(copy) : copy;
}

/** For work that holds its locks from the start and cannot simply be repeated: a lost race is told at once. */
export async function conflictAsOutcome<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof VersionConflict) && !isSqlState(error, '40P01')) throw error;
    throw refuse(
      409,
      'conflict',
      'Somebody else changed one of these resources at this moment; nothing was written, try again',
    );
  }
}

/** Writers that lose a race decide again on the new row; five losses in a row are told as a conflict. */
export async function retrying<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof VersionConflict)) throw error;
      if (attempt >= 5)
        throw refuse(409, 'conflict', 'Others keep changing this resource at this moment; read it and try again');
    }
  }
}
