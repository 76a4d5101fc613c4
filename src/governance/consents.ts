/**
 * Consent as domain.md 5.4 uses it: objections and permits by service, team or related person; that sharing was
 * explained; and the safeguarding override (category `sharing-state#overridden`, R-22). Only an active Consent under our
 * policy says anything; withdrawing is another Consent. What a provision narrows beyond data classes is never widened:
 * a narrower permit grants nothing, a narrower objection closes the whole class.
 */
import type { JsonObject, Resource } from '../fhir/types.ts';
import { classesOfType } from './data-classes.ts';
import { codes, codings, hasCode, isTo, object, objects, ref, refs, text, unique } from './elements.ts';
import { endOf, startOf } from './instants.ts';
import { DATA_CLASSES } from './role-views.ts';
import type { ConsentRow, DataClass } from './types.ts';
import { local, SHARING_POLICY } from './vocabulary.ts';

/** Marks an override among consents: only safeguarding may write one. */
export const OVERRIDE_TAG = 'OVERRIDE';
const RESOURCE_TYPES = 'http://hl7.org/fhir/resource-types';
const SCOPE = 'http://terminology.hl7.org/CodeSystem/consentscope';

/** The consent rows of one resource; none for other types. */
export function consentsOf(resource: Resource): ConsentRow[] {
  const patient = ref(resource.patient);
  const provision = object(resource.provision);
  if (resource.resourceType !== 'Consent' || resource.id === undefined || resource.status !== 'active') return [];
  if (patient === null || !patient.startsWith('Patient/') || !isSharing(resource)) return [];
  const base = { patient, source: `Consent/${resource.id}` };
  const stated = explained(resource, provision).map(
    (party): ConsentRow => row(base, 'sharing-explained', party, [], provision),
  );
  const provisions = provision === null ? [] : [provision, ...objects(provision.provision)];
  return [...stated, ...provisions.flatMap((one) => provisionRows(resource, one, base))];
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
): ConsentRow[] {
  const actors = actorsOf(provision);
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
