/** Signing in to the demo by picking an identity, and out again. Both are in the trail before the browser hears of them. */
import { Outcome } from '../fhir/outcome.ts';
import type { DemoIdentity } from '../identity/identities.ts';
import { recordConsoleEvent } from '../record/console-door.ts';
import { recordUnrecorded } from '../record/refusal.ts';
import { callerOf } from './identity.ts';
import { message, type Page, SIGN_IN } from './pages.ts';
import { newId } from './session.ts';
import type { Visit } from './visit.ts';
import { roleWords } from './words.ts';

const NOTICES: Readonly<Record<string, string>> = {
  idle: 'You were signed out because nothing happened for 15 minutes.',
  expired: 'You were signed out because 12 hours have passed.',
  out: 'You have signed out.',
};

/** The list of people to be; the IG officer first, since the pages here are for her. */
export function signInPage(visit: Visit): Page {
  if (visit.session !== null) return { redirect: '/console' };
  return page(visit, 200, null);
}

/** Opens a session under a new cookie. */
export async function signIn(visit: Visit): Promise<Page> {
  const { deps, sessions, requestId, address, now } = visit;
  const identity = people(visit).find(({ key }) => key === visit.form.get('identity'));
  if (identity === undefined) return page(visit, 422, 'Select who you want to sign in as');
  const session = sessions.open(identity.key);
  const caller = callerOf(deps, session);
  try {
    const standing = await deps.standing(caller, { purpose: identity.purpose, now, fresh: true });
    await recordConsoleEvent(deps.door, { ...standing, caller, requestId, address, now }, 'console-sign-in');
  } catch (error) {
    sessions.end(session);
    await recordUnrecorded(deps.door, error, { caller, requestId, address, now });
    if (error instanceof Outcome && error.status === 401) {
      return message(
        401,
        'You cannot sign in',
        ['The staff directory does not know this person as active now.'],
        SIGN_IN,
      );
    }
    throw error;
  }
  if (visit.session !== null) sessions.end(visit.session);
  visit.giveCookie(session.id);
  return { redirect: '/console' };
}

/** Ends the session first: whatever happens then, nobody stays signed in. */
export async function signOut(visit: Visit): Promise<Page> {
  const { deps, session, sessions, requestId, address, now } = visit;
  if (session === null) return { redirect: SIGN_IN.href };
  sessions.end(session);
  visit.giveCookie(newId());
  const caller = callerOf(deps, session);
  try {
    const purpose = deps.identities.get(session.identity)?.purpose ?? null;
    const standing = await deps.standing(caller, { purpose, now, fresh: false });
    await recordConsoleEvent(deps.door, { ...standing, caller, requestId, address, now }, 'console-sign-out');
  } catch (error) {
    await recordUnrecorded(deps.door, error, { caller, requestId, address, now });
  }
  return { redirect: `${SIGN_IN.href}?ended=out` };
}

/** Where a page goes that was left alone: it counts as no activity, so the session behind it still locks. */
export function idlePage(visit: Visit): Page {
  if (visit.session === null) return { redirect: `${SIGN_IN.href}?ended=idle` };
  return message(200, 'This page was closed', [
    'Nothing happened on it for 15 minutes. You are still signed in elsewhere.',
  ]);
}

function people(visit: Visit): DemoIdentity[] {
  const staff = [...visit.deps.identities.values()].filter(({ kind }) => kind === 'staff');
  return staff.sort((a, b) => Number(b.role === 'ig-officer') - Number(a.role === 'ig-officer'));
}

function page(visit: Visit, status: number, error: string | null): Page {
  const ended = visit.query.get('ended') ?? '';
  return {
    status,
    template: 'sign-in',
    context: {
      notice: NOTICES[ended] ?? null,
      errors: error === null ? [] : [{ field: 'identity', text: error }],
      people: people(visit).map(({ key, name, role }) => ({ key, name, role: roleWords(role) })),
    },
  };
}
