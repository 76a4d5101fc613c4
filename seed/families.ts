/** Who lives in the ten areas: plain families spread over the states of domain.md 1.3, after the special ones. */
import type { ReferralState } from '../src/care/states.ts';
import { AREAS } from './directory/places.ts';
import { NAMED_HEALTH_VISITORS, NAMED_MIDWIVES } from './directory/staff-list.ts';
import type { FamilySpec, VisitSpec } from './family/model.ts';
import { type Dice, dice } from './random.ts';

/** Some families alike: how many, in what state, and how far their pregnancies are (first and last day). */
interface Share {
  count: number;
  state: ReferralState;
  from: number;
  to: number;
  /** Lives in the pilot's areas, in the areas of Helen's team, or anywhere. */
  where: 'pilot' | 'north' | 'anywhere';
  more?: (n: number, own: Dice) => Partial<FamilySpec>;
}

const NORTH = AREAS.filter((area) => area.hvTeam === 'CareTeam/hv-team-brinnington');
const PILOT = AREAS.filter((area) => area.pilot);
const VISITORS = NAMED_HEALTH_VISITORS.filter((one) => one.team === 'CareTeam/hv-team-brinnington');

/** The k-th visit to come: who and in which week, so that nobody is in two places at once. */
function turn(k: number): { midwife: string; healthVisitor: string; day: number } {
  const midwife = NAMED_MIDWIVES[k % NAMED_MIDWIVES.length]?.id ?? '';
  const healthVisitor = VISITORS[k % VISITORS.length]?.id ?? '';
  return { midwife, healthVisitor, day: 1 + Math.floor(k / VISITORS.length) * 7 + (k % 3) };
}

const MODES = ['home', 'home', 'home', 'family-hub'] as const;
const toCome = (kind: VisitSpec['kind'], state: VisitSpec['state'], time: string) => (k: number, own: Dice) => {
  const { day, ...who } = turn(k);
  return { ...who, visit: { kind, state, day, time, mode: own.pick(MODES) } as const };
};

/** The n-th finished joint visit, some days before the seed, at 21+0 to 24+6. */
const joint =
  (state: ReferralState, firstDay: number) =>
  (n: number, own: Dice): Partial<FamilySpec> => {
    const day = -(firstDay + n * 4);
    const visit = { kind: 'joint-visit', state: 'finished', day, time: '09:30', mode: 'home' } as const;
    const { midwife, healthVisitor } = turn(n + (state === 'visited' ? 7 : 0));
    return { midwife, healthVisitor, gestation: own.between(149, 172) - day, visit };
  };

const late =
  (state: VisitSpec['state']) =>
  (_n: number, own: Dice): Partial<FamilySpec> => ({
    pathway: 'hv-28-week',
    visit: { kind: 'hv-antenatal-contact', state, day: -own.between(2, 12), time: '15:30' },
  });

/** After birth: the contact was at 28+4 to 30+0, and the referral is closed. */
const born = (n: number, own: Dice): Partial<FamilySpec> => {
  const gestation = own.between(270, 287) + n;
  const day = own.between(200, 210) - gestation;
  return {
    bornDaysAgo: n,
    gestation,
    pathway: 'hv-28-week',
    visit: { kind: 'hv-antenatal-contact', state: 'finished', day, time: '15:30' },
  };
};

/** With the special families and Aisha: 360 families, 13 of them with a finished joint visit. */
const SHARES: readonly Share[] = [
  { count: 7, state: 'plan-agreed', from: 0, to: 0, where: 'pilot', more: joint('plan-agreed', 18) },
  { count: 4, state: 'visited', from: 0, to: 0, where: 'pilot', more: joint('visited', 2) },
  { count: 40, state: 'held', from: 58, to: 83, where: 'anywhere' },
  { count: 12, state: 'received', from: 88, to: 97, where: 'anywhere' },
  { count: 12, state: 'opened', from: 89, to: 98, where: 'anywhere' },
  { count: 24, state: 'accepted', from: 92, to: 112, where: 'anywhere' },
  { count: 58, state: 'triaged', from: 98, to: 139, where: 'anywhere' },
  { count: 9, state: 'triaged', from: 142, to: 150, where: 'north', more: toCome('joint-visit', 'proposed', '13:30') },
  {
    count: 9,
    state: 'triaged',
    from: 142,
    to: 150,
    where: 'north',
    more: (n, own) => toCome('joint-visit', 'pending', '13:30')(n + 9, own),
  },
  { count: 28, state: 'scheduled', from: 141, to: 150, where: 'north', more: toCome('joint-visit', 'booked', '09:30') },
  { count: 48, state: 'triaged', from: 183, to: 216, where: 'anywhere', more: () => ({ pathway: 'hv-28-week' }) },
  {
    count: 14,
    state: 'scheduled',
    from: 198,
    to: 215,
    where: 'north',
    more: (n, own) => ({ ...toCome('hv-antenatal-contact', 'booked', '15:30')(n, own), pathway: 'hv-28-week' }),
  },
  { count: 16, state: 'visited', from: 212, to: 268, where: 'anywhere', more: late('finished') },
  { count: 40, state: 'closed', from: 0, to: 0, where: 'anywhere', more: born },
];

/** The plain families, numbered on from `first`. */
export function plainFamilies(first: number): FamilySpec[] {
  const specs: FamilySpec[] = [];
  for (const share of SHARES) {
    for (let n = 0; n < share.count; n += 1) specs.push(plain(first + specs.length, n, share));
  }
  return specs;
}

function plain(number: number, n: number, share: Share): FamilySpec {
  const id = `fam-${String(number).padStart(3, '0')}`;
  const own = dice(`plan ${id}`);
  return {
    id,
    number,
    area: areaFor(share.where, number),
    gestation: own.between(share.from, share.to),
    state: share.state,
    level: own.pick(['universal', 'universal', 'targeted', 'targeted', 'specialist', 'community']),
    ...share.more?.(n, own),
  };
}

/** Every seventh family that may live anywhere lives in the south. */
function areaFor(where: Share['where'], number: number): string {
  const south = AREAS.filter((area) => !NORTH.includes(area));
  const list = where === 'pilot' ? PILOT : where === 'anywhere' && number % 7 === 3 ? south : NORTH;
  return list[Math.floor(number / (list === south ? 7 : 1)) % list.length]?.id ?? 'brinnington';
}
