/**
 * Consent as domain.md 5.4 uses it: objections and permits by service, team or related person; that sharing was
 * explained; and the safeguarding override (category `sharing-state#overridden`, R-22). Only an active Consent under our
 * policy says anything; withdrawing is another Consent. What a provision narrows beyond data classes is never widened:
 * a narrower permit grants nothing, a narrower objection closes the whole class.
 */
import type { Json, JsonObject, Resource } from '../fhir/types.ts';
import { classesOfType } from './data-classes.ts';
import { roleOf } from './directory.ts';
import { codes, codings, hasCode, isTo, type Lookup, object, objects, ref, refs, text, unique } from './elements.ts';
import { civilDay, endOf, startOf } from './instants.ts';
import { DATA_CLASSES } from './role-views.ts';
import type { ConsentRow, DataClass } from './types.ts';
import { CANON, local, SHARING_POLICY } from './vocabulary.ts';

/** Marks an override among consents: safeguarding writes one, and a clinician whom safeguarding advised. */
export const OVERRIDE_TAG = 'OVERRIDE';
/** Marks an override whose `advised-by` names somebody else whom the directory knows as safeguarding. */
export const ADVISED_TAG = 'ADVISED';
const RESOURCE_TYPES = 'http://hl7.org/fhir/resource-types';
const SCOPE = 'http://terminology.hl7.org/CodeSystem/consentscope';

/** The consent rows of one resource; none for other types. */
export function consentsOf(resource: Resource, lookup: Lookup): ConsentRow[] {
  const patient = ref(resource.patient);
  const provision = object(resource.provision);
  if (resource.resourceType !== 'Consent' || resource.id === undefined || resource.status !== 'active') return [];
  if (patient === null || !patient.startsWith('Patient/') || !isSharing(resource)) return [];
  const base = { patient, source: `Consent/${resource.id}` };
  const stated = explained(resource, provision).map(
    (party): ConsentRow => row(base, 'sharing-explained', party, [], provision),
  );
  const provisions = provision === null ? [] : [provision, ...objects(provision.provision)];
  const confirmed = isConfirmed(resource, lookup);
  return [...stated, ...provisions.flatMap((one) => provisionRows(resource, one, base, confirmed))];
}

/** True for a Consent that records a safeguarding override. */
export function isOverride(resource: Resource): boolean {
  return resource.resourceType === 'Consent' && hasCode(codes(resource.category), local('sharing-state'), 'overridden');
}

function isSharing(resource: Resource): boolean {
  return (
    hasCode(codes(resource.scope), SCOPE, 'patient-privacy') &&
    objects(resource.policy).some((one) => one.uri === SHARING_POLICY)
  );
}

/**
 * To whom sharing was explained: null = to whoever is not objected to. Those named and the services that recorded it,
 * for it was explained as sharing between them. A permit for a partner explains nothing.
 */
function explained(resource: Resource, provision: JsonObject | null): (string | null)[] {
  if (provision === null || provision.type === 'deny') return [null];
  if (!isVerified(resource)) return [];
  const actors = actorsOf(provision);
  if (actors.length === 0) return [null];
  const named = actors.filter((one) => !isTo(one, 'RelatedPerson'));
  return named.length === 0 ? [] : unique([...named, ...refs(resource.organization)]);
}

function provisionRows(
  resource: Resource,
  provision: JsonObject,
  base: Pick<ConsentRow, 'patient' | 'source'>,
  confirmed: boolean,
): ConsentRow[] {
  const actors = actorsOf(provision).filter(
    (one) => confirmed || provision.type === 'deny' || !isTo(one, 'RelatedPerson'),
  );
  if (provision.type === 'deny') {
    const services = actors.filter((one) => !isTo(one, 'RelatedPerson'));
    const parties = actors.length === 0 ? [null] : services;
    return parties.map((party) => row(base, 'objection', party, deniedClasses(provision), provision));
  }
  const classes = permittedClasses(provision);
  if (provision.type !== 'permit' || classes === null || !isVerified(resource)) return [];
  const kind = isOverride(resource) ? 'override' : 'permit';
  return actors.map((party) => row(base, kind, party, classes, provision));
}

function row(
  base: Pick<ConsentRow, 'patient' | 'source'>,
  kind: ConsentRow['kind'],
  party: string | null,
  classes: DataClass[],
  provision: JsonObject | null,
): ConsentRow {
  const period = object(provision?.period);
  return { ...base, kind, party, classes, from: startOf(text(period?.start)), until: endOf(text(period?.end)) };
}

function actorsOf(provision: JsonObject): string[] {
  return unique(objects(provision.actor).flatMap((one) => refs(one.reference))).filter((one) =>
    isTo(one, 'Organization', 'CareTeam', 'RelatedPerson'),
  );
}

/** A Consent that says it was not verified permits nothing. */
function isVerified(resource: Resource): boolean {
  return objects(resource.verification).every((one) => one.verified !== false);
}

/** Classes of `provision.class` (resource types), or null when the permit is narrower than classes can say. */
function permittedClasses(provision: JsonObject): DataClass[] | null {
  const narrower = ['securityLabel', 'data', 'code', 'dataPeriod', 'purpose', 'action'];
  if (narrower.some((name) => provision[name] !== undefined)) return null;
  return classesNamed(provision);
}

/** Classes an objection closes; anything that is not a resource type closes all of them (empty = all). */
function deniedClasses(provision: JsonObject): DataClass[] {
  const broad = ['securityLabel', 'code', 'dataPeriod'].some((name) => provision[name] !== undefined);
  const items = objects(provision.data).flatMap((one) => ref(one.reference)?.split('/')[0] ?? 'unknown');
  if (broad || items.includes('unknown')) return [];
  const named = classesNamed(provision) ?? [];
  return unique([...named, ...items.flatMap((type) => classesOfType(type))]);
}

function classesNamed(provision: JsonObject): DataClass[] | null {
  const named = codings(provision.class);
  if (named.some((one) => one.system !== RESOURCE_TYPES)) return null;
  return unique(named.flatMap((one) => classesOfType(one.code))).filter((one) => DATA_CLASSES.includes(one));
}

/** The response a Consent was taken down in: it says who was there. */
export function consentLookups(resource: Resource): string[] {
  if (resource.resourceType !== 'Consent') return [];
  return refs(resource.sourceReference).filter((one) => isTo(one, 'QuestionnaireResponse'));
}

/**
 * a permit for a related person that was given while the partner was there (or nobody can say who was) counts once
 * she has confirmed it later: verified, on a later day than it was given.
 */
function isConfirmed(resource: Resource, lookup: Lookup): boolean {
  const [source] = consentLookups(resource);
  if (source === undefined) return true;
  const response = lookup(source);
  if (response !== null && !hasPartnerPresent(response.item)) return true;
  const given = civilDay(text(resource.dateTime));
  return objects(resource.verification).some((one) => {
    const later = civilDay(text(one.verificationDate));
    return one.verified === true && given !== null && later !== null && later > given;
  });
}

function hasPartnerPresent(items: Json | undefined): boolean {
  return objects(items).some((item) => {
    const answers = objects(item.answer);
    const named = answers.some(({ valueCoding }) => {
      const coding = object(valueCoding);
      return coding?.system === local('present') && coding.code === 'partner';
    });
    return named || hasPartnerPresent(item.item) || answers.some((one) => hasPartnerPresent(one.item));
  });
}

/** `PractitionerRole/..` whom an override names as its adviser. */
function adviserOf(resource: Resource): string | null {
  const reference = ref(detailsOf(resource).find((one) => one.url === 'advised-by')?.valueReference);
  return reference !== null && isTo(reference, 'PractitionerRole') ? reference : null;
}

/** The adviser's entry of the directory. */
export function adviserLookups(resource: Resource): string[] {
  return isOverride(resource) ? [adviserOf(resource)].filter((one) => one !== null) : [];
}

/** True when safeguarding, as the directory knows it, advised the override, and not its own writer. */
export function isAdvised(resource: Resource, lookup: Lookup, writer: readonly string[]): boolean {
  const [adviser] = adviserLookups(resource);
  const entry = adviser === undefined || writer.includes(adviser) ? null : lookup(adviser);
  return entry !== null && entry.active !== false && roleOf(entry) === 'safeguarding';
}

/** Where an override says why, on whose advice, and whether the family knows. */
export const OVERRIDE_DETAILS = `${CANON}/StructureDefinition/safeguarding-override`;

/** True when the override says that the family has been told. */
export function wasFamilyTold(resource: Resource): boolean {
  return detailsOf(resource).some((one) => one.url === 'family-told' && one.valueBoolean === true);
}

function detailsOf(resource: Resource): JsonObject[] {
  const details = objects(resource.extension).filter((one) => one.url === OVERRIDE_DETAILS);
  return details.length === 1 ? objects(details[0]?.extension) : [];
}

/** What an override leaves unsaid, in plain words; empty when it may stand. */
export function overrideFaults(resource: Resource): string[] {
  if (!isOverride(resource)) return [];
  const parts = detailsOf(resource);
  const part = (url: string) => parts.find((one) => one.url === url);
  const says = (url: string) => (text(part(url)?.valueString) ?? '').trim().length >= FEWEST_LETTERS;
  const told = part('family-told')?.valueBoolean;
  return [
    ...(parts.length > 0 ? [] : [`an override has one extension ${OVERRIDE_DETAILS}`]),
    ...(says('rationale') ? [] : ['rationale: why it is shared although the family objects, in words']),
    ...(says('advised-by') || adviserOf(resource) !== null ? [] : ['advised-by: who gave the safeguarding advice']),
    ...(typeof told === 'boolean' ? [] : ['family-told: whether the family has been told']),
    ...(told === false && !says('why-not-told') ? ['why-not-told: why the family has not been told'] : []),
  ];
}

/** Fewer say nothing. */
const FEWEST_LETTERS = 3;
