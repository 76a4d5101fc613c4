/**
 * What one resource says to the rules, derived when it is written and kept beside the row: row facts, relationships,
 * consents, agreements, directory, kin and pregnancies (house.md section 4). Pure: what it must read of other resources
 * is named by `lookupsOf` first and comes in through `lookup`; time comes in as `now`.
 */
import { patientReferences } from '../fhir/compartments.ts';
import type { Resource } from '../fhir/types.ts';
import { agreementsOf } from './agreements.ts';
import { authorsOf, practitionersOfVisit, recordingServiceOf, serviceLookups, visitLookups } from './authorship.ts';
import {
  ADVISED_TAG,
  adviserLookups,
  consentLookups,
  consentsOf,
  isAdvised,
  isOverride,
  OVERRIDE_TAG,
} from './consents.ts';
import { classLookups, classOf } from './data-classes.ts';
import { type DirectoryRow, directoryOf } from './directory.ts';
import { DUTY_TAG, dutyLookups, dutyService, dutyTeamOf } from './duty.ts';
import { claims, codes, hasCode, type Lookup, literal, object, objects, ref, refs, text, unique } from './elements.ts';
import { type Kin, kinLookups, kinOf } from './kin.ts';
import { HANDLED, labelOf } from './labels.ts';
import { type PregnancyHints, type PregnancyRow, pregnanciesOf, pregnancyHintsOf } from './pregnancies.ts';
import { isReferralTask, referralOf } from './referrals.ts';
import { relationshipLookups, relationshipsOf } from './relationships.ts';
import type { AgreementRow, ConsentRow, DataClass, Relationship, RowFacts } from './types.ts';
import { ASSESSMENT_COPY, DRAFT_TAG, local, NHS_NUMBER, UNBORN_TAG } from './vocabulary.ts';

/** What deriving facts may know beyond the resource. */
export interface FactContext {
  lookup: Lookup;
  /** The writer's service, or that of the row as it was; null = read it from the resource (a loading client). */
  service: string | null;
  now: Date;
  /** Parties that count as authors because they write: PractitionerRole, teams, `Client/<id>`. */
  writer?: readonly string[];
  /** The row as it was: its service, authors and release stay. */
  before?: RowFacts | null;
  /** Teams a person stands in now; rules on authors' teams read them (R-13). */
  teamsOf?: (party: string) => readonly string[];
  /** Keyed hash of an NHS number; without it no own-record row is made. */
  ownRecordKey?: (nhsNumber: string) => string;
}

/** A fact about another row that follows from this one: a referral's Task releases or holds its ServiceRequest. */
export interface Touch {
  type: string;
  id: string;
  released: boolean;
  addressee: string | null;
}

export interface ResourceFacts {
  /** `subjects` before kin is applied and `pregnancy` null: the store resolves both (`resolveFacts`). */
  row: RowFacts;
  pregnancyHints: PregnancyHints;
  relationships: Relationship[];
  consents: ConsentRow[];
  agreements: AgreementRow[];
  directory: DirectoryRow[];
  kin: Kin[];
  pregnancies: PregnancyRow[];
  touches?: Touch[];
}

/**
 * References (`Type/id`, and `Patient?identifier=system|value` for a mother known by number) that must be fetched before
 * `factsOf`. `unowned`: also what tells whose record it is, when the writer's service does not.
 */
export function lookupsOf(resource: Resource, unowned = false): string[] {
  return unique([
    ...classLookups(resource),
    ...relationshipLookups(resource),
    ...kinLookups(resource),
    ...visitLookups(resource),
    ...dutyLookups(resource),
    ...consentLookups(resource),
    ...adviserLookups(resource),
    ...(unowned ? serviceLookups(resource) : []),
  ]);
}

/** The facts of one resource (with its id). Never throws: what is not as R4 says produces no fact. */
export function factsOf(resource: Resource, context: FactContext): ResourceFacts {
  const now = context.now.toISOString();
  const referral = referralOf(resource, context.lookup, context.before?.released === true);
  return {
    row: rowFactsOf(resource, context),
    pregnancyHints: pregnancyHintsOf(resource, context.now),
    relationships: relationshipsOf(resource, { lookup: context.lookup, now }),
    consents: [
      ...consentsOf(resource, context.lookup),
      ...aboutPatient(resource, context),
      ...endOfPregnancy(resource),
    ],
    agreements: agreementsOf(resource),
    directory: directoryOf(resource),
    kin: kinOf(resource, context.lookup),
    pregnancies: pregnanciesOf(resource),
    touches: referral === null ? [] : [referral.touch],
  };
}

/**
 * Applies what only the store knows: subjects through kin (before birth everything about the fetus is the mother's) and
 * the pregnancy. Relationships and consents follow the row. Changes `facts` in place.
 */
export function resolveFacts(
  facts: ResourceFacts,
  mothers: ReadonlyMap<string, string>,
  pregnancy: string | null,
): void {
  const mother = (patient: string) => mothers.get(patient) ?? patient;
  facts.row.subjects = unique(facts.row.subjects.map(mother));
  facts.row.pregnancy = pregnancy;
  for (const one of facts.relationships) {
    one.patient = mother(one.patient);
    one.pregnancy = pregnancy;
  }
  // What seals an unborn child's own record seals that record, not its mother's.
  facts.consents = facts.consents.filter(({ kind, patient }) => kind !== 'sealed' || !mothers.has(patient));
  for (const one of facts.consents) one.patient = mother(one.patient);
  // An end that belongs to no known pregnancy narrows nothing: it would narrow the next one as well.
  facts.consents = facts.consents.filter(({ kind }) => kind !== 'ended' || pregnancy !== null);
  for (const one of facts.consents) if (one.kind === 'ended') one.party = pregnancy;
}

function rowFactsOf(resource: Resource, context: FactContext): RowFacts {
  const { lookup, before } = context;
  const dataClass = classOf(resource, lookup);
  const sources = classLookups(resource).flatMap((one) => lookup(one) ?? []);
  const { label, tags } = labelOf(resource, dataClass, dataClass === 'confidential' ? sources : []);
  const authors = [
    ...authorsOf(resource, context.writer ?? []),
    ...(dataClass === 'working-copy' ? practitionersOfVisit(resource, lookup) : []),
  ];
  const duty = dutyTeamOf(resource) !== null;
  const service = duty
    ? dutyService(resource, lookup)
    : (before?.service ?? context.service ?? recordingServiceOf(resource, lookup));
  const own = resource.id === undefined ? [] : [`Patient/${resource.id}`];
  return {
    type: resource.resourceType,
    id: resource.id ?? '',
    patients:
      resource.resourceType === 'Patient'
        ? unique([...own, ...patientReferences(resource)])
        : patientReferences(resource),
    subjects: subjectsOf(resource),
    pregnancy: null,
    dataClass,
    label,
    tags: [
      ...tags,
      ...(isOverride(resource) ? [OVERRIDE_TAG] : []),
      ...(isAdvised(resource, lookup, context.writer ?? []) ? [ADVISED_TAG] : []),
      ...(isUnborn(resource) ? [UNBORN_TAG] : []),
      ...(duty ? [DUTY_TAG] : []),
      ...(isDraft(resource) ? [DRAFT_TAG] : []),
    ],
    service,
    authors: unique([
      ...(before?.authors ?? []),
      ...authors,
      ...authors.flatMap((one) => context.teamsOf?.(one) ?? []),
    ]),
    ...releaseOf(resource, dataClass, context),
  };
}

/** UK Core's fetal status extension, or the fetal profile's (domain.md 3.5). */
function isUnborn(resource: Resource): boolean {
  const extensions = resource.resourceType === 'Patient' ? objects(resource.extension) : [];
  return extensions.some((one) => /[.-](fetalStatus)$/.test(text(one.url) ?? ''));
}

function isDraft({ resourceType, status, docStatus }: Resource): boolean {
  if (resourceType === 'QuestionnaireResponse') return status === 'in-progress';
  return docStatus === 'preliminary' || (resourceType === 'Composition' && status === 'preliminary');
}

/** R-06 c and 2.5: a held referral, an unsigned copy, a preliminary document are not released. */
function releaseOf(
  resource: Resource,
  dataClass: DataClass,
  context: FactContext,
): Pick<RowFacts, 'released' | 'addressee'> {
  const referral = referralOf(resource, context.lookup, context.before?.released === true);
  if (referral !== null) return { released: referral.touch.released, addressee: referral.touch.addressee };
  if (resource.resourceType === 'ServiceRequest' && dataClass === 'referral') return requestRelease(resource, context);
  const status = text(resource.status);
  if (dataClass === 'assessment-copy') {
    return {
      released: claims(resource, ASSESSMENT_COPY) && (status === 'completed' || status === 'amended'),
      addressee: null,
    };
  }
  const isUnfinished = isDraft(resource) && resource.resourceType !== 'QuestionnaireResponse';
  return { released: !isUnfinished, addressee: null };
}

/** A request addressed to a service is released by its Task, and stays so; one addressed to nobody has nobody to hide from. */
function requestRelease(resource: Resource, context: FactContext): Pick<RowFacts, 'released' | 'addressee'> {
  const { before } = context;
  if (before && before.addressee !== null) return { released: before.released, addressee: before.addressee };
  const performer = refs(resource.performer).find((one) => /^(HealthcareService|Organization)\//.test(one));
  if (performer === undefined) return { released: true, addressee: null };
  const addressee = performer.startsWith('Organization/') ? performer : ref(context.lookup(performer)?.providedBy);
  return { released: false, addressee };
}

/** Facts of a Patient that every row about her is decided by: her keyed number and restricted demographics. */
function aboutPatient(resource: Resource, context: FactContext): ConsentRow[] {
  if (resource.resourceType === 'RelatedPerson') return relatives(resource, context);
  if (resource.resourceType !== 'Patient' || resource.id === undefined) return [];
  const patient = `Patient/${resource.id}`;
  const row = { patient, classes: [], from: null, until: null, source: patient };
  const keys = keysOf(resource, context);
  const { label, restricted, tags } = labelOf(resource, 'demographics', []);
  return [
    ...keys.map((key): ConsentRow => ({ ...row, kind: 'own-record', party: key })),
    ...(restricted ? [{ ...row, kind: 's-flag' as const, party: null }] : []),
    ...(tags.some((tag) => HANDLED.includes(tag)) ? [{ ...row, kind: 'handled' as const, party: null }] : []),
    ...(label === 'V' ? [{ ...row, kind: 'sealed' as const, party: null }] : []),
    ...(hasDied(resource) ? [{ ...row, kind: 'deceased' as const, party: null }] : []),
  ];
}

/** the referral of a pregnancy says that it ended; which pregnancy that is, the store settles. */
function endOfPregnancy(resource: Resource): ConsentRow[] {
  const patient = ref(resource.for);
  if (resource.id === undefined || patient === null || !isReferralTask(resource)) return [];
  const isEnd = hasCode(codes(resource.businessStatus), local('referral-state'), 'pregnancy-ended');
  if (!isEnd || resource.status === 'entered-in-error') return [];
  const source = `Task/${resource.id}`;
  return [{ patient, kind: 'ended', party: null, classes: [], from: null, until: null, source }];
}

function hasDied({ deceasedBoolean, deceasedDateTime }: Resource): boolean {
  return deceasedBoolean === true || deceasedDateTime !== undefined;
}

/** staff who are somebody's relative are known by their keyed number, as in R-11. */
function relatives(resource: Resource, context: FactContext): ConsentRow[] {
  const patient = ref(resource.patient);
  if (patient === null || resource.id === undefined) return [];
  const row = { patient, classes: [], from: null, until: null, source: `RelatedPerson/${resource.id}` };
  return keysOf(resource, context).map((party): ConsentRow => ({ ...row, kind: 'relative', party }));
}

function keysOf(resource: Resource, { ownRecordKey }: FactContext): string[] {
  if (ownRecordKey === undefined) return [];
  const numbers = objects(resource.identifier).filter((one) => one.system === NHS_NUMBER);
  return numbers.flatMap((one) => text(one.value) ?? []).map((number) => ownRecordKey(number.replaceAll(' ', '')));
}

const SUBJECT_ELEMENTS = ['subject', 'patient', 'for', 'beneficiary', 'individual', 'candidate'];

/**
 * Whose personal data a resource is, before kin: its subject, not everyone it names. Task counts by `for`, Binary by
 * `securityContext`, a family Group by the woman it was made for (its first member), an Appointment by its patients.
 */
function subjectsOf(resource: Resource): string[] {
  const type = resource.resourceType;
  if (type === 'Patient') return resource.id === undefined ? [] : [`Patient/${resource.id}`];
  const named = unique(SUBJECT_ELEMENTS.flatMap((name) => refs(resource[name]))).filter((one) =>
    one.startsWith('Patient/'),
  );
  if (named.length > 0) return named;
  if (type === 'Binary')
    return [literal(object(resource.securityContext)?.reference)]
      .filter((one) => one?.startsWith('Patient/') === true)
      .map(String);
  const all = patientReferences(resource);
  return type === 'Group' ? all.slice(0, 1) : [...all];
}
