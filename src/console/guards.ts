/** What must hold before a handler runs: a form of our own, somebody signed in whom the directory knows now. */
import { Outcome } from '../fhir/outcome.ts';
import { recordUnrecorded } from '../record/refusal.ts';
import { sessionEndsOf } from '../record/sign-in.ts';
import { type Context, StaleStanding } from '../record/types.ts';
import { callerOf } from './identity.ts';
import { askAgain, message, type Page, SIGN_IN } from './pages.ts';
import type { Ended, Session } from './session.ts';
import type { Visit } from './visit.ts';

export type Handler = (visit: Visit) => Promise<Page> | Page;
export type OfficerHandler = (visit: Visit, context: Context) => Promise<Page>;

/** Directory changes seen in the middle of a request repeat it; more than a few in a row is a storm. */
const MAX_REPEATS = 5;

/** Takes a form only from our own page in this browser. A forged one changes nothing; of a session it is recorded. */
export function ownForm(handler: Handler): Handler {
  return async (visit) => {
    const ours = visit.sessions.isOurForm(visit.cookie, visit.form.get('form-token') ?? '');
    if (ours && visit.fromHere) return handler(visit);
    const diagnostics = 'The form did not come from this page';
    const refusal = new Outcome(403, [{ severity: 'error', code: 'forbidden', diagnostics }]);
    const { deps, session, requestId, address, now } = visit;
    if (session !== null) {
      await recordUnrecorded(deps.door, refusal, { caller: callerOf(session), requestId, address, now });
    }
    return message(403, 'This form was not accepted', [
      'It was not sent from a page of this console, or the page was too old. Nothing was changed.',
      'Open the page again and fill it in once more.',
    ]);
  };
}

/** Signed in, and known to the directory at this moment; else to the sign-in. */
export function signedIn(handler: OfficerHandler): Handler {
  return async (visit) => {
    const { session, sessions, deps, requestId, address, now } = visit;
    if (session === null) return toSignIn(visit.ended);
    sessions.touch(session);
    try {
      if ((await sessionEndsOf(deps.door, session.person)) !== session.ends) {
        sessions.end(session);
        return toSignIn('everywhere');
      }
      return await withStanding(visit, session, handler);
    } catch (error) {
      await recordUnrecorded(deps.door, error, { caller: callerOf(session), requestId, address, now });
      if (!(error instanceof Outcome) || error.status !== 401) throw error;
      if (wantsFreshProof(error)) return askAgain(visit.path);
      sessions.end(session);
      visit.session = null;
      const words = 'The staff directory does not know you as active now. Ask your manager if this is a mistake.';
      return message(401, 'You no longer have access', [words], SIGN_IN);
    }
  };
}

function toSignIn(ended: Ended | null): Page {
  return { redirect: ended === null ? SIGN_IN.href : `${SIGN_IN.href}?ended=${ended}` };
}

/** What the record says when a sign-in is too old for what is asked: she is known, and goes on after a proof. */
function wantsFreshProof({ headers }: Outcome): boolean {
  return headers['WWW-Authenticate']?.includes('insufficient_user_authentication') === true;
}

async function withStanding(visit: Visit, session: Session, handler: OfficerHandler): Promise<Page> {
  const { deps, requestId, address, now } = visit;
  const caller = callerOf(session);
  const purpose = session.person.purpose;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const standing = await deps.standing(caller, { purpose, now, fresh: true });
      visit.role = standing.principal.role;
      return await handler(visit, { ...standing, caller, requestId, address, now });
    } catch (error) {
      if (!(error instanceof StaleStanding) || attempt >= MAX_REPEATS) throw error;
    }
  }
}
