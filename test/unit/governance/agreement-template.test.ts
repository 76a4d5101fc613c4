/** The agreement in docs/sharing-agreement-template.md is one that the service reads, and that passes validation. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parseJson } from '../../../src/fhir/json.ts';
import { asResource } from '../../../src/fhir/resource.ts';
import { agreementFaults, agreementsOf } from '../../../src/governance/agreements.ts';
import { testDefinitions } from '../definitions/cache.ts';

const paper = readFileSync(new URL('../../../docs/sharing-agreement-template.md', import.meta.url), 'utf8');
const example = /```json\n([\s\S]+?)```/.exec(paper)?.[1] ?? '';

test('the example is valid, has no faults, and lets through what its words say', async () => {
  const contract = { ...asResource(parseJson(Buffer.from(example)).root), id: 'template' };
  const issues = (await testDefinitions()).validate(contract);
  expect(issues.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(agreementFaults(contract)).toEqual([]);
  const [row, ...more] = agreementsOf(contract);
  expect(more).toEqual([]);
  expect(row).toMatchObject({
    fromService: 'Organization/maternity-service',
    toService: 'Organization/hv-service',
    purposes: ['COC'],
    maxLabel: 'N',
    revoked: false,
  });
  expect(row?.classes).toContain('demographics');
  expect(row?.classes).toContain('referral');
});
