/** What the write operations send: one finding, and a family of ten resources. */
import { reference } from '../src/care/canon.ts';
import { addDays } from '../src/care/clock.ts';
import * as family from '../src/care/family.ts';
import { eddObservation, pregnancyCondition } from '../src/care/pregnancy.ts';
import type { JsonObject, Reference, Resource } from '../src/fhir/types.ts';
import { ANTENATAL_CARE } from './directory.ts';
import { Draft, type Entry } from './draft.ts';
import { personOf } from './names.ts';

/** A measurement of about 1.2 kB as stored. Its code is the bench's own: no clinical code is needed here. */
export function finding(of: {
  mother: Reference;
  encounter: Reference;
  who: string;
  service: string;
  on: string;
  value: number;
}): Resource {
  const measured = (name: string, value: number): JsonObject => ({
    code: { coding: [{ system: 'https://bench.example/measurement', code: name, display: `Measurement ${name}` }] },
    valueQuantity: { value, unit: 'cm', system: 'http://unitsofmeasure.org', code: 'cm' },
  });
  return {
    resourceType: 'Observation',
    status: 'final',
    category: [
      {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }],
        text: 'Measured at a contact',
      },
    ],
    ...measured('first', of.value),
    subject: of.mother,
    encounter: of.encounter,
    effectiveDateTime: `${of.on}T10:15:00Z`,
    issued: `${of.on}T10:20:00Z`,
    performer: [reference(of.who), reference(of.service)],
    note: [{ text: 'Measured twice with the same tape; the second reading is recorded here.' }],
    component: [measured('second', of.value + 1), measured('third', of.value + 2)],
  };
}

/** The ten of the transaction that is measured: a family as the system of either service may register it. */
export function registration(nhsNumber: string, number: number, service: string, who: string, today: string): Entry[] {
  const draft = new Draft();
  const person = personOf(number);
  const name = { family: person.family, given: [person.given] };
  const pregnancy = `bench-registered-${number}`;
  const managingOrganization = reference(service);
  const mother = draft.add(
    family.motherPatient({
      ...{ name, nhsNumber, verification: '01', managingOrganization, gender: 'female', language: 'en' },
      birthDate: '1996-05-17',
      phone: '07700 900123',
      address: { line: ['7 Example Street'], city: 'Example', postalCode: 'ZZ99 3CZ' },
    }),
  );
  const fetus = draft.add(
    family.unbornBaby({ pregnancy, letter: 'A', surname: person.family, multiple: false, managingOrganization }),
  );
  draft.add(family.relatedPerson({ patient: fetus, relationship: 'NMTHF', name, nhsNumber }));
  draft.add(family.relatedPerson({ patient: mother, relationship: 'DOMPART', name: { ...name, given: ['Sam'] } }));
  draft.add(family.familyGroup([mother, fetus]));
  draft.add(pregnancyCondition(mother, reference(who), today));
  draft.add(
    eddObservation({
      patient: mother,
      from: { lmp: addDays(today, -70) },
      on: today,
      performer: reference(service),
    }),
  );
  for (const value of [21, 26]) {
    const { encounter: _none, ...measured } = finding({
      ...{ mother, who, service, value },
      encounter: mother,
      on: today,
    });
    draft.add({ ...measured, resourceType: 'Observation' });
  }
  draft.add({
    resourceType: 'Appointment',
    status: 'booked',
    serviceType: [{ coding: [ANTENATAL_CARE] }],
    start: `${addDays(today, 28)}T09:00:00Z`,
    end: `${addDays(today, 28)}T10:30:00Z`,
    participant: [mother, reference(who)].map((actor) => ({ actor, status: 'accepted' })),
  });
  return draft.entries;
}
