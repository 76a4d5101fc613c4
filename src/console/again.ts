/**
 * Proving again who one is, before something sensitive: who proved it lately goes on, others are asked, and come back
 * to the page they were on. With a provider it asks for the proof anew; the demo has no secret to ask for.
 */
import type { OfficerHandler } from './guards.ts';
import { askAgain, type Page, pathHere } from './pages.ts';
import type { Visit } from './visit.ts';

/** Lets the handler run for somebody who proved lately who she is; nothing is done for others. */
export function provenLately(handler: OfficerHandler): OfficerHandler {
  return async (visit, context) => {
    if (isFresh(visit)) return handler(visit, context);
    return askAgain(visit.path);
  };
}

/** Nobody says when she proved it, or too long ago: the same length as for tokens (record/fresh-sign-in.ts). */
function isFresh({ session, now, deps }: Visit): boolean {
  const provenAt = session?.provenAt ?? null;
  return provenAt !== null && now.getTime() - provenAt.getTime() <= deps.door.freshSignIn * 1_000;
}

export function againPage(way: 'demo' | 'provider'): OfficerHandler {
  return async (visit) => {
    const to = pathHere(visit.query.get('to') ?? '');
    const start = `/console/sign-in/start?again=yes&to=${encodeURIComponent(to)}`;
    return { status: 200, template: 'again', context: { to, start: way === 'demo' ? null : start } };
  };
}

/** The demo's: a button. */
export async function againPosted(visit: Visit): Promise<Page> {
  if (visit.session !== null) visit.session.provenAt = visit.now;
  return { redirect: pathHere(visit.form.get('to') ?? '') };
}
