/**
 * Signing in through the provider: a page with one button, the way there, and the way back. What the browser must bring
 * back is in a cookie of its own: the session's is `SameSite=Strict` and does not come along from another site.
 */

import type { ProvenPerson } from '../identity/person-claims.ts';
import { type PendingSignIn, SignInFault } from '../identity/sign-in-provider.ts';
import { roleAt } from '../record/sign-in.ts';
import { message, type Page, pathHere, SIGN_IN } from './pages.ts';
import { offeredIn, roleChoice } from './role-choice.ts';
import type { SignedInPerson } from './session.ts';
import { enter, noticeOf, notKnown } from './sign-in.ts';
import type { SignInWay, Visit } from './visit.ts';

/** Path the provider sends browsers back to. */
export const RETURN_PATH = '/console/signed-in';
const PENDING_MS = 10 * 60_000;
/** Visits that came back, remembered so that none comes back twice; the provider's codes open once as well. */
const MAX_TAKEN = 1_000;

/** Pages of officers are for oversight; work in a service is done for the purpose of the role (`oversight/waits.ts`). */
const PURPOSE = 'HSYSADMIN';

/**
 * Handlers for one provider. Visits under way are kept by their browsers, sealed, for ten minutes: kept here, a stranger
 * who begins a thousand would push out everybody else's.
 */
export function providerSignIn({ provider, demo }: SignInWay) {
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
        ? {
            status: 200,
            template: 'sign-in',
            context: { notice: noticeOf(visit), demo: demo !== null, start: startOf(visit) },
          }
        : { redirect: '/console' },
    start: async (visit: Visit): Promise<Page> => {
      try {
        const begun = await provider.begin(againOf(visit));
        visit.giveReturnCookie(sealed(visit, begun.pending));
        return { redirect: begun.url };
      } catch (error) {
        return faultPage(visit, error);
      }
    },
    /** The role she chose, of those the directory offered her after she had proven who she is. */
    choose: async (visit: Visit): Promise<Page> => {
      const offered = offeredIn(visit);
      if (offered === null) return tooLate();
      const role = offered.roles.find((one) => one === visit.form.get('role'));
      // Asked anew of the directory: it may offer less by now.
      return role === undefined ? admit(visit, offered.proven, true) : enterAs(visit, offered.proven, staff(role));
    },
    finish: async (visit: Visit): Promise<Page> => {
      const begun = taken(visit);
      if (begun === null) return tooLate();
      visit.giveReturnCookie(null);
      try {
        const proven = await provider.finish(new URL(`${visit.deps.issuer}${RETURN_PATH}?${visit.query}`), begun);
        return begun.again === null ? await admit(visit, proven) : provenAgain(visit, proven, begun.again);
      } catch (error) {
        return faultPage(visit, error);
      }
    },
  };
}

/** At the service's own address, where the browser comes back to: a cookie of another name for this host stays behind. */
const startOf = ({ deps }: Visit): string => `${deps.issuer}${SIGN_IN.href}/start`;

/** Seals of other things begin otherwise. */
const KIND = 'sign-in';

function sealed({ deps, now }: Visit, { state, nonce, verifier, again }: PendingSignIn): string {
  const more = again === null ? [] : [again.session, again.to];
  return deps.door.seal([KIND, now.getTime(), state, nonce, verifier, ...more].join(' '));
}

function opened({ deps, now }: Visit, cookie: string): PendingSignIn | null {
  const [kind, at = '', state, nonce, verifier, session, to] = (deps.door.unseal(cookie) ?? '').split(' ');
  if (kind !== KIND || state === undefined || nonce === undefined || verifier === undefined) return null;
  const again = session === undefined || to === undefined ? null : { session, to };
  return now.getTime() - Number(at) < PENDING_MS ? { state, nonce, verifier, again } : null;
}

/** `again`: she was offered her roles, and chose none. */
async function admit(visit: Visit, proven: ProvenPerson, again = false): Promise<Page> {
  if ('patient' in proven) {
    const { name, patient } = proven;
    return enterAs(visit, proven, { ...PARENT, name, patient, fhirUser: patient });
  }
  const role = await roleAt(visit.deps.door, proven);
  if (role === 'unknown') {
    refuse(visit, 'not-in-directory');
    return notKnown();
  }
  if ('fhirUser' in role) return enterAs(visit, proven, staff(role.fhirUser));
  return roleChoice(visit, { proven, roles: role.several }, again);
}

type Admitted = Pick<ProvenPerson, 'issuer' | 'subject' | 'provenAt' | 'assurance'>;
type Who = Omit<SignedInPerson, 'issuer' | 'subject'>;

async function enterAs(visit: Visit, { issuer, subject, ...proof }: Admitted, who: Who): Promise<Page> {
  const turnedAway = await enter(visit, { ...who, issuer, subject }, proof);
  if (turnedAway !== null) return turnedAway;
  // Not a redirect: the new cookie does not come along on a chain of redirects that began at another site.
  visit.refresh = '/console';
  return message(200, 'You are signed in', ['The console opens now.']);
}

/** The session for which she is asked to prove again who she is, and the page she came from. */
function againOf({ session, query }: Visit): PendingSignIn['again'] {
  const to = query.get('to') ?? '/console';
  return session === null || query.get('again') !== 'yes' ? null : { session: session.reference, to: pathHere(to) };
}

/** Only the same person, and only her own session, which goes on under its cookie. */
function provenAgain(
  visit: Visit,
  proven: ProvenPerson,
  { session: reference, to }: { session: string; to: string },
): Page {
  const session = visit.sessions.byReference(reference);
  const isSame = session?.person.issuer === proven.issuer && session.person.subject === proven.subject;
  if (session === null || !isSame) {
    refuse(visit, 'another-person');
    return message(401, 'You are not the one who is signed in', ['Sign out first, then sign in as yourself.'], SIGN_IN);
  }
  // Left alone meanwhile it has locked, and a proof does not open it again.
  if (visit.sessions.find(session.id)?.state !== 'open') return tooLate();
  session.provenAt = proven.provenAt;
  visit.sessions.touch(session);
  visit.giveCookie(session.id);
  visit.refresh = to;
  return message(200, 'Thank you', ['The page opens again now.']);
}

/** Her name is the directory's (`enter`). */
const STAFF = { name: '', org: null, patient: null, scopes: ['user/*.cruds'], purpose: PURPOSE } as const;
const staff = (fhirUser: string): Who => ({ ...STAFF, fhirUser });
const PARENT = { org: null, scopes: ['patient/*.rs'], purpose: 'PATRQT' } as const;

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
