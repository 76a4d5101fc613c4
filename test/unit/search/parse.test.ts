/** The search grammar: what is understood, what is refused and how it says so, what it costs. */
import { describe, expect, test } from '@jest/globals';
import { Outcome } from '../../../src/fhir/outcome.ts';
import { paramsUsed } from '../../../src/search/clauses.ts';
import { type ParsedSearch, parseSearch, type SearchContext } from '../../../src/search/parse.ts';
import { BASES, r4 } from './r4-params.ts';

const context: SearchContext = { definitions: r4, bases: BASES, lenient: false, maxCount: 100 };
const parse = (type: string | null, text: string, more: Partial<SearchContext> = {}): ParsedSearch =>
  parseSearch(type, text, { ...context, ...more });

function refusal(run: () => unknown): { status: number; code: string | undefined; text: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof Outcome) {
      return { status: error.status, code: error.issues[0]?.code, text: error.issues[0]?.diagnostics ?? '' };
    }
    throw error;
  }
  throw new Error('it was not refused');
}

describe('refusals name the parameter and say what there is', () => {
  test('a filter that is a tree as deep as it is long is refused, not run out of stack on', () => {
    const long = (n: number): string => Array.from({ length: n }, () => 'name eq ","').join(' and ');
    expect(refusal(() => parse('Patient', `_filter=${long(201)}`)).text).toContain('more than 200 comparisons');
    expect(refusal(() => parse('Patient', `_filter=${long(20_000)}`)).code).toBe('too-costly');
    expect(() => parse('Patient', `_filter=${long(200)}`)).not.toThrow();
  });

  test.each([
    ['Patient', 'colour=red', 'not-supported', '"colour" is unknown for Patient; supported: _content, _id'],
    ['Patient', 'Name=x', 'not-supported', '"Name"'],
    ['Patient', 'phonetic=x', 'not-supported', '(string) is not supported yet'],
    ['Observation', 'code-value-quantity=x', 'value', 'takes 2 values joined with "$"'],
    ['Location', 'near=1', 'value', 'takes latitude|longitude|distance|units'],
    ['Observation', 'value-quantity=x', 'value', 'not a decimal number'],
    ['Observation', '_sort=code-value-quantity', 'not-supported', 'cannot sort by "code-value-quantity"'],
    ['Patient', '_has:Observation:patient=1', 'value', 'write _has:Type:reference:parameter'],
    ['Patient', '_has:Observation:encounter:code=1', 'value', 'Observation:encounter never refers to Patient'],
    ['Patient', '_has:Colour:patient:code=1', 'value', 'Colour is no R4 resource type'],
    ['Patient', '_has:AuditEvent:patient:date=2024', 'not-supported', 'searched on its own'],
    ['Observation', 'status.name=x', 'value', 'status of Observation is no reference'],
    ['Observation', 'subject:Practitioner.name=x', 'value', 'never refers to Practitioner'],
    ['Observation', 'subject:Patient.colour=x', 'not-supported', '"colour" is unknown for Patient'],
    ['Observation', 'subject.colour=x', 'not-supported', 'none of Device, Group, Location, Patient has it'],
    ['Observation', 'subject.birthdate=x', 'value', 'not a FHIR date'],
    ['Observation', 'subject.=x', 'value', 'write reference:Type.parameter'],
    ['Observation', 'subject:Patient.name:not=x', 'not-supported', ':not'],
    ['Patient', `${'link.'.repeat(6)}name=x`, 'too-costly', 'more than 5 steps'],
    ['Provenance', Array(5).fill('target._id=x').join('&'), 'too-costly', 'too many types; name them'],
    ['Patient', '_list=$current-problems', 'not-supported', 'only the id of one List'],
    ['Patient', '_filter=x', 'value', 'at character 2, expected an operator'],
    ['Patient', '_filter=name eq', 'value', 'expected'],
    ['Patient', '_filter=name co "x', 'value', 'expected'],
    ['Patient', '_filter=(name co x', 'value', 'expected ")"'],
    ['Patient', '_filter=name co x or', 'value', 'expected a parameter name'],
    ['Patient', '_filter=name co x name co y', 'value', 'expected "and", "or" or the end'],
    ['Patient', '_filter=gender ne male', 'not-supported', 'ne is not supported on gender, which is a token'],
    ['Patient', '_filter=colour eq red', 'not-supported', '"colour" is unknown for Patient'],
    ['Patient', '_filter=name[family eq x].given eq y', 'value', 'no reference to chain along'],
    ['Patient', '_filter=birthdate pr maybe', 'value', 'pr takes true or false'],
    ['Patient', `_filter=${'('.repeat(14)}name co x${')'.repeat(14)}`, 'too-costly', 'levels of parentheses'],
    ['Patient', '_contained=true', 'not-supported', 'contained resources are not searched on their own'],
    ['Patient', '_explain=true', 'not-supported', '"_explain" is not supported here'],
    ['Observation', '_summary=text&_include=Observation:subject', 'invalid', '_summary=text'],
    ['Patient', '_type=Patient', 'not-supported', '"_type"'],
    [
      'Patient',
      'gender:iterate=x',
      'not-supported',
      'modifier ":iterate" is not supported; supported for gender: :missing, :not, :text',
    ],
    ['Patient', 'gender:exact=x', 'not-supported', ':exact'],
    ['Patient', 'name:not=x', 'not-supported', ':not'],
    ['Encounter', 'subject:Practitioner=1', 'value', 'subject never refers to Practitioner'],
    ['Encounter', 'subject:Patient=Group/1', 'value', 'not a reference to Patient'],
    ['Encounter', 'subject=not a reference', 'value', '"subject"'],
    ['Encounter', 'date=2024-13', 'value', 'Search parameter "date": not a FHIR date'],
    ['Encounter', 'date=2024-02-30', 'value', '"date"'],
    ['Encounter', 'date=xx2024', 'value', '"date"'],
    ['Encounter', 'date=', 'value', 'empty'],
    ['Encounter', 'date:missing=maybe', 'value', 'true or false'],
    ['Patient', 'name=', 'value', 'empty'],
    ['Patient', 'name=a,,b', 'value', 'empty'],
    ['Patient', 'name=%20', 'value', 'blank'],
    ['Patient', 'name=%CC%81', 'value', 'blank'],
    ['Patient', 'name=a%00b', 'value', 'not text'],
    ['Patient', 'identifier=|', 'value', 'empty'],
    ['Patient', 'identifier=a|b|c', 'value', 'more than one'],
    ['Patient', '_count=-1', 'value', '_count'],
    ['Patient', '_count=ten', 'value', '_count'],
    ['Patient', '_count=1&_count=2', 'invalid', 'given twice'],
    ['Patient', '_sort=colour', 'not-supported', 'cannot sort by "colour"'],
    ['Patient', '_total=yes', 'value', 'none, estimate, accurate'],
    ['Patient', '_summary=yes', 'value', '_summary'],
    ['Patient', '_elements=a b', 'value', '_elements'],
    ['Encounter', '_include=Encounter', 'value', '_include'],
    ['Encounter', '_include=Encounter:colour', 'not-supported', 'it has: account'],
    ['Encounter', '_include=Encounter:subject:Nothing', 'value', 'no R4 resource type'],
    ['Encounter', '_include=Encounter:subject:Device', 'value', 'never refers to Device'],
    ['Encounter', '_include=Patient:organization', 'not-supported', ':iterate'],
    ['Encounter', '_include:recurse=Patient:organization', 'not-supported', '_include:recurse'],
    ['Patient', '_revinclude=*', 'too-costly', 'name the type'],
    ['Patient', '_revinclude=Encounter:location', 'value', 'never refers to Patient'],
    [null, 'name=x', 'not-supported', 'system level'],
  ])('%s?%s', (type, text, code, words) => {
    const found = refusal(() => parse(type, text));
    expect(found.status).toBe(400);
    expect(found.code).toBe(code);
    expect(found.text).toContain(words);
  });

  test('lenient handling drops unknown parameters with a warning, never modifiers, chains or bad values', () => {
    const { query, warnings } = parse('Patient', 'colour=red&gender=female', { lenient: true });
    expect(query.self).toBe('gender=female');
    expect(query.where).toHaveLength(1);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.diagnostics).toContain('"colour"');
    for (const text of ['gender:colour=x', 'general-practitioner.colour=x', 'birthdate=x', '_count=x']) {
      expect(refusal(() => parse('Patient', text, { lenient: true })).status).toBe(400);
    }
  });
});

describe('cost limits (H17)', () => {
  test.each([
    ['300 repeated parameters', 'Patient', Array.from({ length: 300 }, () => 'name=a').join('&')],
    ['65 parameters', 'Patient', Array.from({ length: 65 }, () => 'name=a').join('&')],
    ['301 values', 'Patient', `identifier=${Array.from({ length: 301 }, (_, at) => at).join(',')}`],
    ['a long value', 'Patient', `name=${'a'.repeat(1001)}`],
    ['a long name', 'Patient', `${'a'.repeat(201)}=1`],
    ['bare ids of any type', 'Provenance', `target=${Array.from({ length: 30 }, (_, at) => `x${at}`).join(',')}`],
    [
      '65 includes',
      'Patient',
      Array.from({ length: 9 }, () => '_revinclude=ExplanationOfBenefit:*')
        .join('&')
        .concat('&_include=*'.repeat(50)),
    ],
    ['nine sort keys', 'Patient', '_sort=name,family,given,gender,birthdate,address,phone,email,active'],
  ])('%s', (_, type, text) => expect(refusal(() => parse(type, text)).code).toBe('too-costly'));

  test('are applied before any work', () => {
    const huge = Array.from({ length: 20_000 }, (_, at) => `identifier=${'x,'.repeat(10)}${at}`).join('&');
    const started = performance.now();
    refusal(() => parse('Patient', huge));
    expect(performance.now() - started).toBeLessThan(250);
  });

  test('300 ids are an ordinary request', () => {
    const ids = Array.from({ length: 300 }, (_, at) => `id-${at}`).join(',');
    expect(parse('Patient', `_id=${ids}`).query.where[0]).toMatchObject({ values: { length: 300 } });
  });
});

describe('the query as understood', () => {
  test('counts, totals, summaries', () => {
    expect(parse('Patient', '').query).toMatchObject({ count: 20, total: 'none', summary: null, self: '' });
    expect(parse('Patient', '_count=5000').query).toMatchObject({ count: 100, self: '_count=100' });
    expect(parse('Patient', '_count=0').query).toMatchObject({ count: 0, total: 'accurate' });
    expect(parse('Patient', '_summary=count').query).toMatchObject({ count: 0, total: 'accurate', summary: 'count' });
    expect(parse('Patient', '_total=estimate&_elements=name,Patient.birthDate').query).toMatchObject({
      total: 'estimate',
      elements: ['name', 'birthDate'],
    });
  });

  test('sorts', () => {
    const { sort } = parse('Encounter', '_sort=-date,_id,-_lastUpdated').query;
    expect(sort.map((key) => [typeof key.param === 'string' ? key.param : key.param.code, key.descending])).toEqual([
      ['date', true],
      ['_id', false],
      ['_lastUpdated', true],
    ]);
  });

  test('includes', () => {
    const { include } = parse('Encounter', '_include=Encounter:subject:Patient&_include=Encounter:location').query;
    expect(include.map((one) => [one.source, one.param?.code, one.target])).toEqual([
      ['Encounter', 'subject', 'Patient'],
      ['Encounter', 'location', null],
    ]);
    const every = parse('Encounter', '_include=*').query.include;
    expect(every.length).toBeGreaterThan(10);
    expect(every.every((one) => one.param?.type === 'reference')).toBe(true);
    const back = parse('Patient', '_revinclude=Encounter:*').query.revinclude;
    expect(back.map((one) => one.param?.code)).toEqual(['patient', 'subject']);
  });

  test('the self link keeps every value and drops what shapes only the form', () => {
    const text = 'identifier=http%3A%2F%2Fnhs%7C999+A&name=a%2Cb%26c&_format=json&_pretty=true&date=ge2024';
    const { self } = parse('ServiceRequest', text.replace('&name=a%2Cb%26c', '').replace('date', 'authored')).query;
    expect(self).toBe('identifier=http://nhs%7C999%20A&authored=ge2024');
    const again = parse('Patient', parse('Patient', 'name=a%5C%2Cb%26c').query.self).query;
    expect(again.where[0]).toMatchObject({ values: [{ kind: 'string', text: 'a,b&c' }] });
  });

  test('pairs and form bodies are read like text', () => {
    const pairs: [string, string][] = [['name', 'Anne']];
    expect(parseSearch('Patient', pairs, context).query).toEqual(parse('Patient', 'name=Anne').query);
    expect(parseSearch('Patient', new URLSearchParams('name=Anne'), context).query).toEqual(
      parse('Patient', 'name=Anne').query,
    );
  });

  test('what a caller may not see is evaluated as if no row had it, sorted by nothing and never included', () => {
    const forbidden = new Set(['Patient.address', 'Patient.general-practitioner']);
    const text = 'address=x&_sort=address,-birthdate&_include=Patient:general-practitioner';
    const { query } = parse('Patient', text, { forbidden });
    expect(query.where[0]).toMatchObject({ hidden: true });
    expect(query.sort).toHaveLength(1);
    expect(query.include).toEqual([]);
    expect(query.self).toBe(text);
  });

  test('names the parameters it uses', () => {
    const { query } = parse(
      'Encounter',
      'date=2024&_sort=-status,_id&_include=Encounter:subject&_revinclude=Observation:encounter',
    );
    expect(paramsUsed(query).map(({ type, code }) => `${type}.${code}`)).toEqual([
      'Encounter.date',
      'Encounter.status',
      'Encounter.subject',
      'Observation.encounter',
    ]);
  });
});

describe('what is still being indexed is refused for now', () => {
  const pending = new Set(['Observation.value-quantity', 'Observation.code:text', 'Observation.subject']);
  test.each([
    ['Observation', 'value-quantity=5'],
    ['Observation', 'value-quantity:missing=true'],
    ['Observation', 'code:text=x'],
    ['Observation', '_sort=value-quantity'],
    ['Observation', '_include=Observation:subject'],
    ['Observation', '_include=*'],
    ['Observation', 'subject:Patient.name=x'],
    ['Patient', '_has:Observation:subject:code=x'],
    ['Patient', '_revinclude=Observation:subject'],
  ])('%s?%s', (type, text) => {
    const found = refusal(() => parse(type, text, { pending }));
    expect(found.status).toBe(503);
    expect(found.text).toContain('is being indexed');
  });
  test.each(['code=x', 'code:not=x', 'patient=1'])('Observation?%s is answered', (text) => {
    expect(parse('Observation', text, { pending }).query.where).toHaveLength(1);
  });
});
