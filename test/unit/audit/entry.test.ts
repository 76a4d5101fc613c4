/** The stored form of an entry and of its query text. */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { auditColumns, auditEntry } from '../../../src/audit/entry.ts';
import { auditedQuery, cleanQuery, decryptQuery, encryptQuery, searchedPath } from '../../../src/audit/query-text.ts';
import { anEntry } from './entries.ts';

describe('stored form', () => {
  test('any entry comes back, and the same entry always has the same bytes', () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('a\nb"\\'), fc.constant(''));
    fc.assert(
      fc.property(fc.array(text), fc.option(text), fc.option(text), text, (rules, detail, name, requestId) => {
        const entry = anEntry({ rules, detail, requestId, agent: { ...anEntry().agent, name } });
        const shuffled = Object.fromEntries(Object.entries(entry).reverse());
        const columns = auditColumns(entry);
        expect(auditColumns(Object.assign(anEntry(), shuffled))).toEqual(columns);
        expect(columns.body).not.toContain('\n');
        const sound = (value: string) => value.replaceAll('\u0000', '\ufffd');
        expect(auditEntry(columns)).toEqual({
          ...entry,
          rules: rules.map(sound),
          detail: detail === null ? null : sound(detail),
          requestId: sound(requestId),
          agent: { ...entry.agent, name: name === null ? null : sound(name) },
        });
      }),
    );
  });

  test('nothing PostgreSQL refuses gets into a body', () => {
    const { body } = auditColumns(anEntry({ detail: 'nul \u0000 lone \ud800', requestId: '\udfff' }));
    expect(body).toContain('nul \ufffd lone \ufffd');
    expect(body).not.toMatch(/\\u0000|\\ud800|\\udfff/);
  });

  test('what is no patient reference is not linked to one', () => {
    expect(auditColumns(anEntry({ patients: ['Patient/a b', 'Group/1', 'Patient/1', 'Patient/1'] })).patients).toEqual([
      'Patient/1',
    ]);
  });
});

describe('cleaned query', () => {
  test.each([
    ['', ''],
    ['_count=20&_sort=-date', '_count=20&_sort=-date'],
    ['name=khan&birthdate=1990-01-01', 'name=***&birthdate=***'],
    ['identifier=https://fhir.nhs.uk/Id/nhs-number|9990001006', 'identifier=***'],
    ['patient=Patient/p1&code=http://snomed.info/sct|417', 'patient=Patient/p1&code=***'],
    ['subject%3APatient=p1', 'subject:Patient=p1'],
    ['patient.name=khan', 'patient.name=***'],
    ['patient:identifier=9990001006', 'patient:identifier=***'],
    ['patient=9990001006', 'patient=***'],
    ['patient=999%20000%201006', 'patient=***'],
    ['9990001006=x', '***=***'],
    ['_has:Observation:patient:code=1234-5', '_has:Observation:patient:code=***'],
    ['_include=Encounter:patient&_lastUpdated=ge2026-01-01', '_include=Encounter:patient&_lastUpdated=ge2026-01-01'],
    ['khan', 'khan=***'],
    ['%E0%A4%A=1', '***=***'],
  ])('%s', (raw, cleaned) => {
    expect(cleanQuery(raw)).toBe(cleaned);
  });

  test('no ten digits ever survive', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('patient', '_id', 'name', '_sort', 'x'),
        fc.stringMatching(/^\d{10}$/),
        (name, digits) => {
          expect(cleanQuery(`${name}=${digits}`)).toBe(`${name}=***`);
        },
      ),
    );
  });
});

describe('encrypted query', () => {
  const key = randomBytes(32);

  test('comes back with its key and request only, and never twice the same', () => {
    fc.assert(
      fc.property(fc.string(), (raw) => {
        const stored = encryptQuery(raw, key, 'r1');
        expect(decryptQuery(stored, key, 'r1')).toBe(raw);
        expect(decryptQuery(stored, key, 'r2')).toBeNull();
        expect(decryptQuery(stored, randomBytes(32), 'r1')).toBeNull();
        expect(encryptQuery(raw, key, 'r1')).not.toBe(stored);
      }),
    );
  });

  test('changed or foreign text is null', () => {
    const stored = encryptQuery('name=khan', key, 'r1');
    expect(decryptQuery(`${stored.slice(0, -2)}AA`, key, 'r1')).toBeNull();
    expect(decryptQuery('plain', key, 'r1')).toBeNull();
    expect(decryptQuery('q1.AA', key, 'r1')).toBeNull();
    expect(auditedQuery('name=khan', 3, { key, requestId: 'r1' })).toMatchObject({ cleaned: 'name=***', count: 3 });
    const { cleaned, raw } = auditedQuery('name=a?b', 0, { key, requestId: 'r1' }, 'Patient/1/Encounter');
    expect(cleaned).toBe('name=***');
    expect(searchedPath(decryptQuery(raw, key, 'r1') ?? '')).toEqual({
      path: 'Patient/1/Encounter',
      query: 'name=a?b',
    });
    expect(searchedPath('name=a?b')).toBeNull();
  });
});
