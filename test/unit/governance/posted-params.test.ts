/** Parameters that stand in no table of masks are hidden by what they read, never less than R4's on the same elements. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Definitions } from '../../../src/definitions/types.ts';
import { type ElementPaths, reaches } from '../../../src/governance/element-paths.ts';
import { EVERYWHERE, PLACE, SUMMARY, THIRD_PARTY, TRIMS } from '../../../src/governance/mask-tables.ts';
import { paramGuard } from '../../../src/governance/masks.ts';
import type { Role } from '../../../src/governance/types.ts';
import { elementsRead, searchableParams } from '../../../src/search/params.ts';
import type { SearchParam } from '../../../src/search/types.ts';
import { testDefinitions } from '../definitions/cache.ts';
import { family, HV, staff } from './fixtures.ts';

const ROLES: readonly Role[] = [
  'midwife',
  'health-visitor',
  'nursery-nurse',
  'admin',
  'gp',
  'social-worker',
  'team-lead',
];
const posted: SearchParam = { code: 'posted', type: 'token', expression: '', url: 'urn:posted', targets: [] };
let r4: Definitions;
beforeAll(async () => {
  r4 = await testDefinitions();
});

test.each<[string, string[], ElementPaths | null, boolean]>([
  ['the element itself', ['address'], [['address']], true],
  ['below it', ['address'], [['address', 'postalCode']], true],
  ['above it', ['activity.detail.location'], [['activity']], true],
  ['beside it', ['activity.detail.location'], [['activity', 'detail', 'status']], false],
  ['some members of a list', ['extension[valueAddress]'], [['extension', 'value']], true],
  ['a dot in a value', ['item[linkId=jvc.third-party].answer'], [['item', 'answer', 'value']], true],
  ['a choice by its type', ['sourceAttachment'], [['source']], true],
  ['a longer name of its own', ['note'], [['notebook']], false],
  ['nothing', ['address'], [], false],
  ['nobody can tell', ['address'], null, true],
  ['nobody can tell, nothing masked', [], null, false],
])('%s', (_, masked, paths, expected) => {
  expect(reaches(masked, paths)).toBe(expected);
});

test('what a filter of the expression compares is read too', () => {
  const read = (expression: string) => elementsRead({ ...posted, expression });
  expect(read("Appointment.where(comment='at the refuge').status")).toEqual([['status'], ['comment']]);
  expect(read("Patient.contact.where(gender='female').name")).toEqual([
    ['contact', 'name'],
    ['contact', 'gender'],
  ]);
  const guard = paramGuard(
    staff('admin', HV),
    'Appointment',
    ['posted'],
    read("Appointment.where(comment='x').status"),
  );
  expect(guard.op).not.toBe('true');
});

/** R4's on Appointment.participant and AppointmentResponse.actor read one kind of member, and the mask takes another. */
const APART = new Set([
  ...['Appointment.part-status', 'Appointment.patient', 'Appointment.practitioner'],
  ...['AppointmentResponse.patient', 'AppointmentResponse.practitioner'],
]);

describe('every parameter of R4', () => {
  test('that reads what a mask takes away stands in the table of that mask', () => {
    const missing: string[] = [];
    for (const table of [PLACE, SUMMARY, THIRD_PARTY, ...Object.values(TRIMS)]) {
      for (const [type, carrier] of Object.entries(table)) {
        for (const param of searchableParams(r4, type).values()) {
          if (!reaches([...carrier.remove, ...EVERYWHERE], elementsRead(param)) || APART.has(`${type}.${param.code}`))
            continue;
          if (!carrier.params.includes(param.code)) missing.push(`${type}.${param.code}`);
        }
      }
    }
    expect(missing).toEqual([]);
  });

  test('posted under another name would be hidden from nobody less', () => {
    let hidden = 0;
    for (const principal of [...ROLES.map((role) => staff(role, HV)), family('partner')]) {
      for (const type of r4.resourceTypes) {
        for (const param of searchableParams(r4, type).values()) {
          if (param.expression === '' || param.code === '_text' || param.code === '_content') continue;
          const known = paramGuard(principal, type, [param.code]);
          if (known.op === 'true') continue;
          const posted = paramGuard(principal, type, ['posted'], elementsRead(param));
          expect([type, param.code, posted.op]).not.toEqual([type, param.code, 'true']);
          if (known.op === 'false') expect([type, param.code, posted.op]).toEqual([type, param.code, 'false']);
          hidden += 1;
        }
      }
    }
    expect(hidden).toBeGreaterThan(50);
  });

  test('a family is searched by nobody for all its members', () => {
    for (const path of ['member', 'quantity', 'text', 'contained']) {
      expect(paramGuard(staff('midwife', HV), 'Group', ['posted'], [[path]])).toEqual({ op: 'false' });
    }
    expect(paramGuard(staff('midwife', HV), 'Group', ['posted'], null)).toEqual({ op: 'false' });
  });
});
