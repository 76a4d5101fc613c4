/**
 * A parameter that unites others (`combo-code` is `code` and `component-code`) keeps no values of its own, and finds, leaves
 * out and sorts as if it had: the same questions to an index whose parameter stands alone give the same answers.
 */
import { expect, test } from '@jest/globals';
import type { Resource } from '../../../src/fhir/types.ts';
import { createIndexer } from '../../../src/search/extract.ts';
import { indexForms } from '../../../src/search/index-forms.ts';
import { compareFor, type Indexed } from '../../../src/search/match.ts';
import { matches } from '../../../src/search/match-clauses.ts';
import { searchableParams } from '../../../src/search/params.ts';
import { parseSearch } from '../../../src/search/parse.ts';
import { sampleResources } from '../../conformance/search-samples.ts';
import { BASES, r4 } from './r4-params.ts';

/** The same definitions with all that could make up a united parameter taken away: it then stands alone. */
function alone(code: string): typeof r4 {
  const all = new Map([...r4.searchParams('Observation')].filter(([one]) => one === code || one === 'status'));
  return {
    ...r4,
    isResourceType: r4.isResourceType,
    searchParams: (type) => (type === 'Observation' ? all : new Map()),
  };
}

const reason = (code: string) => ({ coding: [{ system: 'http://s', code }], text: code });
const observations = sampleResources(900, 7)
  .filter(({ resourceType }) => resourceType === 'Observation')
  .map((resource, i): Resource => {
    const component = { code: reason('other'), dataAbsentReason: reason(i % 2 === 0 ? 'asked' : 'masked') };
    if (i % 5 === 0) return { ...resource, dataAbsentReason: reason(i % 2 === 0 ? 'unknown' : 'asked') };
    return i % 5 === 1 ? { ...resource, component: [component] } : resource;
  });
const UNITED = ['combo-code', 'combo-value-concept', 'combo-data-absent-reason', 'combo-value-quantity'];

function answers(definitions: typeof r4, text: string): string[] {
  const indexer = createIndexer(definitions, BASES);
  const context = { definitions, bases: BASES, lenient: false, maxCount: 1_000, now: new Date('2024-06-01') };
  const { query } = parseSearch('Observation', text, context);
  const rows: Indexed[] = observations.map((resource) => ({ resource, values: indexer.indexOf(resource) }));
  const found = rows.filter(({ resource, values }) => matches(query, resource, values)).sort(compareFor(query));
  return found.map(({ resource }) => resource.id ?? '');
}

test('Observation keeps what its combined parameters read once', () => {
  const params = searchableParams(r4, 'Observation');
  expect(UNITED.map((code) => params.get(code)?.parts?.toSorted())).toEqual(
    UNITED.map((code) => [`component-${code.slice(6)}`, code.slice(6)].toSorted()),
  );
  const indexer = createIndexer(r4, BASES);
  for (const resource of observations) {
    const { tokens, numbers, texts } = indexer.indexOf(resource);
    expect(JSON.stringify([tokens, numbers, texts])).not.toMatch(/combo-/);
  }
  // Nothing else is changed by it: rows that are there need no new index.
  for (const code of UNITED) {
    expect(indexForms(alone(code), 'Observation')[code]).toBe(indexForms(r4, 'Observation')[code]);
  }
});

test('they answer as parameters of their own would', () => {
  const seen = new Map(UNITED.map((code) => [code, 0]));
  for (const code of UNITED) {
    const indexer = createIndexer(alone(code), BASES);
    const indexes = observations.map((resource) => indexer.indexOf(resource));
    const words = indexes.flatMap(({ tokens }) => tokens).filter((word) => word.startsWith(`Observation.${code}=`));
    const asked = [...new Set(words.map((word) => word.slice(word.indexOf('=') + 1)))].filter((word) => word !== '|');
    const values = code === 'combo-value-quantity' ? ['gt3', 'lt100', '5', 'ge0'] : asked.slice(0, 12);
    const first = code === 'combo-value-quantity' ? '77' : 'x';
    const questions = [
      ...values.flatMap((value) => [
        `${code}=${encodeURIComponent(value)}`,
        `${code}=${first},${encodeURIComponent(value)}`,
      ]),
      ...(code === 'combo-value-quantity'
        ? []
        : [...values.map((value) => `${code}:not=${encodeURIComponent(value)}`), `${code}:text=a`]),
      ...['true', 'false'].map((missing) => `${code}:missing=${missing}`),
      ...[code, `-${code}`].map((sort) => `_sort=${sort}`),
    ];
    for (const question of questions) {
      const found = answers(r4, question);
      expect([question, found]).toEqual([question, answers(alone(code), question)]);
      if (found.length > 0 && found.length < observations.length) seen.set(code, (seen.get(code) ?? 0) + 1);
    }
  }
  for (const count of seen.values()) expect(count).toBeGreaterThan(2);
});
