/** The words for a role in a file or a form, and how each is coded (domain.md 3.7); SDS job roles are taken as well (4.6). */
import type { JsonObject } from '../fhir/types.ts';
import { roleOf } from '../governance/directory.ts';
import type { Role } from '../governance/types.ts';
import { local, SNOMED } from '../governance/vocabulary.ts';

export interface RoleCode {
  /** As it stands in a file. */
  word: string;
  /** As people read it. */
  label: string;
  role: Role;
  code: JsonObject;
  specialty?: JsonObject;
}

const snomed = (code: string, display: string): JsonObject => ({ coding: [{ system: SNOMED, code, display }] });
const coded = (word: string, role: Role, code: string, label: string): RoleCode => ({
  word,
  label,
  role,
  code: snomed(code, label),
});
const worded = (word: string, role: Role, label: string): RoleCode => ({ word, label, role, code: { text: label } });

/** Codes where domain.md 3.7 has one, else the words the directory reads (governance/directory.ts). */
export const ROLE_CODES: readonly RoleCode[] = [
  coded('midwife', 'midwife', '158999002', 'Community midwife'),
  coded('health-visitor', 'health-visitor', '1052581000000109', 'Health visitor'),
  {
    word: 'family-nurse',
    label: 'Family nurse',
    role: 'health-visitor',
    code: {
      coding: [
        { system: SNOMED, code: '1052581000000109', display: 'Health visitor' },
        { system: local('practitioner-role'), code: 'family-nurse' },
      ],
    },
  },
  {
    word: 'hospital-midwife',
    label: 'Hospital midwife',
    role: 'hospital-midwife',
    code: { ...snomed('309453006', 'Registered midwife'), text: 'Hospital midwife' },
  },
  coded('nursery-nurse', 'nursery-nurse', '224578004', 'Nursery nurse'),
  {
    ...worded('safeguarding-nurse', 'safeguarding', 'Safeguarding nurse'),
    specialty: snomed('1326421000000106', 'Safeguarding children team'),
  },
  {
    ...worded('perinatal-mental-health', 'perinatal-mental-health', 'Perinatal mental health practitioner'),
    specialty: snomed('901221000000102', 'Perinatal mental health service'),
  },
  {
    ...worded('social-worker', 'social-worker', 'Social worker'),
    specialty: snomed('310134006', 'Social services'),
  },
  coded('gp', 'gp', '62247001', 'General practitioner'),
  coded('student-midwife', 'student', '309454000', 'Student midwife'),
  worded('team-lead', 'team-lead', 'Team lead'),
  coded('admin', 'admin', '224608005', 'Administrative healthcare staff'),
  worded('service-lead', 'service-lead', 'Service lead'),
  worded('privacy-officer', 'ig-officer', 'Privacy officer'),
  worded('caldicott-guardian', 'caldicott-guardian', 'Caldicott Guardian'),
  worded('subject-access-officer', 'sar-officer', 'Subject access officer'),
  worded('system-administrator', 'sysadmin', 'System administrator'),
];

/** The role of a word, or of an SDS job role such as `R0680` (`S8000:G8000:R8001` too); null = not known. */
export function roleCodeOf(word: string): RoleCode | null {
  const wanted = word.toLowerCase().replaceAll(' ', '-');
  const named = ROLE_CODES.find((one) => one.word === wanted);
  if (named !== undefined) return named;
  const role = /^[A-Z0-9:]+$/.test(word)
    ? roleOf({ resourceType: 'PractitionerRole', code: [{ coding: [{ code: word }] }] })
    : null;
  return ROLE_CODES.find((one) => one.role === role) ?? null;
}
