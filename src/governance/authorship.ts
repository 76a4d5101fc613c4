/** Who wrote a resource, and whose record it therefore is. */
import { patientReferences } from '../fhir/compartments.ts';
import type { JsonObject, Resource } from '../fhir/types.ts';
import { isTo, type Lookup, object, objects, ref, refs, unique } from './elements.ts';

const AUTHOR_ELEMENTS = [
  'author',
  'contributor',
  'requester',
  'recorder',
  'asserter',
  'sender',
  'performer',
  'careManager',
];
const AUTHORS = ['PractitionerRole', 'Practitioner', 'CareTeam', 'Patient', 'RelatedPerson'];
const SERVICE_ELEMENTS = [
  'managingOrganization',
  'managingEntity',
  'serviceProvider',
  'organization',
  'providedBy',
  'custodian',
  'author',
  'performer',
];
const SIGNATURE = 'http://hl7.org/fhir/StructureDefinition/questionnaireresponse-signature';

/** Author parties: those the resource names, its signatories, and those who write it now. A performer asked for is none. */
export function authorsOf(resource: Resource, writer: readonly string[]): string[] {
  const isRequest = resource.resourceType === 'ServiceRequest' || resource.resourceType === 'Task';
  const names = AUTHOR_ELEMENTS.filter((name) => !(isRequest && name === 'performer'));
  const named = names.flatMap((name) => [
    ...refs(resource[name]),
    ...objects(resource[name]).flatMap((one) => refs(one.actor)),
  ]);
  const present =
    resource.resourceType === 'Encounter' ? objects(resource.participant).flatMap((one) => refs(one.individual)) : [];
  const agents = resource.resourceType === 'Provenance' ? objects(resource.agent).flatMap((one) => refs(one.who)) : [];
  const all = [...named, ...present, ...agents, ...signatoriesOf(resource)].filter((one) => isTo(one, ...AUTHORS));
  return unique([...all, ...writer]);
}

function signatoriesOf(resource: Resource): string[] {
  return objects(resource.extension)
    .filter((one) => one.url === SIGNATURE)
    .flatMap((one) => refs(object(one.valueSignature)?.who));
}

/** The visit whose practitioners are the authors of an assessment. */
export function visitLookups(resource: Resource): string[] {
  return resource.resourceType === 'QuestionnaireResponse'
    ? refs(resource.encounter).filter((one) => isTo(one, 'Encounter'))
    : [];
}

/**
 * The practitioners of the visit: both are authors of its assessment from the first word on, whoever began to write
 * (domain.md 2.5, equal partnership). Taken from the Encounter, so that naming somebody in a form opens nothing.
 */
export function practitionersOfVisit(resource: Resource, lookup: Lookup): string[] {
  return visitLookups(resource).flatMap((visit) => {
    const people = objects(lookup(visit)?.participant).flatMap((one) => refs(one.individual));
    return people.filter((one) => isTo(one, 'PractitionerRole', 'Practitioner'));
  });
}

/** What `recordingServiceOf` reads. */
export function serviceLookups(resource: Resource): string[] {
  const people = authorsOf(resource, []).filter((one) => isTo(one, 'PractitionerRole', 'CareTeam'));
  return unique([...people, ...subjectsOf(resource)]);
}

/**
 * The service whose record a resource is, when no service wrote it (a loading client): the one it names, its author's,
 * else the one that registered its patient. Null when nothing tells: then only that client sees it.
 */
export function recordingServiceOf(resource: Resource, lookup: Lookup): string | null {
  const isRequest = resource.resourceType === 'ServiceRequest' || resource.resourceType === 'Task';
  const names = SERVICE_ELEMENTS.filter((name) => !(isRequest && name === 'performer'));
  const named = names.flatMap((name) => refs(resource[name])).find((one) => isTo(one, 'Organization'));
  if (named !== undefined) return named;
  for (const author of authorsOf(resource, [])) {
    const service = serviceOf(isTo(author, 'PractitionerRole', 'CareTeam') ? lookup(author) : null);
    if (service !== null) return service;
  }
  for (const patient of subjectsOf(resource)) {
    const service = serviceOf(lookup(patient));
    if (service !== null) return service;
  }
  return null;
}

function serviceOf(named: Resource | null): string | null {
  const found = [...refs(named?.organization), ...refs(named?.managingOrganization)];
  return found.find((one) => isTo(one, 'Organization')) ?? null;
}

/** The person it is about; an Appointment or a Group names its people only as participants or members. */
function subjectsOf(resource: Resource): string[] {
  const elements: JsonObject[string][] = [resource.subject, resource.patient, resource.for];
  const named = elements.flatMap((one) => ref(one) ?? []).filter((one) => one.startsWith('Patient/'));
  return named.length > 0 ? named : patientReferences(resource).slice(0, 1);
}
