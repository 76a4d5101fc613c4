/** What a search finds, by table: tokens, references, strings, dates. The same cases bind SQL (search-equality.test.ts). */
import { describe, expect, test } from '@jest/globals';
import type { Resource } from '../../../src/fhir/types.ts';
import { createIndexer } from '../../../src/search/extract.ts';
import { matches } from '../../../src/search/match-clauses.ts';
import { parseSearch } from '../../../src/search/parse.ts';
import { BASES, r4 } from './r4-params.ts';

const indexer = createIndexer(r4, BASES);
const NOW = new Date('2024-06-01T00:00:00Z');

function finds(resource: Resource, text: string): boolean {
  const context = { definitions: r4, bases: BASES, lenient: false, maxCount: 100, now: NOW };
  return matches(parseSearch(resource.resourceType, text, context).query, resource, indexer.indexOf(resource));
}

const encounter = (body: object): Resource => ({ resourceType: 'Encounter', id: 'e1', ...body });

describe('dates: prefix, precision of the search, precision of the element', () => {
  // element: a day, an instant, a period, periods open at either end
  const day = { period: { start: '2024-02-29', end: '2024-02-29' } };
  const visit = { period: { start: '2024-02-29T10:00:00Z', end: '2024-02-29T11:00:00Z' } };
  const long = { period: { start: '2024-01-15', end: '2024-03-15' } };
  const since = { period: { start: '2024-02-15' } };
  const until = { period: { end: '2024-02-15' } };
  test.each<[string, [boolean, boolean, boolean, boolean, boolean]]>([
    // [day, visit, long, since, until]
    ['2024-02-29', [true, true, false, false, false]],
    ['eq2024-02', [true, true, false, false, false]],
    ['2024', [true, true, true, false, false]],
    ['2024-02-28', [false, false, false, false, false]],
    ['ne2024-02-29', [false, false, true, true, true]],
    ['ne2024', [false, false, false, true, true]],
    ['gt2024-02-28', [true, true, true, true, false]],
    ['gt2024-02-29', [false, false, true, true, false]],
    ['ge2024-02-29', [true, true, true, true, false]],
    ['ge2024-03', [false, false, false, true, false]],
    ['lt2024-03-01', [true, true, true, true, true]],
    ['lt2024-02-29', [false, false, true, true, true]],
    ['le2024-02-29', [true, true, true, true, true]],
    ['le2024-01', [false, false, false, false, true]],
    ['sa2024-02-28', [true, true, false, false, false]],
    ['sa2024-01-14', [true, true, true, true, false]],
    ['sa2024-02-29', [false, false, false, false, false]],
    ['eb2024-03-01', [true, true, false, false, true]],
    ['eb2024-03-16', [true, true, true, false, true]],
    ['eb2024-02-29', [false, false, false, false, true]],
    ['gt2024-02-29T10:30:00Z', [true, true, true, true, false]],
    ['lt2024-02-29T10:30:00Z', [true, true, true, true, true]],
    ['ge2024-02-29T11:00:00Z', [true, false, true, true, false]],
    ['2024-02-29T12:00:00%2B01:00', [false, false, false, false, false]],
    ['sa2024-02-29T10:59:00%2B01:00', [false, true, false, false, false]],
    ['ap2024-02-20', [true, true, true, true, true]],
    ['ap2020-02-20', [false, false, false, false, true]],
  ])('date=%s', (text, expected) => {
    expect([day, visit, long, since, until].map((body) => finds(encounter(body), `date=${text}`))).toEqual(expected);
  });

  test.each([
    ['1990', '1990', true],
    ['1990-05', '1990', false],
    ['1990', '1990-05', true],
    ['ge1990-05', '1990', true],
    ['lt1990-05', '1990', true],
    ['eb1991', '1990', true],
    ['sa1989', '1990-05-05', true],
  ])('birthdate=%s of %s: %s', (asked, held, expected) => {
    expect(finds({ resourceType: 'Patient', id: 'p', birthDate: held }, `birthdate=${asked}`)).toBe(expected);
  });

  test('an element without a date is found by no prefix, only by :missing', () => {
    for (const prefix of ['', 'ne', 'lt', 'gt', 'le', 'ge', 'sa', 'eb', 'ap']) {
      expect(finds(encounter({}), `date=${prefix}2024`)).toBe(false);
    }
    expect(finds(encounter({}), 'date:missing=true')).toBe(true);
    expect(finds(encounter(day), 'date:missing=true')).toBe(false);
  });

  test.each([
    ['ge2024-03-01T00:00:00.000Z', true],
    ['gt2024-03-01T00:00:00.000Z', false],
    ['2024-03-01', true],
    ['lt2024-03-01', false],
    ['le2024-03-01', true],
    ['ne2024-02', true],
  ])('_lastUpdated=%s: %s', (asked, expected) => {
    const meta = { lastUpdated: '2024-03-01T00:00:00.000Z', versionId: '1' };
    expect(finds({ resourceType: 'Patient', id: 'p', meta }, `_lastUpdated=${asked}`)).toBe(expected);
  });
});

describe('strings', () => {
  const patient: Resource = {
    resourceType: 'Patient',
    id: 'p',
    name: [{ family: 'van den Berg', given: ['Änne Marie', "D'Arcy"], prefix: ['Dr'] }],
    address: [{ line: ['12 High Street'], city: 'Salford', postalCode: 'M14 5RX' }],
  };
  test.each([
    ['name=anne', true],
    ['name=ÄNNE', true],
    ['name=marie', true],
    ['name=berg', true],
    ['name=den%20berg', true],
    ['name=dr', true],
    ['name=erg', false],
    ['family=van', true],
    ['family=berg', false],
    ['family:contains=berg', true],
    ['given=d%27arcy', true],
    ['given=d%E2%80%99arcy', true],
    ['given:exact=Änne Marie', true],
    ['given:exact=anne marie', false],
    ['given:exact=Änne', false],
    ['name:exact=van den Berg', true],
    ['name:exact=Berg', false],
    ['name:contains=NNE', true],
    ['address=salford', true],
    ['address=high', true],
    ['address-city=salf', true],
    ['address-postalcode=m14', true],
    ['family=x,van', true],
    ['family=van&given=zoe', false],
    ['family=%25', false],
    ['family=_', false],
    ["family='", false],
    ['family=%5C', false],
    ['family:contains=%25', false],
    ['address-country:missing=true', true],
    ['address:missing=false', true],
  ])('%s: %s', (text, expected) => expect(finds(patient, text)).toBe(expected));

  test('punctuation is itself (H16)', () => {
    const odd: Resource = { resourceType: 'Patient', id: 'p', name: [{ family: '100%_a\\b,c' }] };
    expect(finds(odd, 'family=100%25_')).toBe(true);
    expect(finds(odd, `family=${encodeURIComponent('100%_a\\\\b\\,c')}`)).toBe(true);
    expect(finds(odd, `family:exact=${encodeURIComponent('100%_a\\b\\,c')}`)).toBe(true);
  });
});

describe('tokens', () => {
  const patient: Resource = {
    resourceType: 'Patient',
    id: 'p1',
    active: true,
    gender: 'female',
    identifier: [{ system: 'http://nhs', value: '999 A' }, { value: 'a|b' }],
    telecom: [
      { system: 'phone', value: '+44 7700 900123' },
      { system: 'email', value: 'Anne@x.example' },
    ],
    meta: { tag: [{ system: 'http://t', code: 'HTEST' }], profile: ['http://p|1.0'] },
  };
  test.each([
    ['identifier=999 A', true],
    ['identifier=999 a', false],
    ['identifier=http://nhs|999 A', true],
    ['identifier=http://other|999 A', false],
    ['identifier=|999 A', false],
    ['identifier=http://nhs|', true],
    ['identifier=http://n|', false],
    ['identifier=a%5C|b', true],
    ['identifier=|a%5C|b', true],
    ['identifier=a|b', false],
    ['active=true', true],
    ['gender=male,female', true],
    ['gender:not=male', true],
    ['gender:not=female', false],
    ['gender:missing=false', true],
    ['language:missing=true', true],
    ['language:not=en', true],
    ['telecom=%2B447700900123', true],
    ['phone=%2B44 7700 900123', true],
    ['phone=anne@x.example', false],
    ['email=ANNE@x.example', true],
    ['deceased=false', true],
    ['_id=p1', true],
    ['_id=P1', false],
    ['_id=p2,p1', true],
    ['_id:not=p1', false],
    ['_tag=HTEST', true],
    ['_tag=http://t|HTEST', true],
    ['_profile=http://p', true],
    ['_profile=http://p|1.0', true],
    ['_profile=http://p|2.0', false],
  ])('%s: %s', (text, expected) => expect(finds(patient, text)).toBe(expected));

  test('a code element has the system of its binding, once the definitions name it', () => {
    const gender = r4.searchParams('Patient').get('gender');
    if (gender === undefined) throw new Error('no gender');
    const system = 'http://hl7.org/fhir/administrative-gender';
    const named = { ...r4, searchParams: () => new Map([['gender', { ...gender, codeSystem: system }]]) };
    const search = (text: string) =>
      parseSearch('Patient', text, { definitions: named, bases: BASES, lenient: false, maxCount: 1 }).query;
    const values = indexer.indexOf(patient);
    expect(matches(search(`gender=${system}|female`), patient, values)).toBe(true);
    expect(matches(search('gender=http://wrong|female'), patient, values)).toBe(false);
  });

  test('long values are found by digest and not by prefix', () => {
    const value = 'v'.repeat(500);
    const long: Resource = { resourceType: 'Patient', id: 'p', identifier: [{ system: 'http://s', value }] };
    expect(finds(long, `identifier=http://s|${value}`)).toBe(true);
    expect(finds(long, `identifier=http://s|${value.slice(1)}`)).toBe(false);
    expect(Math.max(...indexer.indexOf(long).tokens.map((word) => word.length))).toBeLessThan(260);
  });
});

describe('references', () => {
  const local = encounter({ subject: { reference: 'Patient/1/_history/4' } });
  const own = encounter({ subject: { reference: 'https://tandem.example/fhir/Patient/1' } });
  const foreign = encounter({ subject: { reference: 'https://other.example/fhir/Patient/1' } });
  const group = encounter({ subject: { reference: 'Group/1' } });
  const logical = encounter({ subject: { type: 'Patient', identifier: { system: 'http://nhs', value: '9' } } });
  test.each<[string, [boolean, boolean, boolean, boolean, boolean]]>([
    // [local, own, foreign, group, logical]
    ['subject=Patient/1', [true, true, false, false, false]],
    ['subject=1', [true, true, false, true, false]],
    ['patient=1', [true, true, false, false, false]],
    ['patient=Patient/1', [true, true, false, false, false]],
    ['subject:Patient=1', [true, true, false, false, false]],
    ['subject:Group=1', [false, false, false, true, false]],
    ['subject=https://tandem.example/fhir/Patient/1', [true, true, false, false, false]],
    ['subject=http://127.0.0.1:8080/fhir/R4/Patient/1', [true, true, false, false, false]],
    ['subject=https://other.example/fhir/Patient/1', [false, false, true, false, false]],
    ['patient=https://other.example/fhir/Patient/1', [false, false, true, false, false]],
    ['subject=Patient/2,Group/1', [false, false, false, true, false]],
    ['subject:identifier=http://nhs|9', [false, false, false, false, true]],
    ['patient:identifier=9', [false, false, false, false, true]],
    ['subject:missing=false', [true, true, true, true, true]],
    ['patient:missing=true', [false, false, false, true, false]],
  ])('%s', (text, expected) => {
    expect([local, own, foreign, group, logical].map((resource) => finds(resource, text))).toEqual(expected);
  });

  test('canonicals are found with and without version, also under our own base', () => {
    const response: Resource = {
      resourceType: 'QuestionnaireResponse',
      id: 'q',
      questionnaire: 'https://tandem.example/fhir/Questionnaire/joint|3',
    };
    expect(finds(response, 'questionnaire=https://tandem.example/fhir/Questionnaire/joint')).toBe(true);
    expect(finds(response, 'questionnaire=https://tandem.example/fhir/Questionnaire/joint|3')).toBe(true);
    expect(finds(response, 'questionnaire=https://tandem.example/fhir/Questionnaire/joint|2')).toBe(false);
  });

  test.each([[{ reference: '#p' }], [{ display: 'Mrs Example' }]])(
    'what refers to nobody one can ask for is not missing: %j',
    (subject) => {
      expect(finds(encounter({ subject }), 'subject:missing=true')).toBe(false);
      expect(finds(encounter({ subject }), 'subject:missing=false')).toBe(true);
      expect(finds(encounter({ subject }), 'subject=p')).toBe(false);
      expect(finds(encounter({}), 'subject:missing=true')).toBe(true);
    },
  );
});
