/** Mother, babies, those around them and the family Group (domain.md 3.5). */
import { idSystem, reference } from '../../src/care/canon.ts';
import { addDays } from '../../src/care/clock.ts';
import { familyGroup, motherPatient, nhsNumber, relatedPerson, unbornBaby } from '../../src/care/family.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { MATERNITY } from '../directory/places.ts';
import { mobile } from '../people.ts';
import { babyId, type Family, motherOf, spareNumber } from './model.ts';

const named = (id: string, resource: Resource): Resource => ({ ...resource, id });

/** The mother; `partnerId` of her RelatedPerson is `<id>-partner` unless a story needs another. */
export function identity(family: Family, partnerId = `${family.id}-partner`): Resource[] {
  const born = family.spec.bornDaysAgo !== undefined;
  return [
    mother(family),
    ...family.babies.flatMap((_baby, n) => (born ? newborn(family, n) : unborn(family, n))),
    ...partner(family, partnerId),
    group(family),
  ];
}

function mother(family: Family): Resource {
  const { spec } = family;
  return named(
    family.id,
    motherPatient({
      name: family.name,
      birthDate: family.birthDate,
      nhsNumber: family.nhsNumber,
      verification: '01',
      localId: `M-${family.id}`,
      gender: 'female',
      phone: family.phone,
      address: family.address,
      language: family.language,
      ...(spec.interpreter === undefined ? {} : { interpreter: spec.interpreter }),
      gp: reference(`Organization/gp-practice-${(spec.number % 4) + 1}`),
      managingOrganization: reference(MATERNITY),
    }),
  );
}

function unborn(family: Family, n: number): Resource[] {
  const baby = family.babies[n];
  if (baby === undefined) return [];
  const id = babyId(family, baby.letter);
  const patient = unbornBaby({
    pregnancy: family.pregnancy,
    letter: baby.letter,
    surname: family.name.family,
    multiple: family.babies.length > 1,
    ...(baby.status === undefined ? {} : { status: baby.status }),
    managingOrganization: reference(MATERNITY),
  });
  const link = relatedPerson({
    patient: reference(`Patient/${id}`),
    relationship: 'NMTHF',
    nhsNumber: family.nhsNumber,
  });
  return [named(id, patient), named(`${id}-mother`, link)];
}

/** From birth the fetus Patient is the baby: number and birth date are added, its own number is kept as old (3.5). */
function newborn(family: Family, n: number): Resource[] {
  const baby = family.babies[n];
  const birth = family.spec.bornDaysAgo;
  if (baby === undefined || birth === undefined) return [];
  const id = babyId(family, baby.letter);
  const patient: Resource = {
    resourceType: 'Patient',
    identifier: [
      nhsNumber(spareNumber(family, n === 0 ? 0 : 1), '01'),
      { use: 'old', system: idSystem('fetus'), value: `${family.pregnancy}-${baby.letter}` },
    ],
    active: true,
    name: [{ use: 'official', family: family.name.family, given: [family.dice.pick(BABY_NAMES)] }],
    gender: family.dice.pick(['female', 'male']),
    birthDate: addDays(family.today, -birth),
    ...(family.babies.length > 1 ? { multipleBirthInteger: n + 1 } : {}),
    address: [{ use: 'home', ...family.address }],
    managingOrganization: reference(MATERNITY),
  };
  const link = relatedPerson({ patient: reference(`Patient/${id}`), relationship: 'NMTH', name: family.name });
  return [named(id, patient), named(`${id}-mother`, link)];
}

const BABY_NAMES = ['Ava', 'Noah', 'Mia', 'Leo', 'Lily', 'Omar', 'Ella', 'Theo', 'Aria', 'Zayn', 'Maya', 'Arlo'];

function partner(family: Family, id: string): Resource[] {
  if (family.partner === null) return [];
  const related = relatedPerson({
    patient: motherOf(family),
    relationship: 'DOMPART',
    name: family.partner,
    phone: mobile(family.spec.number * 2 + 1),
  });
  return [named(id, related)];
}

/** Patients only, the mother first: the Group is hers. */
function group(family: Family): Resource {
  const members = [
    motherOf(family),
    ...family.babies.map(({ letter }) => reference(`Patient/${babyId(family, letter)}`)),
  ];
  return { ...named(family.id, familyGroup(members, `F-${family.id}`)), managingEntity: reference(MATERNITY) };
}
