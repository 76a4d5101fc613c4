/**
 * The role matrix, cell by cell, against domain.md 5.3 as it is written there; where a cell says more or less than the
 * domain, the difference stands here with its reason.
 */
import { describe, expect, test } from '@jest/globals';
import { RESOURCE_TYPES } from '../../../src/fhir/resource-types.ts';
import { applyMasks } from '../../../src/governance/apply-masks.ts';
import { classesOfType } from '../../../src/governance/data-classes.ts';
import { masksFor } from '../../../src/governance/masks.ts';
import { cellOf, hasCell } from '../../../src/governance/role-views.ts';
import type { DataClass, Role } from '../../../src/governance/types.ts';
import { consent, family, HV, row, staff, system, world } from './fixtures.ts';

const CARE: readonly Role[] = ['midwife', 'health-visitor', 'hospital-midwife', 'nursery-nurse', 'perinatal-mental-health',
  'safeguarding', 'gp', 'social-worker', 'student', 'team-lead']; // biome-ignore format: a list
const OTHERS: readonly Role[] = ['admin', 'service-lead', 'ig-officer', 'caldicott-guardian', 'sar-officer', 'mother',
  'partner', 'system', 'sysadmin']; // biome-ignore format: a list

/** The cells of both tables, in the words of the domain. */
const DOMAIN: Readonly<Partial<Record<DataClass, readonly [string, string]>>> = {
  demographics: ['VW|VW|VW|V|V|V|V|S with R-22 or consent|V|V', 'VW|-|id only in case|c|c|own|S|VW|-'],
  referral: ['VW|VW|V|V|V|V|S|-|V|VW', 'V (status)|counts|-|c|c|status|-|VW|-'],
  pregnancy: ['VW|VW|VW|V (EDD)|V|V|V|EDD|V|V', 'EDD|counts|-|c|c|own|EDD if permitted|VW|-'],
  schedule: ['VW|VW|V|V|V|V|-|-|V|VW', 'VW|counts|-|c|c|own|date only|VW|-'],
  visit: ['VW|VW|VW own|V|V|V|V|S|V|V', 'V (time, place)|counts|-|c|c|own|date only|VW|-'],
  'working-copy': ["VW authors' team|VW authors' team|-|-|-|V|-|-|-|status only", '-|-|-|c|c|-|-|W with user claims|-'],
  'assessment-copy': ['V|V|V|S (plan-relevant)|V|V|S|-|V|V', '-|-|-|c|c|own, released|S if permitted|V|-'],
  findings: ['VW|VW|V|-|V|V|-|-|V|V', '-|aggregate|-|c|c|as in copy|-|V|-'],
  confidential: ['VW (care team)|VW (care team)|V (current attendance)|-|V (care team)|VW|-|- (R-22 share only)|-|V (supervision)',
    '-|-|-|c|c|- in portal (SAR only)|-|- unless DSA names|-'],
  plan: ['VW|VW|V|VW assigned actions|V|V|S|S with R-22 or consent|V|V', '-|aggregate|-|c|c|V|S if permitted|V|-'],
  'safeguarding-flag': ['V|V|V|V (exists + call)|V|VW|exists + contact|V|-|V', 'ask clinician first|counts|-|c|c|-|-|exists + contact|-'],
  'scene-safety': ['VW|VW|V|V|V|VW|-|V|V|VW', 'V|counts|-|c|c|-|-|V|-'],
  'third-party': ['V (author team)|V|-|-|-|V|-|-|-|-', '-|-|-|c|c|-|-|-|-'],
  consent: ['VW|VW|V|V|V|V|V|S|V|V', 'V|-|V|V|V|own|-|V|-'],
  documents: ['VW|VW|V|S|V|V|V (visit summary)|-|V|V', '-|-|-|c|c|released|S if permitted|V (visit summary), W|-'],
  feedback: ['own reflection|own reflection|-|own|-|-|-|-|-|aggregate', '-|aggregate|-|-|-|own feedback|own feedback|-|-'],
  audit: ['own actions|own|own|own|own|own|own|own|own|own', 'own actions|own|V all|c|c|service + month (Q14)|-|-|integrity only'],
  agreements: ['-|-|-|-|-|-|-|-|-|-', '-|V|VW (two persons)|VW (two persons)|V|-|-|-|VW (two persons)'],
}; // biome-ignore format: a table

/** What each wording of the domain is here, as `view/write`. */
const MEANS: Readonly<Record<string, string>> = {
  '-': 'none/none', counts: 'none/none', aggregate: 'none/none', c: 'case/none', V: 'full/none', VW: 'full/yes', S: 'summary/none',
  'VW own': 'full/own', own: 'full/none', status: 'summary/none', 'V (status)': 'summary/none', EDD: 'edd/none', 'V (EDD)': 'edd/none',
  'EDD if permitted': 'edd-permitted/none', 'S if permitted': 'summary-permitted/none', 'date only': 'summary-permitted/none',
  'S with R-22 or consent': 'summary-shared/none', 'V (time, place)': 'summary/none', "VW authors' team": 'authors/yes',
  'status only': 'authors/none', 'W with user claims': 'none/none', 'S (plan-relevant)': 'summary/none', 'own, released': 'full/none',
  'as in copy': 'copy/none', 'VW (care team)': 'care-team/yes', 'V (care team)': 'care-team/none', 'V (current attendance)': 'attendance/none',
  'V (supervision)': 'supervision/none', '- (R-22 share only)': 'none/none', '- in portal (SAR only)': 'none/none',
  '- unless DSA names': 'full/none', 'VW assigned actions': 'full/assigned', 'V (exists + call)': 'exists/none',
  'exists + contact': 'summary/none', 'ask clinician first': 'exists/none', 'V (author team)': 'authors/none', released: 'full/none',
  'own reflection': 'own/own', 'own feedback': 'own/own', 'own actions': 'own/own', 'V all': 'full/none', 'VW (two persons)': 'full/two-person',
  'id only in case': 'case/none', 'service + month (Q14)': 'none/none', 'integrity only': 'none/none', 'V (visit summary)': 'full/none', 'V (visit summary), W': 'full/own',
}; // biome-ignore format: a table

/** Where a cell is another one than the domain's words, and why. */
const OTHERWISE: Readonly<Record<string, [string, string]>> = {
  'partner demographics': ['summary-permitted/none', 'nothing of hers without her permit (R-15)'],
  'system visit': ['full/own', 'a booking is posted by the maternity system: what it wrote itself'],
  'system findings': ['full/responses', 'the early need screen comes with the referral (2.5)'],
  'safeguarding consent': ['full/override', 'R-22: safeguarding records the override'],
  'gp documents': ['none/none', 'no visit summary is made yet, and nothing else is a GP’s'],
  'system documents': ['full/yes', 'no visit summary is told from other documents yet: the agreement names the types'],
};
/** Provenance is written by whoever writes records. */
const OWN_WRITERS = ['midwife', 'health-visitor', 'hospital-midwife', 'safeguarding', 'team-lead'];

const said = (role: Role, dataClass: DataClass) => `${cellOf(role, dataClass).view}/${cellOf(role, dataClass).write}`;
const CELLS = Object.entries(DOMAIN).flatMap(([dataClass, [care, others]]) =>
  [...CARE, ...OTHERS].map((role, i): [Role, DataClass, string] => [
    role,
    dataClass as DataClass,
    [...care.split('|'), ...others.split('|')][i] ?? '',
  ]),
);

describe('each cell of 5.3', () => {
  test('both tables are whole here', () => {
    expect(CELLS.length).toBe(18 * 19);
    expect(CELLS.filter(([, , words]) => words === '')).toEqual([]);
  });

  test.each(CELLS)('%s, %s: %s', (role, dataClass, words) => {
    const isOwnAudit = dataClass === 'audit' && (words === 'own' || words === 'own actions');
    const isOwnFeedback = dataClass === 'feedback' && words === 'own';
    const usual = isOwnAudit
      ? `own/${OWN_WRITERS.includes(role) ? 'own' : 'none'}`
      : isOwnFeedback
        ? 'own/own'
        : MEANS[words];
    expect(usual).toBeDefined();
    expect(said(role, dataClass)).toBe(OTHERWISE[`${role} ${dataClass}`]?.[0] ?? usual);
  });

  test('every difference is one', () => {
    const idle = CELLS.filter(([role, dataClass, words]) => OTHERWISE[`${role} ${dataClass}`]?.[0] === MEANS[words]);
    expect(idle).toEqual([]);
    expect(
      Object.keys(OTHERWISE).filter((key) => !CELLS.some(([role, dataClass]) => key === `${role} ${dataClass}`)),
    ).toEqual([]);
  });
});

test('all 146 types of R4 have a cell for every role, families too', () => {
  expect(RESOURCE_TYPES.length).toBe(146);
  const missing = RESOURCE_TYPES.flatMap((type) =>
    classesOfType(type).flatMap((dataClass) =>
      [...CARE, ...OTHERS, 'steward' as const]
        .filter((role) => !hasCell(role, dataClass))
        .map((role) => `${role} ${type}`),
    ),
  );
  expect(missing).toEqual([]);
});

describe('minimised is what it says', () => {
  const FULL: Readonly<Record<string, readonly [DataClass, object]>> = {
    Appointment: ['schedule', {
      status: 'booked', start: '2026-06-09T09:00:00Z', end: '2026-06-09T10:00:00Z', comment: 'WORD', serviceType: [{ text: 'WORD' }],
      participant: [{ actor: { reference: 'Patient/aisha' }, status: 'accepted' }, { actor: { reference: 'PractitionerRole/hv', display: 'WORD' }, status: 'accepted' }] }],
    Encounter: ['visit', { status: 'planned', class: { code: 'HH' }, period: { start: '2026-06-09' }, participant: [{ individual: { display: 'WORD' } }], reasonCode: [{ text: 'WORD' }] }],
    CareTeam: ['visit', { status: 'active', name: 'WORD', participant: [{ member: { display: 'WORD' } }] }],
    EpisodeOfCare: ['visit', { status: 'active', team: [{ display: 'WORD' }], type: [{ text: 'WORD' }] }],
  }; // biome-ignore format: a table
  const shown = (who: Parameters<typeof masksFor>[0], type: string, facts: object, body: object) => {
    const resource = { resourceType: type, id: 'x1', ...body };
    return applyMasks(resource, masksFor(who, facts as Parameters<typeof masksFor>[1]));
  };

  test.each(Object.entries(FULL))('partner, %s: the date only, and tagged SUBSETTED', (type, [dataClass, body]) => {
    const facts = world(row(type, dataClass), { consents: [consent('permit', 'RelatedPerson/danny')] });
    const text = JSON.stringify(shown(family('partner'), type, facts, body));
    expect([
      text.includes('WORD'),
      text.includes('SUBSETTED'),
      text.includes('2026-06-09') || type === 'CareTeam' || type === 'EpisodeOfCare',
    ]).toEqual([false, true, true]);
  });

  test('third-party answers: the midwife of the authors’ team and the health visitor read them, other midwives do not', () => {
    const item = [
      { linkId: 'jvc.third-party', text: 'WORD' },
      { linkId: 'jvc.other', text: 'REST' },
    ];
    const response = row('QuestionnaireResponse', 'confidential', { label: 'R' });
    const reads = (who: Parameters<typeof masksFor>[0]) => {
      const text = JSON.stringify(shown(who, 'QuestionnaireResponse', world(response), { item }));
      return [text.includes('WORD'), text.includes('REST'), text.includes('SUBSETTED')];
    };
    expect(reads(staff('midwife', HV))).toEqual([true, true, false]);
    expect(reads(staff('midwife', HV, 'other'))).toEqual([false, true, true]);
    expect(reads(staff('health-visitor', HV))).toEqual([true, true, false]);
    expect(reads(staff('hospital-midwife', HV))).toEqual([false, true, true]);
    expect(reads(system(HV))).toEqual([false, true, true]);
  });
});
