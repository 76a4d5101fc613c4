/** What the oracle reads out of whole resources: kinds, people, dates, labels. Naive on purpose: one world, linear scans. */
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import { MATERNITY, VISITING } from './people.ts';

export type World = readonly Resource[];
const CANON = 'https://tandem.example/fhir';
export const DAY = 86_400_000;

/** Any JSON, read by path without ceremony: this is a test and the worlds are ours. */
// biome-ignore lint/suspicious/noExplicitAny: naive reading of resources we generate ourselves
export type Loose = any;
export const loose = (resource: Resource | JsonObject): Loose => resource;

export function find(world: World, reference: string | undefined): Loose {
  return world.find((one) => `${one.resourceType}/${one.id}` === reference);
}

export const has = (concept: Loose, code: string): boolean =>
  [concept].flat().some((one: Loose) => one?.coding?.some((coding: Loose) => coding.code === code));

/** domain.md 5.3, first column. */
export function kindOf(world: World, resource: Resource): string {
  const r = loose(resource);
  switch (resource.resourceType) {
    case 'Patient':
    case 'RelatedPerson':
    case 'Group':
      return 'demographics';
    case 'ServiceRequest':
      return 'referral';
    case 'Task':
      return has(r.code, 'triage-referral') ? 'referral' : has(r.code, 'ask-in-private') ? 'confidential' : 'plan';
    case 'Observation':
      if (r.derivedFrom?.some((one: Loose) => mayBeConfidential(find(world, one.reference)))) return 'confidential';
      return has(r.code, '738070007') ? 'pregnancy' : has(r.code, 'voice-of-unborn') ? 'findings' : 'other';
    case 'Appointment':
    case 'Slot':
    case 'Schedule':
      return 'schedule';
    case 'Encounter':
    case 'EpisodeOfCare':
      return 'visit';
    case 'CareTeam':
      return r.subject ? 'visit' : 'directory';
    case 'QuestionnaireResponse':
      return responseKind(r);
    case 'CarePlan':
      return 'plan';
    case 'Flag':
      return has(r.category, 'SG') ? 'safeguarding-flag' : 'scene-safety';
    case 'Consent':
      return 'consent';
    case 'DocumentReference':
      return 'documents';
    case 'Contract':
      return 'agreements';
    case 'Questionnaire':
      return 'conformance';
    case 'Account':
    case 'Grant':
    case 'Conflict':
    case 'Named':
    case 'Restriction':
      return 'not-served';
    default:
      return 'directory';
  }
}

/** A response nobody can show to be another one may be the confidential one. */
const mayBeConfidential = (source: Loose): boolean => !source || questionnaire(source) === 'joint-visit-confidential';

const questionnaire = (r: Loose): string => String(r?.questionnaire ?? '').replace(`${CANON}/Questionnaire/`, '');

function responseKind(r: Loose): string {
  const isCopy = r.meta?.profile?.includes(`${CANON}/StructureDefinition/JV-AssessmentCopy`);
  if (questionnaire(r) === 'joint-visit-assessment') return isCopy ? 'assessment-copy' : 'working-copy';
  return questionnaire(r) === 'joint-visit-confidential' ? 'confidential' : 'findings';
}

/** 3.5: before birth everything about the fetus is the mother's; u1 is the fetus of p1 in every world that has her link. */
export function subjectsOf(world: World, resource: Resource): string[] {
  const r = loose(resource);
  const named = resource.resourceType === 'Patient' ? `Patient/${r.id}` : (r.subject ?? r.patient ?? r.for)?.reference;
  // A family is the record of the woman it was made for.
  const first = resource.resourceType === 'Group' ? r.member?.[0]?.entity?.reference : undefined;
  const all =
    named || first
      ? [named ?? first]
      : (r.participant ?? [])
          .map((one: Loose) => one.actor?.reference)
          .filter((one: string) => one?.startsWith('Patient/'));
  return [...new Set<string>(all.map((one: string) => motherOf(world, one)))];
}

function motherOf(world: World, patient: string): string {
  const link = world
    .map(loose)
    .find(
      (one) =>
        one.resourceType === 'RelatedPerson' && one.patient.reference === patient && has(one.relationship, 'NMTHF'),
    );
  const number = link?.identifier?.[0]?.value;
  const mother = world
    .map(loose)
    .find((one) => one.resourceType === 'Patient' && number && one.identifier?.[0]?.value === number);
  return mother ? `Patient/${mother.id}` : patient;
}

/** Whose record: the service it names, its author's, else the one that registered the patient. */
export function recordedBy(world: World, resource: Resource): string | null {
  const r = loose(resource);
  const organization = [r.managingOrganization, r.managingEntity, r.serviceProvider, r.providedBy, r.organization]
    .flat()
    .find(Boolean);
  if (organization?.reference) return organization.reference;
  const author = [r.author, r.requester, resource.resourceType === 'Observation' ? r.performer : undefined]
    .flat()
    .find(Boolean);
  if (author?.reference) return serviceOf(author.reference);
  const present = [r.participant, r.member].flat().map((one: Loose) => (one?.actor ?? one?.entity)?.reference);
  const about = (r.subject ?? r.patient ?? r.for)?.reference ?? present.find((one) => one?.startsWith('Patient/'));
  const patient = find(world, about);
  return patient?.managingOrganization?.reference ?? null;
}

/** By name: mw, lw, st, ig work for maternity, everybody else for health visiting. */
export function serviceOf(reference: string): string {
  return /\/(mw|lw|st|ig)-/.test(reference) ? MATERNITY : VISITING;
}

/** Of somebody whose own record is V everything is; what seals an unborn child's seals that alone. */
export const isSealed = (world: World, resource: Resource): boolean =>
  subjectsOf(world, resource).some((subject) =>
    loose(find(world, subject) ?? {}).meta?.security?.some((one: Loose) => one.code === 'V'),
  );

export function labelOf(world: World, resource: Resource): 'N' | 'R' | 'V' {
  const codes = (loose(resource).meta?.security ?? []).map((one: Loose) => one.code);
  const kind = kindOf(world, resource);
  if (codes.includes('V') || isSealed(world, resource)) return 'V';
  if (['working-copy', 'confidential', 'safeguarding-flag'].includes(kind) || codes.includes('SDV')) return 'R';
  return codes.includes('R') && resource.resourceType !== 'Patient' ? 'R' : 'N';
}

/** A care team without a number is of the pregnancy its newest member joined it for. */
function newest(participants: Loose): string | undefined {
  return participants
    ?.map((one: Loose) => one.period?.start)
    .filter(Boolean)
    .sort()
    .at(-1);
}

/** The pregnancy by number, by the encounter's, by date; null = of none. */
export function pregnancyOf(world: World, resource: Resource): string | null {
  const r = loose(resource);
  if (['Patient', 'RelatedPerson', 'Consent'].includes(resource.resourceType)) return null;
  const number = r.identifier?.find((one: Loose) => one.system === `${CANON}/Id/pregnancy`)?.value;
  if (number) return number;
  const encounter = find(world, r.encounter?.reference);
  if (encounter) return pregnancyOf(world, encounter);
  const date = Date.parse(
    r.effectiveDateTime ??
      r.authored ??
      r.authoredOn ??
      r.start ??
      r.date ??
      r.period?.start ??
      newest(r.participant) ??
      '',
  );
  const [subject] = subjectsOf(world, resource);
  const episodes = world
    .map(loose)
    .filter(
      (one) =>
        one.resourceType === 'EpisodeOfCare' &&
        has(one.type, '714089006') &&
        one.patient.reference === subject &&
        one.status !== 'entered-in-error',
    );
  const begun = episodes.filter((one) => Date.parse(one.period.start) - 70 * DAY <= date);
  const latest = begun.sort((a, b) => Date.parse(b.period.start) - Date.parse(a.period.start))[0];
  return latest ? pregnancyOf(world, latest) : null;
}

/** The state of a referral's Task. */
export const stateOf = (task: Loose): string => task.businessStatus?.coding?.[0]?.code ?? 'held';

/** The service a request is addressed to. */
export function addresseeOf(world: World, request: Loose): string | null {
  const performer = request?.performer?.[0]?.reference;
  return performer?.startsWith('Organization/') ? performer : (find(world, performer)?.providedBy?.reference ?? null);
}
