/** Gates: what a request cannot get past, whatever it touches. */
import { describe, expect, test } from '@jest/globals';
import { gate } from '../../../src/governance/gates.ts';
import { mayAskFor, purposeOf, usualPurpose } from '../../../src/governance/purposes.ts';
import { scopesAllow } from '../../../src/governance/scopes.ts';
import type { Action, Principal } from '../../../src/governance/types.ts';
import { asks, family, HV, MATERNITY, staff, system } from './fixtures.ts';

const midwife = staff('midwife', MATERNITY);
const with_ = (scopes: string[], who: Principal = midwife): Principal => ({ ...who, scopes });

describe('SMART scopes cap', () => {
  const cases: [string, Principal, Action, string | null, boolean][] = [
    ['all of one type', with_(['user/Patient.cruds']), 'update', 'Patient', true],
    ['another type', with_(['user/Patient.cruds']), 'update', 'CarePlan', false],
    ['read only', with_(['user/*.rs']), 'update', 'Patient', false],
    ['read only reads', with_(['user/*.rs']), 'vread', 'Patient', true],
    ['search is not read', with_(['user/*.s']), 'read', 'Patient', false],
    ['history needs both', with_(['user/*.r']), 'history', 'Patient', false],
    ['history over two scopes', with_(['user/*.r', 'user/Patient.s']), 'history', 'Patient', true],
    ['the whole system needs *', with_(['user/Patient.rs']), 'search', null, false],
    ['a context of another kind', with_(['system/*.cruds']), 'read', 'Patient', false],
    ['letters out of order', with_(['user/*.sr']), 'read', 'Patient', false],
    ['with a query: not served', with_(['user/Observation.rs?category=vital-signs']), 'read', 'Observation', false],
    ['v1: not served', with_(['user/*.read']), 'read', 'Patient', false],
    ['system', system(HV), 'create', 'Patient', true],
    ['family', family('mother'), 'read', 'Patient', true],
    ['none', with_([]), 'read', 'Patient', false],
  ]; // biome-ignore format: a table

  test.each(cases)('%s', (_name, principal, action, type, allowed) => {
    expect(scopesAllow(principal, action, type)).toBe(allowed);
  });

  test('a missing scope refuses at the gate', () => {
    expect(gate(with_([]), asks('read', 'Patient'))?.reason).toBe('role');
  });
});

describe('purposes', () => {
  test('defaults of R-02; the others must declare', () => {
    expect(usualPurpose(midwife)).toBe('TREAT');
    expect(usualPurpose(staff('admin', HV))).toBe('PATADMIN');
    expect(usualPurpose(system(HV))).toBe('COC');
    expect(usualPurpose(staff('ig-officer', HV))).toBeNull();
    expect(usualPurpose(family('mother'))).toBeNull();
  });

  test('vector 28: research is no purpose', () => {
    expect(purposeOf('HRESCH')).toBeNull();
    expect(purposeOf('TREAT')).toBe('TREAT');
  });

  test('R-19: nobody but registered clinicians breaks glass', () => {
    const breakers = [
      'midwife',
      'health-visitor',
      'hospital-midwife',
      'perinatal-mental-health',
      'safeguarding',
      'gp',
      'team-lead',
    ];
    const others = [
      'admin',
      'ig-officer',
      'system',
      'student',
      'nursery-nurse',
      'social-worker',
      'mother',
      'sysadmin',
    ] as const;
    for (const role of breakers) expect(mayAskFor(role as 'midwife', 'BTG')).toBe(true);
    for (const role of others) expect(mayAskFor(role, 'BTG')).toBe(false);
  });
});

describe('who and what', () => {
  test('R-01: staff without a person', () => {
    const { practitionerRole: _role, practitioner: _person, ...nobody } = midwife;
    expect(gate(nobody, asks('read', 'Patient'))).toMatchObject({ reason: 'no-authn', status: 401 });
  });

  test('vector 62: DELETE on clinical types is 405 with the recipe; own Slots and Subscriptions pass', () => {
    for (const who of [system(MATERNITY), midwife]) {
      const purpose = who.kind === 'system' ? 'COC' : 'TREAT';
      expect(gate(who, asks('delete', 'CarePlan', purpose))).toMatchObject({ status: 405, rules: ['R-33'] });
    }
    expect(gate(system(MATERNITY), asks('delete', 'CarePlan', 'COC'))?.text).toContain('entered-in-error');
    expect(gate(system(MATERNITY), asks('delete', 'Slot', 'COC'))).toBeNull();
  });

  test('vector 31: AuditEvent is never written from outside, by the loading client neither', () => {
    for (const action of ['create', 'update', 'patch', 'delete'] as const) {
      expect(gate({ ...system(HV), role: 'steward' }, asks(action, 'AuditEvent', 'COC'))?.status).toBe(405);
    }
  });

  test('vector 9: the privacy officer reads the trail, not the record', () => {
    const officer = staff('ig-officer', MATERNITY);
    expect(gate(officer, asks('search', 'AuditEvent', 'HLEGAL'))).toBeNull();
    expect(gate(officer, asks('read', 'Observation', 'HLEGAL'))?.reason).toBe('role');
    expect(gate(officer, asks('read', 'Consent', 'HLEGAL'))).toBeNull();
    expect(gate(officer, asks('read', 'Observation', 'TREAT'))?.reason).toBe('purpose');
  });

  test('the steward exists in the demo only', () => {
    const steward: Principal = { ...system(HV), role: 'steward' };
    expect(gate(steward, asks('delete', 'CarePlan', 'COC'))).toBeNull();
    expect(gate(steward, { ...asks('read', 'CarePlan', 'COC'), mode: 'production' })).not.toBeNull();
  });

  test('two-person writes wait for the second person', () => {
    expect(gate(staff('ig-officer', HV), asks('create', 'Contract', 'HLEGAL'))?.reason).toBe('role');
    expect(gate(staff('sysadmin', HV), asks('update', 'PractitionerRole', 'HSYSADMIN'))?.reason).toBe('role');
  });

  test('family audiences are refused without a hint', () => {
    for (const who of [family('mother'), family('partner')]) {
      for (const refusal of [
        gate(who, asks('update', 'Patient', 'PATRQT')),
        gate(who, asks('read', 'Patient', 'TREAT')),
        gate(who, { ...asks('read', 'Patient', 'PATRQT'), mode: 'production' }),
      ]) {
        expect(refusal).toMatchObject({
          permit: false,
          concealed: true,
          wayIn: null,
          text: 'There is no such record.',
        });
      }
    }
  });
});
