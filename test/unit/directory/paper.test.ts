/** The paper about the directory names every kind, column and role of the import, and no others. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { COLUMNS } from '../../../src/directory/columns.ts';
import { ROLE_CODES } from '../../../src/directory/role-codes.ts';

const PAPER = readFileSync(new URL('../../../docs/directory.md', import.meta.url), 'utf8');

test.each(Object.entries(COLUMNS))('the columns of %s', (kind, columns) => {
  const listed = columns.map(({ name, required }) => `\`${name}\`${required ? '*' : ''}`).join(', ');
  expect(PAPER).toContain(`| \`${kind}\` | ${listed} |`);
});

test('the words of the roles', () => {
  const said = /`role` is one of: ([^;]+);/.exec(PAPER)?.[1]?.split(/[,\s]+/);
  expect(said?.toSorted()).toEqual(ROLE_CODES.map(({ word }) => word).toSorted());
});
