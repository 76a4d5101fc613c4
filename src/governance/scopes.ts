/** SMART v2 scopes (SMART App Launch 2.2, scopes-and-launch-context): they cap, the rules decide. */
import type { Action, Principal } from './types.ts';

const SCOPE = /^(system|user|patient)\/(\*|[A-Z][A-Za-z]+)\.(c?r?u?d?s?)$/;

const CONTEXT: Readonly<Record<Principal['kind'], string>> = { system: 'system', staff: 'user', family: 'patient' };

/** The letters an action needs: `history` may be of one resource or of a type, so it needs both `r` and `s`. */
const NEEDED: Readonly<Record<Action, string>> = {
  create: 'c',
  read: 'r',
  vread: 'r',
  history: 'rs',
  search: 's',
  update: 'u',
  patch: 'u',
  delete: 'd',
};

/**
 * Whether the granted scopes allow an action on a type (null = whole system: only `*` scopes count). Scopes with search
 * parameters and v1 scopes are not served and grant nothing.
 */
export function scopesAllow(principal: Principal, action: Action, type: string | null): boolean {
  const needed = [...NEEDED[action]];
  const granted = principal.scopes.map((scope) => SCOPE.exec(scope)).filter((match) => match !== null);
  return needed.every((letter) =>
    granted.some(
      ([, context, on, letters]) =>
        context === CONTEXT[principal.kind] &&
        (on === '*' || (type !== null && on === type)) &&
        letters?.includes(letter) === true,
    ),
  );
}
