/** Wrong in ways a validator easily lets through: each is refused, at the place where it is wrong. */
import { describe, expect, test } from '@jest/globals';
import { parseJson } from '../../../src/fhir/json.ts';
import { asResource } from '../../../src/fhir/resource.ts';
import { testDefinitions } from './cache.ts';

const definitions = await testDefinitions();

/** `code expression` of every error. */
function errors(text: string): string[] {
  const { root, numbers } = parseJson(Buffer.from(text));
  return definitions
    .validate(asResource(root), { numbers })
    .filter((issue) => issue.severity === 'error')
    .map((issue) => `${issue.code} ${issue.expression}`);
}

const of =
  (start: string) =>
  (more: string): string =>
    `{${start},${more}}`;
const patient = of('"resourceType":"Patient"');
const observation = of('"resourceType":"Observation","status":"final","code":{"text":"x"}');
const bundle = of('"resourceType":"Bundle"');
const question = (item: string): string => `{"resourceType":"Questionnaire","status":"draft","item":[${item}]}`;
const request = of(
  '"resourceType":"ServiceRequest","status":"active","intent":"order","subject":{"reference":"Patient/1"}',
);
const UUID = 'urn:uuid:c757873d-ec9a-4326-a141-556f43239520';
const P = '{"resourceType":"Patient"}';

describe('refused, and where', () => {
  test.each<[string, string, string]>([
    // primitives
    ['an id without a value', patient('"_birthDate":{"id":"b"}'), 'invariant Patient.birthDate'],
    [
      'an id for a gap',
      patient('"name":[{"given":["A",null],"_given":[null,{"id":"x"}]}]'),
      'invariant Patient.name[0].given[1]',
    ],
    ['an empty id beside a value', patient('"birthDate":"2026","_birthDate":{"id":""}'), 'value Patient.birthDate.id'],
    ['a value inside the twin', patient('"_birthDate":{"value":"2026"}'), 'structure Patient.birthDate.value'],
    [
      'a list as the twin of one value',
      patient('"birthDate":"2026","_birthDate":[{"id":"b"}]'),
      'structure Patient.birthDate',
    ],
    ['a date of another calendar', patient('"birthDate":"2569-11-31"'), 'value Patient.birthDate'],
    ['a date with a time', patient('"birthDate":"2026-11-23T00:00:00Z"'), 'value Patient.birthDate'],
    ['a time without seconds', observation('"valueTime":"10:00"'), 'value Observation.value'],
    ['an instant of a day', observation('"issued":"2026-11-23"'), 'value Observation.issued'],
    [
      'a dateTime without its zone',
      observation('"effectiveDateTime":"2026-11-23T10:00:00"'),
      'value Observation.effective',
    ],
    ['a boolean in quotes', patient('"active":"true"'), 'value Patient.active'],
    ['a decimal in quotes', observation('"valueQuantity":{"value":"1.5"}'), 'value Observation.value.value'],
    ['a whole number with a fraction of nothing', observation('"valueInteger":1.0'), 'value Observation.value'],
    ['a rank of zero', patient('"telecom":[{"system":"phone","value":"1","rank":0}]'), 'value Patient.telecom[0].rank'],
    ['a code that begins with a space', patient('"gender":" female"'), 'value Patient.gender'],
    ['base64 that is not', '{"resourceType":"Binary","contentType":"text/plain","data":"a"}', 'value Binary.data'],
    [
      'an oid without its scheme',
      '{"resourceType":"Parameters","parameter":[{"name":"a","valueOid":"1.2.3"}]}',
      'value Parameters.parameter[0].value',
    ],
    // structure
    ['a type of another choice', patient('"multipleBirthString":"two"'), 'structure Patient.multipleBirthString'],
    ['a choice without its type', observation('"value":"x"'), 'structure Observation.value'],
    ['a choice of lower case', observation('"valuequantity":{"value":1}'), 'structure Observation.valuequantity'],
    [
      'an element of R5',
      '{"resourceType":"Encounter","status":"planned","class":{"code":"HH"},"actualPeriod":{"start":"2026"}}',
      'structure Encounter.actualPeriod',
    ],
    ['a list in a list', patient('"name":[[{"family":"x"}]]'), 'structure Patient.name[0]'],
    [
      'a resource without its type',
      bundle('"type":"collection","entry":[{"resource":{"active":true}}]'),
      'structure Bundle.entry[0].resource',
    ],
    [
      'a type name as an element',
      patient('"name":[{"resourceType":"HumanName","family":"x"}]'),
      'structure Patient.name[0].resourceType',
    ],
    // invariants
    ['a contact with nothing to say', patient('"contact":[{"gender":"male"}]'), 'invariant Patient.contact[0]'],
    [
      'a value and why there is none',
      observation('"valueString":"x","dataAbsentReason":{"text":"y"}'),
      'invariant Observation',
    ],
    [
      'a period backwards',
      patient('"name":[{"family":"x","period":{"start":"2026-11-24","end":"2026-11-23"}}]'),
      'invariant Patient.name[0].period',
    ],
    [
      'a unit code without its system',
      observation('"valueQuantity":{"value":1,"code":"kg"}'),
      'invariant Observation.value',
    ],
    ['a ratio of one half', observation('"valueRatio":{"numerator":{"value":1}}'), 'invariant Observation.value'],
    [
      'a comparator in a simple quantity',
      observation('"referenceRange":[{"low":{"value":1,"comparator":"<"}}]'),
      'invariant Observation.referenceRange[0].low',
    ],
    [
      'a duration without its unit',
      request('"occurrenceTiming":{"repeat":{"duration":1}}'),
      'invariant ServiceRequest.occurrence.repeat',
    ],
    [
      'two items with one linkId',
      question('{"linkId":"1","type":"group","item":[{"linkId":"2","type":"string"}]},{"linkId":"2","type":"string"}'),
      'invariant Questionnaire',
    ],
    ['a group without items', question('{"linkId":"1","type":"group"}'), 'invariant Questionnaire.item[0]'],
    [
      'options and a value set',
      question('{"linkId":"1","type":"choice","answerValueSet":"urn:a","answerOption":[{"valueString":"a"}]}'),
      'invariant Questionnaire.item[0]',
    ],
    [
      'a transaction entry without its request',
      bundle(`"type":"transaction","entry":[{"resource":${P}}]`),
      'invariant Bundle',
    ],
    ['a total of a collection', bundle('"type":"collection","total":1'), 'invariant Bundle'],
    [
      'one address twice',
      bundle(
        `"type":"collection","entry":[{"fullUrl":"${UUID}","resource":${P}},{"fullUrl":"${UUID}","resource":${P}}]`,
      ),
      'invariant Bundle',
    ],
    [
      'a parameter with a value and parts',
      '{"resourceType":"Parameters","parameter":[{"name":"a","valueString":"x","part":[{"name":"b","valueString":"y"}]}]}',
      'invariant Parameters.parameter[0]',
    ],
    [
      'a booked appointment without times',
      '{"resourceType":"Appointment","status":"booked","participant":[{"actor":{"reference":"Patient/1"},"status":"accepted"}]}',
      'invariant Appointment',
    ],
    [
      'an allergy without its status',
      '{"resourceType":"AllergyIntolerance","patient":{"reference":"Patient/1"}}',
      'invariant AllergyIntolerance',
    ],
    [
      'a section without content',
      '{"resourceType":"Composition","status":"final","type":{"text":"x"},"date":"2026","author":[{"display":"x"}],"title":"x","section":[{"title":"a","emptyReason":{"text":"x"}}]}',
      'invariant Composition.section[0]',
    ],
    // references and containment
    [
      'a contained bundle',
      patient(
        '"contained":[{"resourceType":"Bundle","id":"b","type":"collection"}],"managingOrganization":{"reference":"#b"}',
      ),
      'structure Patient.contained[0]',
    ],
    [
      'a reference in lower case',
      observation('"subject":{"reference":"patient/1"}'),
      'value Observation.subject.reference',
    ],
    [
      'a contained label',
      observation(
        '"contained":[{"resourceType":"Patient","id":"p","meta":{"security":[{"code":"R"}]}}],"subject":{"reference":"#p"}',
      ),
      'invariant Observation.contained[0]',
    ],
    [
      'a conditional reference to a type not allowed',
      request('"encounter":{"reference":"Patient?identifier=a|b"}'),
      'value ServiceRequest.encounter',
    ],
    // codes, extensions, narrative
    [
      'a language that is no language, of a maximum value set',
      patient('"communication":[{"language":{"coding":[{"system":"urn:other","code":"cy"}]}}]'),
      'code-invalid Patient.communication[0].language',
    ],
    [
      'an instant after a day, in every zone',
      patient('"name":[{"family":"x","period":{"start":"2026-11-24T10:30:00Z","end":"2026-11-23"}}]'),
      'invariant Patient.name[0].period',
    ],
    [
      'a currency of two letters',
      '{"resourceType":"Invoice","status":"draft","totalNet":{"value":1,"currency":"GB"}}',
      'code-invalid Invoice.totalNet.currency',
    ],
    [
      'a right code of another element',
      '{"resourceType":"Encounter","status":"final","class":{"code":"HH"}}',
      'code-invalid Encounter.status',
    ],
    [
      'an extension without an absolute url',
      patient('"extension":[{"url":"colour","valueString":"x"}]'),
      'extension Patient.extension[0]',
    ],
    [
      'an extension with two values',
      patient('"extension":[{"url":"http://a.example/x","valueString":"x","valueCode":"y"}]'),
      'structure Patient.extension[0].value',
    ],
    [
      'a modifier that is not understood',
      observation(
        '"component":[{"code":{"text":"x"},"modifierExtension":[{"url":"http://a.example/x","valueBoolean":true}]}]',
      ),
      'extension Observation.component[0].modifierExtension[0]',
    ],
    [
      'a narrative that runs',
      patient(
        '"text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\"><a href=\\"vbscript:x\\">y</a></div>"}',
      ),
      'value Patient.text.div',
    ],
    [
      'a narrative without a status',
      patient('"text":{"div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\">x</div>"}'),
      'required Patient.text.status',
    ],
  ])('%s', (_, text, expected) => {
    expect(errors(text)).toContain(expected);
  });
});
