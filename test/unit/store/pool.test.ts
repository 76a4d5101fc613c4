/** Lists and times of PostgreSQL are read as the driver reads them, only faster. */
import { expect, test } from '@jest/globals';
import pg from 'pg';
import '../../../src/store/pool.ts';

const TEXT_ARRAY: number = 1009;

test.each<[string, (string | null)[]]>([
  ['{}', []],
  ['{a}', ['a']],
  ['{Patient/1,https://a.example/x|y,-}', ['Patient/1', 'https://a.example/x|y', '-']],
  ['{"a b",c}', ['a b', 'c']],
  ['{"a,b",""}', ['a,b', '']],
  ['{"a\\"b","c\\\\d"}', ['a"b', 'c\\d']],
  ['{"{x}",y}', ['{x}', 'y']],
  ['{NULL,"NULL",nullable}', [null, 'NULL', 'nullable']],
  ['[0:1]={a,b}', ['a', 'b']],
])('the list %s', (text, list) => {
  expect(pg.types.getTypeParser(TEXT_ARRAY)(text)).toEqual(list);
});

test.each<[string, unknown]>([
  ['2026-11-28 15:44:12+00', new Date('2026-11-28T15:44:12Z')],
  ['2026-11-28 15:44:12.1+00', new Date('2026-11-28T15:44:12.100Z')],
  ['2026-11-28 15:44:12.123999+00', new Date('2026-11-28T15:44:12.123Z')],
  ['2026-11-28 15:44:12+05:30', new Date('2026-11-28T10:14:12Z')],
  ['0001-01-01 00:00:00+00', new Date('0001-01-01T00:00:00Z')],
  ['10000-01-01 00:00:00+00', new Date('+010000-01-01T00:00:00Z')],
  ['0044-03-15 00:00:00+00 BC', new Date('-000043-03-15T00:00:00Z')],
  ['infinity', Number.POSITIVE_INFINITY],
  ['-infinity', Number.NEGATIVE_INFINITY],
])('the time %s', (text, time) => {
  expect(pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ)(text)).toEqual(time);
});
