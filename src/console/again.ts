/**
 * Proving again who one is, before something sensitive: who proved it lately goes on, others are asked, and come back
 * to the page they were on. The provider asks for the proof anew.
 */
import type { OfficerHandler } from './guards.ts';
import { askAgain, pathHere } from './pages.ts';
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

/** The way to the provider, and back. */
export const againPage: OfficerHandler = async ({ deps, query }) => {
  const to = pathHere(query.get('to') ?? '');
  const start = `${deps.issuer}/console/sign-in/start?again=yes&to=${encodeURIComponent(to)}`;
  return { status: 200, template: 'again', context: { start } };
};
