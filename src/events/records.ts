/** What the audit trail says about notifications: they are disclosures, each attempt and each refusal of one. */
import { randomUUID } from 'node:crypto';
import type { AuditEntry } from '../audit/types.ts';
import type { Standing } from './ports.ts';

export interface Disclosure {
  subscription: string;
  /** Number of the event; null while it has none (it was withheld before). */
  number: number | null;
  endpoint: string;
  /** `Type/id` it is about. */
  focus: string;
  standing: Standing;
  /** What happens: the intent, the outcome, or the withholding. */
  detail: string;
  outcome: AuditEntry['outcome'];
  /** Status answered by the receiver; 0 = not sent or no answer. */
  status: number;
  now: Date;
}

/** The audit entry of one step of a notification. */
export function disclosureEntry(one: Disclosure): AuditEntry {
  const { decision, agent, patients, label } = one.standing;
  const event = one.number === null ? '' : `/event/${one.number}`;
  return {
    at: one.now.toISOString(),
    requestId: randomUUID(),
    interaction: 'disclosure',
    action: 'R',
    outcome: one.outcome,
    status: one.status,
    agent,
    purpose: 'COC',
    rules: [...new Set(['R-36', ...decision.rules])],
    reason: decision.permit ? null : decision.reason,
    explanation: null,
    entities: [one.focus],
    label,
    patients,
    query: null,
    recipient: `Subscription/${one.subscription}${event} ${one.endpoint}`,
    detail: one.detail,
  };
}

/** What the trail says of a notification that its own addressee will not get by itself; A-22 reads it. */
export const UNDELIVERABLE = 'undeliverable';

/** A stop event whose client has no subscription for it: a person must tell it. */
export function undeliverableEntry(
  one: Pick<Disclosure, 'focus' | 'standing' | 'now'> & { client: string },
): AuditEntry {
  const nowhere = { subscription: '', number: null, endpoint: '', status: 0 };
  const entry = disclosureEntry({ ...one, ...nowhere, detail: UNDELIVERABLE, outcome: 4 });
  return { ...entry, recipient: `Client/${one.client}` };
}
