/** Plain words for people: why yes, why no, what to do. Never record content. */
import type { DenyReason } from './decision-types.ts';

const WORDS: Readonly<Record<DenyReason, string>> = {
  'no-authn': 'Sign in first: this asks for a person, and none is named.',
  'no-purpose': 'Say what the access is for: your role has no usual purpose.',
  purpose: 'This is not a purpose for which your role may use the record.',
  'dsa-missing': 'No sharing agreement covers this between the two services.',
  'dsa-expired': 'The sharing agreement between the two services has ended. The service leads can renew it.',
  role: 'Your role does not include this.',
  'no-relationship': 'You have no current relationship of care with this family.',
  'earlier-pregnancy': 'This belongs to an earlier pregnancy, which your relationship of care does not cover.',
  held: 'There is no such record.',
  'not-released': 'Sharing has not been explained to the family yet, so only the service that recorded this sees it.',
  'own-record': 'This is your own record. Ask for it as a patient, through subject access.',
  conflict: 'You have a declared interest in this family, so a colleague has to act.',
  label: 'This is marked as restricted beyond your role in this family’s care.',
  objection: 'The family objects to sharing this with your service.',
  's-flag': 'There is no such record.',
  'restricted-processing': 'Use of this record is restricted at the person’s request.',
  cap: 'That is more than may be taken at once.',
  'rate-limit': 'Too many requests; wait a little.',
  'test-data': 'Test data and real data are kept apart.',
  'policy-unavailable': 'The rules cannot be evaluated at this moment, so nothing is shown.',
  'audit-unavailable': 'The access cannot be recorded at this moment, so nothing is shown.',
};

/** The sentence for a deny reason (domain.md 2.8). */
export function wordsFor(reason: DenyReason): string {
  return WORDS[reason];
}

/** What hidden and unknown say alike (5.1). */
export const NO_SUCH_RECORD = 'There is no such record.';
