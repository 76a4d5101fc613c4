/** Totality: every R4 type has a class, every role and class a cell, every cell a rule (domain.md 5.3). */
import { describe, expect, test } from '@jest/globals';
import { RESOURCE_TYPES } from '../../../src/fhir/resource-types.ts';
import { CLASS_OF_TYPE, classesOfType, classOf } from '../../../src/governance/data-classes.ts';
import { gate } from '../../../src/governance/gates.ts';
import { cellOf, DATA_CLASSES, hasCell, isConceivable } from '../../../src/governance/role-views.ts';
import { rowRule } from '../../../src/governance/row-rules.ts';
import type { Action, DataClass, Principal, Role } from '../../../src/governance/types.ts';
import { asks, family, HV, staff, system } from './fixtures.ts';

const ROLES: Record<Role, true> = {
  midwife: true, 'health-visitor': true, 'hospital-midwife': true, 'nursery-nurse': true, 'perinatal-mental-health': true,
  safeguarding: true, gp: true, 'social-worker': true, student: true, 'team-lead': true, admin: true, 'service-lead': true,
  'ig-officer': true, 'caldicott-guardian': true, 'sar-officer': true, mother: true, partner: true, system: true,
  sysadmin: true, steward: true,
}; // biome-ignore format: a list
const ALL_ROLES = Object.keys(ROLES) as Role[];
const CLASSES: Record<DataClass, true> = {
  demographics: true, referral: true, pregnancy: true, schedule: true, visit: true, 'working-copy': true,
  'assessment-copy': true, findings: true, confidential: true, plan: true, 'safeguarding-flag': true, 'scene-safety': true,
  'third-party': true, consent: true, documents: true, feedback: true, audit: true, directory: true, agreements: true,
  subscription: true, conformance: true, 'other-clinical': true, 'not-served': true,
}; // biome-ignore format: a list

function person(role: Role): Principal {
  if (role === 'system' || role === 'steward') return { ...system(HV), role };
  return role === 'mother' || role === 'partner' ? family(role) : staff(role, HV);
}

describe('types and classes', () => {
  test('R4 has 146 types and each has exactly one row', () => {
    expect(RESOURCE_TYPES.length).toBe(146);
    expect([...CLASS_OF_TYPE.keys()].sort()).toEqual([...RESOURCE_TYPES].sort());
  });

  test('the table of cells has every class, and every role a cell in each', () => {
    expect([...DATA_CLASSES].sort()).toEqual(Object.keys(CLASSES).sort());
    const missing = ALL_ROLES.flatMap((role) =>
      DATA_CLASSES.filter((one) => !hasCell(role, one)).map((one) => `${role} ${one}`),
    );
    expect(missing).toEqual([]);
  });

  test('an empty resource of every type stays inside the classes of its type', () => {
    for (const resourceType of RESOURCE_TYPES) {
      expect(classesOfType(resourceType)).toContain(classOf({ resourceType }, () => null));
    }
  });

  test('a type nobody knows is not served', () => {
    expect(classOf({ resourceType: 'Nonsense' }, () => null)).toBe('not-served');
    expect(isConceivable('midwife', 'read', 'Nonsense')).toBe(false);
  });
});

describe('rules are total', () => {
  const actions: Action[] = ['create', 'read', 'vread', 'history', 'search', 'update', 'patch', 'delete'];

  test('every role, type and action has a gate answer and a rule', () => {
    for (const role of ALL_ROLES) {
      const principal = person(role);
      for (const type of RESOURCE_TYPES) {
        for (const action of actions) {
          const ask = asks(action, type, 'TREAT');
          expect(() => gate(principal, ask)).not.toThrow();
          expect(rowRule(principal, ask)).toHaveProperty('op');
        }
      }
    }
  });

  test('a role without a view of any class of a type finds nothing of it', () => {
    for (const role of ALL_ROLES) {
      for (const type of RESOURCE_TYPES) {
        const blind = classesOfType(type).every((one) => ['none', 'case'].includes(cellOf(role, one).view));
        if (blind)
          expect([role, type, rowRule(person(role), asks('search', type))]).toEqual([role, type, { op: 'false' }]);
      }
    }
  });

  test('what is not served is served to nobody but the loading client', () => {
    const seers = ALL_ROLES.filter((role) => cellOf(role, 'not-served').view !== 'none');
    expect(seers).toEqual(['steward']);
  });

  test('conformance is for everybody', () => {
    expect(ALL_ROLES.filter((role) => cellOf(role, 'conformance').view !== 'full')).toEqual([]);
  });

  test('the same standing gives the same tree, whatever the time', () => {
    const later = { ...asks('search', 'Encounter'), now: new Date('2027-01-01') };
    expect(rowRule(person('midwife'), later)).toEqual(rowRule(person('midwife'), asks('search', 'Encounter')));
  });
});

describe('kept rules', () => {
  const ask = asks('search', 'CarePlan');

  test('the same standing and ask give the same object, also for another request of it', () => {
    expect(rowRule(staff('midwife', HV), { ...ask, now: new Date('2027-01-01') })).toBe(
      rowRule(staff('midwife', HV), ask),
    );
  });

  test('whatever of a standing changes, nothing kept is used', () => {
    const base = staff('midwife', HV);
    const changed = [
      { ...base, role: 'nursery-nurse' as const },
      { ...base, teams: [] },
      { ...base, parties: base.parties.slice(1) },
      { ...base, service: 'Organization/other' },
      { ...base, ownRecordKey: 'k' },
    ];
    for (const other of changed) expect(rowRule(other, ask)).not.toEqual(rowRule(base, ask));
    const asked = [
      { ...ask, purpose: 'BTG' as const },
      { ...ask, action: 'update' as const },
      { ...ask, mode: 'production' as const },
      { ...ask, type: 'Patient' },
    ];
    for (const other of asked) expect(rowRule(base, other)).not.toEqual(rowRule(base, ask));
  });
});

describe('refinement', () => {
  const CANON = 'https://tandem.example/fhir';
  const qr = (name: string, profile?: string) => ({
    resourceType: 'QuestionnaireResponse',
    questionnaire: `${CANON}/Questionnaire/${name}|0.1.0`,
    ...(profile === undefined ? {} : { meta: { profile: [`${CANON}/StructureDefinition/${profile}`] } }),
  });
  const coded = (resourceType: string, system: string, code: string) => ({
    resourceType,
    code: { coding: [{ system, code }] },
  });
  const task = (code: string) => coded('Task', `${CANON}/CodeSystem/jv-task`, code);
  const cases: [string, Parameters<typeof classOf>[0], DataClass][] = [
    ['working copy', qr('joint-visit-assessment'), 'working-copy'],
    ['released copy', qr('joint-visit-assessment', 'JV-AssessmentCopy'), 'assessment-copy'],
    ['the profile alone makes no copy', qr('joint-visit-confidential', 'JV-AssessmentCopy'), 'confidential'],
    ['early need screen', qr('early-need-screen'), 'findings'],
    ['parent feedback', qr('parent-feedback'), 'feedback'],
    ['reflection', qr('practitioner-reflection'), 'feedback'],
    ['another questionnaire', qr('unknown'), 'other-clinical'],
    ['EDD', coded('Observation', 'http://snomed.info/sct', '738070007'), 'pregnancy'],
    ['pregnancy', coded('Condition', 'http://snomed.info/sct', '77386006'), 'pregnancy'],
    ['voice of the baby', coded('Observation', `${CANON}/CodeSystem/jv-observation`, 'voice-of-unborn'), 'findings'],
    ['another observation', coded('Observation', 'http://snomed.info/sct', '1'), 'other-clinical'],
    ['triage Task', task('triage-referral'), 'referral'],
    ['plan action', task('plan-action'), 'plan'],
    ['follow-up call', task('ask-in-private'), 'confidential'],
    ['explain sharing', task('explain-sharing'), 'consent'],
    ['family care team', { resourceType: 'CareTeam', subject: { reference: 'Patient/p' } }, 'visit'],
    ['directory team', { resourceType: 'CareTeam' }, 'directory'],
    ['safeguarding flag', { resourceType: 'Flag', category: [{ coding: [{ system: 'https://fhir.nhs.uk/CodeSystem/flag-categories-bars', code: 'SG' }] }] }, 'safeguarding-flag'],
    ['scene safety', coded('Flag', `${CANON}/CodeSystem/scene-safety`, 'dog'), 'scene-safety'],
    ['a contract', { resourceType: 'Contract' }, 'not-served'],
    ['an agreement', { resourceType: 'Contract', meta: { profile: [`${CANON}/StructureDefinition/JV-SharingAgreement`] } }, 'agreements'],
  ]; // biome-ignore format: a table

  test.each(cases)('%s', (_name, resource, expected) => {
    expect(classOf(resource, () => null)).toBe(expected);
  });

  test('what was taken from the confidential response is confidential', () => {
    const source = { ...qr('joint-visit-confidential'), id: 'c1' };
    const taken = { resourceType: 'Observation', derivedFrom: [{ reference: 'QuestionnaireResponse/c1' }] };
    expect(classOf(taken, (reference) => (reference === 'QuestionnaireResponse/c1' ? source : null))).toBe(
      'confidential',
    );
  });
});
