/** Episodes of both services, the family's care team, and the referral between them (domain.md 1.3, 2.8). */
import { type LocalSystem, localConcept, profile, reference } from '../../src/care/canon.ts';
import { addDays, addWorkingDays, type CivilDate, NO_HOLIDAYS, type Release, TERM_DAYS } from '../../src/care/clock.ts';
import { careTeam, episodeOfCare, type TeamMember } from '../../src/care/family.ts';
import { referralRequest, referralTask } from '../../src/care/referral.ts';
import { REFERRAL, type ReferralState } from '../../src/care/states.ts';
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import { londonInstant, workingDay } from '../days.ts';
import { HEALTH_VISITING, HV_SERVICE, MATERNITY, OUTSIDE } from '../directory/places.ts';
import { type Family, motherOf } from './model.ts';

const SETTINGS = { notify: 'dating-scan-or-12+0', upperEdge: '25+6', calendar: NO_HOLIDAYS } as const;

/** States in which a health visitor has taken the family on. */
const TAKEN: readonly ReferralState[] = ['accepted', 'triaged', 'scheduled', 'visited', 'plan-agreed', 'closed'];
export const isTaken = (family: Family): boolean => family.spec.state !== null && TAKEN.includes(family.spec.state);

/** The day the referral went out: at the scan, at 12+0, or at once when urgent. */
export function releasedOn(family: Family): CivilDate {
  if (family.spec.priority === 'urgent') return family.booked;
  const day = family.scanned ?? addDays(family.edd, 84 - TERM_DAYS);
  return [day, family.booked].sort()[1] ?? day;
}

/** The day a health visitor took it. Never after the day of the seed. */
export function acceptedOn(family: Family): CivilDate {
  const day = addWorkingDays(releasedOn(family), 1);
  return [day, family.today].sort()[0] ?? day;
}

export interface CareEnds {
  /** Day on which the midwives' part ended as planned (handover after birth, loss). */
  maternity?: CivilDate;
  /** Day on which the health visitors' part ended as planned. */
  visiting?: CivilDate;
}

const until = (end: CivilDate | undefined) => (end === undefined ? {} : { end });

/** Both services' episodes as far as they were opened, and the care team. */
export function care(family: Family, ends: CareEnds = {}, taken = isTaken(family)): Resource[] {
  const common = { pregnancy: family.pregnancy, patient: motherOf(family) };
  const maternity = episodeOfCare({
    ...common,
    ...until(ends.maternity),
    kind: 'maternity',
    organization: reference(MATERNITY),
    start: family.booked,
    careManager: reference(practitionerOf(family.midwife)),
    team: reference(family.midwifeTeam),
  });
  const visiting = episodeOfCare({
    ...common,
    ...until(ends.visiting),
    kind: 'health-visiting',
    organization: reference(HEALTH_VISITING),
    start: acceptedOn(family),
    careManager: reference(practitionerOf(family.healthVisitor)),
    team: reference(family.hvTeam),
    referral: reference(`ServiceRequest/${family.id}-referral`),
  });
  return [
    { ...maternity, id: `${family.id}-mat` },
    ...(taken ? [{ ...visiting, id: `${family.id}-hv` }] : []),
    teamOf(family, ends, taken),
  ];
}

/** R4 EpisodeOfCare.careManager takes a Practitioner, or a PractitionerRole; the person is named. */
const practitionerOf = (role: string): string => role.replace('PractitionerRole/', 'Practitioner/');

function teamOf(family: Family, ends: CareEnds, taken: boolean): Resource {
  const members: TeamMember[] = [
    {
      member: reference(family.midwife),
      role: 'midwife',
      start: family.booked,
      ...until(ends.maternity),
    },
  ];
  if (taken) {
    members.push({
      member: reference(family.healthVisitor),
      role: 'health-visitor',
      start: acceptedOn(family),
      ...until(ends.visiting),
    });
  }
  const team = careTeam({
    name: 'Family care team',
    patient: motherOf(family),
    pregnancy: family.pregnancy,
    start: family.booked,
    members,
    organizations: [reference(MATERNITY), ...(taken ? [reference(HEALTH_VISITING)] : [])],
  });
  return { ...team, id: family.id, meta: { profile: [profile('JV-CareTeam')] } };
}

/** ServiceRequest and Task as they stand in the family's state; none when no referral was made. */
export function referral(family: Family): Resource[] {
  const { state } = family.spec;
  if (state === null) return [];
  const row = REFERRAL[state];
  const priority = family.spec.priority ?? 'routine';
  const release: Release = {
    state: state === 'held' ? 'held' : 'received',
    priority,
    releaseOn: releasedOn(family),
    ...(family.spec.pathway === 'hv-28-week' ? { pathway: 'hv-28-week' } : {}),
    why: '',
  };
  const shared = {
    patient: motherOf(family),
    requester: reference(family.midwife),
    performer: reference(state === 'sent-outside' ? OUTSIDE : HV_SERVICE),
    owner: reference(state === 'sent-outside' ? family.midwifeTeam : family.hvTeam),
    release,
    edd: family.edd,
    supportingInfo: [reference(`Observation/${family.id}-${family.scanned === null ? 'edd-lmp' : 'edd-scan'}`)],
    authoredOn: londonInstant(workingDay(family.booked, -1), '10:50'),
    today: family.today,
    settings: SETTINGS,
  };
  const order = referralRequest(shared);
  const task = referralTask(shared, reference(`ServiceRequest/${family.id}-referral`));
  return [
    { ...order, id: `${family.id}-referral`, status: row.serviceRequest },
    {
      ...task,
      id: `${family.id}-referral`,
      status: row.task,
      businessStatus: localConcept('referral-state', state),
      ...outputs(family),
    },
  ];
}

const TRIAGED: readonly ReferralState[] = ['triaged', 'scheduled', 'visited', 'plan-agreed', 'closed'];

/** Pathway and level of need with a rationale, once triaged; never one without the other. */
function outputs(family: Family): JsonObject {
  const { state, pathway = 'enhanced-joint-visit', level = 'targeted' } = family.spec;
  if (state === null || !TRIAGED.includes(state)) return {};
  const coded = (text: string, system: LocalSystem, code: string): JsonObject => ({
    type: { text },
    valueCodeableConcept: localConcept(system, code),
  });
  return {
    output: [
      coded('Pathway', 'pathway', pathway),
      coded('Level of need', 'level-of-need', level),
      { type: { text: 'Rationale' }, valueString: family.dice.pick(RATIONALES) },
    ],
  };
}

const RATIONALES = [
  'First baby, would like to meet both of us early',
  'Asked for support with housing at booking',
  'Low mood in an earlier pregnancy, has good support now',
  'Little family near by',
  'No particular need named; universal offer explained',
] as const;
