/** Entering and leaving the console, however somebody proved who she is. Both are in the trail before the browser hears of them. */
import { Outcome } from '../fhir/outcome.ts';
import type { Purpose, Role } from '../governance/types.ts';
import type { ProvenPerson } from '../identity/person-claims.ts';
import { recordConsoleEvent } from '../oversight/console-door.ts';
import { recordUnrecorded } from '../record/refusal.ts';
import { endEverywhere, sessionEndsOf } from '../record/sign-in.ts';
import { callerOf } from './identity.ts';
import { message, type Page, SIGN_IN } from './pages.ts';
import { newId, type Session, type SignedInPerson } from './session.ts';
import type { Visit } from './visit.ts';

const NOTICES: Readonly<Record<string, string>> = {
  idle: 'You were signed out because nothing happened for 15 minutes.',
  expired: 'You were signed out because 12 hours have passed.',
  out: 'You have signed out.',
  everywhere: 'All your sessions were ended.',
  stale: 'That sign-in took too long, or was never begun. Start again.',
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

/** When and how strongly she proved who she is. */
type Proof = Pick<ProvenPerson, 'provenAt' | 'assurance'>;

/** Opens a session under a new cookie for somebody proven, if the directory knows her; null when she is in, else a page. */
export async function enter(visit: Visit, person: SignedInPerson, proof: Proof): Promise<Page | null> {
  const { deps, sessions, requestId, address, now } = visit;
  const session = sessions.open(person);
  const caller = callerOf(session);
  try {
    const standing = await deps.standing(caller, { purpose: person.purpose, now, fresh: true });
    session.ends = await sessionEndsOf(deps.door, person);
    const context = { ...standing, caller, requestId, address, now };
    await recordConsoleEvent(deps.door, context, 'console-sign-in', `assurance: ${proof.assurance}`);
    const { kind, name, role } = standing.principal;
    // The directory knows no name of a family: hers stays as the sign-in gave it, and so does why she comes.
    if (kind !== 'family') session.person = { ...person, name, purpose: PURPOSES[role] ?? null };
    session.provenAt = proof.provenAt;
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

/** Ends the session first: whatever happens then, nobody stays signed in here. */
export async function signOut(visit: Visit): Promise<Page> {
  const { deps, session, sessions, requestId, address, now } = visit;
  if (session === null) return { redirect: SIGN_IN.href };
  sessions.end(session);
  visit.giveCookie(newId());
  const caller = callerOf(session);
  const everywhere = visit.form.get('everywhere') === 'yes';
  if (everywhere && !(await endedEverywhere(visit, session))) {
    const words = 'You are signed out here. Your other sessions could not be ended: sign in and try again.';
    return message(503, 'You are signed out here only', [words], SIGN_IN);
  }
  try {
    const standing = await deps.standing(caller, { purpose: session.person.purpose, now, fresh: false });
    const context = { ...standing, caller, requestId, address, now };
    await recordConsoleEvent(deps.door, context, 'console-sign-out', everywhere ? 'everywhere' : undefined);
  } catch (error) {
    await recordUnrecorded(deps.door, error, { caller, requestId, address, now });
  }
  return { redirect: `${SIGN_IN.href}?ended=out` };
}

async function endedEverywhere({ deps, requestId }: Visit, { person }: Session): Promise<boolean> {
  try {
    await endEverywhere(deps.door, person);
    return true;
  } catch (error) {
    deps.door.log.error('sessions could not be ended', {
      requestId,
      error: error instanceof Error ? error.name : typeof error,
    });
    return false;
  }
}

/** Where a page goes that was left alone: it counts as no activity, so the session behind it still locks. */
export function idlePage(visit: Visit): Page {
  if (visit.session === null) return { redirect: `${SIGN_IN.href}?ended=idle` };
  return message(200, 'This page was closed', [
    'Nothing happened on it for 15 minutes. You are still signed in elsewhere.',
  ]);
}
