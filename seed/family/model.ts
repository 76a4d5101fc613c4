/** One family of the seed before it becomes resources: who, where, when. Everything follows from its spec and the day. */
import { reference } from '../../src/care/canon.ts';
import { addDays, type CivilDate, dateOfGestation, TERM_DAYS } from '../../src/care/clock.ts';
import type { FetalStatus, PersonName } from '../../src/care/family.ts';
import type { ReferralState, VisitState } from '../../src/care/states.ts';
import type { Reference } from '../../src/fhir/types.ts';
import { type Area, areaOf } from '../directory/places.ts';
import { NAMED_HEALTH_VISITORS, NAMED_MIDWIVES, STAFF } from '../directory/staff-list.ts';
import { home, language, mobile, nhsNumberAt, partnerName, woman } from '../people.ts';
import { type Dice, dice } from '../random.ts';

export interface FamilySpec {
  /** Last part of the addresses of everything this family has: `Patient/<id>`, `CareTeam/<id>`, ... */
  id: string;
  /** Counts from 0; numbers and phones follow it. */
  number: number;
  area: string;
  /** Days of pregnancy on the day of the seed; above 280 the babies are usually born. */
  gestation: number;
  /** Null: no referral was made. */
  state: ReferralState | null;
  pathway?: 'enhanced-joint-visit' | 'hv-28-week' | 'safeguarding';
  level?: string;
  priority?: 'routine' | 'urgent';
  /** Default `explained`. */
  sharing?: 'explained' | 'objected' | 'not-yet-asked';
  visit?: VisitSpec;
  /** Days after birth, for families whose babies are there. */
  bornDaysAgo?: number;
  babies?: readonly { letter: string; status?: FetalStatus }[];
  name?: PersonName;
  partner?: PersonName | null;
  age?: number;
  language?: string;
  interpreter?: boolean;
  address?: { line: string[]; city: string; postalCode: string };
  /** Ids in the directory; default by number. */
  midwife?: string;
  healthVisitor?: string;
  /** Gestation at booking; default 8+0 to 9+6. */
  bookedAt?: number;
  /** Days the scan moved the EDD (positive = later); default -3..3. */
  scanShift?: number;
}

export interface VisitSpec {
  kind: 'joint-visit' | 'hv-antenatal-contact';
  state: VisitState;
  /** Days from the day of the seed, moved to a working day; 0 stays today, whatever day it is. */
  day: number;
  /** London clock time of the start. */
  time: string;
  mode?: 'home' | 'clinic' | 'family-hub' | 'video';
  outcome?: 'joint-complete' | 'single-practitioner';
  interpreter?: boolean;
}

export interface Family {
  spec: FamilySpec;
  id: string;
  today: CivilDate;
  area: Area;
  dice: Dice;
  name: PersonName;
  nhsNumber: string;
  birthDate: CivilDate;
  phone: string;
  address: { line: string[]; city: string; postalCode: string };
  language: string;
  partner: PersonName | null;
  babies: readonly { letter: string; status?: FetalStatus }[];
  /** Pregnancy number, shared by both services' episodes. */
  pregnancy: string;
  /** By last period, and the one that counts (by scan once there was one). */
  eddByLmp: CivilDate;
  edd: CivilDate;
  booked: CivilDate;
  /** Day of the dating scan; null = not yet. */
  scanned: CivilDate | null;
  midwife: string;
  midwifeTeam: string;
  healthVisitor: string;
  hvTeam: string;
}

const SCAN_DAYS = 12 * 7 + 2;
/** NHS numbers per family: mother, two babies, one spare. */
const NUMBERS = 4;

/** Settles who and when. Draws from dice of the family's own. */
export function familyOf(spec: FamilySpec, today: CivilDate): Family {
  const own = dice(spec.id);
  const area = areaOf(spec.area);
  const name = spec.name ?? woman(own);
  const edd = addDays(today, TERM_DAYS - spec.gestation);
  const scanned = spec.gestation >= SCAN_DAYS ? addDays(today, SCAN_DAYS - spec.gestation) : null;
  const shift = spec.scanShift ?? own.between(-3, 3);
  const age = spec.age ?? own.between(20, 41);
  const bookedAt = spec.bookedAt ?? Math.min(own.between(56, 69), spec.gestation);
  const midwife = staffOf(NAMED_MIDWIVES, spec.midwife, spec.number);
  const visitor = staffOf(hvsOf(area), spec.healthVisitor, spec.number);
  return {
    spec,
    id: spec.id,
    today,
    area,
    dice: own,
    name,
    nhsNumber: nhsNumberAt(spec.number * NUMBERS),
    birthDate: addDays(today, -age * 365 - own.between(20, 300)),
    phone: mobile(spec.number * 2),
    address: spec.address ?? home(own, area.district),
    language: spec.language ?? language(own),
    partner: spec.partner === undefined ? partnerMaybe(own, name) : spec.partner,
    babies: spec.babies ?? [{ letter: 'A' }],
    pregnancy: `P-${spec.id}`,
    eddByLmp: scanned === null ? edd : addDays(edd, -shift),
    edd,
    booked: dateOfGestation(edd, `${Math.floor(bookedAt / 7)}+${bookedAt % 7}`),
    scanned,
    midwife: `PractitionerRole/${midwife.id}`,
    midwifeTeam: midwife.team ?? '',
    healthVisitor: `PractitionerRole/${visitor.id}`,
    hvTeam: visitor.team ?? '',
  };
}

/** Every fourth family is Priya's, who has the largest caseload; the others in turn. */
function staffOf(list: typeof NAMED_MIDWIVES, wanted: string | undefined, number: number) {
  const turn = list === NAMED_MIDWIVES && number % 4 === 0 ? 0 : number % list.length;
  const found = wanted === undefined ? list[turn] : STAFF.find((one) => one.id === wanted);
  if (found === undefined) throw new Error(`nobody in the directory for ${wanted}`);
  return found;
}

const hvsOf = (area: Area) => NAMED_HEALTH_VISITORS.filter((one) => one.team === area.hvTeam);
const partnerMaybe = (own: Dice, name: PersonName): PersonName | null =>
  own.chance(0.85) ? partnerName(own, name.family) : null;

/** NHS number of the n-th baby (0, 1), or with 2 the family's spare one. */
export const spareNumber = (family: Family, n: 0 | 1 | 2): string => nhsNumberAt(family.spec.number * NUMBERS + 1 + n);

export const motherOf = (family: Family): Reference => reference(`Patient/${family.id}`);
/** Address of the unborn (later born) baby of a letter. */
export const babyId = (family: Family, letter: string): string => `${family.id}-baby-${letter.toLowerCase()}`;
