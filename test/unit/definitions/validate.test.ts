import { describe, expect, test } from '@jest/globals';
import { parseJson } from '../../../src/fhir/json.ts';
import { asResource } from '../../../src/fhir/resource.ts';
import type { Json, JsonObject, Resource } from '../../../src/fhir/types.ts';
import { testDefinitions } from './cache.ts';

const definitions = await testDefinitions();

function patient(more: JsonObject = {}): Resource {
  return { resourceType: 'Patient', name: [{ family: 'Khan', given: ['Aisha'] }], gender: 'female', ...more };
}

function observation(more: JsonObject = {}): Resource {
  return { resourceType: 'Observation', status: 'final', code: { text: 'words' }, ...more };
}

/** `severity code expression` of every finding. */
function findings(resource: Resource, options?: Parameters<typeof definitions.validate>[1]): string[] {
  return definitions.validate(resource, options).map((issue) => `${issue.severity} ${issue.code} ${issue.expression}`);
}

function primitiveExtension(): JsonObject {
  return { extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' }] };
}

describe('sound resources have no findings', () => {
  test.each<[string, Resource]>([
    ['patient', patient()],
    ['nothing but a type', { resourceType: 'Patient' }],
    ['primitive extension beside a value', patient({ birthDate: '2001-02-28', _birthDate: primitiveExtension() })],
    ['primitive extension instead of a value', patient({ _birthDate: primitiveExtension() })],
    [
      'required value by extension only',
      { resourceType: 'Observation', _status: primitiveExtension(), code: { text: 'x' } },
    ],
    ['null beside an extension', patient({ name: [{ given: [null, 'B'], _given: [primitiveExtension(), null] }] })],
    [
      'choice',
      observation({ valueQuantity: { value: 20.5, unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' } }),
    ],
    ['leap day', patient({ birthDate: '2024-02-29' })],
    [
      'contained, referred to',
      observation({ contained: [{ resourceType: 'Patient', id: 'p' }], subject: { reference: '#p' } }),
    ],
    [
      'contained, referring to its container',
      observation({
        contained: [
          {
            resourceType: 'Provenance',
            id: 'v',
            target: [{ reference: '#' }],
            recorded: '2026-01-01T00:00:00Z',
            agent: [{ who: { reference: 'Practitioner/1' } }],
          },
        ],
      }),
    ],
    [
      'content reference',
      {
        resourceType: 'QuestionnaireResponse',
        status: 'completed',
        item: [{ linkId: 'a', item: [{ linkId: 'b', answer: [{ valueString: 'x', item: [{ linkId: 'c' }] }] }] }],
      },
    ],
    [
      'period across precisions',
      patient({ address: [{ city: 'A', period: { start: '2020-01-15', end: '2020-01' } }] }),
    ],
    [
      'absolute, versioned, conditional and logical references',
      patient({
        generalPractitioner: [
          { reference: 'https://a.example/r4/Organization/1' },
          { reference: 'Organization/1/_history/2' },
          { reference: 'Organization?identifier=x' },
          { identifier: { system: 'urn:a', value: '1' }, type: 'Organization' },
        ],
      }),
    ],
  ])('%s', (_, resource) => {
    expect(definitions.validate(resource)).toEqual([]);
  });
});

describe('structure', () => {
  test.each<[string, Resource, string]>([
    ['unknown element', patient({ foo: 1 }), 'error structure Patient.foo'],
    ['element of another type', patient({ subject: { reference: 'Patient/1' } }), 'error structure Patient.subject'],
    ['nested unknown element', patient({ name: [{ familly: 'x' }] }), 'error structure Patient.name[0].familly'],
    ['empty list', patient({ name: [] }), 'error structure Patient.name'],
    ['empty object', patient({ maritalStatus: {} }), 'error invariant Patient.maritalStatus'],
    ['only an id', patient({ maritalStatus: { id: 'x' } }), 'error invariant Patient.maritalStatus'],
    ['object for a list', patient({ name: { family: 'x' } }), 'error structure Patient.name'],
    ['list for an object', patient({ maritalStatus: [{ text: 'x' }] }), 'error structure Patient.maritalStatus'],
    ['text for an object', patient({ maritalStatus: 'married' }), 'error structure Patient.maritalStatus'],
    ['null', patient({ birthDate: null }), 'error structure Patient.birthDate'],
    ['null object', patient({ maritalStatus: null }), 'error structure Patient.maritalStatus'],
    ['null in a list of objects', patient({ name: [null] }), 'error structure Patient.name[0]'],
    [
      'null in a list of primitives alone',
      patient({ name: [{ given: [null, 'B'] }] }),
      'error structure Patient.name[0].given[0]',
    ],
    [
      'null in both lists',
      patient({ name: [{ given: [null], _given: [null] }] }),
      'error structure Patient.name[0].given[0]',
    ],
    ['required missing', { resourceType: 'Observation', code: { text: 'x' } }, 'error required Observation.status'],
    [
      'required choice missing',
      { resourceType: 'MedicationRequest', status: 'active', intent: 'order', subject: { reference: 'Patient/1' } },
      'error required MedicationRequest.medication',
    ],
    ['two types of a choice', observation({ valueString: 'a', valueInteger: 1 }), 'error structure Observation.value'],
    [
      'value and extension of two types of a choice',
      observation({ valueString: 'a', _valueDateTime: primitiveExtension() }),
      'error structure Observation.value',
    ],
    [
      'type a choice does not have',
      observation({ valueReference: { reference: 'Patient/1' } }),
      'error structure Observation.valueReference',
    ],
    ['shadow of an object', patient({ _name: [{ id: 'x' }] }), 'error structure Patient._name'],
    ['unknown resource type', { resourceType: 'Pateint' }, 'error structure Pateint'],
    ['abstract resource type', { resourceType: 'DomainResource' }, 'error structure DomainResource'],
    ['data type as a resource', { resourceType: 'HumanName', family: 'x' }, 'error structure HumanName'],
    [
      'bundled resource',
      { resourceType: 'Bundle', type: 'collection', entry: [{ resource: patient({ name: {} }) }] },
      'error structure Bundle.entry[0].resource.name',
    ],
    [
      'parameter resource',
      { resourceType: 'Parameters', parameter: [{ name: 'a', part: [{ name: 'b', resource: patient({ foo: 1 }) }] }] },
      'error structure Parameters.parameter[0].part[0].resource.foo',
    ],
  ])('%s', (_, resource, expected) => {
    expect(findings(resource)).toContain(expected);
  });

  test('prototype names are unknown elements', () => {
    const hostile: Resource = JSON.parse(
      '{"resourceType":"Patient","constructor":{"a":1},"__proto__":{"b":2},"toString":"x"}',
    );
    expect(findings(hostile)).toEqual(
      expect.arrayContaining([
        'error structure Patient.constructor',
        'error structure Patient.__proto__',
        'error structure Patient.toString',
      ]),
    );
  });

  test('messages never quote values', () => {
    const told = JSON.stringify(
      definitions.validate(patient({ birthDate: 'CANARY', gender: 'CANARY', telecom: [{ value: 'CANARY' }] })),
    );
    expect(told).not.toContain('CANARY');
  });
});

describe('formats', () => {
  test.each<[string, Json, boolean]>([
    ['birthDate', '2023-02-29', false],
    ['birthDate', '2023-13-01', false],
    ['birthDate', '2023-04-31', false],
    ['birthDate', '', false],
    ['birthDate', 20230101, false],
    ['birthDate', '2023', true],
    ['deceasedDateTime', '2023-01-01T10:00:00', false],
    ['deceasedDateTime', '2023-01-01T24:00:00Z', false],
    ['deceasedDateTime', '2023-01-01T10:00:00.123+01:00', true],
    ['deceasedDateTime', '2023-02-30T10:00:00Z', false],
    ['active', 'true', false],
    ['language', 'en-GB', true],
    ['language', 'not a language', false],
    ['implicitRules', 'a b', false],
    ['id', 'a_b', false],
    ['id', 'x'.repeat(65), false],
    ['multipleBirthInteger', 1.5, false],
    ['multipleBirthInteger', 2_147_483_648, false],
  ])('Patient.%s = %j is %s', (name, value, sound) => {
    expect(definitions.validate(patient({ [name]: value })).length === 0).toBe(sound);
  });

  test.each([' ', '\u0000', 'a\u0007b', ''])('string %j is refused', (family) => {
    expect(findings(patient({ name: [{ family }] }))).toEqual(['error value Patient.name[0].family']);
  });
});

describe('the spelling of whole numbers', () => {
  const spelt = (text: string): string[] => {
    const { root, numbers } = parseJson(Buffer.from(text));
    return definitions
      .validate(asResource(root), { numbers })
      .map((issue) => `${issue.severity} ${issue.code} ${issue.expression}`);
  };
  const repeated = (more: string): string =>
    `{"resourceType":"ServiceRequest","status":"active","intent":"order","subject":{"reference":"Patient/1"},
      "occurrenceTiming":{"repeat":{${more}}}}`;
  test.each<[string, string[]]>([
    ['{"resourceType":"Patient","multipleBirthInteger":1}', []],
    ['{"resourceType":"Patient","multipleBirthInteger":1.0}', ['error value Patient.multipleBirth']],
    ['{"resourceType":"Patient","multipleBirthInteger":1e0}', ['error value Patient.multipleBirth']],
    ['{"resourceType":"Patient","multipleBirthInteger":1.5}', ['error value Patient.multipleBirth']],
    [
      '{"resourceType":"Patient","telecom":[{"system":"url","value":"x","rank":2.00}]}',
      ['error value Patient.telecom[0].rank'],
    ],
    [repeated('"count":3,"frequency":1,"period":1.0,"periodUnit":"d"'), []],
    [
      repeated('"count":3.0,"frequency":1,"period":1.0,"periodUnit":"d"'),
      ['error value ServiceRequest.occurrence.repeat.count'],
    ],
    ['{"resourceType":"Bundle","type":"searchset","total":-0}', ['error value Bundle.total']],
    [
      '{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","multipleBirthInteger":2.0}}]}',
      ['error value Bundle.entry[0].resource.multipleBirth'],
    ],
    [
      '{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":20.00,"unit":"kg"}}',
      [],
    ],
    ['{"resourceType":"Patient","birthDate":1.0}', ['error value Patient.birthDate']],
    ['{"resourceType":"Patient","foo":1.0}', ['error structure Patient.foo']],
    ['{"resourceType":"Patient","id":1.0,"name":[2.0]}', ['error value Patient.id', 'error structure Patient.name[0]']],
  ])('%s', (text, expected) => {
    expect(spelt(text)).toEqual(expected);
  });
});

describe('codes', () => {
  test.each<[string, Resource, string[]]>([
    ['code outside a required set', patient({ gender: 'banana' }), ['error code-invalid Patient.gender']],
    [
      'CodeableConcept outside a required set',
      {
        resourceType: 'Condition',
        subject: { reference: 'Patient/1' },
        clinicalStatus: {
          coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'banana' }],
        },
      },
      ['error code-invalid Condition.clinicalStatus'],
    ],
    [
      'right code, wrong system',
      {
        resourceType: 'Condition',
        subject: { reference: 'Patient/1' },
        clinicalStatus: { coding: [{ system: 'urn:other', code: 'active' }] },
      },
      ['error code-invalid Condition.clinicalStatus'],
    ],
    [
      'text only where a code is required',
      { resourceType: 'Condition', subject: { reference: 'Patient/1' }, clinicalStatus: { text: 'active' } },
      ['error code-invalid Condition.clinicalStatus'],
    ],
    ['MIME type', { resourceType: 'Binary', contentType: 'nonsense' }, ['error code-invalid Binary.contentType']],
    [
      'own code system, unknown code',
      observation({
        code: { coding: [{ system: 'https://tandem.example/fhir/CodeSystem/jv-observation', code: 'nope' }] },
      }),
      ['error code-invalid Observation.code.coding[0].code'],
    ],
    [
      'own code system that is not in the table',
      observation({ code: { coding: [{ system: 'https://tandem.example/fhir/CodeSystem/nope', code: 'x' }] } }),
      ['error code-invalid Observation.code.coding[0].code'],
    ],
    [
      'own code',
      observation({
        code: {
          coding: [{ system: 'https://tandem.example/fhir/CodeSystem/jv-observation', code: 'voice-of-unborn' }],
        },
      }),
      [],
    ],
  ])('%s', (_, resource, expected) => {
    expect(findings(resource)).toEqual(expected);
  });
});

describe('references', () => {
  test.each<[string, JsonObject, string]>([
    ['wrong target', { subject: { reference: 'Observation/1' } }, 'error value Observation.subject'],
    [
      'wrong target, absolute',
      { subject: { reference: 'https://a.example/Observation/1' } },
      'error value Observation.subject',
    ],
    [
      'wrong target, logical',
      { subject: { type: 'Observation', identifier: { value: '1' } } },
      'error value Observation.subject',
    ],
    ['unknown type', { subject: { reference: 'Pateint/1' } }, 'error value Observation.subject.reference'],
    ['no reference', { subject: { reference: 'banana' } }, 'error value Observation.subject.reference'],
    ['type disagrees', { subject: { reference: 'Patient/1', type: 'Group' } }, 'error value Observation.subject.type'],
    ['contained, missing', { subject: { reference: '#p' } }, 'error invariant Observation.subject.reference'],
    [
      'contained, wrong type',
      { contained: [{ resourceType: 'Practitioner', id: 'p' }], subject: { reference: '#p' } },
      'error value Observation.subject',
    ],
    [
      'contained, never referred to',
      { contained: [{ resourceType: 'Patient', id: 'p' }] },
      'error invariant Observation.contained[0]',
    ],
    [
      'contained twice',
      {
        contained: [
          { resourceType: 'Patient', id: 'p' },
          { resourceType: 'Patient', id: 'p' },
        ],
        subject: { reference: '#p' },
      },
      'error invariant Observation.contained',
    ],
    [
      'contained in contained',
      {
        contained: [{ resourceType: 'Patient', id: 'p', contained: [{ resourceType: 'Patient', id: 'q' }] }],
        subject: { reference: '#p' },
      },
      'error invariant Observation.contained[0]',
    ],
    [
      'contained with a version',
      { contained: [{ resourceType: 'Patient', id: 'p', meta: { versionId: '1' } }], subject: { reference: '#p' } },
      'error invariant Observation.contained[0]',
    ],
    [
      'contained, unsound',
      { contained: [{ resourceType: 'Patient', id: 'p', gender: 'banana' }], subject: { reference: '#p' } },
      'error code-invalid Observation.contained[0].gender',
    ],
  ])('%s', (_, more, expected) => {
    expect(findings(observation(more))).toContain(expected);
  });

  test('urn:uuid takes its type from the bundle', () => {
    const urn = 'urn:uuid:292d3c72-edc1-4d8a-afaa-d85e19c7f563';
    const bundle = (subject: string): Resource => ({
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        {
          fullUrl: urn,
          resource: { resourceType: subject, ...(subject === 'Patient' ? {} : { name: 'x' }) },
          request: { method: 'POST', url: subject },
        },
        { resource: observation({ subject: { reference: urn } }), request: { method: 'POST', url: 'Observation' } },
      ],
    });
    expect(findings(bundle('Patient'))).toEqual([]);
    expect(findings(bundle('Organization'))).toEqual(['error value Bundle.entry[1].resource.subject']);
  });
});

describe('extensions', () => {
  const known = 'http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName';
  test.each<[string, JsonObject, string[]]>([
    [
      'unknown warns',
      { extension: [{ url: 'http://a.example/x', valueString: 'y' }] },
      ['warning extension Patient.extension[0]'],
    ],
    [
      'unknown modifier refused',
      { modifierExtension: [{ url: 'http://a.example/x', valueString: 'y' }] },
      ['error extension Patient.modifierExtension[0]'],
    ],
    ['no url', { extension: [{ valueString: 'y' }] }, ['error required Patient.extension[0].url']],
    ['neither value nor parts', { extension: [{ url: known }] }, ['error invariant Patient.extension[0]']],
    [
      'value and parts',
      { extension: [{ url: 'http://a.example/x', valueString: 'y', extension: [{ url: 'z', valueString: 'a' }] }] },
      ['error invariant Patient.extension[0]', 'warning extension Patient.extension[0]'],
    ],
    ['wrong value type', { extension: [{ url: known, valueBoolean: true }] }, ['error extension Patient.extension[0]']],
    [
      'relative url outside an extension',
      { extension: [{ url: 'abc', valueString: 'y' }] },
      ['error extension Patient.extension[0]'],
    ],
    [
      'fetal status',
      {
        extension: [
          { url: 'http://hl7.org/fhir/6.0/StructureDefinition/extension-Patient.fetalStatus', valueCode: 'banana' },
        ],
      },
      ['error code-invalid Patient.extension[0]'],
    ],
  ])('%s', (_, more, expected) => {
    expect(findings(patient(more))).toEqual(expected);
  });

  const outcome = (code: string): JsonObject => ({
    extension: [
      {
        url: 'https://tandem.example/fhir/StructureDefinition/visit-outcome',
        valueCoding: { system: 'https://tandem.example/fhir/CodeSystem/visit-outcome', code },
      },
    ],
  });
  const encounter = (more: JsonObject): Resource => ({
    resourceType: 'Encounter',
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'HH' },
    ...more,
  });
  const joint = outcome('joint-complete');
  const bundled = (resource: Resource): Resource => ({
    resourceType: 'Bundle',
    type: 'collection',
    entry: [{ resource }],
  });
  test.each<[string, Resource, string[]]>([
    ['on the encounter', encounter(joint), []],
    [
      'on the appointment',
      {
        resourceType: 'Appointment',
        status: 'cancelled',
        participant: [{ actor: { reference: 'Patient/1' }, status: 'accepted' }],
        ...joint,
      },
      [],
    ],
    [
      'on a contained encounter',
      observation({ contained: [encounter({ id: 'e', ...joint })], encounter: { reference: '#e' } }),
      [],
    ],
    ['on a bundled encounter', bundled(encounter(joint)), []],
    [
      'with a code that is not ours',
      encounter(outcome('nope')),
      ['error code-invalid Encounter.extension[0].value.code', 'error code-invalid Encounter.extension[0]'],
    ],
    ['on a patient', patient(joint), ['error extension Patient.extension[0]']],
    [
      'on a part of the encounter',
      encounter({ participant: [joint] }),
      ['error extension Encounter.participant[0].extension[0]'],
    ],
    ['on a primitive', encounter({ _status: joint }), ['error extension Encounter.status.extension[0]']],
    [
      'inside an extension',
      encounter({ extension: [{ url: 'http://a.example/x', ...joint }] }),
      ['error extension Encounter.extension[0].extension[0]', 'warning extension Encounter.extension[0]'],
    ],
    [
      'on a contained patient',
      encounter({ contained: [patient({ id: 'p', ...joint })], subject: { reference: '#p' } }),
      ['error extension Encounter.contained[0].extension[0]'],
    ],
    [
      'on the encounter after a contained resource',
      encounter({ contained: [patient({ id: 'p' })], ...joint, subject: { reference: '#p' } }),
      [],
    ],
    ['on a bundled patient', bundled(patient(joint)), ['error extension Bundle.entry[0].resource.extension[0]']],
  ])('ours, the outcome of a visit, %s', (_, resource, expected) => {
    expect(findings(resource)).toEqual(expected);
  });

  test('every extension of ours says where it stands, in elements the check can tell', () => {
    for (const definition of definitions.published('StructureDefinition')) {
      if (definition.type !== 'Extension') continue;
      expect(definition.context).toEqual(expect.arrayContaining([expect.anything()]));
      for (const context of Array.isArray(definition.context) ? definition.context : []) {
        expect(context).toMatchObject({
          type: 'element',
          expression: expect.stringMatching(/^[A-Z]\w+(?:\.[a-z]\w*)*$/),
        });
      }
    }
  });
});

describe('narrative', () => {
  const XMLNS = 'xmlns="http://www.w3.org/1999/xhtml"';
  test.each<[string, boolean]>([
    [`<div ${XMLNS}><p class="x">a &amp; b<br/><img src="#a" alt="b"/></p></div>`, true],
    [`<div ${XMLNS}><a href="Patient/1">x</a></div>`, true],
    ['<div>no namespace</div>', false],
    [`<div ${XMLNS}></div>`, false],
    [`<div ${XMLNS}><script>x</script></div>`, false],
    [`<div ${XMLNS}><p onclick="x">y</p></div>`, false],
    [`<div ${XMLNS}><a href="java&#x73;cript:x">y</a></div>`, false],
    [`<div ${XMLNS}><a href=" javascript:x">y</a></div>`, false],
    [`<div ${XMLNS}><iframe src="x"></iframe>y</div>`, false],
    [`<div ${XMLNS}><img src="https://tracker.example/x.png"/></div>`, false],
    [`<div ${XMLNS}><p style="background:url(//x.example/a)">y</p></div>`, false],
    [`<div ${XMLNS}><p>unclosed</div>`, false],
    [`<div ${XMLNS}>a & b</div>`, false],
    [`<div ${XMLNS}>a</div><div>b</div>`, false],
    ['text', false],
  ])('%s', (div, sound) => {
    expect(findings(patient({ text: { status: 'generated', div } }))).toEqual(
      sound ? [] : ['error value Patient.text.div'],
    );
  });
});

describe('what our CapabilityStatement requires of everyone', () => {
  const number = (value: string): JsonObject => ({
    identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value }],
  });

  test.each(['9000000009', '9000000025', '9990000018', '9990000026', '9912003888', '9990001006', '9990001138'])(
    '%s is an NHS number',
    (value) => {
      expect(definitions.validate(patient(number(value)))).toEqual([]);
    },
  );

  test.each([
    '9912003890',
    '4857773456',
    '9000000000',
    '0000000000',
    '1111111111',
    '999 000 1006',
    '999000100',
    '9990001090',
    '',
  ])('%j is none', (value) => {
    expect(findings(patient(number(value)))).toContain('error value Patient.identifier[0].value');
  });

  test('checked in a reference too, under the old system too, and only warned about on import', () => {
    const subject = { identifier: { system: 'http://fhir.nhs.net/Id/nhs-number', value: '4857773456' } };
    expect(findings(observation({ subject }))).toEqual(['error value Observation.subject.identifier.value']);
    expect(findings(observation({ subject }), { nhsNumber: 'warn' })).toEqual([
      'warning value Observation.subject.identifier.value',
    ]);
  });

  test('a care team of a person dates its members; a team of the directory need not', () => {
    const participant = [
      { member: { reference: 'Practitioner/1' } },
      { member: { reference: 'Practitioner/2' }, period: { start: '2026-01-01' } },
    ];
    expect(findings({ resourceType: 'CareTeam', participant })).toEqual([]);
    expect(findings({ resourceType: 'CareTeam', participant, subject: { reference: 'Patient/1' } })).toEqual([
      'error required CareTeam.participant[0].period',
    ]);
  });
});

describe('identifiers and codes of English health care', () => {
  const SNOMED = 'http://snomed.info/sct';
  test.each<[string, string[]]>([
    ['77386006', []],
    ['1078501000000104', []],
    ['104586100000100', ['warning value Condition.code.coding[0].code']],
    ['77386007', ['warning value Condition.code.coding[0].code']],
    ['77386006:246112005=24484000', []],
  ])('SNOMED CT id %s', (code, expected) => {
    const condition = { resourceType: 'Condition', subject: { reference: 'Patient/1' } };
    expect(findings({ ...condition, code: { coding: [{ system: SNOMED, code }] } })).toEqual(expected);
  });

  test.each<[string, string, string[]]>([
    ['ods-organization-code', 'RXX', []],
    ['ods-organization-code', 'rxx', ['warning value Organization.identifier[0].value']],
    ['ods-organisation-code', 'RXX', ['warning value Organization.identifier[0].system']],
    ['ods-site-code', 'rxx01', ['warning value Organization.identifier[0].value']],
  ])('%s %s', (system, value, expected) => {
    const identifier = [{ system: `https://fhir.nhs.uk/Id/${system}`, value }];
    expect(findings({ resourceType: 'Organization', identifier })).toEqual(expected);
  });
});
