/**
 * What masks remove, by resource type, and the search parameters that would reveal it. Paths are element names from the
 * resource down; `[key=value]` picks what is there (of a list, its members) by a value or the type of a reference, `[key]` by
 * presence.
 */
import type { Role } from './types.ts';

export interface Carrier {
  remove: readonly string[];
  params: readonly string[];
}

/** Search parameters that read an address. */
const ADDRESS = ['address', 'address-city', 'address-country', 'address-postalcode', 'address-state', 'address-use'];
/** Where somebody is known by address, number and picture: related persons and persons alike. */
const CONTACT: Carrier = { remove: ['address', 'telecom', 'photo'], params: [...ADDRESS, 'email', 'phone', 'telecom'] };

/** every carrier of address or place, by type. `text` and `contained` go with every masked resource. */
export const PLACE: Readonly<Record<string, Carrier>> = {
  Patient: {
    remove: ['address', 'telecom', 'generalPractitioner', 'contact', 'link', 'photo', 'extension[valueAddress]'],
    params: [...ADDRESS, 'email', 'general-practitioner', 'link', 'phone', 'telecom'],
  },
  RelatedPerson: CONTACT,
  Person: CONTACT,
  Appointment: {
    remove: ['comment', 'description', 'patientInstruction', 'participant[actor=Location]', 'supportingInformation'],
    params: ['location', 'actor', 'supporting-info'],
  },
  AppointmentResponse: {
    remove: ['comment', 'actor[reference=Location]', 'actor[type=Location]'],
    params: ['location', 'actor'],
  },
  Encounter: {
    remove: ['location', 'hospitalization'],
    params: ['location', 'location-period', 'special-arrangement'],
  },
  ServiceRequest: { remove: ['locationReference', 'locationCode', 'note', 'patientInstruction'], params: [] },
  Procedure: { remove: ['location'], params: ['location'] },
  Immunization: { remove: ['location'], params: ['location'] },
  Task: { remove: ['location', 'description', 'note'], params: [] },
  CarePlan: { remove: ['activity.detail.location', 'note'], params: [] },
  AdverseEvent: { remove: ['location'], params: ['location'] },
  ImagingStudy: { remove: ['location'], params: [] },
  MedicationDispense: { remove: ['location', 'destination'], params: ['destination'] },
  SupplyDelivery: { remove: ['destination'], params: [] },
  SupplyRequest: { remove: ['deliverFrom', 'deliverTo'], params: ['subject'] },
  Provenance: { remove: ['location'], params: ['location'] },
  Location: {
    remove: ['address', 'telecom', 'position', 'description'],
    params: [...ADDRESS, 'near'],
  },
};

/** R-24 and 5.3 "S": what a summary leaves out, by type. */
export const SUMMARY: Readonly<Record<string, Carrier>> = {
  Patient: PLACE.Patient ?? { remove: [], params: [] },
  RelatedPerson: CONTACT,
  ServiceRequest: {
    remove: ['note', 'patientInstruction', 'reasonCode', 'reasonReference', 'supportingInfo', 'bodySite'],
    params: ['body-site'],
  },
  Task: { remove: ['description', 'note', 'input', 'output', 'reasonCode', 'reasonReference'], params: [] },
  Encounter: {
    remove: ['reasonCode', 'reasonReference', 'diagnosis', 'hospitalization'],
    params: ['diagnosis', 'reason-code', 'reason-reference', 'special-arrangement'],
  },
  EpisodeOfCare: { remove: ['diagnosis', 'referralRequest'], params: ['condition', 'incoming-referral'] },
  CareTeam: { remove: ['reasonCode', 'reasonReference', 'note'], params: [] },
  Appointment: {
    remove: ['comment', 'description', 'patientInstruction', 'reasonCode', 'reasonReference', 'supportingInformation'],
    params: ['reason-code', 'reason-reference', 'supporting-info'],
  },
  QuestionnaireResponse: { remove: ['item'], params: [] },
  CarePlan: { remove: ['note', 'addresses', 'supportingInfo', 'activity.progress'], params: ['condition'] },
  Goal: { remove: ['note', 'statusReason', 'addresses', 'outcomeCode', 'outcomeReference'], params: [] },
  Flag: { remove: ['code'], params: [] },
  DocumentReference: { remove: ['content.attachment.data', 'description'], params: ['description'] },
  Composition: { remove: ['section'], params: ['section', 'entry'] },
  Consent: { remove: ['sourceAttachment', 'sourceReference', 'verification'], params: ['source-reference'] },
};

/** 5.3 "exists": there is a flag, and not even its kind or who raised it; meta tells the labels, so most of it goes too. */
export const EXISTS: Readonly<Record<string, Carrier>> = {
  Flag: {
    remove: [
      ...['category', 'code', 'identifier', 'period', 'encounter', 'author', 'extension', 'modifierExtension'],
      ...['meta.security', 'meta.tag', 'meta.profile', 'meta.source', 'meta.extension'],
    ],
    params: ['author', 'date', 'encounter', 'identifier', '_security', '_tag', '_profile', '_source'],
  },
};

/** whoever did not treat her learns that a pregnancy ended, not from what somebody wrote beside it. */
export const ENDING: Readonly<Record<string, Carrier>> = {
  ServiceRequest: {
    remove: ['note', 'reasonCode', 'reasonReference', 'patientInstruction', 'supportingInfo'],
    params: [],
  },
  Task: { remove: ['note', 'description', 'statusReason', 'reasonCode', 'reasonReference', 'output'], params: [] },
};

/** How a pregnancy ended is no part of a name and address (5.3: those who see only the expected date). */
export const FETAL_STATUS: Carrier = {
  remove: [
    'extension[url=http://hl7.org/fhir/6.0/StructureDefinition/extension-Patient.fetalStatus]',
    'extension[url=http://hl7.org/fhir/StructureDefinition/patient-fetalStatus]',
  ],
  params: [],
};

/** Further trims of a full view: by role and type. */
export const TRIMS: Readonly<Partial<Record<Role, Readonly<Record<string, Carrier>>>>> = {
  // times, places and names, not reasons.
  admin: {
    Appointment: {
      remove: ['reasonCode', 'reasonReference', 'supportingInformation'],
      params: ['reason-code', 'reason-reference', 'supporting-info'],
    },
  },
  // 5.3 "date only", beside what a summary leaves out: that something is on that day, not with whom, where or what for.
  partner: {
    Appointment: {
      remove: [
        ...['Practitioner', 'PractitionerRole', 'RelatedPerson', 'Location', 'HealthcareService', 'Device'].map(
          (type) => `participant[actor=${type}]`,
        ),
        ...[
          'serviceType',
          'serviceCategory',
          'specialty',
          'appointmentType',
          'slot',
          'identifier',
          'basedOn',
          'priority',
        ],
        ...['cancelationReason', 'requestedPeriod', 'minutesDuration', 'extension'],
      ],
      params: [
        ...['actor', 'practitioner', 'location', 'service-type', 'service-category', 'specialty', 'appointment-type'],
        ...['slot', 'identifier', 'based-on', 'part-status'],
      ],
    },
    Encounter: {
      remove: [
        ...[
          'participant',
          'type',
          'serviceType',
          'serviceProvider',
          'episodeOfCare',
          'basedOn',
          'appointment',
          'class',
        ],
        ...['classHistory', 'identifier', 'priority', 'length', 'partOf', 'extension', 'account'],
      ],
      params: [
        ...[
          'participant',
          'participant-type',
          'practitioner',
          'type',
          'service-provider',
          'episode-of-care',
          'based-on',
        ],
        ...['appointment', 'class', 'identifier', 'length', 'part-of', 'account'],
      ],
    },
    EpisodeOfCare: {
      remove: ['type', 'team', 'careManager', 'managingOrganization', 'identifier', 'account', 'extension'],
      params: ['type', 'care-manager', 'organization', 'identifier'],
    },
    CareTeam: {
      remove: [
        ...[
          'participant',
          'name',
          'category',
          'managingOrganization',
          'telecom',
          'identifier',
          'encounter',
          'extension',
        ],
      ],
      params: ['participant', 'category', 'identifier', 'encounter'],
    },
  },
  // Vector 5: the plan trimmed to what she does.
  'nursery-nurse': {
    CarePlan: { remove: ['note', 'addresses', 'supportingInfo'], params: ['condition'] },
    Goal: { remove: ['note', 'statusReason', 'addresses'], params: [] },
  },
};

/** 5.3: the third-party answers of the confidential response, for roles whose cell is empty. */
export const THIRD_PARTY: Readonly<Record<string, Carrier>> = {
  QuestionnaireResponse: { remove: ['item[linkId=jvc.third-party]'], params: [] },
};

/** Narrative and contained resources can say anything; they go with every mask. */
export const EVERYWHERE: readonly string[] = ['text', 'contained'];
