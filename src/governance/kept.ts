/**
 * Rules kept by standing: building a rule costs 40 us, deciding one row 2 us (measured), and both are the same for every
 * request of the same standing. The key holds everything a rule is built from, so a changed directory entry is another
 * key: nothing here can outlive what it says. Bounded; emptied when full.
 */
import { isWrite } from './role-views.ts';
import type { Ask, Principal } from './types.ts';

const MOST = 5_000;

const standings = new WeakMap<Principal, string>();

/** A keeper of values that are a pure function of standing and ask (its time aside). */
export function keeper<T>(build: (principal: Principal, ask: Ask) => T, keyOf: (ask: Ask) => string): typeof build {
  const kept = new Map<string, T>();
  return (principal, ask) => {
    const key = `${standingOf(principal)} ${keyOf(ask)}`;
    const known = kept.get(key);
    if (known !== undefined) return known;
    const value = build(principal, ask);
    if (kept.size >= MOST) kept.clear();
    kept.set(key, value);
    return value;
  };
}

/** What of an ask the pieces of a rule depend on. */
export function piecesKey(ask: Ask): string {
  const own = ask.action === 'create' || ask.action === 'delete';
  const action = own ? ask.action : isWrite(ask.action) ? 'write' : 'read';
  return `${action} ${ask.purpose} ${ask.mode}`;
}

/** As JSON, so that no two standings share a text. Principals are never changed once resolved. */
function standingOf(principal: Principal): string {
  const known = standings.get(principal);
  if (known !== undefined) return known;
  const { kind, role, clientId, service, teams, parties, patient, relatedPerson, ownRecordKey, supervises, flags } =
    principal;
  const standing = JSON.stringify([
    kind,
    role,
    clientId,
    service,
    teams,
    parties,
    patient,
    relatedPerson,
    ownRecordKey,
    supervises,
    flags,
  ]);
  standings.set(principal, standing);
  return standing;
}
