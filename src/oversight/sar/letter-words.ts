/** Roles, purposes and kinds of entries in the words of a letter to whoever the record is about. */

const ROLES: Readonly<Record<string, string>> = {
  midwife: 'community midwife',
  'health-visitor': 'health visitor or family nurse',
  'hospital-midwife': 'hospital midwife, obstetrician or sonographer',
  'nursery-nurse': 'community nursery nurse',
  'perinatal-mental-health': 'perinatal mental health',
  safeguarding: 'nurse',
  gp: 'GP',
  'social-worker': 'social worker',
  student: 'student',
  'team-lead': 'team lead',
  admin: 'administrator',
  'service-lead': 'service lead',
  'ig-officer': 'privacy officer',
  'caldicott-guardian': 'Caldicott Guardian',
  'sar-officer': 'subject access officer',
  system: 'computer system',
  steward: 'computer system',
};

const PURPOSES: Readonly<Record<string, string>> = {
  TREAT: 'to care for you',
  ETREAT: 'in an emergency',
  BTG: 'in an emergency',
  COC: 'to work together between services',
  CAREMGT: 'to plan care',
  PATADMIN: 'for appointments and records',
  PUBHLTH: 'for public health',
  HQUALIMP: 'to improve care',
  PATRQT: 'because you asked',
  HLEGAL: 'to answer a request for a record, or for the law',
  HSYSADMIN: 'to check who used the record',
  HTEST: 'to test the system',
};

/** In plain words; a role that has none here stays out. */
export const roleInLetter = (role: string | null): string | null => (role === null ? null : (ROLES[role] ?? null));
export const purposeInLetter = (purpose: string | null): string | null =>
  purpose === null ? null : (PURPOSES[purpose] ?? null);

/** `risk assessment` of `RiskAssessment`. */
export function typeInLetter(type: string): string {
  return type.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
}
