/** The families of the story: new people each time, and the booking an EPR would send for them. */
import { readFileSync } from 'node:fs';
import { nhsCheckDigit } from '../../seed/nhs-numbers.ts';
import { idSystem, NHS_NUMBER, profile, SNOMED } from '../../src/care/canon.ts';
import { addDays, type CivilDate } from '../../src/care/clock.ts';
import { FETAL_STATUS } from '../../src/care/family.ts';
import { objectsAt } from '../../src/care/shape.ts';
import type { Json, JsonObject } from '../../src/fhir/types.ts';
import { PRIYA } from './cast.ts';
import type { Actor, Fhir } from './http.ts';
import { expectStatus } from './http.ts';

export interface Family {
  given: string;
  surname: string;
  nhsNumber: string;
  pregnancy: string;
  /** EDD by last period, the day of the booking at 9+0, and what the dating scan says. */
  eddByPeriod: CivilDate;
  booked: CivilDate;
  eddByScan: CivilDate;
}

/** `999 123 4567` */
export const printed = (number: string): string => `${number.slice(0, 3)} ${number.slice(3, 6)} ${number.slice(6)}`;
export const nameOf = (family: Family): string => `${family.given} ${family.surname}`;

/**
 * A number of the 999 test range that nobody here has. Drawn from the clock, above the numbers of the seed; the EPR
 * looks first whether it knows somebody of that number, as it would.
 */
export async function unusedNumber(fhir: Fhir, epr: Actor, clock: number): Promise<string> {
  for (let serial = clock; ; serial += 1) {
    const nine = `999${String(100_000 + (serial % 899_999)).padStart(6, '0')}`;
    const check = nhsCheckDigit(nine);
    if (check === null) continue;
    const known = await fhir.call(epr, 'GET', `Patient?identifier=${NHS_NUMBER}|${nine}${check}&_elements=id`);
    if (objectsAt(expectStatus(known, 200).body, 'entry').length === 0) return nine + check;
  }
}

/** Gestation today by last period and by scan, in days. */
export interface Gestation {
  byPeriod: number;
  byScan: number;
}

const TERM = 280;
const BOOKED_AT = 63;

/** @param today civil date. The booking was at 9+0 by the last period. */
export function familyOf(given: string, surname: string, nhsNumber: string, today: CivilDate, at: Gestation): Family {
  const eddByPeriod = addDays(today, TERM - at.byPeriod);
  return {
    given,
    surname,
    nhsNumber,
    pregnancy: `PREG-${nhsNumber}`,
    eddByPeriod,
    booked: addDays(eddByPeriod, BOOKED_AT - TERM),
    eddByScan: addDays(today, TERM - at.byScan),
  };
}

const SAMPLE = new URL('../../docs/referral-bundle.json', import.meta.url);

/** The referral of the README with this family's names, number and dates in it: what is printed there is what is played. */
export function bookingBundle(family: Family): JsonObject {
  const swaps: [from: string, to: string][] = [
    ['9998000017', family.nhsNumber],
    ['Samplewood', family.surname],
    ['Aisha', family.given],
    ['PREG-SAMPLE-1', family.pregnancy],
    ['2026-11-04', family.booked],
    ['2027-06-09', family.eddByPeriod],
  ];
  const text = swaps.reduce((all, [from, to]) => all.replaceAll(from, to), readFileSync(SAMPLE, 'utf8'));
  const bundle: Json = JSON.parse(text);
  if (typeof bundle !== 'object' || bundle === null || Array.isArray(bundle)) throw new Error('no Bundle');
  return bundle;
}

/** The dating scan's EDD, as the EPR sends it: it supersedes the one by the last period. */
export const scanObservation = (family: Family, patient: string, on: CivilDate): JsonObject => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: SNOMED, code: '738070007', display: 'EDD from antenatal ultrasound scan' }] },
  subject: { reference: patient },
  effectiveDateTime: on,
  performer: [{ reference: PRIYA }],
  valueDateTime: family.eddByScan,
});

/** The unborn baby with its mother link, the partner, and the family that holds them together. */
export function householdBundle(family: Family, patient: string, partner: string): JsonObject {
  const surname = family.surname.toUpperCase();
  const role = (code: string): JsonObject[] => [
    { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-RoleCode', code }] },
  ];
  const baby = 'urn:uuid:22222222-0000-4000-8000-000000000001';
  const resources: [fullUrl: string, resource: JsonObject][] = [
    [
      baby,
      {
        resourceType: 'Patient',
        meta: { profile: [profile('JV-UnbornBaby')] },
        extension: [{ url: FETAL_STATUS, valueCode: 'potential-for-live-birth' }],
        identifier: [{ system: idSystem('fetus'), value: `${family.pregnancy}-A` }],
        active: true,
        name: [{ use: 'temp', text: `Baby ${surname}`, family: surname }],
        multipleBirthBoolean: false,
        managingOrganization: { reference: 'Organization/maternity-service' },
      },
    ],
    [
      'urn:uuid:22222222-0000-4000-8000-000000000002',
      {
        resourceType: 'RelatedPerson',
        active: true,
        patient: { reference: baby },
        relationship: role('NMTHF'),
        identifier: [{ system: NHS_NUMBER, value: family.nhsNumber }],
      },
    ],
    [
      'urn:uuid:22222222-0000-4000-8000-000000000003',
      {
        resourceType: 'RelatedPerson',
        active: true,
        patient: { reference: patient },
        relationship: role('DOMPART'),
        name: [{ family: family.surname, given: [partner] }],
      },
    ],
    [
      'urn:uuid:22222222-0000-4000-8000-000000000004',
      {
        resourceType: 'Group',
        active: true,
        type: 'person',
        actual: true,
        code: { coding: [{ system: 'https://tandem.example/fhir/CodeSystem/group-kind', code: 'family' }] },
        member: [{ entity: { reference: patient } }, { entity: { reference: baby } }],
      },
    ],
  ];
  return {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: resources.map(([fullUrl, resource]) => ({
      fullUrl,
      resource,
      request: { method: 'POST', url: String(resource.resourceType) },
    })),
  };
}
