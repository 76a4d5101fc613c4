/** S4, do the visit (domain.md 7.2), online and without conflict: both there, one form, two pens, and one question kept for later. */

import { codeSystem } from '../../src/care/canon.ts';
import { addDays, formatGestation, gestationDays } from '../../src/care/clock.ts';
import { codeIn, objectsAt, textAt } from '../../src/care/shape.ts';
import type { JsonObject } from '../../src/fhir/types.ts';
import { confidential, withParentWords, withPriyasSections, workingCopy } from './answers.ts';
import { HELEN, PRIYA } from './cast.ts';
import { familyOf, householdBundle, nameOf, printed, scanObservation, unusedNumber } from './family.ts';
import {
  type Actor,
  addressOf,
  diagnostics,
  expect,
  expectStatus,
  locationsOf,
  need,
  output,
  parameters,
  resourcesOf,
  until,
} from './http.ts';
import { book, stateOfTask, subscribeAll, taskOf } from './s1.ts';
import { proposal, publish, triage } from './s3.ts';
import { StoryFailure } from './screen.ts';
import { clockTime, shortTime, type Time } from './times.ts';
import type { KnownFamily, VisitedFamily, World } from './world.ts';

const MINUTE = 60_000;
const PARTNER = 'Dean';

type Visit = Pick<VisitedFamily, 'patient' | 'baby' | 'appointment' | 'encounter'> & Time;

/** S4 as a whole. */
export async function s4(world: World): Promise<void> {
  const { screen, fhir, cast, today } = world;
  const number = await unusedNumber(fhir, cast.epr, world.clock + 7);
  const family = familyOf('Chloe', 'Storyfield', number, today, { byPeriod: 160, byScan: 161 });
  const gestation = formatGestation(gestationDays(family.eddByScan, today));
  screen.scene('S4', 'Do the visit', [
    `Eleven weeks cannot pass in a minute, so the visit is that of another family: ${nameOf(family)} (synthetic, ` +
      `${printed(number)}) is ${gestation} today. Her booking, scan and referral are entered with their true dates; ` +
      'a visit belongs to today.',
  ]);
  await subscribeAll(world);
  const known = await book(world, family);
  const household = await sendHousehold(world, known);
  await take(world, known);
  await triage(world, known, 'targeted');
  const visit = await bookToday(world, known, household.baby);
  const working = await write(world, visit);
  await finish(world, visit);
  const secret = await keepForLater(world, visit);
  world.visited = { ...known, ...household, partnerName: PARTNER, ...visit, working, confidential: secret };
}

async function sendHousehold(world: World, known: KnownFamily): Promise<{ baby: string; partner: string }> {
  const { screen, fhir, cast, today } = world;
  const seen = await screen.step(
    'EPR, Priya',
    `sends the scan, the unborn baby, ${PARTNER} and the family Group`,
    async () => {
      const scan = scanObservation(known.family, known.patient, addDays(today, -77));
      expectStatus(await fhir.call(cast.epr, 'POST', 'Observation', { body: scan }), 201);
      const body = householdBundle(known.family, known.patient, PARTNER);
      const addresses = locationsOf(expectStatus(await fhir.call(cast.eprForPriya, 'POST', '', { body }), 200).body);
      const [baby = '', , partner = ''] = addresses;
      return {
        status: 200,
        fact: 'the baby is a Patient of its own; everything said of it is filed under her',
        baby,
        partner,
      };
    },
  );
  return { baby: seen.baby, partner: seen.partner };
}

/** The road of S1 in one breath. */
async function take(world: World, known: KnownFamily): Promise<void> {
  const { screen, fhir, cast, hook } = world;
  const request = `ServiceRequest/${known.referral}`;
  await screen.step('Helen', 'is told, opens the referral and accepts it', async () => {
    const told = await hook.next('hv-referrals', 'event-notification', (one) => one.focus === request, 10_000);
    const answer = expectStatus(await fhir.call(cast.helen, 'POST', `${request}/$accept`), 200);
    const states = objectsAt(answer.body, 'parameter').map((one) => one.valueCode);
    expect(states.includes('accepted'), 'the referral is not accepted');
    return {
      status: 200,
      fact: `released at once, because the scan has been; delivered ${clockTime(told.at.toISOString())}`,
    };
  });
}

/** Fixed slots that began a while ago, both say yes: the visit has been booked for today. */
async function bookToday(world: World, known: KnownFamily, baby: string): Promise<Visit> {
  const { fhir, cast, screen } = world;
  const time = await freeTimeToday(world);
  const midwife = await publish(world, cast.epr, PRIYA, [time]);
  const visitor = await publish(world, cast.hvSystem, HELEN, [time]);
  const seen = await screen.step('Both', `agree on the visit with ${nameOf(known.family)}, at home`, async () => {
    const body = proposal({ ...time, slots: [...midwife.slots, ...visitor.slots] });
    const made = await fhir.call(cast.helen, 'POST', `ServiceRequest/${known.referral}/$propose-visit`, { body });
    const appointment = addressOf(expectStatus(made, 200).body);
    const say = (who: Actor, ...actor: [string, { ref: string }][]) =>
      fhir.call(who, 'POST', `${appointment}/$respond`, { body: parameters(['status', 'accepted'], ...actor) });
    expectStatus(await say(cast.priya), 200);
    expectStatus(await say(cast.helen, ['actor', { ref: known.patient }]), 200);
    const last = expectStatus(await say(cast.helen), 200);
    const encounter = addressOf(output(last.body, 'encounter'));
    return { status: 200, fact: `booked: ${shortTime(time.start)}, 90 minutes`, appointment, encounter };
  });
  return { patient: known.patient, baby, appointment: seen.appointment, encounter: seen.encounter, ...time };
}

/** A stretch of the last hours in which neither has another visit. */
async function freeTimeToday(world: World): Promise<Time> {
  const { fhir, cast, today } = world;
  const found = await Promise.all(
    [[cast.priya, PRIYA] as const, [cast.helen, HELEN] as const].map(async ([who, actor]) => {
      const query = `Appointment?actor=${actor}&date=ge${addDays(today, -1)}&date=le${today}&status=pending,booked,arrived`;
      return resourcesOf(expectStatus(await fhir.call(who, 'GET', query), 200).body);
    }),
  );
  const busy = found.flat().map((one) => [Date.parse(need(one, 'start')), Date.parse(need(one, 'end'))] as const);
  const quarter = 15 * MINUTE;
  const latest = Math.floor(Date.now() / quarter) * quarter - 90 * MINUTE;
  for (let start = latest; start > latest - 20 * 60 * MINUTE; start -= quarter) {
    const end = start + 90 * MINUTE;
    if (!busy.some(([from, to]) => from < end && to > start)) {
      return { start: new Date(start).toISOString(), end: new Date(end).toISOString() };
    }
  }
  throw new StoryFailure('neither practitioner has 90 free minutes today');
}

async function event(world: World, visit: Visit, name: string, attended: readonly string[] = []): Promise<JsonObject> {
  const part = (who: string): JsonObject[] => [
    { name: 'who', valueReference: { reference: who } },
    { name: 'start', valueInstant: visit.start },
    { name: 'end', valueInstant: visit.end },
  ];
  const body = parameters(['event', name], ...attended.map((who): [string, JsonObject[]] => ['attended', part(who)]));
  const { fhir, cast } = world;
  return expectStatus(await fhir.call(cast.helen, 'POST', `${visit.appointment}/$visit-event`, { body }), 200).body;
}

/** One form, two pens: the working copy of the assessment. Gives its address. */
async function write(world: World, visit: Visit): Promise<string> {
  const { screen, fhir, cast, today } = world;
  await screen.step('Helen', `arrives; Priya is there, ${PARTNER} is at home too; they begin`, async () => {
    await event(world, visit, 'arrive');
    const begun = await event(world, visit, 'start');
    return { status: 200, fact: `arrived, then in progress (Encounter ${need(output(begun, 'encounter'), 'status')})` };
  });
  const first = await screen.step(
    'Helen',
    'writes her sections of the assessment: baby, daily care, support, matrix',
    async () => {
      const body = workingCopy({ patient: visit.patient, encounter: visit.encounter, baby: visit.baby, at: visit.end });
      const made = expectStatus(await fhir.call(cast.helen, 'POST', 'QuestionnaireResponse', { body }), 201);
      const label = textAt(made.body, 'meta', 'security', 0, 'code') ?? '?';
      return { status: 201, fact: `working copy, version 1, label ${label}: the two authors' teams only`, made };
    },
  );
  const address = addressOf(first.made.body);
  await screen.step('Priya', "adds what matters to them, and the plan in the family's words", async () => {
    const read = expectStatus(await fhir.call(cast.priya, 'GET', address), 200);
    const body = withPriyasSections(read.body, today);
    const put = expectStatus(await fhir.call(cast.priya, 'PUT', address, { body, ifMatch: read.etag }), 200);
    const authors = new Set(
      objectsAt(put.body, 'item').map((one) => textAt(one, 'extension', 0, 'valueReference', 'reference')),
    );
    return {
      status: 200,
      fact: `version 2, made on ${read.etag}; ${authors.size} people have written, each item says who`,
    };
  });
  await screen.step('Helen', 'saves a sentence from a tablet that still shows version 1', async () => {
    const body = withParentWords(first.made.body, 'We take turns.');
    const stale = expectStatus(await fhir.call(cast.helen, 'PUT', address, { body, ifMatch: first.made.etag }), 412);
    const read = expectStatus(await fhir.call(cast.helen, 'GET', address), 200);
    const again = withParentWords(read.body, 'We take turns.');
    expectStatus(await fhir.call(cast.helen, 'PUT', address, { body: again, ifMatch: read.etag }), 200);
    return { status: stale.status, fact: "refused, so Priya's words stay; read again and saved as version 3 (200)" };
  });
  return address;
}

async function finish(world: World, visit: Visit): Promise<void> {
  const { screen, cast } = world;
  await screen.step('Helen', 'closes the visit: both attended', async () => {
    const done = await event(world, visit, 'finish', [PRIYA, HELEN]);
    const encounter = output(done, 'encounter');
    const outcome = textAt(encounter, 'extension', 0, 'valueCoding', 'code');
    expect(outcome === 'joint-complete', `the outcome is "${outcome}"`);
    const task = await taskOf(world, cast.priya, refOf(encounter));
    const state = task === undefined ? '?' : stateOfTask(task);
    return { status: 200, fact: `finished, joint-complete: it counts as a joint visit; referral "${state}"` };
  });
}

const refOf = (encounter: JsonObject): string =>
  need(encounter, 'basedOn', 0, 'reference').slice('ServiceRequest/'.length);

/** Not seen alone: nothing is asked, and a call that says nothing by its title is kept for later. Gives the address. */
async function keepForLater(world: World, visit: Visit): Promise<string> {
  const { screen, fhir, cast } = world;
  const about = { patient: visit.patient, encounter: visit.encounter, at: visit.end };
  await screen.step(
    'Helen',
    `cannot record that she asked about safety at home, with ${PARTNER} in the room`,
    async () => {
      const body = confidential(about, true);
      const refused = expectStatus(await fhir.call(cast.helen, 'POST', 'QuestionnaireResponse', { body }), 422);
      return { status: 422, fact: diagnostics(refused) };
    },
  );
  const seen = await screen.step('Helen', 'records "not seen alone" on the confidential form', async () => {
    const body = confidential(about, false);
    const made = expectStatus(await fhir.call(cast.helen, 'POST', 'QuestionnaireResponse', { body }), 201);
    const address = addressOf(made.body);
    expectStatus(await fhir.call(cast.helen, 'POST', `${address}/$extract-apply`), 200);
    const tasks = await until('the follow-up task', async () => {
      const found = await fhir.call(cast.helen, 'GET', `Task?patient=${visit.patient}&code=ask-in-private`);
      const all = resourcesOf(expectStatus(found, 200).body);
      return all.length > 0 ? all : undefined;
    });
    const [task] = tasks.filter((one) => codeIn(one.code, codeSystem('jv-task')) === 'ask-in-private');
    expect(task?.description === 'Follow-up call', 'the task gives itself away');
    return { status: 201, fact: 'a task for the next contact, titled "Follow-up call", label R', address, task };
  });
  await screen.step('The mother', 'looks for tasks on her own page', async () => {
    const mother = cast.mother(visit.patient);
    const found = await fhir.call(mother, 'GET', `Task?patient=${visit.patient}`);
    const shown = resourcesOf(expectStatus(found, 200).body).filter((one) =>
      JSON.stringify(one).includes('ask-in-private'),
    );
    const direct = expectStatus(await fhir.call(mother, 'GET', seen.address), 404);
    expect(shown.length === 0, 'the follow-up call shows on the page at home');
    return { status: direct.status, fact: 'no trace of it: the page at home might be read by somebody else (R-14)' };
  });
  return seen.address;
}
