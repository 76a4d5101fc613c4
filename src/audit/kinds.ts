/** What each interaction is called in an AuditEvent: one table for rendering and for searching by type and subtype. */
import type { Coding } from '../fhir/types.ts';
import type { AuditEntry } from './types.ts';

export type Interaction = AuditEntry['interaction'];

export const REST = 'http://hl7.org/fhir/restful-interaction';
export const DCM = 'http://dicom.nema.org/resources/ontology/DCM';
export const EVENT_TYPE = 'http://terminology.hl7.org/CodeSystem/audit-event-type';
export const LIFECYCLE = 'http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle';

interface Kind {
  type: Coding;
  subtype: Coding;
}

const rest = (code: string): Kind => ({
  type: { system: EVENT_TYPE, code: 'rest' },
  subtype: { system: REST, code },
});

/** domain.md 6.4; sign-ins use DICOM's own pair User Authentication / Login. */
export const KINDS: Readonly<Record<Interaction, Kind>> = {
  create: rest('create'),
  read: rest('read'),
  vread: rest('vread'),
  update: rest('update'),
  patch: rest('patch'),
  delete: rest('delete'),
  'history-instance': rest('history-instance'),
  'history-type': rest('history-type'),
  'history-system': rest('history-system'),
  'search-type': rest('search-type'),
  'search-system': rest('search-system'),
  operation: rest('operation'),
  batch: rest('batch'),
  transaction: rest('transaction'),
  disclosure: { type: { system: DCM, code: '110106' }, subtype: { system: LIFECYCLE, code: 'disclose' } },
  login: { type: { system: DCM, code: '110114' }, subtype: { system: DCM, code: '110122' } },
  token: { type: { system: DCM, code: '110114' }, subtype: { system: DCM, code: '110122' } },
  // DICOM's Use of Restricted Function: an alert says that somebody reached what is watched.
  alert: { type: { system: DCM, code: '110113' }, subtype: { system: DCM, code: '110132' } },
  anonymous: { type: { system: DCM, code: '110113' }, subtype: { system: DCM, code: '110122' } },
};
