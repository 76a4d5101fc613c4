/** Entering and leaving the console, however somebody proved who she is. Both are in the trail before the browser hears of them. */
import { Outcome } from '../fhir/outcome.ts';
import type { Purpose, Role } from '../governance/types.ts';
import { recordConsoleEvent } from '../oversight/console-door.ts';
import { recordUnrecorded } from '../record/refusal.ts';
import { callerOf } from './identity.ts';
import { message, type Page, SIGN_IN } from './pages.ts';
import { newId, type SignedInPerson } from './session.ts';
import type { Visit } from './visit.ts';

const NOTICES: Readonly<Record<string, string>> = {
  idle: 'You were signed out because nothing happened for 15 minutes.',
  expired: 'You were signed out because 12 hours have passed.',
  out: 'You have signed out.',
};

/** What a sign-in page says about the session that was there before, or null. */
export function noticeOf(visit: Visit): string | null {
  return NOTICES[visit.query.get('ended') ?? ''] ?? null;
}

/** What the pages of roles without a usual purpose are for; the others have one by themselves. */
const PURPOSES: Readonly<Partial<Record<Role, Purpose>>> = {
  'ig-officer': 'HSYSADMIN',
  sysadmin: 'HSYSADMIN',
  'caldicott-guardian': 'HLEGAL',
  'sar-officer': 'HLEGAL',
  'service-lead': 'HQUALIMP',
};

/** Opens a session under a new cookie for somebody proven, if the directory knows her; null when she is in, else a page. */
export async function enter(visit: Visit, person: SignedInPerson, provenAt: Date | null): Promise<Page | null> {
  const { deps, sessions, requestId, address, now } = visit;
  const session = sessions.open(person);
  const caller = callerOf(session);
  try {
    const standing = await deps.standing(caller, { purpose: person.purpose, now, fresh: true });
    await recordConsoleEvent(deps.door, { ...standing, caller, requestId, address, now }, 'console-sign-in');
    const { kind, name, role } = standing.principal;
    // The directory knows no name of a family: hers stays as the sign-in gave it, and so does why she comes.
    if (kind !== 'family') session.person = { ...person, name, purpose: PURPOSES[role] ?? null };
    session.provenAt = provenAt;
  } catch (error) {
    sessions.end(session);
    await recordUnrecorded(deps.door, error, { caller, requestId, address, now });
    if (error instanceof Outcome && error.status === 401) return notKnown();
    throw error;
  }
  if (visit.session !== null) sessions.end(visit.session);
  visit.giveCookie(session.id);
  return null;
}

/** Proven, but nobody here. */
export function notKnown(): Page {
  const words = 'The staff directory does not know this person as active now.';
  return message(401, 'You cannot sign in', [words], SIGN_IN);
}

/** Ends the session first: whatever happens then, nobody stays signed in. */
export async function signOut(visit: Visit): Promise<Page> {
  const { deps, session, sessions, requestId, address, now } = visit;
  if (session === null) return { redirect: SIGN_IN.href };
  if (visit.form.get('everywhere') === 'yes') sessions.endAll(session);
  sessions.end(session);
  visit.giveCookie(newId());
  const caller = callerOf(session);
  try {
    const standing = await deps.standing(caller, { purpose: session.person.purpose, now, fresh: false });
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
