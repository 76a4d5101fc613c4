/** Referrals that took another way: late, outside, rejected, redirected, declined, moved, withdrawn (domain.md 1.3). */
import { localConcept, profile, reference } from '../../src/care/canon.ts';
import { addDays } from '../../src/care/clock.ts';
import { episodeOfCare } from '../../src/care/family.ts';
import { eddObservation } from '../../src/care/pregnancy.ts';
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import { londonInstant } from '../days.ts';
import { HEALTH_VISITING, MATERNITY, OUTSIDE } from '../directory/places.ts';
import { TEAMS } from '../directory/staff-list.ts';
import { referral } from '../family/care.ts';
import { type Family, familyOf, motherOf, spareNumber } from '../family/model.ts';
import { changing, type Special, type Steps, the } from './table.ts';

/**
 * A referral that its addressee was told of and that then took another way: the end is a version of its own, for what
 * was never told stays untold (1.3).
 */
const told =
  (change: JsonObject = {}) =>
  (family: Family, plain: Resource[]): Steps => {
    const order = the(plain, `ServiceRequest/${family.id}-referral`);
    const task = the(plain, `Task/${family.id}-referral`);
    const received = { status: 'requested', businessStatus: localConcept('referral-state', 'received') };
    const before = [
      ...plain.filter((one) => one.id !== `${family.id}-referral`),
      { ...order, status: 'active' },
      { ...task, ...received },
    ];
    const step: Resource = {
      resourceType: 'Provenance',
      id: `${family.id}-step`,
      target: [reference(`Task/${family.id}-referral`)],
      recorded: londonInstant(addDays(family.today, -2), '10:05'),
      agent: [{ who: reference(family.midwife), onBehalfOf: reference(MATERNITY) }],
    };
    return [before, [step, order, { ...task, ...change }]];
  };

const onTask =
  (change: JsonObject) =>
  (family: Family, plain: Resource[]): Steps => [
    changing(plain, `Task/${family.id}-referral`, (one) => ({ ...one, ...change })),
  ];

/** She lives outside the network: a letter, a phone call, and the sending team that waits for the answer. */
function outside(family: Family, plain: Resource[]): Steps {
  const sent = addDays(family.today, -8);
  const letter: Resource = {
    resourceType: 'DocumentReference',
    id: `${family.id}-letter`,
    status: 'current',
    type: { text: 'Referral letter to the health visiting service of another area' },
    subject: motherOf(family),
    date: londonInstant(sent, '16:00'),
    author: [reference(family.midwife)],
    custodian: reference(MATERNITY),
    content: [{ attachment: { contentType: 'application/pdf', title: 'Referral letter' } }],
  };
  const call: Resource = {
    resourceType: 'Communication',
    id: `${family.id}-call`,
    status: 'completed',
    subject: motherOf(family),
    basedOn: [reference(`ServiceRequest/${family.id}-referral`)],
    sent: londonInstant(sent, '16:20'),
    sender: reference(family.midwife),
    recipient: [reference(OUTSIDE)],
    payload: [{ contentString: 'Rang the service; letter announced, awaiting acknowledgement' }],
  };
  return [[...plain, letter, call]];
}

/** Sent to the wrong team first: the old Task is kept and named by the new one. */
function redirected(family: Family, plain: Resource[]): Steps {
  const old = the(plain, `Task/${family.id}-referral`);
  const fresh: Resource = {
    ...old,
    id: `${family.id}-referral-2`,
    status: 'requested',
    businessStatus: localConcept('referral-state', 'received'),
    partOf: [reference(`Task/${family.id}-referral`)],
    owner: reference(TEAMS.healthVisitorsSouth),
    authoredOn: londonInstant(addDays(family.today, -2), '10:05'),
  };
  const [before = [], after = []] = told()(family, plain);
  return [before, [...after, fresh]];
}

/** The number she was booked with was superseded: both records stay, the old one says what replaced it (R-49, H-10). */
function supersededNumber(family: Family, plain: Resource[]): Steps {
  const old: Resource = {
    ...the(plain, `Patient/${family.id}`),
    id: `${family.id}-old`,
    active: false,
    link: [{ other: reference(`Patient/${family.id}`), type: 'replaced-by' }],
  };
  const identifier = Array.isArray(old.identifier) ? old.identifier : [];
  old.identifier = identifier.map((one, n) =>
    n === 0 ? Object.assign({}, one, { value: spareNumber(family, 2) }) : one,
  );
  const link = [{ other: reference(`Patient/${family.id}-old`), type: 'replaces' }];
  return [changing([...plain, old], `Patient/${family.id}`, (one) => ({ ...one, link }))];
}

/** Booked by last period; the scan then put her two weeks on, past the window of the visit that stands in the diary. */
function eddMoved(family: Family, plain: Resource[]): Steps {
  const scan = `Observation/${family.id}-edd-scan`;
  const before = familyOf({ ...family.spec, gestation: family.spec.gestation - 17, scanShift: 0 }, family.today);
  const byLmp = eddObservation({
    patient: motherOf(family),
    from: { lmp: addDays(before.edd, -280) },
    on: family.booked,
    performer: reference(family.midwife),
  });
  const first = changing(
    plain.filter((one) => `${one.resourceType}/${one.id}` !== scan && one.id !== `${family.id}-referral`),
    `Observation/${family.id}-edd-lmp`,
    (one) => ({ ...byLmp, id: one.id ?? '' }),
  );
  const late = { ...the(plain, scan), effectiveDateTime: addDays(family.today, -1) };
  const order = referral({ ...before, scanned: null });
  return [[...first, ...order], [late]];
}

/** The family moved: the old team's episode is closed since some days, the new team's is open. */
const moved =
  (daysAgo: number) =>
  (family: Family, plain: Resource[]): Steps => {
    const day = addDays(family.today, -daysAgo);
    const old = episodeOfCare({
      kind: 'health-visiting',
      pregnancy: family.pregnancy,
      patient: motherOf(family),
      organization: reference(HEALTH_VISITING),
      start: addDays(day, -30),
      end: day,
      team: reference(TEAMS.healthVisitors),
    });
    return [[...plain, { ...old, id: `${family.id}-hv-before`, meta: { profile: [profile('JV-EpisodeOfCare')] } }]];
  };

const FAMILY_NURSE: Special = {
  id: 'fam-013',
  shows: 'under 20, a family nurse in place of the health visitor',
  spec: { area: 'brinnington', gestation: 132, state: 'triaged', age: 18, level: 'targeted', healthVisitor: 'fn-1' },
};

export const PATHWAY: readonly Special[] = [
  FAMILY_NURSE,
  {
    id: 'fam-014',
    shows: 'transfer in at 27+0, after the window: urgent, straight to the 28-week contact',
    spec: {
      area: 'adswood',
      gestation: 191,
      bookedAt: 189,
      state: 'received',
      pathway: 'hv-28-week',
      priority: 'urgent',
      midwife: 'mw-priya',
    },
  },
  {
    id: 'fam-015',
    shows: 'lives outside the network: letter and call, `sent-outside`',
    spec: {
      area: '4',
      gestation: 115,
      state: 'sent-outside',
      midwife: 'mw-priya',
      address: { line: ['3 Demo Drive'], city: 'Elsewhere', postalCode: 'ZZ50 1AA' },
    },
    steps: outside,
  },
  {
    id: 'fam-016',
    shows: '`held` referral at 9+0: health visiting sees nothing yet',
    spec: { area: 'brinnington', gestation: 63, state: 'held', midwife: 'mw-priya' },
  },
  {
    id: 'fam-017',
    shows: 'superseded NHS number: the old record (`fam-017-old`) points to this one',
    spec: { area: '5', gestation: 121, state: 'triaged', midwife: 'mw-priya', healthVisitor: 'hv-helen' },
    steps: supersededNumber,
  },
  {
    id: 'fam-025',
    shows: 'EDD moved by the scan across the window, with a visit in the diary',
    spec: {
      area: 'offerton',
      gestation: 184,
      state: 'scheduled',
      midwife: 'mw-priya',
      healthVisitor: 'hv-16',
      visit: { kind: 'joint-visit', state: 'booked', day: 5, time: '11:30' },
    },
    steps: eddMoved,
  },
  {
    id: 'fam-026',
    shows: 'declined the joint visit: the universal offer stays (28-week contact)',
    spec: { area: 'brinnington', gestation: 154, state: 'triaged', pathway: 'hv-28-week', healthVisitor: 'hv-helen' },
    steps: onTask({ note: [{ text: 'The family would rather not have a joint visit; 28-week contact agreed' }] }),
  },
  {
    id: 'fam-029',
    shows: 'rejected (wrong area): back on the list of the sender',
    spec: { area: '6', gestation: 94, state: 'rejected', midwife: 'mw-priya' },
    steps: told({ statusReason: localConcept('referral-reason', 'wrong-area') }),
  },
  {
    id: 'fam-030',
    shows: 'redirected to the team of the south: the old Task is kept',
    spec: { area: '9', gestation: 95, state: 'redirected', midwife: 'mw-priya' },
    steps: redirected,
  },
  {
    id: 'fam-031',
    shows: 'declined by the family',
    spec: { area: '7', gestation: 100, state: 'declined-by-family' },
    steps: told(),
  },
  {
    id: 'fam-032',
    shows: 'moved out of the area',
    spec: { area: '8', gestation: 110, state: 'moved-out' },
    steps: told(),
  },
  { id: 'fam-033', shows: 'referral withdrawn', spec: { area: '4', gestation: 99, state: 'withdrawn' }, steps: told() },
  {
    id: 'fam-037',
    shows: `moved south: Helen's team closed 10 days ago (still in its reading grace)`,
    spec: { area: '9', gestation: 140, state: 'triaged' },
    steps: moved(10),
  },
  {
    id: 'fam-038',
    shows: `moved south: Helen's team closed 20 days ago (grace over)`,
    spec: { area: '10', gestation: 142, state: 'triaged' },
    steps: moved(20),
  },
];
