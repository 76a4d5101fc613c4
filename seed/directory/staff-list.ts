/** The people of both services: the demo identities, and those who work beside them. Pure tables. */
import { DEMO_IDENTITIES, DEMO_TEAMS } from '../../src/identity/identities.ts';
import { HEALTH_VISITING, MATERNITY, PERINATAL, TRUST } from './places.ts';

export const TEAMS = {
  midwives: DEMO_TEAMS.midwives,
  midwives2: 'CareTeam/mw-team-2',
  midwives3: 'CareTeam/mw-team-3',
  healthVisitors: DEMO_TEAMS.healthVisitors,
  healthVisitorsSouth: 'CareTeam/hv-team-south',
} as const;

/** Trades of the directory; what each is coded as stands in `staff.ts`. */
export type Trade =
  | 'midwife'
  | 'hospital-midwife'
  | 'student-midwife'
  | 'health-visitor'
  | 'family-nurse'
  | 'nursery-nurse'
  | 'safeguarding'
  | 'perinatal'
  | 'admin'
  | 'team-lead'
  | 'service-lead'
  | 'ig-officer'
  | 'caldicott'
  | 'sar-officer'
  | 'sysadmin'
  | 'interpreter';

export interface StaffMember {
  /** Of both `Practitioner/<id>` and `PractitionerRole/<id>`. */
  id: string;
  given: string;
  family: string;
  trade: Trade;
  organization: string;
  team: string | null;
  /** Took the joint visit training: 23 people, as in the pilot (domain.md 1.1). */
  trained: boolean;
  /** Home address, where a story needs one (same street, R-12). */
  address?: { line: string[]; city: string; postalCode: string };
  /** On the team's list today only (agency, R-40). */
  todayOnly?: boolean;
}

const DEMO_TRADES: Readonly<Record<string, Trade>> = {
  midwife: 'midwife',
  'health-visitor': 'health-visitor',
  'nursery-nurse': 'nursery-nurse',
  safeguarding: 'safeguarding',
  admin: 'admin',
  'service-lead': 'service-lead',
  'ig-officer': 'ig-officer',
  'caldicott-guardian': 'caldicott',
  'sar-officer': 'sar-officer',
  sysadmin: 'sysadmin',
  'team-lead': 'team-lead',
};

/** The identities `npm run token` signs for, from their one table. */
function demoStaff(): StaffMember[] {
  return [...DEMO_IDENTITIES.values()].flatMap((one) => {
    const trade = DEMO_TRADES[one.key];
    if (one.kind !== 'staff' || trade === undefined || one.org === null || one.fhirUser === null) return [];
    const id = one.fhirUser.slice('PractitionerRole/'.length);
    const trained = trade === 'midwife' || trade === 'health-visitor';
    return [{ id, given: one.name, family: 'Testwell', trade, organization: one.org, team: one.team, trained }];
  });
}

type Row = [id: string, given: string, family: string];

function team(trade: Trade, organization: string, of: string | null, rows: readonly Row[], trained = false) {
  return rows.map(
    ([id, given, family]): StaffMember => ({ id, given, family, trade, organization, team: of, trained }),
  );
}

const MIDWIVES = [
  ...team(
    'midwife',
    MATERNITY,
    TEAMS.midwives,
    [
      ['mw-11', 'Carol', 'Mockfield'],
      ['mw-12', 'Denise', 'Trialwood'],
      ['mw-13', 'Esther', 'Samplewood'],
    ],
    true,
  ),
  ...team(
    'midwife',
    MATERNITY,
    TEAMS.midwives2,
    [
      ['mw-21', 'Frances', 'Fixtureby'],
      ['mw-22', 'Gloria', 'Modelham'],
      ['mw-23', 'Hilary', 'Draftson'],
      ['mw-24', 'Irene', 'Testley'],
    ],
    true,
  ),
  ...team(
    'midwife',
    MATERNITY,
    TEAMS.midwives3,
    [
      ['mw-31', 'Janet', 'Demoshaw'],
      ['mw-32', 'Kathleen', 'Exampledale'],
      ['mw-33', 'Linda', 'Dummyworth'],
      ['mw-34', 'Maureen', 'Specimenton'],
    ],
    true,
  ),
];

const HEALTH_VISITORS = [
  ...team(
    'health-visitor',
    HEALTH_VISITING,
    TEAMS.healthVisitors,
    [
      ['hv-11', 'Anita', 'Placeholderby'],
      ['hv-12', 'Barbara', 'Inventedley'],
      ['hv-13', 'Christine', 'Pretendford'],
      ['hv-14', 'Deborah', 'Samplewell'],
      ['hv-15', 'Elaine', 'Mockdale'],
      ['hv-16', 'Fiona', 'Testshaw'],
    ],
    true,
  ),
  ...team(
    'health-visitor',
    HEALTH_VISITING,
    TEAMS.healthVisitorsSouth,
    [
      ['hv-21', 'Gillian', 'Trialby'],
      ['hv-22', 'Heather', 'Fixturekirk'],
      ['hv-23', 'Isabel', 'Modelford'],
    ],
    true,
  ),
  ...team('family-nurse', HEALTH_VISITING, TEAMS.healthVisitors, [['fn-1', 'Josie', 'Draftfield']], true),
];

/** Lives in the street of the family that shows A-05. */
const SAME_STREET = { line: ['12 Fixture Lane'], city: 'Sampleport', postalCode: 'ZZ4 2AB' };

const OTHERS: readonly StaffMember[] = [
  ...team('health-visitor', HEALTH_VISITING, TEAMS.healthVisitors, [['hv-17', 'Karen', 'Demoley']]).map((one) => ({
    ...one,
    address: SAME_STREET,
  })),
  ...team('midwife', MATERNITY, TEAMS.midwives, [['mw-agency', 'Norma', 'Exampleson']]).map((one) => ({
    ...one,
    todayOnly: true,
  })),
  ...team('midwife', MATERNITY, null, [['mw-agency-off', 'Olga', 'Dummyfield']]),
  ...team('hospital-midwife', MATERNITY, null, [['hm-joan', 'Joan', 'Testwell']]),
  ...team('student-midwife', MATERNITY, TEAMS.midwives, [['st-1', 'Robyn', 'Placeholderton']]),
  ...team('team-lead', MATERNITY, TEAMS.midwives, [['tl-mw', 'Paula', 'Inventedwood']]),
  ...team('perinatal', PERINATAL, null, [['pm-1', 'Rachel', 'Specimenwell']]),
  ...team('interpreter', TRUST, null, [['in-urdu', 'Tahira', 'Trialshaw']]),
];

/** Everybody; the first of each team are those of the demo. */
export const STAFF: readonly StaffMember[] = [...demoStaff(), ...MIDWIVES, ...HEALTH_VISITORS, ...OTHERS];

/** Those who may be a family's named midwife or health visitor, by `PractitionerRole/<id>`. */
export const NAMED_MIDWIVES = STAFF.filter((one) => one.trade === 'midwife' && one.trained);
export const NAMED_HEALTH_VISITORS = STAFF.filter((one) => one.trade === 'health-visitor' && one.trained);
