/** The code systems and codes the rules read. Every local name is one of domain.md 2.5, 2.8 or 3.7. */

export const CANON = 'https://tandem.example/fhir';
export const SNOMED = 'http://snomed.info/sct';
export const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';
export const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
export const ACT_REASON = 'http://terminology.hl7.org/CodeSystem/v3-ActReason';
export const ROLE_CODE = 'http://terminology.hl7.org/CodeSystem/v3-RoleCode';
export const LOINC = 'http://loinc.org';
export const NHS_NUMBER = 'https://fhir.nhs.uk/Id/nhs-number';
export const FLAG_CATEGORY = 'https://fhir.nhs.uk/CodeSystem/flag-categories-bars';

/** A local code system of domain.md 2.8. */
export function local(name: string): string {
  return `${CANON}/CodeSystem/${name}`;
}

export const QUESTIONNAIRES = {
  assessment: `${CANON}/Questionnaire/joint-visit-assessment`,
  confidential: `${CANON}/Questionnaire/joint-visit-confidential`,
  screen: `${CANON}/Questionnaire/early-need-screen`,
  parentFeedback: `${CANON}/Questionnaire/parent-feedback`,
  reflection: `${CANON}/Questionnaire/practitioner-reflection`,
} as const;

export const ASSESSMENT_COPY = `${CANON}/StructureDefinition/JV-AssessmentCopy`;
export const SHARING_AGREEMENT = `${CANON}/StructureDefinition/JV-SharingAgreement`;
export const SHARING_POLICY = `${CANON}/policy/joint-visit-sharing`;

/** Estimated date of delivery, domain.md 3.7 (SNOMED) and its LOINC alternative. */
export const EDD_CODES = {
  [SNOMED]: ['161714006', '289206005', '738070007'],
  [LOINC]: ['11778-8'],
} as const;

/** Pregnancy, gestation, last period, registerable births: the class `pregnancy` beside the EDD. */
export const PREGNANCY_CODES = {
  [SNOMED]: ['77386006', '57036006', '21840007', '382341000000101'],
  [LOINC]: ['18185-9', '8665-2'],
} as const;

/** v3 ActCode sensitivities that raise a label to R. EMP and CEL are handling tags, never a label. */
export const SENSITIVE_TAGS = ['SDV', 'VIO', 'PSY', 'ETH', 'SEX', 'STD', 'HIV', 'TBOO', 'PRS'] as const;

/** Tag of ours for Patients that carry a fetal status: how the pregnancy goes, or ended. */
export const UNBORN_TAG = 'UNBORN';

/** Tag of ours for what its author has not finished: a response in progress, a preliminary document. */
export const DRAFT_TAG = 'DRAFT';

/** Tag of ours for rows that carry the EDD: several role views stop there (domain.md 5.3). */
export const EDD_TAG = 'EDD';

/** SNOMED codes of domain.md 3.7 that are sensitive wherever they stand, with the sensitivity they imply. */
export const SENSITIVE_SNOMED: Readonly<Record<string, string | null>> = {
  '707087005': 'SDV',
  '881081000000100': 'SDV',
  '697950003': 'SDV',
  '415685003': 'ETH',
  '162591001': 'ETH',
  '287351000000105': 'ETH',
  '878111000000109': null,
  '836881000000105': null,
  '300731000000106': null,
  '818901000000100': null,
  '342191000000101': null,
  '764841000000100': null,
  '864491000000105': null,
  '375041000000100': null,
  '713201008': null,
  '766561000000109': null,
  '417430008': null,
};
