/**
 * Extensions of UK Core, SDC and the Subscriptions backport that we read or emit (domain.md 2.5, 2.6, 3.3, 3.4, 3.5,
 * 4.8). Their definitions belong to others and are not copied here: only what values they carry.
 */
import type { ExtensionSource } from './snapshot-types.ts';

const UK = 'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-';
const UK_CODES = 'https://fhir.hl7.org.uk/CodeSystem/';
const SDC = 'http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-';
const BACKPORTED = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/';
const BACKPORT = `${BACKPORTED}backport-`;
const OURS = 'https://tandem.example/fhir/StructureDefinition/';
const CORE = 'http://hl7.org/fhir/StructureDefinition/';

function valued(...types: string[]): ExtensionSource {
  return { v: types };
}

const FETAL_STATUS: ExtensionSource = { v: ['code'], c: ['potential-for-live-birth', 'fetal-demise', 'unknown'] };

/** Codes of the England code system; PDS still sends 01 under the retired one, whose own codes are words. */
const VERIFICATION: ExtensionSource = {
  v: ['CodeableConcept'],
  s: `${UK_CODES}UKCore-NHSNumberVerificationStatusEngland`,
  c: ['01', '02', '03', '04', '05', '06', '07', '08'],
};

const NO_NUMBER: ExtensionSource = {
  v: ['CodeableConcept'],
  c: ['nhs-number-not-known', 'overseas-patient', 'devolved-nation'],
};

/** why, on whose advice, and whether the family knows. */
const OVERRIDE: ExtensionSource = {
  v: [],
  p: {
    rationale: ['string'],
    'advised-by': ['string', 'Reference'],
    'family-told': ['boolean'],
    'why-not-told': ['string'],
  },
};

const OAUTH_URIS: ExtensionSource = {
  v: [],
  p: { token: ['uri'], authorize: ['uri'], register: ['uri'], manage: ['uri'] },
};

export const KNOWN_EXTENSIONS: readonly [string, ExtensionSource][] = [
  [`${OURS}duty-team`, valued('Reference')],
  [`${OURS}supervisor`, valued('Reference')],
  [`${OURS}safeguarding-override`, OVERRIDE],
  [`${OURS}amendment`, valued('Reference')],
  [`${OURS}statement`, valued('Reference')],
  [`${UK}NHSNumberVerificationStatus`, VERIFICATION],
  [`${UK}NHSNumberUnavailableReason`, NO_NUMBER],
  [`${UK}EthnicCategory`, valued('CodeableConcept')],
  [`${UK}BirthSex`, valued('CodeableConcept')],
  [`${UK}ResidentialStatus`, valued('CodeableConcept')],
  [`${UK}ContactRank`, valued('positiveInt')],
  [`${UK}CopyCorrespondenceIndicator`, valued('boolean')],
  [`${UK}BookingOrganization`, valued('Reference')],
  [`${UK}DeliveryChannel`, valued('CodeableConcept')],
  [`${UK}OutcomeOfAttendance`, valued('CodeableConcept')],
  [`${UK}SourceOfServiceRequest`, valued('CodeableConcept')],
  ['http://hl7.org/fhir/6.0/StructureDefinition/extension-Patient.fetalStatus', FETAL_STATUS],
  [`${CORE}patient-fetalStatus`, FETAL_STATUS],
  [`${SDC}initialExpression`, valued('Expression')],
  [`${SDC}calculatedExpression`, valued('Expression')],
  [`${SDC}itemPopulationContext`, valued('Expression')],
  [`${SDC}observationExtract`, valued('boolean', 'code')],
  [`${SDC}observation-extract-category`, valued('CodeableConcept')],
  [`${SDC}isSubject`, valued('boolean')],
  [`${SDC}launchContext`, { v: [], p: { name: ['Coding', 'id'], type: ['code'], description: ['string'] } }],
  [`${BACKPORT}filter-criteria`, valued('string')],
  [`${BACKPORT}heartbeat-period`, valued('unsignedInt')],
  [`${BACKPORT}timeout`, valued('unsignedInt')],
  [`${BACKPORT}max-count`, valued('positiveInt')],
  [`${BACKPORT}payload-content`, valued('code')],
  [`${BACKPORT}channel-type`, valued('Coding')],
  [`${BACKPORTED}capabilitystatement-subscriptiontopic-canonical`, valued('canonical')],
  ['http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris', OAUTH_URIS],
];
