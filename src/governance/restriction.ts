/**
 * R-31 (Article 18): while use is restricted, the record is kept and not used; who wrote a row is told that it is
 * restricted, to everybody else of the services it is not there.
 */
import { consentFor, not } from './compose.ts';
import type { Piece } from './row-rules.ts';

export function restrictionPiece(): Piece {
  return { name: 'restriction', rules: ['R-31'], rule: not(consentFor('restriction', [])) };
}
