/**
 * The sharing protocol of the two services, in both directions, and one agreement that ends soon (R-04: its guardians
 * are warned). People see up to R for direct care, where role and care team allow it; systems synchronise N.
 */
import { CANON, profile, reference, V3_CONFIDENTIALITY, V3_PARTICIPATION } from '../../src/care/canon.ts';
import { addDays, type CivilDate } from '../../src/care/clock.ts';
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import { HEALTH_VISITING, MATERNITY, PERINATAL, TRUST } from './places.ts';

const ACT_REASON = 'http://terminology.hl7.org/CodeSystem/v3-ActReason';
const RESOURCE_TYPES = 'http://hl7.org/fhir/resource-types';

const SHARED = [
  ...['Patient', 'RelatedPerson', 'Group', 'ServiceRequest', 'Task', 'Observation', 'Condition', 'Appointment'],
  ...['Encounter', 'EpisodeOfCare', 'CareTeam', 'QuestionnaireResponse', 'RiskAssessment', 'CarePlan', 'Goal'],
  ...['Flag', 'Consent', 'DocumentReference', 'Communication', 'Procedure', 'Provenance'],
];

interface Direction {
  from: string;
  to: string;
  label: 'N' | 'R';
  purposes: string[];
}

function term({ from, to, label, purposes }: Direction): JsonObject {
  const party = (role: string, service: string): JsonObject => ({
    role: { coding: [{ system: V3_PARTICIPATION, code: role }] },
    reference: [reference(service)],
  });
  return {
    securityLabel: [
      {
        classification: { system: V3_CONFIDENTIALITY, code: label },
        control: purposes.map((code) => ({ system: ACT_REASON, code })),
      },
    ],
    offer: { party: [party('CST', from), party('IRCP', to)] },
    asset: [{ type: SHARED.map((code) => ({ coding: [{ system: RESOURCE_TYPES, code }] })) }],
  };
}

const extension = (name: string): string => `${CANON}/StructureDefinition/${name}`;

function agreement(id: string, title: string, period: JsonObject, directions: Direction[]): Resource {
  return {
    resourceType: 'Contract',
    id,
    meta: { profile: [profile('JV-SharingAgreement')] },
    // Illustrative words: which articles hold, and for how long records are kept, the organisations' own advisers say.
    extension: [
      { url: extension('agreement-lawful-basis'), valueString: 'Illustrative: as the signed agreement says' },
      { url: extension('agreement-retention'), valueString: 'Illustrative: as the receiving service keeps its own' },
    ],
    status: 'executed',
    title,
    authority: [reference(TRUST)],
    applies: period,
    term: directions.map(term),
  };
}

const PEOPLE = ['TREAT', 'ETREAT', 'CAREMGT'];

/** Both ways between two services: people up to R, administrators and systems N. */
const both = (a: string, b: string): Direction[] =>
  [
    [a, b],
    [b, a],
  ].flatMap(([from = a, to = b]): Direction[] => [
    { from, to, label: 'R', purposes: PEOPLE },
    { from, to, label: 'N', purposes: ['COC', 'PATADMIN'] },
  ]);

export const sharingProtocols = (today: CivilDate): Resource[] => [
  agreement(
    'sharing-mw-hv',
    'Sharing protocol: community midwifery and health visiting',
    { start: addDays(today, -380), end: addDays(today, 350) },
    both(MATERNITY, HEALTH_VISITING),
  ),
  agreement(
    'sharing-mw-perinatal',
    'Sharing protocol: community midwifery and perinatal mental health (ends soon)',
    { start: addDays(today, -344), end: addDays(today, 21) },
    both(MATERNITY, PERINATAL),
  ),
];
