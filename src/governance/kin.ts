/**
 * Fetus and mother (domain.md 3.5): `RelatedPerson(patient = fetus, relationship NMTHF or GESTM)` names the mother by NHS
 * number, and the mother's `Patient.link` may name that RelatedPerson. Only while unborn: from birth (NMTH) new findings
 * of the baby are the baby's own, and what was written before stays the mother's because it was stored so.
 */
import type { Resource } from '../fhir/types.ts';
import { codes, hasCode, isTo, type Lookup, objects, ref, text } from './elements.ts';
import { NHS_NUMBER, ROLE_CODE } from './vocabulary.ts';

export interface Kin {
  /** `Patient/..` of the fetus. */
  child: string;
  /** `Patient/..` of the mother. */
  mother: string;
}

/** What `kinOf` reads: the mother by her number, the related persons a Patient links to. */
export function kinLookups(resource: Resource): string[] {
  if (resource.resourceType === 'Patient') return linksOf(resource);
  return motherNumbers(resource).map((number) => byNumber(number));
}

/** Fetus -> mother, as far as the other side is there already. */
export function kinOf(resource: Resource, lookup: Lookup): Kin[] {
  if (resource.resourceType === 'Patient') return ofMother(resource, lookup);
  const child = isMotherOfFetus(resource) ? ref(resource.patient) : null;
  if (child === null) return [];
  return motherNumbers(resource).flatMap((number) => {
    const mother = lookup(byNumber(number));
    return mother?.id === undefined || mother.resourceType !== 'Patient'
      ? []
      : [{ child, mother: `Patient/${mother.id}` }];
  });
}

function ofMother(resource: Resource, lookup: Lookup): Kin[] {
  if (resource.id === undefined) return [];
  const mother = `Patient/${resource.id}`;
  return linksOf(resource).flatMap((link) => {
    const related = lookup(link);
    const child = related !== null && isMotherOfFetus(related) ? ref(related.patient) : null;
    return child === null || child === mother ? [] : [{ child, mother }];
  });
}

function linksOf(resource: Resource): string[] {
  return objects(resource.link)
    .filter((one) => one.type === 'seealso')
    .flatMap((one) => ref(one.other) ?? [])
    .filter((one) => isTo(one, 'RelatedPerson'));
}

function isMotherOfFetus(resource: Resource): boolean {
  return (
    resource.resourceType === 'RelatedPerson' && hasCode(codes(resource.relationship), ROLE_CODE, 'NMTHF', 'GESTM')
  );
}

function motherNumbers(resource: Resource): string[] {
  if (!isMotherOfFetus(resource)) return [];
  return objects(resource.identifier)
    .filter((one) => one.system === NHS_NUMBER)
    .flatMap((one) => text(one.value) ?? []);
}

function byNumber(number: string): string {
  return `Patient?identifier=${NHS_NUMBER}|${number.replaceAll(' ', '')}`;
}
