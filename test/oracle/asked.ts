/**
 * The oracle of the gates: who may ask what at all, before any row is looked at, straight from domain.md 5.2 (R-01 to R-03,
 * ), 5.3 and 4.7. It shares no code with the service.
 */
import { CLASS_TYPES } from './cells.ts';
import type { Person } from './people.ts';
import { hasCell } from './told.ts';

export interface Asking {
  person: Person;
  /** Whether the token names a person of the directory, or a registered system. */
  known: boolean;
  /** a student with a supervisor and an end. */
  supervised: boolean;
  /** `<type or *>.<letters>`. */
  scope: string;
  action: 'read' | 'search' | 'create' | 'delete';
  type: string;
  purpose: string;
  mode: 'demo' | 'production' | 'training';
}

const CLINICAL =
  'midwife health-visitor hospital-midwife nursery-nurse safeguarding gp social-worker student team-lead';
const BREAKS_GLASS = 'midwife health-visitor hospital-midwife safeguarding gp team-lead';
const PURPOSES: Readonly<Record<string, string>> = {
  admin: 'PATADMIN CAREMGT',
  'service-lead': 'HQUALIMP PUBHLTH',
  'ig-officer': 'HLEGAL HQUALIMP PATRQT HSYSADMIN',
  mother: 'PATRQT',
  partner: 'PATRQT',
  system: 'COC',
};
const LETTER = { read: 'r', search: 's', create: 'c', delete: 'd' };
/** Kinds of data that come in a type and in no agreement. */
const MORE: Readonly<Record<string, string[]>> = {
  Contract: ['agreements'],
  CareTeam: ['directory'],
  Practitioner: ['directory'],
  Slot: ['schedule'],
  Account: ['not-served'],
};

/** Slots, subscriptions, and what may be a draft of their own. */
const DELETED_BY_SYSTEMS = 'Slot Subscription QuestionnaireResponse Composition DocumentReference';

const listed = (list: string, one: string): boolean => list.split(' ').includes(one);

/** The rule that keeps this request out, whatever it would find; null = rows may be looked at. */
export function closedBy(asking: Asking): string | null {
  const { person, action, type, purpose, mode } = asking;
  if (!asking.known) return 'R-01';
  if (person.kind === 'system' && purpose !== 'COC' && purpose !== 'HTEST') return purpose === 'BTG' ? 'R-19' : 'R-01';
  if ((purpose === 'HTEST') !== (mode === 'training')) return 'R-48';
  const isWrite = action === 'create' || action === 'delete';
  const isFeedback = action === 'create' && type === 'QuestionnaireResponse';
  if (person.kind === 'family' && (mode === 'production' || (isWrite && !isFeedback))) return 'R-15';
  if (!mayAskFor(person.role, purpose)) return purpose === 'BTG' ? 'R-19' : 'R-03';
  const [on = '', letters = ''] = asking.scope.split('.');
  if (!((on === '*' || on === type) && letters.includes(LETTER[action]))) return '4.7';
  if (type === 'AuditEvent' && isWrite) return 'R-27';
  if (action === 'delete' && !(person.kind === 'system' && listed(DELETED_BY_SYSTEMS, type))) return 'R-33';
  if (person.role === 'student' && !asking.supervised) return 'R-40';
  if (person.kind === 'family' || isWrite) return null;
  // Everybody at work sees her own actions; an officer meets a woman in a case of hers, by rows.
  if (type === 'AuditEvent') return person.kind === 'staff' ? null : 'R-05';
  if (person.role === 'ig-officer' && type === 'Patient') return null;
  const kinds = Object.entries(CLASS_TYPES).flatMap(([kind, types]) => (types.includes(type) ? [kind] : []));
  if (hasCell(person, [...kinds, ...(MORE[type] ?? [])])) return null;
  return person.role === 'ig-officer' ? 'R-26' : 'R-05';
}

function mayAskFor(role: string, purpose: string): boolean {
  if (purpose === 'HTEST') return true;
  if (purpose === 'BTG') return listed(BREAKS_GLASS, role);
  if (listed(CLINICAL, role)) return listed('TREAT ETREAT COC CAREMGT', purpose);
  return listed(PURPOSES[role] ?? '', purpose);
}
