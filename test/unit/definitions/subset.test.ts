/** `_summary=true` and `_elements` at every level (R4 search.html#summary). */
import { expect, test } from '@jest/globals';
import type { Resource } from '../../../src/fhir/types.ts';
import { testDefinitions } from './cache.ts';

const definitions = await testDefinitions();

const patient: Resource = {
  resourceType: 'Patient',
  id: 'p',
  meta: { versionId: '1' },
  text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">x</div>' },
  extension: [{ url: 'http://e.example', valueString: 'x' }],
  name: [{ id: 'n', use: 'official', family: 'Berg', _family: { id: 'f' }, given: ['A', 'B'] }],
  contact: [{ gender: 'female' }],
  communication: [{ language: { text: 'Welsh' }, preferred: true }],
  link: [{ other: { reference: 'Patient/2' }, type: 'seealso' }],
  multipleBirthBoolean: true,
  birthDate: '2000',
};
const document: Resource = {
  resourceType: 'DocumentReference',
  id: 'd',
  status: 'current',
  content: [{ attachment: { contentType: 'text/plain', data: 'eA==', url: 'http://e.example' } }],
};
const observation: Resource = {
  resourceType: 'Observation',
  id: 'o',
  status: 'final',
  code: { text: 'c' },
  note: [{ text: 'n' }],
  component: [
    { code: { text: 'a' }, valueString: 'v', interpretation: [{ text: 'i' }], referenceRange: [{ text: 'r' }] },
    { code: { coding: [{ code: 'b', extension: [{ url: 'http://e.example', valueString: 'x' }] }] } },
  ],
};

test.each<[string, Resource, object]>([
  [
    'elements within elements as the definition marks them',
    patient,
    {
      resourceType: 'Patient',
      id: 'p',
      meta: { versionId: '1' },
      name: [{ use: 'official', family: 'Berg', _family: { id: 'f' }, given: ['A', 'B'] }],
      link: [{ other: { reference: 'Patient/2' }, type: 'seealso' }],
      birthDate: '2000',
    },
  ],
  [
    'the data of an attachment is not part of a summary',
    document,
    { ...document, content: [{ attachment: { contentType: 'text/plain', url: 'http://e.example' } }] },
  ],
  [
    'components keep their codes and values',
    observation,
    {
      resourceType: 'Observation',
      id: 'o',
      status: 'final',
      code: { text: 'c' },
      component: [{ code: { text: 'a' }, valueString: 'v' }, { code: { coding: [{ code: 'b' }] } }],
    },
  ],
])('summary: %s', (_, resource, expected) => {
  expect(definitions.subsets.summary(resource)).toEqual(expected);
});

test.each<[string, Resource, string[], object]>([
  ['a name, with or without its type', patient, ['Patient.birthDate'], { birthDate: '2000' }],
  ['a choice by its name', patient, ['multipleBirth'], { multipleBirthBoolean: true }],
  ['a path', patient, ['name.family'], { name: [{ family: 'Berg', _family: { id: 'f' } }] }],
  ['a path and all of it', patient, ['name.family', 'name'], { name: patient.name }],
  [
    'mandatory elements beside a path',
    patient,
    ['communication.preferred'],
    { communication: [{ language: { text: 'Welsh' }, preferred: true }] },
  ],
  ['what does not exist', patient, ['banana', 'name.banana'], {}],
  ['mandatory ones always', document, ['date'], { status: 'current', content: document.content }],
  [
    'two levels',
    document,
    ['content.attachment.url'],
    { status: 'current', content: [{ attachment: { url: 'http://e.example' } }] },
  ],
])('elements: %s', (_, resource, paths, expected) => {
  const { resourceType, id, meta } = resource;
  const always = { resourceType, id, ...(meta === undefined ? {} : { meta }) };
  expect(definitions.subsets.elements(resource, paths)).toEqual({ ...always, ...expected });
});
