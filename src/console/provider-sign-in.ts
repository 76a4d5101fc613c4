/**
 * Signing in through the provider: a page with one button, the way there, and the way back. What the browser must bring
 * back is in a cookie of its own: the session's is `SameSite=Strict` and does not come along from another site.
 */
import { type PendingSignIn, SignInFault, type SignInProvider } from '../identity/sign-in-provider.ts';
import { roleAt } from '../record/sign-in.ts';
import { message, type Page, SIGN_IN } from './pages.ts';
import { enter, noticeOf, notKnown } from './sign-in.ts';
import type { Visit } from './visit.ts';

/** Path the provider sends browsers back to. */
export const RETURN_PATH = '/console/signed-in';
const PENDING_MS = 10 * 60_000;
/** Visits that came back, remembered so that none comes back twice; the provider's codes open once as well. */
const MAX_TAKEN = 1_000;

/** Pages of officers are for oversight; other roles are turned away at the page. */
const PURPOSE = 'HSYSADMIN';

/**
 * Handlers for one provider. Visits under way are kept by their browsers, sealed, for ten minutes: kept here, a stranger
 * who begins a thousand would push out everybody else's.
 */
export function providerSignIn(provider: SignInProvider) {
  const back = new Set<string>();
  /** Once only: a second return with the same cookie finds nothing. */
  const taken = (visit: Visit): PendingSignIn | null => {
    const one = visit.returning === null ? null : opened(visit, visit.returning);
    if (one === null || back.has(one.state)) return null;
    const [oldest] = back;
    if (back.size >= MAX_TAKEN && oldest !== undefined) back.delete(oldest);
    back.add(one.state);
    return one;
  };
  return {
    show: (visit: Visit): Page =>
      visit.session === null
        ? { status: 200, template: 'sign-in-provider', context: { notice: noticeOf(visit) } }
        : { redirect: '/console' },
    start: async (visit: Visit): Promise<Page> => {
      try {
        const begun = await provider.begin();
        visit.giveReturnCookie(sealed(visit, begun.pending));
        return { redirect: begun.url };
      } catch (error) {
        return faultPage(visit, error);
      }
    },
    finish: async (visit: Visit): Promise<Page> => {
      const begun = taken(visit);
      if (begun === null) return tooLate();
      visit.giveReturnCookie(null);
      try {
        const proven = await provider.finish(new URL(`${visit.deps.issuer}${RETURN_PATH}?${visit.query}`), begun);
        return await admit(visit, proven);
      } catch (error) {
        return faultPage(visit, error);
      }
    },
  };
}

/** Seals of other things begin otherwise. */
const KIND = 'sign-in';

function sealed({ deps, now }: Visit, { state, nonce, verifier }: PendingSignIn): string {
  return deps.door.seal([KIND, now.getTime(), state, nonce, verifier].join(' '));
}

function opened({ deps, now }: Visit, cookie: string): PendingSignIn | null {
  const [kind, at = '', state, nonce, verifier] = (deps.door.unseal(cookie) ?? '').split(' ');
  if (kind !== KIND || state === undefined || nonce === undefined || verifier === undefined) return null;
  return now.getTime() - Number(at) < PENDING_MS ? { state, nonce, verifier } : null;
}

type Proven = Awaited<ReturnType<SignInProvider['finish']>>;

async function admit(visit: Visit, proven: Proven): Promise<Page> {
  const { door } = visit.deps;
  const role = await roleAt(door, proven);
  if (typeof role === 'string') {
    refuse(visit, role === 'several' ? 'role-not-chosen' : 'not-in-directory');
    if (role === 'unknown') return notKnown();
    return message(401, 'You cannot sign in', ['You have several roles here. Choose one when you sign in.'], SIGN_IN);
  }
  const person = { ...NOBODY, issuer: proven.issuer, subject: proven.subject, fhirUser: role.fhirUser };
  const turnedAway = await enter(visit, person);
  if (turnedAway !== null) return turnedAway;
  // Not a redirect: the new cookie does not come along on a chain of redirects that began at another site.
  visit.refresh = '/console';
  return message(200, 'You are signed in', ['The console opens now.']);
}

/** Her name is the directory's (`enter`). */
const NOBODY = { name: '', org: null, patient: null, scopes: ['user/*.cruds'], purpose: PURPOSE } as const;

function refuse(visit: Visit, reason: string): void {
  const { deps, requestId, address, now } = visit;
  deps.anonymous({ address, status: 401, reason, now });
  deps.door.log.warn('sign-in refused', { requestId, reason });
}

function faultPage(visit: Visit, error: unknown): Page {
  if (!(error instanceof SignInFault)) throw error;
  refuse(visit, error.reason);
  const words: Record<SignInFault['reason'], string> = {
    unavailable: 'The sign-in service does not answer. Try again in a few minutes.',
    refused: 'The sign-in service did not sign you in.',
    invalid: 'What the sign-in service sent back could not be proven. Try again.',
    assurance: 'Sign in with your smartcard, security key or another strong method.',
    claims: 'The sign-in service did not say who you are in a form this service knows.',
  };
  return message(error.reason === 'unavailable' ? 503 : 401, 'You cannot sign in', [words[error.reason]], SIGN_IN);
}

function tooLate(): Page {
  const words = 'This sign-in took too long, or was started in another browser. Start again.';
  return message(400, 'You are not signed in', [words], SIGN_IN);
}
