/**
 * The total table R4 type -> data class (house.md section 4, domain.md 5.3): every type has a row; where one type holds
 * several classes, the resource itself decides (profile, questionnaire, category, code). Types no rule names are
 * `not-served` (domain.md 3.5): nobody but the loading client sees them.
 */
import type { Resource } from '../fhir/types.ts';
import {
  type Code,
  claims,
  codes,
  hasCode,
  isTo,
  type Lookup,
  objects,
  questionnaireOf,
  refs,
  unique,
} from './elements.ts';
import type { DataClass } from './types.ts';
import {
  ASSESSMENT_COPY,
  EDD_CODES,
  FLAG_CATEGORY,
  local,
  PREGNANCY_CODES,
  QUESTIONNAIRES,
  SHARING_AGREEMENT,
} from './vocabulary.ts';

const BY_CLASS: Readonly<Partial<Record<DataClass, string>>> = {
  demographics: 'Patient RelatedPerson Person Group',
  referral: 'ServiceRequest',
  schedule: 'Appointment AppointmentResponse Schedule Slot',
  visit: 'Encounter EpisodeOfCare CareTeam',
  findings: 'RiskAssessment',
  plan: 'CarePlan Goal Task',
  consent: 'Consent',
  documents: 'Binary Composition DocumentManifest DocumentReference',
  audit: 'AuditEvent Provenance',
  directory: 'Endpoint HealthcareService Location Organization OrganizationAffiliation Practitioner PractitionerRole',
  subscription: 'Subscription',
  conformance:
    'ActivityDefinition CapabilityStatement CodeSystem CompartmentDefinition ConceptMap ExampleScenario ' +
    'GraphDefinition ImplementationGuide Library Measure MessageDefinition NamingSystem OperationDefinition ' +
    'PlanDefinition Questionnaire SearchParameter StructureDefinition StructureMap TerminologyCapabilities ' +
    'TestScript ValueSet',
  'other-clinical':
    'AdverseEvent AllergyIntolerance BodyStructure ClinicalImpression Communication CommunicationRequest Condition ' +
    'DetectedIssue DeviceRequest DeviceUseStatement DiagnosticReport FamilyMemberHistory Flag GuidanceResponse ' +
    'ImagingStudy Immunization ImmunizationEvaluation ImmunizationRecommendation Media MedicationAdministration ' +
    'MedicationDispense MedicationRequest MedicationStatement MolecularSequence NutritionOrder Observation Procedure ' +
    'QuestionnaireResponse RequestGroup Specimen SupplyDelivery SupplyRequest VisionPrescription',
  'not-served':
    'Account Basic BiologicallyDerivedProduct Bundle CatalogEntry ChargeItem ChargeItemDefinition Claim ' +
    'ClaimResponse Contract Coverage CoverageEligibilityRequest CoverageEligibilityResponse Device DeviceDefinition ' +
    'DeviceMetric EffectEvidenceSynthesis EnrollmentRequest EnrollmentResponse EventDefinition Evidence ' +
    'EvidenceVariable ExplanationOfBenefit InsurancePlan Invoice Linkage List MeasureReport Medication ' +
    'MedicationKnowledge MedicinalProduct MedicinalProductAuthorization MedicinalProductContraindication ' +
    'MedicinalProductIndication MedicinalProductIngredient MedicinalProductInteraction MedicinalProductManufactured ' +
    'MedicinalProductPackaged MedicinalProductPharmaceutical MedicinalProductUndesirableEffect MessageHeader ' +
    'ObservationDefinition OperationOutcome Parameters PaymentNotice PaymentReconciliation ResearchDefinition ' +
    'ResearchElementDefinition ResearchStudy ResearchSubject RiskEvidenceSynthesis SpecimenDefinition Substance ' +
    'SubstanceNucleicAcid SubstancePolymer SubstanceProtein SubstanceReferenceInformation SubstanceSourceMaterial ' +
    'SubstanceSpecification TestReport VerificationResult',
};

/** Every R4 type and its class when nothing in the resource says otherwise. */
export const CLASS_OF_TYPE: ReadonlyMap<string, DataClass> = new Map(
  Object.entries(BY_CLASS).flatMap(([dataClass, types]) =>
    types.split(' ').map((type): [string, DataClass] => [type, dataClass as DataClass]),
  ),
);

/** Classes a type can also hold, found by reading the resource. */
const REFINED: Readonly<Record<string, readonly DataClass[]>> = {
  QuestionnaireResponse: ['working-copy', 'assessment-copy', 'confidential', 'findings', 'feedback'],
  Observation: ['pregnancy', 'findings', 'confidential'],
  Condition: ['pregnancy', 'confidential'],
  Communication: ['confidential'],
  Flag: ['safeguarding-flag', 'scene-safety'],
  Task: ['referral', 'consent', 'confidential'],
  CareTeam: ['directory'],
  Location: ['demographics'],
  Contract: ['agreements'],
};

/** Every class a type can hold; an unknown type is `not-served`. R-05 looks at these before any row is read. */
export function classesOfType(type: string): readonly DataClass[] {
  return CLASSES_OF_TYPE.get(type) ?? ['not-served'];
}

const CLASSES_OF_TYPE: ReadonlyMap<string, readonly DataClass[]> = new Map(
  [...CLASS_OF_TYPE].map(([type, own]) => [type, unique([own, ...(REFINED[type] ?? [])])]),
);

/** The class of one resource. `lookup` reads what `classLookups` names. */
export function classOf(resource: Resource, lookup: Lookup): DataClass {
  const base = CLASS_OF_TYPE.get(resource.resourceType) ?? 'not-served';
  return REFINE[resource.resourceType]?.(resource, lookup) ?? base;
}

/** References `classOf` reads: the responses a resource was taken from. */
export function classLookups(resource: Resource): string[] {
  return sourcesOf(resource).filter((one) => isTo(one, 'QuestionnaireResponse'));
}

type Refine = (resource: Resource, lookup: Lookup) => DataClass | null;

const REFINE: Readonly<Record<string, Refine>> = {
  QuestionnaireResponse: responseClass,
  Observation: (resource, lookup) => {
    if (isFromConfidential(resource, lookup)) return 'confidential';
    const found = codes(resource.code);
    if (isOneOf(found, EDD_CODES) || isOneOf(found, PREGNANCY_CODES)) return 'pregnancy';
    const ours = found.some(
      (one) => one.system === local('jv-observation') || one.system === local('my-world-triangle'),
    );
    return ours ? 'findings' : null;
  },
  Condition: (resource, lookup) => {
    if (isFromConfidential(resource, lookup)) return 'confidential';
    return isOneOf(codes(resource.code), PREGNANCY_CODES) ? 'pregnancy' : null;
  },
  Communication: (resource, lookup) => (isFromConfidential(resource, lookup) ? 'confidential' : null),
  Flag: (resource) => {
    const found = codes(resource.category);
    if (hasCode(found, FLAG_CATEGORY, 'SG')) return 'safeguarding-flag';
    const scene = codes(resource.code).some((one) => one.system === local('scene-safety'));
    return scene || hasCode(found, FLAG_CATEGORY, 'SS') ? 'scene-safety' : null;
  },
  Task: (resource) => {
    const found = codes(resource.code);
    if (hasCode(found, local('jv-task'), 'triage-referral', 'accept-handover')) return 'referral';
    if (hasCode(found, local('jv-task'), 'explain-sharing', 'revisit-sharing')) return 'consent';
    return hasCode(found, local('jv-task'), 'ask-in-private', 'safeguarding-review') ? 'confidential' : null;
  },
  // A team of the directory has no subject; a family's care team has one.
  CareTeam: (resource) => (resource.subject === undefined ? 'directory' : null),
  // A home is its family's address, not a place of the service.
  Location: (resource) =>
    hasCode(codes(resource.physicalType), 'http://terminology.hl7.org/CodeSystem/location-physical-type', 'ho')
      ? 'demographics'
      : null,
  Contract: (resource) => (claims(resource, SHARING_AGREEMENT) ? 'agreements' : null),
};

/** Domain.md 2.5: the instruments are split, and so are the classes of their responses. */
function responseClass(resource: Resource): DataClass | null {
  switch (questionnaireOf(resource)) {
    case QUESTIONNAIRES.assessment:
      return claims(resource, ASSESSMENT_COPY) ? 'assessment-copy' : 'working-copy';
    case QUESTIONNAIRES.confidential:
      return 'confidential';
    case QUESTIONNAIRES.screen:
      return 'findings';
    case QUESTIONNAIRES.parentFeedback:
    case QUESTIONNAIRES.reflection:
      return 'feedback';
    default:
      return null;
  }
}

/**
 * True when the resource was taken from the confidential response (its output inherits class and label, 2.6). A response
 * that its writer may not see may be one, and is one until she shows otherwise: hidden and unknown make no difference.
 */
export function isFromConfidential(resource: Resource, lookup: Lookup): boolean {
  return classLookups(resource).some((one) => {
    const source = lookup(one);
    return source === null || questionnaireOf(source) === QUESTIONNAIRES.confidential;
  });
}

function sourcesOf(resource: Resource): string[] {
  return unique([
    ...refs(resource.derivedFrom),
    ...objects(resource.evidence).flatMap((one) => refs(one.detail)),
    ...refs(resource.about),
  ]);
}

/** True when one of the codes is in a table of codes by system. */
export function isOneOf(found: readonly Code[], table: Readonly<Record<string, readonly string[]>>): boolean {
  return found.some((one) => table[one.system]?.includes(one.code) === true);
}
