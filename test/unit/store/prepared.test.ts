/** One connection may hold statements of both kinds: the driver refuses a name that it knows with another text. */
import { expect, test } from '@jest/globals';
import { statementName, walkName } from '../../../src/store/prepared.ts';

test('a text keeps its name, and no two texts share one', () => {
  const texts = Array.from({ length: 600 }, (_, n) => `select ${n}`);
  const given = [...texts.map(statementName), ...texts.map((text) => walkName(`${text}, 1`))];
  const named = given.filter((name) => name !== null);
  expect(named.length).toBeGreaterThan(500);
  expect(new Set(named).size).toBe(named.length);
  expect([statementName('select 7'), walkName('select 7, 1')]).toEqual([given[7], given[607]]);
});
