import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { reference } from '../../../src/care/canon.ts';
import {
  careTeam,
  episodeOfCare,
  FETAL_STATUS,
  familyGroup,
  motherPatient,
  relatedPerson,
  unbornBaby,
} from '../../../src/care/family.ts';
import { EDD_CODE, eddObservation, eddOf } from '../../../src/care/pregnancy.ts';
import { objectsAt, textAt } from '../../../src/care/shape.ts';
import { SHARING_POLICY, sharingState } from '../../../src/care/sharing.ts';
import type { Resource } from '../../../src/fhir/types.ts';

const patient = reference('Patient/p1');
const KHAN = { name: { family: 'Khan', given: ['Aisha'] }, birthDate: '1996-04-02' };

describe('family', () => {
  test('a number without status is present, not traced; it is stored unspaced', () => {
    const [identifier] = objectsAt(motherPatient({ ...KHAN, nhsNumber: '999 000 1006' }), 'identifier');
    expect(identifier?.value).toBe('9990001006');
    expect(JSON.stringify(identifier?.extension)).toContain('"code":"02"');
  });

  test('an unborn baby has no number, no birth date, and a status', () => {
    const baby = unbornBaby({ pregnancy: 'PREG-1', letter: 'A', surname: 'Khan', multiple: true });
    expect(baby).toMatchObject({
      extension: [{ url: FETAL_STATUS, valueCode: 'potential-for-live-birth' }],
      identifier: [{ value: 'PREG-1-A' }],
      name: [{ use: 'temp', text: 'Baby KHAN', family: 'KHAN' }],
      multipleBirthBoolean: true,
    });
    for (const absent of ['birthDate', 'deceasedBoolean', 'communication', 'maritalStatus'])
      expect(baby[absent]).toBeUndefined();
  });

  test('the Group never counts its members', () => {
    const group = familyGroup([patient, reference('Patient/unborn-a')]);
    expect(group.quantity).toBeUndefined();
    expect(objectsAt(group, 'member').length).toBe(2);
  });

  test('the mother is tied to the fetus by NMTHF and her number', () => {
    const link = relatedPerson({
      patient: reference('Patient/unborn-a'),
      relationship: 'NMTHF',
      nhsNumber: '9990001006',
    });
    expect(link).toMatchObject({
      relationship: [{ coding: [{ code: 'NMTHF' }] }],
      identifier: [{ value: '9990001006' }],
    });
  });

  test('every care team member has a period; both services share the pregnancy key', () => {
    const team = careTeam({
      name: 'Family care team',
      patient,
      pregnancy: 'PREG-1',
      start: '2026-03-02',
      members: [{ member: reference('PractitionerRole/mw-1'), role: 'midwife', start: '2026-03-02' }],
    });
    expect(objectsAt(team, 'participant').every((one) => textAt(one, 'period', 'start') !== undefined)).toBe(true);
    const organization = reference('Organization/o');
    const episode = episodeOfCare({
      kind: 'health-visiting',
      pregnancy: 'PREG-1',
      patient,
      organization,
      start: '2026-03-23',
      end: '2026-12-01',
    });
    expect(episode).toMatchObject({
      status: 'finished',
      identifier: [{ value: 'PREG-1' }],
      type: [{ coding: [{ code: '1078501000000104' }] }],
    });
  });
});

describe('the EDD that counts', () => {
  const performer = reference('PractitionerRole/mw-1');
  const lmp = eddObservation({ patient, from: { lmp: '2025-12-29' }, on: '2026-03-02', performer });
  const scan = eddObservation({ patient, from: { scan: '2026-10-11' }, on: '2026-03-18', performer });
  const corrected = eddObservation({ patient, from: { scan: '2026-10-09' }, on: '2026-03-25', performer });

  test('by last period', () => expect(eddOf([lmp])).toEqual({ edd: '2026-10-05', byScan: false }));
  test('none', () => expect(eddOf([])).toBeUndefined());
  test('a mistake does not count', () =>
    expect(eddOf([{ ...scan, status: 'entered-in-error' }, lmp])?.byScan).toBe(false));
  test('the latest scan wins in whatever order they come', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([lmp, scan, corrected], { minLength: 3 }), (observations) => {
        expect(eddOf(observations)).toEqual({ edd: '2026-10-09', byScan: true });
      }),
    );
  });
  test('codes are those of domain.md 3.7', () => expect(EDD_CODE).toEqual({ lmp: '289206005', scan: '738070007' }));
});

describe('sharing state', () => {
  const consent = (type: string, actor?: string, status = 'active'): Resource => ({
    resourceType: 'Consent',
    status,
    policy: [{ uri: SHARING_POLICY }],
    provision: { type, ...(actor === undefined ? {} : { actor: [{ reference: { reference: actor } }] }) },
  });
  const HV = 'Organization/hv';
  test.each<[string, Resource[], string]>([
    ['nothing recorded', [], 'not-yet-asked'],
    ['withdrawn', [consent('permit', HV, 'inactive')], 'not-yet-asked'],
    ['another policy', [{ ...consent('permit', HV), policy: [{ uri: 'x' }] }], 'not-yet-asked'],
    ['explained', [consent('permit', HV)], 'explained'],
    ['objected to us', [consent('permit', HV), consent('deny', HV)], 'objected'],
    ['objected to everybody', [consent('deny')], 'objected'],
    ['objected to somebody else', [consent('deny', 'Organization/gp')], 'explained'],
  ])('%s', (_name, consents, expected) => expect(sharingState(consents, HV)).toBe(expected));
});
