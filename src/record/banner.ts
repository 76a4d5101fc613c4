/** What an answer under broken glass carries besides its content: that it is one, until when, and that it is reviewed. */
import { brokenUntil } from '../store/access-grants.ts';
import type { Context, Door } from './types.ts';

/** The answer itself for every purpose but BTG; the header says nothing about whom. */
export async function withBanner<T extends { headers?: Record<string, string> }>(
  door: Door,
  { principal, purpose, now }: Context,
  answer: T,
): Promise<T> {
  if (purpose !== 'BTG' || principal.practitionerRole === undefined) return answer;
  const until = await brokenUntil(door.pool, principal.practitionerRole, now);
  const words = until === null ? 'no live grant' : `until=${until.toISOString()}; recorded and reviewed (R-18)`;
  return { ...answer, headers: { ...answer.headers, 'X-Break-Glass': words } };
}
