/** From birth both services have an episode and a care team for each baby (domain.md 3.5, R-09). */
import { local, reference, V3_ACT, V3_PARTICIPATION } from '../../src/care/canon.ts';
import { addDays, type CivilDate } from '../../src/care/clock.ts';
import { careTeam, episodeOfCare } from '../../src/care/family.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { londonInstant, workingDay } from '../days.ts';
import { HEALTH_VISITING, MATERNITY } from '../directory/places.ts';
import { babyId, type Family } from './model.ts';

/** Handover from midwife to health visitor, in days after birth (domain.md 1.2: about 10 to 14). */
const HANDOVER = 12;

/** The day the midwives' part ended, for families far enough after birth; else null. */
export function maternityEnd(family: Family): CivilDate | null {
  const { bornDaysAgo } = family.spec;
  return bornDaysAgo === undefined || bornDaysAgo <= HANDOVER ? null : addDays(family.today, HANDOVER - bornDaysAgo);
}

/** Episodes, team and new birth visit of every baby; nothing before birth. */
export function afterBirth(family: Family): Resource[] {
  const { bornDaysAgo } = family.spec;
  if (bornDaysAgo === undefined) return [];
  const born = addDays(family.today, -bornDaysAgo);
  return family.babies.flatMap(({ letter }) => ofBaby(family, babyId(family, letter), born));
}

/** The two episodes, the care team and (once held) the new birth visit of one baby. */
export function ofBaby(family: Family, id: string, born: CivilDate): Resource[] {
  const patient = reference(`Patient/${id}`);
  const end = maternityEnd(family);
  const ended = end === null ? {} : { end };
  const common = { pregnancy: family.pregnancy, patient, start: born };
  const maternity = episodeOfCare({
    ...common,
    ...ended,
    kind: 'maternity',
    organization: reference(MATERNITY),
    team: reference(family.midwifeTeam),
  });
  const visiting = episodeOfCare({
    ...common,
    kind: 'health-visiting',
    organization: reference(HEALTH_VISITING),
    team: reference(family.hvTeam),
  });
  const team = careTeam({
    ...common,
    name: 'Care team of the baby',
    members: [
      { member: reference(family.midwife), role: 'midwife', start: born, ...ended },
      { member: reference(family.healthVisitor), role: 'health-visitor', start: born },
    ],
    organizations: [reference(HEALTH_VISITING), reference(MATERNITY)],
  });
  return [
    { ...maternity, id: `${id}-mat` },
    { ...visiting, id: `${id}-hv` },
    { ...team, id },
    ...newBirthVisit(family, id, born),
  ];
}

/** Due by day 14 (metric C2); held on a working day before it. */
function newBirthVisit(family: Family, id: string, born: CivilDate): Resource[] {
  const date = workingDay(addDays(born, 13), -1);
  if (date >= family.today) return [];
  const period = { start: londonInstant(date, '13:30'), end: londonInstant(date, '14:30') };
  return [
    {
      resourceType: 'Encounter',
      id: `${id}-new-birth-visit`,
      status: 'finished',
      class: { system: V3_ACT, code: 'HH' },
      type: [{ coding: [local('jv-service', 'new-birth-visit')] }],
      subject: reference(`Patient/${id}`),
      episodeOfCare: [reference(`EpisodeOfCare/${id}-hv`)],
      participant: [
        {
          type: [{ coding: [{ system: V3_PARTICIPATION, code: 'PPRF' }] }],
          period,
          individual: reference(family.healthVisitor),
        },
      ],
      period,
      serviceProvider: reference(HEALTH_VISITING),
    },
  ];
}
