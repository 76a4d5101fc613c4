/**
 * Handles of records out of sight: opaque, bound to the service that asked and good for a day, so that one that
 * was copied into a letter opens nothing. They are taken by self-claim, break-glass and concerns, and by nothing else.
 */
import { refuse } from '../fhir/outcome.ts';
import { isObject } from '../fhir/resource.ts';
import type { Context, Door } from './types.ts';

/** For whom a handle is made, and when. */
export interface Asking {
  service: string | null;
  now: Date;
}

const HOURS = 24;

/** What a handle holds is filled up to this: two ids of 64 letters and a date fit, and its length tells no id's length. */
const SIZE = 256;

/** Whom a handle means; `traced`: the caller had been told that she is here, not only refused. */
export interface Held {
  patient: string;
  traced: boolean;
}

/** A fresh handle of `Patient/..` for the caller's service, of always the same length. */
export function handleOf(door: Pick<Door, 'seal'>, { service, now }: Asking, { patient, traced }: Held): string {
  const until = now.getTime() + HOURS * 3_600_000;
  return door.seal(JSON.stringify({ patient, service, until, traced }).padEnd(SIZE));
}

/** @throws Outcome 400 when it is none of ours, somebody else's, or too old: all three alike */
export function heldIn(door: Door, { principal, now }: Pick<Context, 'principal' | 'now'>, handle: string): Held {
  const text = door.unseal(handle);
  const said: unknown = text === null ? null : JSON.parse(text);
  if (isObject(said) && typeof said.patient === 'string' && typeof said.until === 'number') {
    if (said.service === (principal.service ?? null) && said.until > now.getTime())
      return { patient: said.patient, traced: said.traced === true };
  }
  throw refuse(
    400,
    'value',
    'This handle is not known, or a day old: ask again with Patient/$trace',
    'Parameters.parameter',
  );
}
