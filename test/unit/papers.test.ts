/** Papers must not name what is not there: a document that the code has left behind is a bug. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { CARE_OPERATIONS } from '../../src/care/operations/routes.ts';
import { VARIABLES } from '../../src/config/reader.ts';
import { DEMO_IDENTITIES } from '../../src/identity/identities.ts';

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const there = (file: string) => existsSync(new URL(`../../${file}`, import.meta.url));

describe('papers', () => {
  test('every test that the assessment of data protection names exists', () => {
    const named = [...read('docs/dpia.md').matchAll(/`(test\/[^`]+\.ts)`/g)].map((match) => match[1] ?? '');
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((file) => !there(file))).toEqual([]);
  });

  test('each of the 36 hazards has a row, and every test it names exists', () => {
    const log = read('docs/clinical-safety.md');
    for (let n = 1; n <= 36; n += 1) expect(log).toContain(`| H-${String(n).padStart(2, '0')} |`);
    const named = [...log.matchAll(/`(test\/[^`]+\.ts)`/g)].map((match) => match[1] ?? '');
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((file) => !there(file))).toEqual([]);
  });

  test.each([
    'README.md',
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    'docs/adr/README.md',
    'docs/conformance.md',
    'docs/dpia.md',
    'docs/information-governance.md',
    'docs/production.md',
  ])('links of %s lead somewhere', (paper) => {
    const folder = paper.includes('/') ? `${paper.slice(0, paper.lastIndexOf('/'))}/` : '';
    const links = [...read(paper).matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1] ?? '');
    expect(links.filter((link) => !link.startsWith('http') && !there(folder + link))).toEqual([]);
  });

  test('each decision has a number of its own, under its own heading, and one line in the index', () => {
    const files = readdirSync(new URL('../../docs/adr/', import.meta.url)).filter((file) => file !== 'README.md');
    const numbers = files.map((file) => /^\d{4}-\d\d-\d\d-(\d{4})-/.exec(file)?.[1] ?? file);
    expect([...new Set(numbers)]).toEqual(numbers);
    expect(files.filter((file, i) => !read(`docs/adr/${file}`).startsWith(`# ${numbers[i]} `))).toEqual([]);
    const index = read('docs/adr/README.md').split('\n');
    const lines = files.map((file, i) => index.filter((line) => line.startsWith(`| [${numbers[i]}](${file}) |`)));
    expect(files.filter((_, i) => lines[i]?.length !== 1)).toEqual([]);
  });

  test('the README lists every environment variable, identity and npm script it should', () => {
    const readme = read('README.md');
    expect(VARIABLES.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
    expect([...DEMO_IDENTITIES.keys()].filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
    const scripts = Object.keys(JSON.parse(read('package.json')).scripts);
    const named = [...readme.matchAll(/npm run (?:--silent )?([a-z:]+)/g)].map((match) => match[1] ?? '');
    expect(named.filter((name) => !scripts.includes(name))).toEqual([]);
  });

  test('each line of the conformance sheet is ticked with a test or unticked with a reason', () => {
    const lines = read('docs/conformance.md')
      .split('\n')
      .filter((line) => line.startsWith('- ['));
    expect(lines.length).toBeGreaterThan(40);
    const proven = /^- \[x\] .+ — (?:\[test\]\(\.\.\/test\/[\w./-]+\.test\.ts\)(?:, )?)+$/;
    const explained = /^- \[ \] .+ — (?!\[test\]).{8,}$/;
    expect(lines.filter((line) => !proven.test(line) && !explained.test(line))).toEqual([]);
  });

  test('the conformance sheet names every operation of the mission', () => {
    const sheet = read('docs/conformance.md');
    expect(CARE_OPERATIONS.filter(({ name }) => !sheet.includes(`$${name}\``)).map(({ name }) => name)).toEqual([]);
  });

  test('each of the 51 rules has a line, and what it names exists', () => {
    const paper = read('docs/information-governance.md');
    const ids = Array.from({ length: 51 }, (_, i) => `R-${String(i + 1).padStart(2, '0')}`);
    const lines = ids.map((id) => paper.split('\n').filter((line) => line.startsWith(`| ${id} |`)));
    expect(ids.filter((_, i) => lines[i]?.length !== 1)).toEqual([]);
    const named = [...paper.matchAll(/`((?:src|test)\/[^`]+\.(?:ts|sql))`/g)].map((match) => match[1] ?? '');
    expect(named.length).toBeGreaterThan(80);
    expect(named.filter((file) => !there(file))).toEqual([]);
    // A line without code or test must say why.
    const silent = lines.flat().filter((line) => / - \|/.test(line) && line.endsWith('|  |'));
    expect(silent).toEqual([]);
  });

  test('the copy-paste referral stays under 60 lines', () => {
    expect(read('docs/referral-bundle.json').trimEnd().split('\n').length).toBeLessThan(60);
  });
});
