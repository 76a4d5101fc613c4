/** Sharing state of a family (domain.md 1.3 rule 5, 5.4), derived from Consent; absent = not yet asked. */
import type { Resource } from '../fhir/types.ts';
import { CANON } from './canon.ts';
import { objectsAt, textAt } from './shape.ts';

export const SHARING_POLICY = `${CANON}/policy/joint-visit-sharing`;

export type SharingState = 'not-yet-asked' | 'explained' | 'objected';

/**
 * What the active sharing consents say about one recipient. A denial naming the recipient, or nobody in particular, is
 * an objection; any other active consent under the policy says that sharing was explained.
 * @param recipient `Organization/..` of the receiving service; undefined = any
 */
export function sharingState(consents: readonly Resource[], recipient: string | undefined): SharingState {
  const active = consents.filter(
    (consent) =>
      consent.status === 'active' && objectsAt(consent, 'policy').some((policy) => policy.uri === SHARING_POLICY),
  );
  if (active.length === 0) return 'not-yet-asked';
  const denied = active.some((consent) => {
    if (textAt(consent, 'provision', 'type') !== 'deny') return false;
    const actors = objectsAt(consent, 'provision', 'actor').map((actor) => textAt(actor, 'reference', 'reference'));
    return actors.length === 0 || recipient === undefined || actors.includes(recipient);
  });
  return denied ? 'objected' : 'explained';
}
