/** The console's own events in the trail: who signed in and out, and who was turned away at the door. */
import type { AuditEntry } from '../audit/types.ts';
import type { Decision } from '../governance/decision-types.ts';
import { gate } from '../governance/gates.ts';
import { ask } from '../record/decide.ts';
import { entryOf } from '../record/entry.ts';
import { audited, refused } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';

export type ConsoleEvent = 'console-sign-in' | 'console-sign-out';

/** Records a sign-in or sign-out; `how`: machine words about it. @throws Outcome 503 when it cannot be stored: then nobody is signed in */
export function recordConsoleEvent(door: Door, context: Context, event: ConsoleEvent, how?: string): Promise<void> {
  return door.audit.write({ ...entryOf(context, 'login'), detail: how === undefined ? event : `${event}; ${how}` });
}

/** Lets IG officers pass. @throws Outcome 403, recorded, for everyone else */
export function enterAccessRecord(door: Door, context: Context): Promise<void> {
  const entry: AuditEntry = {
    ...entryOf(context, 'operation'),
    entities: ['AuditEvent'],
    detail: 'console-access-record',
  };
  return audited(door, entry, async () => {
    const closed = officersOnly(door, context);
    if (closed !== null) throw await refused(door, entry, closed);
  });
}

/** the refusal of everyone who is not an IG officer now, or null. Told plainly: the page itself is no secret. */
export function officersOnly(door: Door, context: Context): Decision | null {
  const closed = gate(context.principal, ask(door, context, 'search', 'AuditEvent'));
  if (closed === null && context.principal.role === 'ig-officer') return null;
  return {
    permit: false,
    rules: ['R-26'],
    reason: 'role',
    text: 'Only IG officers may ask who looked at a record.',
    explanation: null,
    masks: [],
    concealed: false,
    wayIn: null,
  };
}

/** A page that holds nothing for this person. */
export function recordNothingHere(door: Door, context: Context): Promise<void> {
  return door.audit.write({ ...entryOf(context, 'operation'), detail: 'start' });
}
