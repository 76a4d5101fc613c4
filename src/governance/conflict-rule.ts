/** a relative, or somebody with a declared interest, leaves the record to a colleague; in an emergency she may break glass. */
import { all, any, consentFor, not, TRUE } from './compose.ts';
import { brokenGlass } from './relationship-rules.ts';
import type { Piece } from './row-rules.ts';
import type { Ask, Principal } from './types.ts';

export function conflictPiece(principal: Principal, ask: Ask): Piece {
  const key = principal.ownRecordKey;
  const self = [principal.practitionerRole, principal.practitioner].filter((one) => one !== undefined);
  const declared = self.length === 0 ? TRUE : not(consentFor('conflict', self));
  const relative = key === undefined ? TRUE : not(consentFor('relative', [key]));
  return { name: 'conflict', rules: ['R-12'], rule: any(all(declared, relative), brokenGlass(principal, ask)) };
}
