/** S3, find a joint slot, with fixed slots (domain.md 7.2), after S2's triage: two diaries, one time, never booked twice. */
import { weekdayOf } from '../../seed/days.ts';
import { addDays, type CivilDate, formatGestation, gestationDays, jointWindow } from '../../src/care/clock.ts';
import { objectsAt, textAt } from '../../src/care/shape.ts';
import type { JsonObject } from '../../src/fhir/types.ts';
import { HELEN, PRIYA } from './cast.ts';
import { nameOf } from './family.ts';
import {
  type Actor,
  type Answer,
  addressOf,
  diagnostics,
  expect,
  expectStatus,
  locationsOf,
  need,
  output,
  parameters,
  resourcesOf,
} from './http.ts';
import { StoryFailure } from './screen.ts';
import { shortTime, type Time, timeAt } from './times.ts';
import type { KnownFamily, World } from './world.ts';

/** Times of day that are offered first. */
const HOURS = ['09:30', '11:30', '14:00', '16:00', '08:00'] as const;
/** Slots each publishes. */
const OFFERED = 3;

/** One practitioner's slots: ids in the order of the times. */
export interface Diary {
  who: string;
  slots: string[];
}

/** S3 as a whole. */
export async function s3(world: World): Promise<void> {
  const { screen, referred, cast } = world;
  if (referred === undefined) throw new StoryFailure('S3 goes on from S1');
  const { family } = referred;
  const window = jointWindow(family.eddByScan);
  const { day, times } = await freeTimes(world, window.start, window.end);
  const at = formatGestation(gestationDays(family.eddByScan, day));
  screen.scene('S3', 'Find a joint slot', [
    `The visit belongs between 20+0 and 25+6, ${window.start} to ${window.end}: it is booked ahead, for ${day} (${at}).`,
  ]);
  await triage(world, referred, 'targeted');
  const midwife = await publish(world, cast.epr, PRIYA, times);
  const visitor = await publish(world, cast.hvSystem, HELEN, times);
  const common = await commonSlots(world, [midwife, visitor], day);
  const appointment = await race(world, referred, common);
  await answers(world, referred, appointment);
  await screen.step('Tom', 'fills the diary: team admin of the health visitors', async () => {
    const answer = expectStatus(await world.fhir.call(cast.tom, 'GET', appointment), 200);
    const request = await world.fhir.call(cast.tom, 'GET', `ServiceRequest/${referred.referral}`);
    const hidden = answer.body.reasonCode === undefined && request.body.supportingInfo === undefined;
    expect(hidden, 'Tom sees reasons, not only times and names');
    return {
      status: 200,
      fact: `${need(answer.body, 'status')}, ${shortTime(need(answer.body, 'start'))}: times and names, no reasons (R-25)`,
    };
  });
}

/** Helen's decision: a pathway and a level of need, by a named person, with her reason. */
export async function triage(world: World, known: KnownFamily, level: string): Promise<void> {
  const { screen, fhir, cast } = world;
  await screen.step('Helen', 'triages: a joint visit, and her judgement of need with its reason', async () => {
    const body = parameters(
      ['pathway', 'enhanced-joint-visit'],
      ['level', level],
      ['rationale', 'First baby, little family nearby; would like to meet both of us together.'],
    );
    const answer = await fhir.call(cast.helen, 'POST', `ServiceRequest/${known.referral}/$triage`, { body });
    const request = output(expectStatus(answer, 200).body, 'serviceRequest');
    const window = `${need(request, 'occurrencePeriod', 'start')} to ${need(request, 'occurrencePeriod', 'end')}`;
    return { status: 200, fact: `triaged: enhanced-joint-visit, ${level}; window ${window}` };
  });
}

/** A working day of the window with times at which neither practitioner has a visit yet. */
async function freeTimes(world: World, from: CivilDate, until: CivilDate): Promise<{ day: CivilDate; times: Time[] }> {
  const { clock } = world;
  const days = Array.from({ length: 42 }, (_, i) => addDays(from, (i * 5 + (clock % 30)) % 42));
  for (const day of days) {
    if (day > until || weekdayOf(day) > 5) continue;
    const busy = await visitsOn(world, day);
    const isFree = ({ start, end }: Time): boolean =>
      !busy.some((one) => Date.parse(one.start) < Date.parse(end) && Date.parse(one.end) > Date.parse(start));
    const times = HOURS.map((hour) => timeAt(day, hour)).filter(isFree);
    if (times.length > 0) return { day, times: times.slice(0, OFFERED) };
  }
  throw new StoryFailure('both practitioners have visits at every time of every day of the window');
}

async function visitsOn(world: World, day: CivilDate): Promise<Time[]> {
  const { fhir, cast } = world;
  const found = await Promise.all(
    [[cast.priya, PRIYA] as const, [cast.helen, HELEN] as const].map(async ([who, actor]) => {
      const query = `Appointment?actor=${actor}&date=${day}&status=proposed,pending,booked,arrived`;
      return resourcesOf(expectStatus(await fhir.call(who, 'GET', query), 200).body);
    }),
  );
  return found.flat().map((one) => ({ start: need(one, 'start'), end: need(one, 'end') }));
}

/** A system publishes its practitioner's fixed slots. */
export async function publish(world: World, system: Actor, who: string, times: readonly Time[]): Promise<Diary> {
  const { screen, fhir } = world;
  const schedule = 'urn:uuid:33333333-0000-4000-8000-000000000001';
  const resources: JsonObject[] = [
    { resourceType: 'Schedule', active: true, actor: [{ reference: who }], comment: 'Joint visits' },
    ...times.map(({ start, end }) => ({
      resourceType: 'Slot',
      schedule: { reference: schedule },
      status: 'free',
      start,
      end,
    })),
  ];
  const entry = resources.map((resource, i) => ({
    fullUrl: i === 0 ? schedule : `urn:uuid:33333333-0000-4000-8000-00000000001${i}`,
    resource,
    request: { method: 'POST', url: String(resource.resourceType) },
  }));
  const name = who === PRIYA ? 'Priya' : 'Helen';
  const seen = await screen.step(system.name, `publishes ${name}'s diary for joint visits`, async () => {
    const answer = await fhir.call(system, 'POST', '', {
      body: { resourceType: 'Bundle', type: 'transaction', entry },
    });
    const slots = locationsOf(expectStatus(answer, 200).body).slice(1);
    return {
      status: 200,
      fact: `${slots.length === 1 ? '1 slot' : `${slots.length} slots`}: ${times.map(({ start }) => shortTime(start)).join(', ')}`,
      slots,
    };
  });
  return { who, slots: seen.slots };
}

interface Common extends Time {
  /** `Slot/..` of each practitioner. */
  slots: string[];
}

/** Times at which both are free, the earliest first. */
async function commonSlots(world: World, diaries: readonly Diary[], day: CivilDate): Promise<Common> {
  const { screen, fhir, cast } = world;
  const seen = await screen.step('Helen', 'looks for times that both have free', async () => {
    const free = await Promise.all(
      diaries.map(async ({ slots }) => {
        const ids = slots.map((slot) => slot.slice('Slot/'.length)).join(',');
        const answer = await fhir.call(cast.helen, 'GET', `Slot?_id=${ids}&status=free&start=ge${day}&_sort=start`);
        return resourcesOf(expectStatus(answer, 200).body);
      }),
    );
    const [mine = [], theirs = []] = free;
    const both = mine.flatMap((slot): Common[] => {
      const other = theirs.find((one) => one.start === slot.start);
      if (other === undefined) return [];
      return [{ start: need(slot, 'start'), end: need(slot, 'end'), slots: [addressOf(slot), addressOf(other)] }];
    });
    const [first] = both;
    if (first === undefined) throw new StoryFailure('there is no common time');
    return { status: 200, fact: `${both.length} times in common; the first is ${shortTime(first.start)}`, first };
  });
  return seen.first;
}

/** Two proposals for the same time in the same moment: one is made, the other hears that it is taken. */
async function race(world: World, known: KnownFamily, time: Common): Promise<string> {
  const { screen, fhir, cast } = world;
  const propose = (who: Actor): Promise<Answer> =>
    fhir.call(who, 'POST', `ServiceRequest/${known.referral}/$propose-visit`, { body: proposal(time) });
  const seen = await screen.step(
    'Both at once',
    'Priya and Helen propose the same time in the same moment',
    async () => {
      const both = await Promise.all([propose(cast.priya), propose(cast.helen)]);
      const made = both.find(({ status }) => status === 200);
      const refused = both.find(({ status }) => status === 409);
      if (made === undefined || refused === undefined) {
        const said = both.map((one) => `${one.status} ${diagnostics(one).slice(0, 120)}`).join(' and ');
        throw new StoryFailure(`one should be made and one refused with 409, but they were ${said}`);
      }
      return {
        fact: `200 and 409: one proposal stands; the other: "${diagnostics(refused)}"`,
        address: addressOf(made.body),
      };
    },
  );
  return seen.address;
}

/** Parameters of `$propose-visit`. */
export const proposal = (time: Common): JsonObject =>
  parameters(
    ['practitioner', { ref: PRIYA }],
    ['practitioner', { ref: HELEN }],
    ...time.slots.map((slot): [string, { ref: string }] => ['slot', { ref: slot }]),
    ['start', { instant: time.start }],
    ['end', { instant: time.end }],
    ['mode', 'home'],
  );

async function answers(world: World, known: KnownFamily, appointment: string): Promise<void> {
  const { screen, fhir, cast } = world;
  const say = async (who: Actor, actor?: string): Promise<JsonObject> => {
    const body = parameters(
      ['status', 'accepted'],
      ...(actor === undefined ? [] : [['actor', { ref: actor }] as [string, { ref: string }]]),
    );
    return expectStatus(await fhir.call(who, 'POST', `${appointment}/$respond`, { body }), 200).body;
  };
  await screen.step('Priya', 'says yes', async () => {
    const status = need(output(await say(cast.priya), 'appointment'), 'status');
    return { status: 200, fact: `the visit is ${status}` };
  });
  await screen.step('Helen', `says yes, and for ${nameOf(known.family)}, who agreed on the phone`, async () => {
    await say(cast.helen);
    const last = await say(cast.helen, known.patient);
    const booked = output(last, 'appointment');
    expect(booked.status === 'booked', `the visit is "${textAt(booked, 'status')}", not booked`);
    const encounter = output(last, 'encounter');
    const episodes = objectsAt(encounter, 'episodeOfCare').length;
    return { status: 200, fact: `booked; a planned Encounter stands, in the episodes of both services (${episodes})` };
  });
  await screen.step('HV system', 'looks whether that time can still be offered to another family', async () => {
    const slot =
      textAt(expectStatus(await fhir.call(cast.helen, 'GET', appointment), 200).body, 'slot', 0, 'reference') ?? '';
    const taken = expectStatus(await fhir.call(cast.hvSystem, 'GET', slot), 200).body;
    expect(taken.status === 'busy', `the slot is "${textAt(taken, 'status')}"`);
    return { status: 200, fact: 'the slots are busy: nobody is offered them any more' };
  });
}
