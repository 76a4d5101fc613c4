/** The kinds of access officers look for (Q3, Q5, Q6, Q8, Q9 of domain.md 6.2) in words. */
import type { MarkedKind } from '../oversight/officer-desk.ts';

export const KIND_WORDS: Readonly<Record<MarkedKind, string>> = {
  unexplained: 'Not personally explained',
  R: 'Restricted records',
  V: 'Very restricted records',
  's-flag': 'Records with a restricted address',
  EMP: 'Records of staff',
  CEL: 'Records of known people',
  'after-relationship': 'After the relationship ended',
  'same-surname': 'Same surname',
  'same-address': 'Same address',
  'own-record': 'Own record',
  colleague: 'Records of colleagues',
  neighbour: 'Same postcode',
  'after-death': 'After a death',
  'after-loss': 'After a pregnancy ended',
  'new-place': 'From a new network address',
  'out-of-hours': 'Between 20:00 and 07:00',
};
