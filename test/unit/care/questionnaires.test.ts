import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import fhirpath from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4';
import { addDays, formatGestation } from '../../../src/care/clock.ts';
import { QUESTIONNAIRES } from '../../../src/care/questionnaires/all.ts';
import { gestationExpression } from '../../../src/care/questionnaires/gestation-expression.ts';
import { HEADING_LINKS } from '../../../src/care/questionnaires/headings.ts';
import { objectsAt, textAt } from '../../../src/care/shape.ts';
import type { JsonObject } from '../../../src/fhir/types.ts';
import { codesOf } from './code-lists.ts';

const folder = new URL('../../../profiles/questionnaires/', import.meta.url);
const every = (holder: JsonObject): JsonObject[] => objectsAt(holder, 'item').flatMap((item) => [item, ...every(item)]);
const named = (id: string): JsonObject => QUESTIONNAIRES.find((form) => form.id === id) ?? {};

test('the published files are current: node scripts/generate-questionnaires.ts', () => {
  expect(readdirSync(folder).sort()).toEqual(QUESTIONNAIRES.map((form) => `${form.id}.json`).sort());
  for (const form of QUESTIONNAIRES) {
    const text = readFileSync(new URL(`${form.id}.json`, folder), 'utf8');
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(form)));
  }
});

describe.each(QUESTIONNAIRES.map((form) => [form.id ?? '', form] as const))('%s', (_id, form) => {
  const items = every(form);
  test('every linkId stands once (que-2)', () => {
    const ids = items.map((item) => item.linkId);
    expect(new Set(ids).size).toBe(ids.length);
  });
  test('groups have items, displays none; choices have one source of answers (que-1, que-4)', () => {
    for (const item of items) {
      expect(objectsAt(item, 'item').length > 0).toBe(item.type === 'group');
      const sources = [item.answerValueSet, item.answerOption].filter((source) => source !== undefined);
      expect(sources.length).toBe(item.type === 'choice' ? 1 : 0);
      if (item.type === 'display') expect(item.required ?? item.repeats).toBeUndefined();
    }
  });
  test('enableWhen asks about items that exist; two conditions say how they join', () => {
    for (const item of items) {
      const when = objectsAt(item, 'enableWhen');
      for (const { question } of when) expect(items.some((other) => other.linkId === question)).toBe(true);
      if (when.length > 1) expect(item.enableBehavior).toBeDefined();
    }
  });
  test('every local value set is one of domain.md 2.8', () => {
    for (const item of items) {
      const url = textAt(item, 'answerValueSet');
      if (url?.startsWith('https://tandem.example')) expect(codesOf(url)).not.toBeNull();
    }
  });
});

test('21 headings in three sides, each with a prompt of its own', () => {
  expect(HEADING_LINKS.length).toBe(21);
  const items = every(named('joint-visit-assessment'));
  const prompts = HEADING_LINKS.map((id) =>
    textAt(
      items.find((item) => item.linkId === `${id}.prompt`),
      'text',
    ),
  );
  expect(new Set(prompts).size).toBe(21);
  for (const id of HEADING_LINKS) {
    const heading = items.find((item) => item.linkId === id);
    expect(objectsAt(heading, 'code')[0]?.code).toBe(id.slice(4).replace('.', '-'));
  }
});

test('nothing of the confidential instrument is in the shared one', () => {
  expect(JSON.stringify(named('joint-visit-assessment'))).not.toContain('jvc');
  for (const item of every(named('joint-visit-confidential'))) expect(item.linkId).toMatch(/^jvc\./);
});

test('crown copyright is acknowledged where the headings are used', () => {
  expect(named('joint-visit-assessment').copyright).toContain('Open Government Licence v3.0');
});

test('gestation by FHIRPath is gestation by the clock', () => {
  fc.assert(
    fc.property(fc.integer({ min: 10_000, max: 40_000 }), fc.integer({ min: 0, max: 300 }), (start, days) => {
      const today = addDays('1970-01-01', start);
      const edd = addDays(today, 280 - days);
      const path = gestationExpression('Observation.value', `@${today}`);
      const result = fhirpath.evaluate({ resourceType: 'Observation', valueDateTime: edd }, path, {}, r4);
      expect(result).toEqual([formatGestation(days)]);
    }),
    { numRuns: 40 },
  );
  const none = fhirpath.evaluate({ resourceType: 'Observation' }, gestationExpression('Observation.value'), {}, r4);
  expect(none).toEqual([]);
});
