/** Files of an import: RFC 4180 read right, every fault on its line; days and times; words of roles; what only narrows. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { COLUMNS } from '../../../src/directory/columns.ts';
import { decodeUtf8, readCsv } from '../../../src/directory/csv.ts';
import { actionOf, fieldsOf, onlyNarrows } from '../../../src/directory/differences.ts';
import { recordsOf } from '../../../src/directory/records.ts';
import { ROLE_CODES, roleCodeOf } from '../../../src/directory/role-codes.ts';
import { dayOf, instantOf } from '../../../src/directory/times.ts';
import type { JsonObject, Resource } from '../../../src/fhir/types.ts';
import { roleOf } from '../../../src/governance/directory.ts';

const cell = fc
  .string({ unit: fc.constantFrom('a', ' ', '"', ',', '\n', '\r\n', 'é', 'x') })
  .map((text) => text.trim());
const written = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

describe('CSV', () => {
  test('what any spreadsheet writes comes back, whatever stands in it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 6 }),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        fc.boolean(),
        (rows, end, mark, last) => {
          const text = `${mark ? '\uFEFF' : ''}${rows.map((one) => one.map(written).join(',')).join(end)}${last ? end : ''}`;
          const read = readCsv(text);
          const kept = rows.filter((one) => one.some((value) => value !== ''));
          expect(read.rows.map(({ cells }) => cells)).toEqual(kept);
          expect(read.faults).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('lines are counted as an editor counts them', () => {
    const { rows } = readCsv('a,b\r\n"one\r\ntwo",x\r\n\r\nc,d\n');
    expect(rows.map(({ line }) => line)).toEqual([1, 2, 5]);
  });

  test.each<[string, number]>([
    ['a,b\n"open,x\n', 2],
    ['a,b\nin"side,x\n', 2],
    ['a,b\n"out"side,x\n', 2],
  ])('%j is a fault on its line', (text, line) => {
    expect(readCsv(text).faults).toEqual([{ line, text: expect.stringMatching(/.{20}/) }]);
  });

  test('bytes that are no UTF-8 are no text', () => {
    expect(decodeUtf8(Buffer.from('Zo\u00eb', 'latin1'))).toBeNull();
    expect(decodeUtf8(Buffer.from('\uFEFFZoë'))).toBe('Zoë');
  });
});

describe('records', () => {
  const head = COLUMNS.people.map(({ name }) => name).join(',');
  const faultsOf = (text: string) => recordsOf('people', text).faults.map(({ where, column }) => [where, column]);

  test('each fault of each line is told, and lines without one are kept', () => {
    const lines = [
      head,
      'S1,Good,One,,,,',
      'S2,Few',
      'S3,,Given,,,,',
      `S4,${'x'.repeat(256)},Given,,,,`,
      'S5,<b>,Given,,,,',
    ];
    expect(faultsOf(lines.join('\n'))).toEqual([
      ['people line 3', null],
      ['people line 4', 'family_name'],
      ['people line 5', 'family_name'],
      ['people line 6', 'family_name'],
    ]);
    expect(recordsOf('people', lines.join('\n')).records.map(({ line }) => line)).toEqual([2]);
  });

  test.each<[string, string, unknown]>([
    ['nothing', '', ['people', null]],
    ['no lines', `${head}\n`, ['people', null]],
    ['a missing column', 'staff_number,family_name\nS1,A', ['people line 1', 'given_name']],
    ['a column twice', `${head},phone\n`, ['people line 1', 'phone']],
    ['an unknown column', `${head},salary\n`, ['people line 1', 'salary']],
  ])('%s is a fault of the file', (_words, text, fault) => {
    expect(faultsOf(text)).toEqual([fault]);
  });
});

test.each<[string, string | null]>([
  ['2026-12-01', '2026-12-01'],
  ['1/12/2026', '2026-12-01'],
  ['2026-02-30', null],
  ['31/02/2026', null],
  ['tomorrow', null],
])('day %s', (text, day) => expect(dayOf(text)).toBe(day));

test.each<[string, string | null]>([
  ['2026-12-01T07:30', '2026-12-01T07:30:00.000Z'],
  ['2026-07-01 07:30', '2026-07-01T06:30:00.000Z'],
  ['2026-07-01T07:30Z', '2026-07-01T07:30:00.000Z'],
  // The clocks skip this hour, and show the other one twice.
  ['2026-03-29T01:30', null],
  ['2026-10-25T01:30', '2026-10-25T01:30:00.000Z'],
  ['2026-12-01', null],
  ['2026-12-01T24:30', null],
])('time %s', (text, instant) => expect(instantOf(text)).toBe(instant));

describe('roles', () => {
  test.each(ROLE_CODES.map((one) => [one.word, one] as const))('%s is the role the directory reads', (_word, one) => {
    const specialty = one.specialty === undefined ? {} : { specialty: [one.specialty] };
    expect(roleOf({ resourceType: 'PractitionerRole', code: [one.code], ...specialty })).toBe(one.role);
  });
  test.each<[string, string | undefined]>([
    ['Health visitor', 'health-visitor'],
    ['R0680', 'midwife'],
    ['S8000:G8000:R0001', 'ig-officer'],
    ['R9999', undefined],
    ['wizard', undefined],
  ])('%s', (word, role) => expect(roleCodeOf(word)?.role).toBe(role));
});

describe('differences', () => {
  const now = new Date('2026-11-28T12:00:00Z');
  const role = (more: JsonObject): Resource => ({
    resourceType: 'PractitionerRole',
    active: true,
    period: { start: '2020-01-01' },
    code: [{ text: 'Team lead' }],
    ...more,
  });
  const team = (end?: string): Resource => ({
    resourceType: 'CareTeam',
    status: 'active',
    participant: [{ member: { reference: 'x' }, period: { start: '2020', ...(end === undefined ? {} : { end }) } }],
  });

  test.each<[string, Resource, Resource, string, boolean]>([
    ['nothing', role({}), role({}), 'unchanged', true],
    ['made inactive', role({}), role({ active: false }), 'ended', true],
    ['an end', role({}), role({ period: { start: '2020-01-01', end: '2026-11-01' } }), 'ended', true],
    ['an end to come', role({}), role({ period: { start: '2020-01-01', end: '2027' } }), 'changed', true],
    ['a later end', role({ period: { end: '2026-12-01' } }), role({ period: { end: '2027-12-01' } }), 'changed', false],
    ['no end', role({ period: { end: '2026-12-01' } }), role({ period: {} }), 'changed', false],
    ['another role', role({}), role({ code: [{ text: 'Admin' }] }), 'changed', false],
    ['an end and another role', role({}), role({ active: false, code: [{ text: 'x' }] }), 'ended', false],
    ['a member less', team(), team('2026-11-27'), 'changed', true],
    ['a member back', team('2026-11-27'), team(), 'changed', false],
  ])('%s', (_words, before, after, action, narrow) => {
    expect([actionOf(before, after, now), onlyNarrows(before, after)]).toEqual([action, narrow]);
  });

  test('what is new widens, and is told element by element', () => {
    expect([actionOf(null, role({}), now), onlyNarrows(null, role({}))]).toEqual(['added', false]);
    expect(fieldsOf(null, role({})).map(({ path }) => path)).toEqual(['active', 'period.start', 'code[1].text']);
    expect(fieldsOf(role({}), role({ period: {} }))).toEqual([
      { path: 'period.start', before: '2020-01-01', after: null },
    ]);
  });
});
