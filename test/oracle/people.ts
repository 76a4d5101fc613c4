/** Who asks in the oracle's worlds. Plain facts about a person; nothing of `governance/` is imported here. */

export interface Person {
  role: string;
  kind: 'staff' | 'system' | 'family';
  id: string;
  /** `Organization/..` */
  service: string | null;
  purpose: string;
  /** Own NHS number, for staff who are patients too. */
  nhsNumber?: string;
  /** Family: the mother's Patient, and the partner's RelatedPerson. */
  patient?: string;
  relatedPerson?: string;
}

export const MATERNITY = 'Organization/maternity-service';
export const VISITING = 'Organization/hv-service';
export const SERVICES = [MATERNITY, VISITING];
export const TEAMS = ['CareTeam/mw-a', 'CareTeam/mw-b', 'CareTeam/hv-a', 'CareTeam/hv-b'];

const staff = (role: string, service: string, id: string, purpose = 'TREAT'): Person => ({
  role,
  kind: 'staff',
  id,
  service,
  purpose,
});

export const PEOPLE: readonly Person[] = [
  { ...staff('midwife', MATERNITY, 'mw-1'), nhsNumber: '9990001014' },
  staff('midwife', MATERNITY, 'mw-2'),
  staff('health-visitor', VISITING, 'hv-1'),
  staff('health-visitor', VISITING, 'hv-2'),
  staff('hospital-midwife', MATERNITY, 'lw-1'),
  staff('nursery-nurse', VISITING, 'nn-1'),
  staff('safeguarding', VISITING, 'sg-1'),
  staff('gp', VISITING, 'gp-1'),
  staff('social-worker', VISITING, 'sw-1'),
  staff('student', MATERNITY, 'st-1'),
  staff('team-lead', VISITING, 'tl-1'),
  staff('admin', VISITING, 'ad-1', 'PATADMIN'),
  staff('service-lead', VISITING, 'sl-1', 'HQUALIMP'),
  staff('ig-officer', MATERNITY, 'ig-1', 'HLEGAL'),
  staff('health-visitor', VISITING, 'hv-3', 'BTG'),
  staff('hospital-midwife', MATERNITY, 'lw-2', 'ETREAT'),
  { role: 'system', kind: 'system', id: 'epr', service: MATERNITY, purpose: 'COC' },
  { role: 'system', kind: 'system', id: 'hv-system', service: VISITING, purpose: 'COC' },
  { role: 'mother', kind: 'family', id: 'p1', service: null, purpose: 'PATRQT', patient: 'Patient/p1' },
  {
    role: 'partner',
    kind: 'family',
    id: 'danny',
    service: null,
    purpose: 'PATRQT',
    patient: 'Patient/p1',
    relatedPerson: 'RelatedPerson/danny',
  },
];
