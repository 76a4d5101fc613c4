/**
 * The diaries: a Schedule for everyone who visits, free times of some, the duty list of today, an on-call night across
 * the next change of clocks, and the target of the pilot.
 */
import { CANON, localConcept, reference } from '../src/care/canon.ts';
import { addDays, type CivilDate } from '../src/care/clock.ts';
import type { Resource } from '../src/fhir/types.ts';
import { londonInstant, nextClockChange, weekdayOf } from './days.ts';
import { AREAS, HUB } from './directory/places.ts';
import { STAFF } from './directory/staff-list.ts';

const VISITORS = STAFF.filter((one) =>
  ['midwife', 'health-visitor', 'family-nurse', 'interpreter'].includes(one.trade),
);
/** Their patterns are known: Tuesday and Thursday mornings. */
const WITH_PATTERN = ['mw-priya', 'hv-helen', 'mw-21', 'hv-11', 'hv-12', 'mw-31', 'in-urdu'];
/** Nearer times are filled by the visits of the seed. */
const FREE_FROM = 28;
const FREE_UNTIL = 63;

/** Schedules first: Slots name them. */
export function diaries(today: CivilDate): Resource[] {
  return [
    ...VISITORS.map((one) => schedule(one.id, 'joint-visit')),
    ...WITH_PATTERN.flatMap((id) => freeTimes(id, today)),
    ...duty(today),
    onCall(today),
    pilotTarget(today),
  ];
}

function schedule(id: string, service: 'joint-visit'): Resource {
  return {
    resourceType: 'Schedule',
    id,
    active: true,
    serviceType: [localConcept('jv-service', service)],
    actor: [reference(`PractitionerRole/${id}`), reference(HUB)],
  };
}

function freeTimes(id: string, today: CivilDate): Resource[] {
  const slots: Resource[] = [];
  for (let day = FREE_FROM; day <= FREE_UNTIL; day += 1) {
    const date = addDays(today, day);
    if (weekdayOf(date) !== 2 && weekdayOf(date) !== 4) continue;
    slots.push(slot({ id: `${id}-${date}`, schedule: id, status: 'free' }, [date, '09:00'], [date, '12:00']));
  }
  return slots;
}

function slot(
  of: { id: string; schedule: string; status: string; comment?: string },
  [from, start]: [CivilDate, string],
  [to, end]: [CivilDate, string],
): Resource {
  return {
    resourceType: 'Slot',
    id: of.id,
    serviceType: [localConcept('jv-service', 'joint-visit')],
    schedule: reference(`Schedule/${of.schedule}`),
    status: of.status,
    start: londonInstant(from, start),
    end: londonInstant(to, end),
    ...(of.comment === undefined ? {} : { comment: of.comment }),
  };
}

/** The agency midwife's day: a Schedule and Slot of type duty beside her place in the team. */
function duty(today: CivilDate): Resource[] {
  const type = [{ text: 'duty' }];
  return [
    {
      resourceType: 'Schedule',
      id: 'duty-mw-agency',
      active: true,
      serviceType: type,
      actor: [reference('PractitionerRole/mw-agency')],
    },
    {
      resourceType: 'Slot',
      id: 'duty-mw-agency-today',
      serviceType: type,
      schedule: reference('Schedule/duty-mw-agency'),
      status: 'busy',
      start: londonInstant(today, '07:30'),
      end: londonInstant(today, '20:00'),
    },
  ];
}

/** Ten hours by the clock that last nine or eleven (H-17). */
function onCall(today: CivilDate): Resource {
  const sunday = nextClockChange(today);
  const of = { id: 'clock-change', schedule: 'mw-priya', status: 'busy-unavailable', comment: 'On call' };
  return slot(of, [addDays(sunday, -1), '22:00'], [sunday, '08:00']);
}

/** 45 visits in two months is what the public account says; how they fall on areas is ours (domain.md 7.3). */
function pilotTarget(today: CivilDate): Resource {
  const goal = (text: string, value: number) => ({
    description: { text },
    target: [{ measure: { text: 'M1 finished joint visits' }, detailQuantity: { value } }],
  });
  return {
    resourceType: 'PlanDefinition',
    id: 'joint-visit-pilot',
    url: `${CANON}/PlanDefinition/joint-visit-pilot`,
    name: 'JointVisitPilot',
    title: 'Joint visits: target of the pilot',
    status: 'active',
    experimental: true,
    effectivePeriod: { start: addDays(today, -60), end: today },
    goal: [
      goal('All three areas: 45 joint visits in two months', 45),
      ...AREAS.filter((area) => area.pilot).map((area) =>
        goal(`${area.name}: 15 joint visits (split between areas is illustrative)`, 15),
      ),
    ],
  };
}
