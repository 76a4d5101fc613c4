/**
 * IHE Basic Audit Log Patterns (BALP 1.1) as far as AuditEvents are rendered here (domain.md 6.4), restated in our own words:
 * what each profile asks of agents and entities is said by rules, under IHE's own canonicals.
 */
import type { ElementRow, ProfileRow, Rule } from './differential.ts';

const BALP = 'https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit';
const DCM = 'http://dicom.nema.org/resources/ontology/DCM';
const PARTICIPATION = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType';
const REST = 'http://hl7.org/fhir/restful-interaction';
const EVENT_TYPE = 'http://terminology.hl7.org/CodeSystem/audit-event-type';
const TRANSACTION = 'https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType';

const typed = (system: string, ...codes: string[]): string =>
  `agent.where(type.coding.where(system = '${system}' and (${codes.map((code) => `code = '${code}'`).join(' or ')})).exists())`;
const entity = (type: string, role: string): string =>
  `entity.where(type.code = '${type}' and role.code = '${role}')`;
const DATA = entity('2', '4');
const PATIENT = entity('1', '1');

let serial = 0;
function rule(human: string, expression: string): Rule {
  serial += 1;
  return { key: `jv-balp-${serial}`, human, expression };
}

/** One agent of this kind with somebody in it and an address of the network. */
const machine = (words: string, agents: string): Rule =>
  rule(
    `There is one ${words}, with who it is and its network address.`,
    `${agents}.where(who.exists() and network.address.exists()).count() = 1 and ${agents}.count() = 1`,
  );
const one = (words: string, expression: string): Rule => rule(`There is one ${words}.`, `${expression}.count() = 1`);

const isPatient = rule('The patient is named by a reference.', `${PATIENT}.where(what.reference.startsWith('Patient/')).count() = 1`);
const isData = rule('The data is named by a reference.', `${DATA}.what.reference.exists()`);
const hasTransaction = rule(
  'At most one entity names the request.',
  `entity.where(type.system = '${TRANSACTION}' and type.code = 'XrequestId').count() <= 1`,
);

interface Rest {
  name: string;
  words: string;
  codes: readonly string[];
  action: string;
  rules: readonly Rule[];
}

/** What all profiles of REST interactions share. */
function rest({ name, words, codes, action, rules }: Rest): ProfileRow {
  const elements: ElementRow[] = [
    { path: '', rules: [...rules, isPatient, hasTransaction] },
    { path: 'type', pattern: ['Coding', { system: EVENT_TYPE, code: 'rest' }] },
    {
      path: 'subtype',
      min: 1,
      rules: [
        rule(
          'The subtype is a REST interaction of this kind.',
          `system = '${REST}' and (${codes.map((code) => `code = '${code}'`).join(' or ')})`,
        ),
      ],
    },
    { path: 'action', min: 1, fixed: ['code', action] },
    { path: 'outcome', min: 1, fixed: ['code', '0'] },
    { path: 'agent', min: 2 },
  ];
  const description = `IHE BALP ${name}, restated: ${words}`;
  return { name: `BALP-${name}`, url: `${BALP}.${name}`, type: 'AuditEvent', title: `BALP ${name}`, description, elements };
}

const SOURCE = typed(DCM, '110153');
const DESTINATION = typed(DCM, '110152');
const APPLICATION = typed(DCM, '110150');
const AUTHORS = typed(PARTICIPATION, 'AUT', 'INF', 'CST');
const READERS = typed(PARTICIPATION, 'IRCP');

/** Writes flow from the client, who is the source; a person who wrote is an author beside the recipient of information. */
const WRITING: readonly Rule[] = [
  machine('client, the source', SOURCE),
  machine('server, the destination', DESTINATION),
  rule('Whoever wrote is an author without a network address.', `${AUTHORS}.network.empty()`),
  one('data entity', DATA),
  isData,
];

export const AUDIT_PROFILES: readonly ProfileRow[] = [
  rest({
    name: 'PatientRead',
    words: 'one resource of one patient was read.',
    codes: ['read', 'vread'],
    action: 'R',
    rules: [
      machine('client, the destination', DESTINATION),
      machine('server, the source', SOURCE),
      one('data entity', DATA),
      isData,
    ],
  }),
  rest({ name: 'PatientCreate', words: 'a resource of one patient was made.', codes: ['create'], action: 'C', rules: WRITING }),
  rest({
    name: 'PatientUpdate',
    words: 'a resource of one patient was changed.',
    codes: ['update', 'patch'],
    action: 'U',
    rules: WRITING,
  }),
  rest({
    name: 'PatientDelete',
    words: 'a resource of one patient was deleted.',
    codes: ['delete'],
    action: 'D',
    rules: [
      machine('client', APPLICATION),
      machine(
        'server, the custodian',
        typed('http://terminology.hl7.org/CodeSystem/provenance-participant-type', 'custodian'),
      ),
      one('data entity', DATA),
      isData,
    ],
  }),
  rest({
    name: 'PatientQuery',
    words: 'a search whose answer held this patient.',
    codes: ['search', 'search-type', 'search-system'],
    action: 'E',
    rules: [
      machine('client, the source', SOURCE),
      machine('server, the destination', DESTINATION),
      rule(
        'The query is one entity with its text and without a reference.',
        `${entity('2', '24')}.where(query.exists() and what.empty()).count() = 1`,
      ),
    ],
  }),
  {
    name: 'BALP-OAUTHaccessTokenUse.Comprehensive',
    url: `${BALP}.OAUTHaccessTokenUse.Comprehensive`,
    type: 'AuditEvent',
    title: 'BALP OAuth detail',
    description: 'IHE BALP OAUTHaccessTokenUse.Comprehensive, restated: the client and the person behind a token.',
    elements: [
      {
        path: '',
        rules: [
          one('client of the token', `${APPLICATION}.where(who.identifier.value.exists())`),
          rule(
            'At most one person used the token: who asked, by issuer and id, and never with a network address.',
            `${READERS}.count() <= 1 and ${READERS}.all(requestor = true and who.identifier.value.exists() and network.empty())`,
          ),
          rule(
            'The token is named by its id, never by itself.',
            `${READERS}.all(policy.count() = 1 and policy.first().startsWith('urn:ietf:params:oauth:jti:'))`,
          ),
          rule('The person says what the access is for.', `${READERS}.all(purposeOfUse.exists())`),
        ],
      },
    ],
  },
  {
    name: 'BALP-PrivacyDisclosure.Source',
    url: `${BALP}.PrivacyDisclosure.Source`,
    type: 'AuditEvent',
    title: 'BALP disclosure at its source',
    description: 'IHE BALP PrivacyDisclosure.Source, restated: data of one patient left for somebody else.',
    elements: [
      {
        path: '',
        rules: [
          machine('source', SOURCE),
          machine('recipient', DESTINATION),
          rule(
            'The source is the observer.',
            `source.observer.identifier.value = ${SOURCE}.who.identifier.value`,
          ),
          one('data entity', DATA),
          isPatient,
          hasTransaction,
        ],
      },
      { path: 'type', pattern: ['Coding', { system: DCM, code: '110106' }] },
      {
        path: 'subtype',
        min: 1,
        pattern: ['Coding', { system: 'http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle', code: 'disclose' }],
      },
      { path: 'action', min: 1, fixed: ['code', 'R'] },
      { path: 'outcome', min: 1, fixed: ['code', '0'] },
      { path: 'agent', min: 2 },
    ],
  },
];
