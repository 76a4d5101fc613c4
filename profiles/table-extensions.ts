/** Extensions of our own. */
import { CANON, type ExtensionRow } from './differential.ts';

export const EXTENSIONS: readonly ExtensionRow[] = [
  {
    name: 'visit-outcome',
    title: 'Outcome of a joint visit',
    description: 'How a visit ended: on the Encounter, or on the Appointment when nobody met.',
    contexts: ['Encounter', 'Appointment'],
    value: { type: 'Coding', binding: `${CANON}/ValueSet/visit-outcome` },
  },
  {
    name: 'audit-decision',
    title: 'Decision behind an access',
    description: 'The rules that decided, why access was refused, and what explains the access of this person.',
    contexts: ['AuditEvent'],
    parts: [
      { url: 'rule', type: 'string', max: '*' },
      { url: 'reason', type: 'code', max: '1' },
      { url: 'explanation', type: 'code', max: '1' },
    ],
  },
  {
    name: 'agreement-lawful-basis',
    title: 'Lawful basis of a sharing agreement',
    description: 'The lawful basis on which the two services share, as the agreement on paper says it.',
    contexts: ['Contract'],
    value: { type: 'string' },
  },
  {
    name: 'agreement-retention',
    title: 'Retention under a sharing agreement',
    description: 'How long the receiving service keeps what it got, as the agreement on paper says it.',
    contexts: ['Contract'],
    value: { type: 'string' },
  },
];
