/**
 * Who may run an operation of the mission (domain.md 5.3): whoever writes the kind of data it moves. What it then writes
 * on her behalf she must be able to see; that alone is no leave to run it.
 */
import { cellOf } from './role-views.ts';
import type { DataClass, Role } from './types.ts';

const MOVES: Readonly<Record<string, readonly DataClass[]>> = {
  $refer: ['referral'],
  $accept: ['referral'],
  '$referral-event': ['referral'],
  $triage: ['referral'],
  '$propose-visit': ['schedule'],
  $respond: ['schedule'],
  '$visit-event': ['visit'],
  $sign: ['working-copy'],
  $release: ['working-copy'],
  $extract: ['findings', 'plan'],
  '$extract-apply': ['findings', 'plan'],
};

/** True for operations that move a kind of data this role writes, and for those that no table names (two persons, R-27). */
export function mayRun(role: Role, operation: string): boolean {
  const moved = MOVES[operation];
  if (role === 'steward' || moved === undefined) return true;
  return moved.every((dataClass) => {
    const { write } = cellOf(role, dataClass);
    return write !== 'none' && write !== 'two-person';
  });
}

/** The operations that are in the table; a test holds it equal to those that exist. */
export const OPERATIONS_IN_TABLE: readonly string[] = Object.keys(MOVES);
