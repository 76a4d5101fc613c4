/** Visits that went another way, visits of today, and a woman on the labour ward now. */
import { reference, V3_ACT, V3_PARTICIPATION } from '../../src/care/canon.ts';
import { addDays } from '../../src/care/clock.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { londonInstant } from '../days.ts';
import { LABOUR_WARD, MATERNITY } from '../directory/places.ts';
import { type Family, motherOf } from '../family/model.ts';
import { safeguardingFlag } from './labels.ts';
import type { Special, Steps } from './table.ts';

/** In labour since yesterday evening, in the care of Joan, who has never met her (R-06 f). */
function onLabourWard(family: Family, plain: Resource[]): Steps {
  const start = londonInstant(addDays(family.today, -1), '22:10');
  const stay: Resource = {
    resourceType: 'Encounter',
    id: `${family.id}-labour`,
    status: 'in-progress',
    class: { system: V3_ACT, code: 'IMP' },
    subject: motherOf(family),
    episodeOfCare: [reference(`EpisodeOfCare/${family.id}-mat`)],
    participant: [
      {
        type: [{ coding: [{ system: V3_PARTICIPATION, code: 'PPRF' }] }],
        period: { start },
        individual: reference('PractitionerRole/hm-joan'),
      },
    ],
    period: { start },
    location: [{ location: reference(LABOUR_WARD) }],
    serviceProvider: reference(MATERNITY),
  };
  return [[...plain, stay]];
}

const HELEN = { healthVisitor: 'hv-helen' } as const;

export const VISITS: readonly Special[] = [
  {
    id: 'fam-012',
    shows: 'interpreter needed: a third participant of the booked visit',
    spec: {
      area: 'brinnington',
      gestation: 146,
      state: 'scheduled',
      language: 'ur',
      interpreter: true,
      midwife: 'mw-priya',
      ...HELEN,
      visit: { kind: 'joint-visit', state: 'booked', day: 12, time: '11:30', interpreter: true },
    },
  },
  {
    id: 'fam-021',
    shows: 'visit of today by the agency midwife on the duty list; safeguarding flag (R-40)',
    spec: {
      area: 'brinnington',
      gestation: 158,
      state: 'scheduled',
      midwife: 'mw-agency',
      healthVisitor: 'hv-12',
      visit: { kind: 'joint-visit', state: 'booked', day: 0, time: '14:00' },
    },
    steps: (family, plain) => [[...plain, safeguardingFlag(family)]],
  },
  {
    id: 'fam-022',
    shows: 'on the labour ward since yesterday evening, with Joan (R-06 f)',
    spec: { area: '5', gestation: 277, state: 'visited', pathway: 'hv-28-week', midwife: 'mw-31' },
    steps: onLabourWard,
  },
  {
    id: 'fam-024',
    shows: 'family not in: to be booked again',
    spec: {
      area: 'adswood',
      gestation: 160,
      state: 'triaged',
      ...HELEN,
      visit: { kind: 'joint-visit', state: 'not-in', day: -6, time: '11:30' },
    },
  },
  {
    id: 'fam-027',
    shows: 'single-practitioner visit: a contact, not a joint visit',
    spec: {
      area: 'offerton',
      gestation: 168,
      state: 'plan-agreed',
      ...HELEN,
      visit: { kind: 'joint-visit', state: 'finished', day: -13, time: '11:30', outcome: 'single-practitioner' },
    },
  },
  {
    id: 'fam-028',
    shows: 'visit cancelled by the family: to be booked again',
    spec: {
      area: 'brinnington',
      gestation: 155,
      state: 'triaged',
      ...HELEN,
      visit: { kind: 'joint-visit', state: 'cancelled', day: 15, time: '11:30' },
    },
  },
  {
    id: 'fam-036',
    shows: 'joint visit of today, under way',
    spec: {
      area: 'brinnington',
      gestation: 162,
      state: 'scheduled',
      midwife: 'mw-11',
      healthVisitor: 'hv-13',
      visit: { kind: 'joint-visit', state: 'in-progress', day: 0, time: '10:00' },
    },
  },
];
