/** Who lives in the ten areas: plain families spread over the states of domain.md 1.3. */
import type { ReferralState } from '../src/care/states.ts';
import { AREAS } from './directory/places.ts';
import type { FamilySpec } from './family/model.ts';
import { dice } from './random.ts';

/** How many families are in a state, and how far their pregnancies are (first and last day, in days). */
interface Share {
  count: number;
  state: ReferralState;
  from: number;
  to: number;
  pathway?: FamilySpec['pathway'];
}

const SHARES: readonly Share[] = [
  { count: 12, state: 'held', from: 58, to: 83 },
  { count: 6, state: 'received', from: 86, to: 97 },
  { count: 6, state: 'opened', from: 87, to: 98 },
  { count: 10, state: 'accepted', from: 90, to: 112 },
  { count: 16, state: 'triaged', from: 98, to: 139 },
];

/** All families of the seed, in a fixed order; `aisha` first. */
export function familySpecs(): FamilySpec[] {
  const specs: FamilySpec[] = [AISHA];
  for (const share of SHARES) {
    for (let n = 0; n < share.count; n += 1) specs.push(plain(specs.length, share));
  }
  return specs;
}

const AISHA: FamilySpec = {
  id: 'aisha',
  number: 0,
  area: 'brinnington',
  gestation: 165,
  state: 'triaged',
  name: { family: 'Sample-Khan', given: ['Aisha'] },
  partner: { family: 'Testman', given: ['Danny'] },
  age: 24,
  language: 'ur',
  interpreter: true,
  midwife: 'mw-priya',
  healthVisitor: 'hv-helen',
};

function plain(number: number, share: Share): FamilySpec {
  const id = `fam-${String(number).padStart(3, '0')}`;
  const own = dice(`plan ${id}`);
  const area = AREAS[number % AREAS.length] ?? AREAS[0];
  return {
    id,
    number,
    area: area?.id ?? 'brinnington',
    gestation: own.between(share.from, share.to),
    state: share.state,
    level: own.pick(['universal', 'universal', 'targeted', 'targeted', 'specialist', 'community']),
    ...(share.pathway === undefined ? {} : { pathway: share.pathway }),
  };
}
