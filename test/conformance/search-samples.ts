/** Generated resources and queries that hit one another often: small pools of awkward values. */
import fc from 'fast-check';
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import type { SearchParam } from '../../src/search/types.ts';

export const NAMES = [
  'Anne',
  'Änne Marie',
  "O'Brien",
  'O’Brien',
  'van den Berg',
  'Smith-Jones',
  '100%',
  'a_b',
  'back\\slash',
  'Straße',
  'STRASSE',
  'Ångström',
  'x',
  'Zoë, née Berg',
  'a|b',
  '$',
  '𝒜lpha',
  'Ωmega',
  'ανδρέας',
  'two  spaces',
];
export const DATES = [
  '2023',
  '2024',
  '2024-02',
  '2024-02-29',
  '2024-03',
  '2024-03-01',
  '2024-03-01T00:30:00+01:00',
  '2024-02-29T23:30:00Z',
  '2024-02-29T23:30:15.250Z',
  '2024-12-31',
  '1990-05-05',
];
const CODES = ['planned', 'finished', 'Finished', 'a|b', '123', '$x'];
const SYSTEMS = ['http://snomed.info/sct', 'urn:s|t', 'http://s'];
const IDS = ['1', '2', 'p-3', 'abc'];
const REFS = [
  'Patient/1',
  'Patient/2',
  'Group/1',
  'https://tandem.example/fhir/Patient/1/_history/3',
  'https://other.example/fhir/Patient/1',
  'Encounter/1',
  'urn:uuid:0f0e0d0c-0b0a-4900-8807-060504030201',
  '#contained',
  'PractitionerRole/2',
  'Patient/p-3/_history/2',
];
const URLS = ['https://tandem.example/fhir/Questionnaire/q1', 'http://x.example/vs|2', 'http://x.example/vs'];

const pick = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const some = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T[] | undefined> =>
  maybe(fc.array(value, { minLength: 1, maxLength: 2 }));

const NUMBERS = [5, 5.4, 5.35, 5.45, 0.0054, 0, -3, 100, 99.5, 104.9, 5400];
const UCUM = 'http://unitsofmeasure.org';
const UNITS = ['mg', 'g', 'kg', 'mm[Hg]', 'kPa', 'Cel', '[degF]', 'mo'];
const coding = fc.record({ system: maybe(pick(SYSTEMS)), code: maybe(pick(CODES)), display: maybe(pick(NAMES)) });
const concept = fc.record({ coding: some(coding), text: maybe(pick(NAMES)) });
const identifier = fc.record({
  system: maybe(pick(SYSTEMS)),
  value: maybe(pick(CODES)),
  type: maybe(fc.record({ coding: some(coding), text: maybe(pick(NAMES)) })),
});
const quantity = fc.oneof(
  fc.record({ value: maybe(pick(NUMBERS)), system: fc.constant(UCUM), code: pick(UNITS), unit: maybe(pick(UNITS)) }),
  fc.record({
    value: pick(NUMBERS),
    unit: maybe(pick(['kg', 'stone'])),
    comparator: maybe(pick(['<', '<=', '>', '>='])),
  }),
);
const range = fc.record({
  low: maybe(fc.record({ value: pick(NUMBERS.slice(0, 4)), system: fc.constant(UCUM), code: fc.constant('a') })),
  high: maybe(fc.record({ value: pick(NUMBERS.slice(7)), system: fc.constant(UCUM), code: fc.constant('a') })),
});
const sampled = fc.record({
  origin: fc.record({ value: pick(NUMBERS), system: fc.constant(UCUM), code: pick(UNITS) }),
  data: pick(['1 2 E 5', 'E', '0.1 U L']),
  factor: maybe(fc.constant(0.5)),
});
const anyValue = fc.oneof(
  fc.record({ valueString: pick(NAMES) }),
  fc.record({ valueCodeableConcept: concept }),
  fc.record({ valueQuantity: quantity }),
  fc.record({ valueSampledData: sampled }),
  fc.record({ valueDateTime: pick(['2024-02-29', '2024-03-01T00:30:00+01:00', '2023']) }),
);
const reference = fc.oneof(
  { weight: 4, arbitrary: fc.record({ reference: pick(REFS) }) },
  { weight: 1, arbitrary: fc.record({ identifier, type: maybe(pick(['Patient', 'Group'])) }) },
);
const period = fc.record({ start: maybe(pick(DATES)), end: maybe(pick(DATES)) });
const contact = fc.record({
  system: pick(['phone', 'email', 'fax']),
  value: pick(['+44 7700 900123', 'A@b.example', '077']),
});
const meta = fc.record({
  tag: some(coding),
  security: some(coding),
  profile: some(pick(URLS)),
  source: maybe(pick(URLS)),
  lastUpdated: pick(['2024-02-29T23:30:15.250Z', '2024-03-01T00:00:00.000Z', '2023-01-01T00:00:00.001Z']),
});
const humanName = fc.record({
  family: maybe(pick(NAMES)),
  given: some(pick(NAMES)),
  text: maybe(pick(NAMES)),
  prefix: some(pick(['Dr', 'Ms'])),
});
const address = fc.record({
  line: some(pick(NAMES)),
  city: maybe(pick(NAMES)),
  postalCode: maybe(pick(['M14 5RX', 'm145rx'])),
});

const shapes: Record<string, fc.Arbitrary<JsonObject>> = {
  Patient: fc.record({
    identifier: some(identifier),
    active: maybe(fc.boolean()),
    name: some(humanName),
    telecom: some(contact),
    gender: maybe(pick(['female', 'male'])),
    birthDate: maybe(pick(['1990-05-05', '2024-02', '2024'])),
    address: some(address),
    deceasedBoolean: maybe(fc.boolean()),
    generalPractitioner: some(reference),
    link: some(fc.record({ other: reference })),
  }),
  Encounter: fc.record({
    status: maybe(pick(CODES)),
    class: maybe(coding),
    type: some(concept),
    subject: maybe(reference),
    period: maybe(period),
    participant: some(fc.record({ type: some(concept), individual: maybe(reference) })),
    identifier: some(identifier),
  }),
  Observation: fc
    .record({
      status: maybe(pick(CODES)),
      code: maybe(concept),
      subject: maybe(reference),
      encounter: maybe(reference),
      effectiveDateTime: maybe(pick(DATES)),
      value: anyValue,
      component: some(fc.tuple(fc.record({ code: concept }), anyValue).map(([code, value]) => ({ ...code, ...value }))),
    })
    .map(({ value, ...rest }) => ({ ...rest, ...value })),
  Condition: fc.record({ onsetRange: maybe(range), abatementAge: maybe(quantity), code: maybe(concept) }),
  RiskAssessment: fc.record({ prediction: some(fc.record({ probabilityDecimal: maybe(pick(NUMBERS)) })) }),
  Invoice: fc.record({ totalNet: maybe(fc.record({ value: pick(NUMBERS), currency: pick(['GBP', 'EUR']) })) }),
  Location: fc.record({
    name: maybe(pick(NAMES)),
    position: maybe(fc.record({ latitude: pick([53.48, 53.49, -33.9, 0]), longitude: pick([-2.24, 151.2, 179.9]) })),
  }),
  Questionnaire: fc.record({
    url: maybe(pick(URLS)),
    useContext: some(
      fc
        .tuple(
          fc.record({ code: coding }),
          fc.oneof(fc.record({ valueQuantity: quantity }), fc.record({ valueCodeableConcept: concept })),
        )
        .map(([code, value]) => ({ ...code, ...value })),
    ),
  }),
  DocumentReference: fc.record({
    relatesTo: some(fc.record({ code: pick(['replaces', 'appends']), target: reference })),
  }),
  ServiceRequest: fc.record({
    status: maybe(pick(CODES)),
    occurrencePeriod: maybe(period),
    authoredOn: maybe(pick(DATES)),
    subject: maybe(reference),
    instantiatesCanonical: some(pick(URLS)),
    instantiatesUri: some(pick(URLS)),
    requester: maybe(reference),
  }),
  Task: fc.record({
    status: maybe(pick(CODES)),
    for: maybe(reference),
    owner: maybe(reference),
    executionPeriod: maybe(period),
    code: maybe(concept),
  }),
};

/** Types the samples cover. */
export const TYPES = Object.keys(shapes);
/** Types that refer to one another. */
export const LINKED = ['Patient', 'Encounter', 'Observation', 'ServiceRequest', 'Task', 'DocumentReference'];

/** A resource of one of the types, without undefined members, with an id of its own. */
export function sampleResources(count: number, seed: number): Resource[] {
  const any = fc.oneof(...TYPES.map((type) => fc.tuple(fc.constant(type), meta, shapes[type] ?? fc.constant({}))));
  const seen = new Map<string, number>();
  return fc.sample(any, { numRuns: count, seed }).map(([type, about, body], at) => {
    // Every type has rows with the ids that references name.
    const nth = seen.get(type) ?? 0;
    seen.set(type, nth + 1);
    const resource: Resource = {
      ...JSON.parse(JSON.stringify(body)),
      resourceType: type,
      id: IDS[nth] ?? `r-${at}`,
    };
    resource.meta = JSON.parse(JSON.stringify(about));
    return resource;
  });
}

const escaped = (text: string): string => text.replace(/[\\,|$]/g, '\\$&');
const tokenText = fc.oneof(
  pick([...CODES, 'female', 'true', 'false', '+447700900123', 'a@B.example']).map(escaped),
  fc.tuple(pick(SYSTEMS), pick(CODES)).map(([system, code]) => `${escaped(system)}|${escaped(code)}`),
  pick(CODES).map((code) => `|${escaped(code)}`),
  pick(SYSTEMS).map((system) => `${escaped(system)}|`),
);
const idText = pick(IDS);
const referenceText = fc.oneof(pick(REFS.filter((text) => !text.startsWith('#'))), idText, pick(URLS));
const dateText = fc
  .tuple(pick(['', 'eq', 'ne', 'lt', 'gt', 'le', 'ge', 'sa', 'eb', 'ap']), pick(DATES))
  .map(([prefix, date]) => prefix + date);
const stringText = fc
  .oneof(
    pick(NAMES),
    pick(NAMES).map((name) => name.slice(0, 2)),
    pick(['berg', 'BERG', 'strass', '%', '_', "'", '\\', 'o', 'marie', 'M14']),
  )
  .map(escaped);
const values = (one: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(one, { minLength: 1, maxLength: 2 }).map((all) => all.join(','));

const numberText = fc
  .tuple(
    pick(['', '', 'eq', 'ne', 'lt', 'gt', 'le', 'ge', 'sa', 'eb', 'ap']),
    pick(['5', '5.4', '5.40', '0.0054', '100', '1e2', '-3', '0', '99.50']),
  )
  .map(([prefix, number]) => prefix + number);
const quantityText = fc.oneof(
  numberText,
  fc
    .tuple(
      numberText,
      pick([
        `${UCUM}|mg`,
        `${UCUM}|g`,
        `${UCUM}|a`,
        `${UCUM}|[degF]`,
        '|kg',
        '|stone',
        `${UCUM}|`,
        'urn:iso:std:iso:4217|GBP',
      ]),
    )
    .map(([number, unit]) => `${number}|${unit}`),
);
const placeText = fc
  .tuple(pick(['53.48|-2.24', '0|179.9', '-33.9|151.2']), pick(['', '|1', '|5|km', '|900|m', '|20000|[mi_i]']))
  .map(([place, distance]) => place + distance);
const PARTS: Record<string, fc.Arbitrary<string>> = {
  quantity: quantityText,
  date: dateText,
  string: stringText,
  reference: pick(['Patient/1', 'Group/1', '1']),
};

/** One criterion `[name, value]` for a parameter of a type; values may also match nothing. */
export function criterionFor({ code, type, targets, composite }: SearchParam): fc.Arbitrary<[string, string]> {
  const plain = (one: fc.Arbitrary<string>): fc.Arbitrary<[string, string]> => values(one).map((text) => [code, text]);
  const modified = (modifier: string, one: fc.Arbitrary<string>): fc.Arbitrary<[string, string]> =>
    values(one).map((text) => [`${code}:${modifier}`, text]);
  const missing = pick(['true', 'false']).map((text): [string, string] => [`${code}:missing`, text]);
  if (code === '_id') return fc.oneof(plain(idText), modified('not', idText));
  switch (type) {
    case 'token':
      return fc.oneof(
        { weight: 3, arbitrary: plain(tokenText) },
        modified('not', tokenText),
        modified('text', stringText),
        modified(
          'of-type',
          fc.tuple(pick(SYSTEMS), pick(CODES), pick(CODES)).map((parts) => parts.map(escaped).join('|')),
        ),
        missing,
      );
    case 'number':
      return fc.oneof({ weight: 4, arbitrary: plain(numberText) }, missing);
    case 'quantity':
      return fc.oneof({ weight: 4, arbitrary: plain(quantityText) }, missing);
    case 'special':
      return plain(placeText);
    case 'composite':
      return plain(
        fc
          .tuple(...(composite?.parts ?? []).map(({ param }) => PARTS[param.type] ?? tokenText))
          .map((parts) => parts.join('$')),
      );
    case 'reference': {
      const typed = pick(targets.length > 0 ? targets : ['Patient']).chain((target) => modified(target, idText));
      return fc.oneof(
        { weight: 4, arbitrary: plain(referenceText) },
        typed,
        modified('identifier', tokenText),
        missing,
      );
    }
    case 'date':
      return fc.oneof({ weight: 5, arbitrary: plain(dateText) }, missing);
    case 'uri':
      return fc.oneof(
        { weight: 3, arbitrary: plain(pick(URLS)) },
        modified('below', pick(['http://x.example/', 'https://tandem.example/fhir/Q'])),
        modified('above', pick(['http://x.example/vs/more', 'https://tandem.example/fhir/Questionnaire/q1/x'])),
        missing,
      );
    default:
      return fc.oneof(
        { weight: 3, arbitrary: plain(stringText) },
        modified('exact', pick(NAMES).map(escaped)),
        modified('contains', stringText),
        missing,
      );
  }
}
