/**
 * Nothing that the domain numbers is without a test that names it: rules, alerts, questions, and the holes that caught
 * other systems. Vectors have their own list (governance/vectors.test.ts).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';

const ROOT = new URL('../', import.meta.url);
const SELF = 'unit/totality.test.ts';
const TESTS = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && name !== SELF)
  .map((name) => ({ name, text: readFileSync(new URL(name, ROOT), 'utf8') }));
const naming = (id: RegExp): string[] => TESTS.filter(({ text }) => id.test(text)).map(({ name }) => name);
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
const two = (n: number): string => String(n).padStart(2, '0');

/** Rules without a test, because what they are about is not built; the paper says the same. */
const NOT_BUILT = ['R-47'];

test('each of the 51 rules is named by a test, or not built and said to be so', () => {
  const silent = numbers(51)
    .map((n) => `R-${two(n)}`)
    .filter((id) => naming(new RegExp(`${id}\\b`)).length === 0);
  expect(silent.filter((id) => !NOT_BUILT.includes(id))).toEqual([]);
  const paper = readFileSync(new URL('../docs/information-governance.md', ROOT), 'utf8');
  for (const id of silent) {
    const line = paper.split('\n').find((one) => one.startsWith(`| ${id} |`)) ?? '';
    // What stands in the last column is what is open: nothing is not an answer.
    expect([id, line.split('|').at(-2)?.trim() === '']).toEqual([id, false]);
  }
});

test('each of the 22 alerts and the 15 questions is named by a test', () => {
  expect(numbers(22).filter((n) => naming(new RegExp(`A-${two(n)}\\b`)).length === 0)).toEqual([]);
  expect(numbers(15).filter((n) => naming(new RegExp(`\\bQ${n}\\b`)).length === 0)).toEqual([]);
});

describe('the holes that caught other systems', () => {
  /** Number -> the test that tries it here. H15 is a property of the harness: fixtures go through the real indexer. */
  const HOLES: Readonly<Record<string, string>> = {
    H1: 'adversary/h01-includes.test.ts',
    H2: 'adversary/h02-guessing.test.ts',
    H3: 'journeys/search-http.test.ts',
    H4: 'journeys/events-delivery.test.ts',
    H5: 'adversary/h05-h07-revoked.test.ts',
    H6: 'adversary/h06-same-rows.test.ts',
    H7: 'adversary/h05-h07-revoked.test.ts',
    H8: 'adversary/h08-log-canaries.test.ts',
    H9: 'adversary/h09-kill.test.ts',
    H10: 'adversary/h10-refusals-audited.test.ts',
    H11: 'journeys/events-delivery.test.ts',
    H12: 'adversary/h12-forced-reversal.test.ts',
    H13: 'journeys/search-http.test.ts',
    H14: 'journeys/events-delivery.test.ts',
    H15: 'harness/service.ts',
    H16: 'journeys/search-http.test.ts',
    H17: 'journeys/search-http.test.ts',
    H18: 'adversary/h18-json.test.ts',
    H19: 'adversary/h19-slow-bodies.test.ts',
    H20: 'journeys/bundle.test.ts',
    H21: 'conformance/rest-patch.test.ts',
    H22: 'journeys/bundle.test.ts',
    H23: 'journeys/search-http.test.ts',
    H24: 'adversary/h24-pool.test.ts',
    H25: 'journeys/events-delivery.test.ts',
    H26: 'journeys/tokens-http.test.ts',
    H27: 'conformance/questionnaire-responses.test.ts',
    H28: 'journeys/tokens-http.test.ts',
  };

  test.each(Object.entries(HOLES))('%s is tried in %s', (hole, file) => {
    expect(naming(new RegExp(`\\bH0?${hole.slice(1)}\\b`))).toContain(file);
  });

  test('there are 28 of them', () => {
    expect(Object.keys(HOLES)).toEqual(numbers(28).map((n) => `H${n}`));
  });
});
