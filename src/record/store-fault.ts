/**
 * A database that cannot serve now is not a bug of ours: 503 with what to do, so that a client repeats instead of giving up
 * (R-45, vectors 29 and 30). Codes: PostgreSQL appendix A; messages: the driver's, which has no codes for these.
 */
import { Outcome } from '../fhir/outcome.ts';

const REPEAT_AFTER_SECONDS = '5';
const FULL = /^53[14]00$/;
/** Connection lost or refused, too many connections, shutdown, start-up, a standby that was promoted away. */
const AWAY = /^(08...|53300|57P0[1-5]|25006|ECONNREFUSED|ECONNRESET|EPIPE|ENOENT|ETIMEDOUT)$/;
const LOST =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/** What to answer where the database has no room or no connection; null when it is something else. */
export function storeFault(error: unknown): Outcome | null {
  if (!(error instanceof Error)) return null;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (FULL.test(code)) return noRoom();
  if (AWAY.test(code) || LOST.test(error.message)) return away();
  return null;
}

/** The record may not grow now (`jobs/disk-watch.ts`, or PostgreSQL itself found no room). Nothing was written. */
export function noRoom(): Outcome {
  return unavailable(
    'no-store',
    'Nothing was written: the store has no room left. Its operator has been alarmed; reading goes on. Repeat this later',
  );
}

function away(): Outcome {
  return unavailable(
    'transient',
    'The database does not answer now. If this was a write it may have been done or not: repeat it with If-Match or ' +
      'If-None-Exist, or look first',
  );
}

function unavailable(code: string, diagnostics: string): Outcome {
  return new Outcome(503, [{ severity: 'error', code, diagnostics }], { 'Retry-After': REPEAT_AFTER_SECONDS });
}
