/** Masks remove what they say and nothing else, and what is masked cannot be searched for. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { applyMasks, visibleMembers } from '../../../src/governance/apply-masks.ts';
import { classesOfType } from '../../../src/governance/data-classes.ts';
import { evaluate } from '../../../src/governance/evaluate.ts';
import { PLACE, SUMMARY } from '../../../src/governance/mask-tables.ts';
import { masksFor, paramGuard } from '../../../src/governance/masks.ts';
import type { Role } from '../../../src/governance/types.ts';
import { UNBORN_TAG } from '../../../src/governance/vocabulary.ts';
import { asks, consent, family, HV, MATERNITY, row, staff, world } from './fixtures.ts';

const SFLAG = consent('s-flag', null, { source: 'Patient/aisha' });
const patient = {
  resourceType: 'Patient',
  id: 'aisha',
  text: { status: 'generated', div: '<div>Aisha, 1 CANARY Street</div>' },
  contained: [{ resourceType: 'Organization', id: 'gp', name: 'CANARY surgery' }],
  extension: [
    { url: 'birthPlace', valueAddress: { city: 'CANARY' } },
    { url: 'other', valueBoolean: true },
  ],
  name: [{ family: 'KHAN' }],
  telecom: [{ value: '07700 900CANARY' }],
  address: [{ postalCode: 'SK1 CANARY' }],
  contact: [{ address: { city: 'CANARY' } }],
  generalPractitioner: [{ reference: '#gp' }],
};
const restricted = world(row('Patient', 'demographics', { id: 'aisha' }), { consents: [SFLAG] });

describe('R-16 restricted demographics', () => {
  const midwife = staff('midwife', MATERNITY);

  test('no carrier of place is left, the name is, and the answer says it is a subset', () => {
    const shown = applyMasks(patient, masksFor(midwife, restricted));
    expect(JSON.stringify(shown)).not.toContain('CANARY');
    expect(shown.name).toEqual(patient.name);
    expect(shown.extension).toEqual([{ url: 'other', valueBoolean: true }]);
    expect(shown.meta?.tag?.[0]?.code).toBe('SUBSETTED');
    expect(patient.address).toHaveLength(1);
  });

  test('an answer to an invitation loses an actor that is a place, and keeps one that is a person', () => {
    const answered = (actor: { reference: string } | { type: string; display: string }) => {
      const response = { resourceType: 'AppointmentResponse', participantStatus: 'accepted', actor };
      const about = world(row('AppointmentResponse', 'schedule'), { consents: [SFLAG] });
      return applyMasks(response, masksFor(midwife, about)).actor;
    };
    expect(answered({ reference: 'Location/CANARY' })).toBeUndefined();
    expect(answered({ type: 'Location', display: 'CANARY house' })).toBeUndefined();
    expect(answered({ reference: 'Practitioner/p1' })).toEqual({ reference: 'Practitioner/p1' });
  });

  test('where a contained place was named nothing is left: no empty element tells that it was there', () => {
    const location = [{ location: { reference: 'Location/clinic' } }, { location: { reference: '#home' } }];
    const visit = {
      resourceType: 'Encounter',
      id: 'v',
      contained: [{ resourceType: 'Location', id: 'home' }],
      location,
    };
    const shown = applyMasks(visit, [{ rule: 'R-24', remove: ['contained'], params: [] }]);
    expect(shown.location).toEqual([{ location: { reference: 'Location/clinic' } }]);
    expect(
      applyMasks({ ...visit, location: location.slice(1) }, [{ rule: 'R-24', remove: ['contained'], params: [] }])
        .location,
    ).toBeUndefined();
  });

  test('the mother sees her own', () => {
    expect(masksFor(family('mother'), restricted)).toEqual([]);
  });

  test('vector 15: a postcode finds no restricted woman, and others still', () => {
    const guard = paramGuard(midwife, 'Patient', ['address-postalcode']);
    expect(evaluate(guard, restricted)).toBe(false);
    expect(evaluate(guard, { ...restricted, consents: [] })).toBe(true);
    expect(evaluate(paramGuard(midwife, 'Patient', ['family']), restricted)).toBe(true);
  });

  test('an appointment of hers keeps its time and loses its place', () => {
    const appointment = {
      resourceType: 'Appointment',
      id: 'a1',
      start: '2026-06-08T10:00:00Z',
      description: 'CANARY',
      _description: { extension: [{ url: 'x', valueString: 'CANARY' }] },
      comment: 'CANARY',
      participant: [
        { actor: { reference: 'Patient/aisha' } },
        { actor: { reference: 'Location/CANARY' } },
        { actor: { type: 'Location', display: 'CANARY' } },
      ],
    };
    const masks = masksFor(midwife, world(row('Appointment', 'schedule'), { consents: [SFLAG] }));
    const shown = applyMasks(appointment, masks);
    expect(JSON.stringify(shown)).not.toContain('CANARY');
    expect(shown.start).toBe(appointment.start);
    expect(shown.participant).toEqual([{ actor: { reference: 'Patient/aisha' } }]);
  });
});

test('R-17: the other parent never sees where she is, restricted or not', () => {
  const masks = masksFor(family('partner'), { ...restricted, consents: [consent('permit', 'RelatedPerson/danny')] });
  expect(JSON.stringify(applyMasks(patient, masks))).not.toContain('CANARY');
  expect(paramGuard(family('partner'), 'Patient', ['address-city'])).toEqual({ op: 'false' });
});

test('R-25: an admin sees when and where, not why', () => {
  const masks = masksFor(staff('admin', HV), world(row('Appointment', 'schedule')));
  const shown = applyMasks({ resourceType: 'Appointment', start: 's', reasonCode: [{ text: 'CANARY' }] }, masks);
  expect(JSON.stringify(shown)).not.toContain('CANARY');
  expect(paramGuard(staff('admin', HV), 'Appointment', ['reason-code'])).toEqual({ op: 'false' });
});

test('R-23: third-party answers leave the confidential response for roles without that cell', () => {
  const response = {
    resourceType: 'QuestionnaireResponse',
    item: [{ linkId: 'jvc.alone' }, { linkId: 'jvc.third-party', item: [{ text: 'CANARY' }] }],
  };
  const row1 = world(row('QuestionnaireResponse', 'confidential', { label: 'R' }));
  const hospital = applyMasks(response, masksFor(staff('hospital-midwife', MATERNITY), row1));
  expect(hospital.item).toEqual([{ linkId: 'jvc.alone' }]);
  expect(masksFor(staff('midwife', MATERNITY), row1)).toEqual([]);
});

describe('vector 57: the family Group', () => {
  const group = {
    resourceType: 'Group',
    quantity: 3,
    text: { div: 'three' },
    member: [{ entity: { reference: 'Patient/m' } }, { entity: { reference: 'Patient/half' } }],
  };

  test('a member out of sight is absent, and so is the count', () => {
    const shown = visibleMembers(group, new Set(['Patient/m']));
    expect(shown).toEqual({
      resourceType: 'Group',
      member: [{ entity: { reference: 'Patient/m' } }],
    });
  });
});

test('applying masks never changes the original, removes every masked top element and keeps every other', () => {
  const names = ['address', 'telecom', 'name', 'gender', 'birthDate', 'photo', 'text'];
  fc.assert(
    fc.property(fc.subarray(names), fc.dictionary(fc.constantFrom(...names), fc.string()), (remove, fields) => {
      const resource = { resourceType: 'Patient', ...fields };
      const before = JSON.stringify(resource);
      const shown = applyMasks(resource, [{ rule: 'R-24', remove, params: [] }]);
      expect(JSON.stringify(resource)).toBe(before);
      for (const name of names) expect(shown[name]).toEqual(remove.includes(name) ? undefined : fields[name]);
    }),
  );
});

test('no mask, no copy', () => {
  expect(applyMasks(patient, [])).toBe(patient);
  expect(masksFor(staff('midwife', MATERNITY), world(row('Patient', 'demographics')))).toEqual([]);
  expect(asks('read', 'Patient').type).toBe('Patient');
});

describe('a search in the whole text of a row (_text, _content)', () => {
  const staffRoles: Role[] = [
    'midwife',
    'health-visitor',
    'hospital-midwife',
    'nursery-nurse',
    'perinatal-mental-health',
    'safeguarding',
    'gp',
    'social-worker',
    'student',
    'team-lead',
    'admin',
    'service-lead',
    'ig-officer',
    'caldicott-guardian',
  ];
  const types = [...new Set(['Group', 'Observation', ...Object.keys(PLACE), ...Object.keys(SUMMARY)])];

  test('reaches no row from which any mask takes something, for every role, type, class and flag', () => {
    const people = [...staffRoles.map((role) => staff(role, MATERNITY)), family('mother'), family('partner')];
    let masked = 0;
    let open = 0;
    for (const principal of people) {
      for (const type of types) {
        for (const dataClass of classesOfType(type)) {
          for (const consents of [[], [SFLAG]]) {
            for (const tags of [[], [UNBORN_TAG]]) {
              const at = world(row(type, dataClass, { tags }), { consents });
              const isMasked = masksFor(principal, at).length > 0;
              for (const param of ['_text', '_content']) {
                const reached = evaluate(paramGuard(principal, type, [param]), at);
                if (isMasked || type === 'Group') expect([principal.role, type, dataClass, reached]).toContain(false);
                masked += isMasked ? 1 : 0;
                open += reached ? 1 : 0;
              }
            }
          }
        }
      }
    }
    // Alive: there are rows of both kinds.
    expect(masked).toBeGreaterThan(500);
    expect(open).toBeGreaterThan(500);
  });
});
