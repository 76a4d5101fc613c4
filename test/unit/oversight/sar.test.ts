/** The clock of a request for a record, and what leaves of a resource. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Json, JsonObject, Resource } from '../../../src/fhir/types.ts';
import { addMonths, clockOf } from '../../../src/oversight/sar/clock.ts';
import { elementsOf, leakIn, leavingOf } from '../../../src/oversight/sar/cut.ts';
import { filesOf, fileWords } from '../../../src/oversight/sar/file-content.ts';
import { namesSomebody, placeIn } from '../../../src/oversight/sar/hints.ts';
import { readableOf } from '../../../src/oversight/sar/readable.ts';

describe('the clock', () => {
  test.each([
    ['2026-01-15', 1, '2026-02-15'],
    ['2026-01-31', 1, '2026-02-28'],
    ['2028-01-31', 1, '2028-02-29'],
    ['2026-03-31', 1, '2026-04-30'],
    ['2026-12-31', 1, '2027-01-31'],
    ['2026-11-30', 3, '2027-02-28'],
    ['2026-10-31', 3, '2027-01-31'],
    ['2024-02-29', 12, '2025-02-28'],
  ])('%s and %i months: %s', (from, months, to) => expect(addMonths(from, months)).toBe(to));

  const at = (instant: string) => new Date(instant);
  const plain = { received: '2026-01-31', complex: false, pauses: [], ended: null };
  test('runs in London days, also when they begin before those of UTC', () => {
    expect(clockOf(plain, at('2026-02-27T12:00:00Z'))).toEqual({ due: '2026-02-28', paused: false, left: 1 });
    // 30 June 23:30 UTC is 1 July in London.
    const summer = { ...plain, received: '2026-06-01' };
    expect(clockOf(summer, at('2026-06-30T23:30:00Z'))).toEqual({ due: '2026-07-01', paused: false, left: 0 });
    expect(clockOf(summer, at('2026-07-01T23:30:00Z')).left).toBe(-1);
  });

  test('waits while she is asked, has two months more where it is complex, and stops when it ended', () => {
    const once = { ...plain, pauses: [{ from: '2026-02-03', to: '2026-02-10' }] };
    expect(clockOf(once, at('2026-02-11T12:00:00Z')).due).toBe('2026-03-07');
    const now = { ...plain, pauses: [{ from: '2026-02-03', to: null }] };
    expect(clockOf(now, at('2026-02-05T12:00:00Z'))).toEqual({ due: '2026-03-02', paused: true, left: 25 });
    // Over the change of the clocks a day is a day.
    const spring = { ...plain, received: '2026-03-01', pauses: [{ from: '2026-03-28', to: '2026-03-30' }] };
    expect(clockOf(spring, at('2026-03-31T12:00:00Z')).due).toBe('2026-04-03');
    expect(clockOf({ ...plain, complex: true }, at('2026-02-01T12:00:00Z')).due).toBe('2026-04-30');
    expect(clockOf({ ...plain, ended: at('2026-02-20T12:00:00Z') }, at('2027-01-01T12:00:00Z')).left).toBe(8);
  });
});

const NOBODY = { released: new Set<string>(), withheld: new Set<string>() };

describe('what leaves of a resource', () => {
  const value: fc.Arbitrary<Json> = fc.letrec<{ json: Json }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 3 },
      fc.string({ minLength: 1, maxLength: 6 }).map((one) => `v${one}`),
      fc.array(tie('json'), { minLength: 1, maxLength: 3 }),
      fc.dictionary(fc.constantFrom('code', 'note', 'value', 'item', '_value'), tie('json'), {
        minKeys: 1,
        maxKeys: 3,
      }),
    ),
  })).json;

  test('a cut element is nowhere, everything else stays', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('note', 'item', 'component'), value), fc.nat(), (body, pick) => {
        const resource = { resourceType: 'Observation', id: 'x', ...body };
        const elements = elementsOf(resource);
        fc.pre(elements.length > 0);
        const chosen = elements[pick % elements.length]?.path ?? '';
        const marked = replaceAt(resource, chosen, 'CANARY-9');
        const left = elementsOf(leavingOf(marked, [chosen], NOBODY)).map((one) => one.value);
        expect(left).not.toContain('CANARY-9');
        // The `_` twin of a cut value goes with it.
        const twin = (path: string) => path.replace(/(^|\.)_/g, '$1');
        const kept = elementsOf(marked).filter(
          ({ path }) => path !== chosen && twin(path) !== chosen && !isUnder(twin(path), chosen),
        );
        expect(left).toEqual(kept.map((one) => one.value));
      }),
    );
  });

  test('no reference, logical or literal, leads to what does not leave or to other people', () => {
    const resource = {
      resourceType: 'Task',
      id: 't',
      meta: { versionId: '1', profile: ['http://x.example/p'], security: [{ code: 'SDV' }], tag: [{ code: 'x' }] },
      focus: { reference: 'Observation/gone-12345' },
      for: { reference: 'Patient/her' },
      owner: { reference: 'PractitionerRole/priya', display: 'Priya' },
      basedOn: [{ reference: 'https://other.example/fhir/Observation/gone-12345/_history/2' }],
      input: [{ valueReference: { identifier: { value: 'gone' } } }],
      note: [{ authorReference: { reference: 'RelatedPerson/other' }, text: 'kept' }],
    };
    const leaving = { released: new Set(['Patient/her']), withheld: new Set(['Observation/gone-12345']) };
    expect(leavingOf(resource, [], leaving)).toEqual({
      resourceType: 'Task',
      id: 't',
      meta: { versionId: '1' },
      for: { reference: 'Patient/her' },
      owner: { reference: 'PractitionerRole/priya', display: 'Priya' },
      note: [{ text: 'kept' }],
    });
    expect(leakIn(['"a"', '"see gone-12345."'], leaving)).toEqual({ text: 1, names: 'Observation/gone-12345' });
    expect(leakIn(['"not gone-123456"', '"component"'], leaving)).toBeNull();
  });

  test('is read as words: dates, names, codes and answers', () => {
    const { title, lines } = readableOf({
      resourceType: 'QuestionnaireResponse',
      authored: '2026-03-03T09:00:00Z',
      subject: { reference: 'Patient/her', display: 'Aisha' },
      item: [
        {
          linkId: 'a',
          text: 'Talked about?',
          answer: [{ valueCoding: { system: 's', code: 'yes', display: 'Yes, today' } }],
        },
      ],
    });
    expect(title).toBe('Questionnaire response, 3 March 2026, 09:00');
    expect(lines).toContainEqual({ label: 'Subject', value: 'Aisha' });
    expect(lines.find(({ value: one }) => one === 'Yes, today')?.label).toContain('Talked about?');
    const names = new Map([['PractitionerRole/p', 'Priya']]);
    const read = readableOf(
      {
        resourceType: 'Observation',
        performer: [{ reference: 'PractitionerRole/p' }, { reference: 'PractitionerRole/q' }],
        extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired', valueBoolean: true }],
      },
      names,
    );
    expect(read.lines).toEqual([
      { label: 'Performer', value: 'Priya' },
      { label: 'Performer', value: 'Practitioner role' },
      { label: 'Patient interpreter required', value: 'Yes' },
    ]);
  });

  test('a file is bytes with a type, a title and a size; a digest in a signature is none, words in one are', () => {
    const data = (text: string | Buffer) => Buffer.from(text).toString('base64');
    const signature = (bytes: string | Buffer): JsonObject => ({
      who: { display: 'x' },
      when: '2026-01-01T00:00:00Z',
      data: data(bytes),
    });
    const resource: Resource = {
      resourceType: 'DocumentReference',
      content: [{ attachment: { contentType: 'application/pdf', title: 'A letter', data: data('abc') } }],
      extension: [
        { valueSignature: signature(Buffer.alloc(32, 255)) },
        { valueSignature: signature('Danny was here') },
      ],
      sampled: { dimensions: 1, data: '1 2 3' },
    };
    expect(filesOf(resource).map(({ path, type, title, size }) => [path, type, title, size])).toEqual([
      ['content[0].attachment.data', 'application/pdf', 'A letter', 3],
      ['extension[1].valueSignature.data', 'unknown', '', 14],
    ]);
    expect(namesSomebody(fileWords(resource), ['danny'])).toBe(true);
    expect(filesOf({ resourceType: 'Binary', contentType: 'image/png', data: data('x') })[0]?.path).toBe('data');
  });

  test.each([
    ['DANNY at sea', true],
    ['scan_danny_2024.pdf', true],
    ['Dánny', true],
    ['dannyboy', false],
    ['', false],
  ])('a name is found as a word: %j %s', (text, expected) => expect(namesSomebody(text, ['danny'])).toBe(expected));

  test('an address is found however it is spaced', () => {
    expect(placeIn('lives at 7  Hidden way, zz91ab', ['ZZ9 1AB'])).toBe('ZZ9 1AB');
    expect(placeIn('zz9 1ac', ['ZZ9 1AB'])).toBeNull();
  });
});

/** The same tree with another value at a path of `elementsOf`. */
function replaceAt<T extends JsonObject>(root: T, path: string, to: string): T {
  const copy: T = structuredClone(root);
  const steps = path.match(/[^.[\]]+/g) ?? [];
  let node: Json | undefined = copy;
  for (const name of steps.slice(0, -1)) node = (node as JsonObject)[name];
  (node as JsonObject)[steps.at(-1) ?? ''] = to;
  return copy;
}

const isUnder = (path: string, top: string): boolean => path.startsWith(`${top}.`) || path.startsWith(`${top}[`);
