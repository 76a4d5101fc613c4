/** Profiles of people, teams and agreements. */
import { CANON, type ProfileRow } from './differential.ts';

const NHS_NUMBER = 'https://fhir.nhs.uk/Id/nhs-number';
const STATUS = 'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus';
const FETAL_STATUS = [
  'http://hl7.org/fhir/6.0/StructureDefinition/extension-Patient.fetalStatus',
  'http://hl7.org/fhir/StructureDefinition/patient-fetalStatus',
];
const JOB_ROLES = 'https://fhir.hl7.org.uk/CodeSystem/UKCore-SDSJobRoleName';

/** Modulus 11 as FHIRPath: weights 10 to 2, check digit 11 - remainder, 11 becomes 0. */
const WEIGHTED = [10, 9, 8, 7, 6, 5, 4, 3, 2]
  .map((weight, at) => `value.substring(${at},1).toInteger()*${weight}`)
  .join(' + ');
const MODULUS_11 =
  "value.matches('^[0-9]{10}$') and " + `((11 - ((${WEIGHTED}) mod 11)) mod 11) = value.substring(9,1).toInteger()`;

const fetalStatus = FETAL_STATUS.map((url) => `url = '${url}'`).join(' or ');

export const PEOPLE_PROFILES: readonly ProfileRow[] = [
  {
    name: 'JV-Patient',
    type: 'Patient',
    title: 'Patient of either service',
    description: 'At most one NHS number, which passes Modulus 11; without a verification status it counts as 02.',
    elements: [
      { path: 'identifier', slicedBy: 'system' },
      {
        path: 'identifier:nhsNumber',
        min: 0,
        max: '1',
        rules: [
          {
            key: 'jv-nhs-1',
            human: 'An NHS number has ten digits and a check digit that fits (Modulus 11).',
            expression: MODULUS_11,
          },
          {
            key: 'jv-nhs-2',
            human: 'No verification status: the number is stored as present, not traced (02).',
            expression: `extension.where(url = '${STATUS}').exists()`,
            severity: 'warning',
          },
        ],
      },
      { path: 'identifier:nhsNumber.system', min: 1, fixed: ['uri', NHS_NUMBER] },
      { path: 'identifier:nhsNumber.value', min: 1 },
    ],
  },
  {
    name: 'JV-UnbornBaby',
    type: 'Patient',
    title: 'Unborn baby',
    description: 'One Patient per fetus, for identity only: findings have the mother as subject and this one as focus.',
    elements: [
      {
        path: '',
        rules: [
          {
            key: 'jv-unborn-1',
            human: 'An unborn baby has exactly one fetal status.',
            expression: `extension.where(${fetalStatus}).count() = 1`,
          },
          {
            key: 'jv-unborn-2',
            human: 'An unborn baby has no NHS number.',
            expression: `identifier.where(system = '${NHS_NUMBER}').empty()`,
          },
        ],
      },
      { path: 'identifier', min: 1, slicedBy: 'system' },
      { path: 'identifier:fetus', min: 1, max: '1' },
      { path: 'identifier:fetus.system', min: 1, fixed: ['uri', `${CANON}/Id/fetus`] },
      { path: 'identifier:fetus.value', min: 1 },
      { path: 'birthDate', max: '0' },
      { path: 'deceased[x]', max: '0' },
      { path: 'maritalStatus', max: '0' },
      { path: 'multipleBirth[x]', types: ['boolean'] },
      { path: 'communication', max: '0' },
    ],
  },
  {
    name: 'JV-Family',
    type: 'Group',
    title: 'Family',
    description: 'The Patients of one family: mother, unborn babies, babies. Others are RelatedPersons.',
    elements: [
      { path: 'type', fixed: ['code', 'person'] },
      { path: 'actual', fixed: ['boolean', true] },
      {
        path: 'code',
        min: 1,
        pattern: ['CodeableConcept', { coding: [{ system: `${CANON}/CodeSystem/group-kind`, code: 'family' }] }],
      },
      { path: 'quantity', max: '0' },
      { path: 'member.entity', targets: ['Patient'] },
    ],
  },
  {
    name: 'JV-Practitioner',
    type: 'Practitioner',
    title: 'Practitioner',
    description: 'Known by SDS user id or NMC number, at most one of each.',
    elements: [
      {
        path: '',
        rules: [
          {
            key: 'jv-prac-1',
            human: 'A practitioner has an SDS user id or an NMC number.',
            expression:
              "identifier.where(system = 'https://fhir.nhs.uk/Id/sds-user-id' or system = 'https://fhir.hl7.org.uk/Id/nmc-number').exists()",
          },
        ],
      },
      { path: 'identifier', slicedBy: 'system' },
      { path: 'identifier:sdsUserId', min: 0, max: '1' },
      { path: 'identifier:sdsUserId.system', min: 1, fixed: ['uri', 'https://fhir.nhs.uk/Id/sds-user-id'] },
      { path: 'identifier:nmcNumber', min: 0, max: '1' },
      { path: 'identifier:nmcNumber.system', min: 1, fixed: ['uri', 'https://fhir.hl7.org.uk/Id/nmc-number'] },
    ],
  },
  {
    name: 'JV-PractitionerRole',
    type: 'PractitionerRole',
    title: 'Role of a practitioner in a service',
    description: 'The occupation in SNOMED CT, the service, and the Organization that is the service.',
    elements: [
      {
        path: '',
        rules: [
          {
            key: 'jv-role-1',
            human: 'Job-role codes of the retired SDS system are not written to code.',
            expression: `code.coding.where(system = '${JOB_ROLES}').empty()`,
          },
        ],
      },
      { path: 'practitioner', min: 1 },
      { path: 'organization', min: 1 },
      {
        path: 'code',
        min: 1,
        rules: [
          {
            key: 'jv-role-2',
            human: 'The occupation is coded in SNOMED CT.',
            expression: "coding.where(system = 'http://snomed.info/sct').exists()",
          },
        ],
      },
      { path: 'healthcareService', min: 1 },
    ],
  },
  {
    name: 'JV-CareTeam',
    type: 'CareTeam',
    title: 'Care team of a person',
    description: 'Every membership says from when (and until when): access follows it.',
    elements: [
      { path: 'status', min: 1 },
      { path: 'subject', min: 1, targets: ['Patient'] },
      { path: 'participant', min: 1 },
      { path: 'participant.member', min: 1 },
      { path: 'participant.period', min: 1 },
      { path: 'participant.period.start', min: 1 },
    ],
  },
  {
    name: 'JV-Consent',
    type: 'Consent',
    title: 'Sharing choice',
    description: 'What a mother was told and decided about sharing; superseded, never edited.',
    elements: [
      {
        path: 'scope',
        pattern: [
          'CodeableConcept',
          { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
        ],
      },
      { path: 'patient', min: 1 },
      { path: 'dateTime', min: 1 },
      { path: 'organization', min: 1 },
      { path: 'policy', min: 1 },
      { path: 'policy.uri', min: 1 },
      { path: 'provision', min: 1 },
      { path: 'provision.type', min: 1 },
      { path: 'provision.actor.reference', targets: ['Organization', 'CareTeam', 'RelatedPerson'] },
    ],
  },
  {
    name: 'JV-SharingAgreement',
    type: 'Contract',
    title: 'Sharing agreement between two services',
    description:
      'Each term is one direction: what, for which purposes, up to which label, from which service to which.',
    elements: [
      { path: 'status', min: 1 },
      { path: 'applies', min: 1 },
      { path: 'term', min: 1 },
      { path: 'term.securityLabel', min: 1, max: '1' },
      { path: 'term.offer.party', min: 2, max: '2' },
      { path: 'term.asset', min: 1 },
    ],
  },
];
