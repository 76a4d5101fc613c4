/** S1, book and refer (domain.md 7.2): held at booking, released by the dating scan, told within seconds, opened, accepted. */

import { CANON, codeSystem } from '../../src/care/canon.ts';
import { formatGestation, gestationDays } from '../../src/care/clock.ts';
import { codeIn, objectsAt, textAt } from '../../src/care/shape.ts';
import type { JsonObject } from '../../src/fhir/types.ts';
import { HELEN, HV_SERVICE } from './cast.ts';
import { bookingBundle, type Family, familyOf, nameOf, printed, scanObservation, unusedNumber } from './family.ts';
import { type Actor, expect, expectStatus, locationsOf, need, parameters, resourcesOf, until } from './http.ts';
import { duration } from './screen.ts';
import { clockTime } from './times.ts';
import type { KnownFamily, World } from './world.ts';

const BACKPORT = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition';
/** Domain.md 4.8: release of a referral to the endpoint. */
const WITHIN_MS = 5_000;

/** Subscribes to a topic and waits until the service has shaken hands with the endpoint. */
export async function subscribe(
  world: World,
  who: Actor,
  one: { name: string; topic: string; filter?: string },
): Promise<void> {
  const { fhir, hook, screen } = world;
  const narrowed = one.filter === undefined ? '' : ', for its own service';
  await screen.step(who.name, `subscribes to "${one.topic}"${narrowed}`, async () => {
    const asked = await fhir.call(who, 'POST', 'Subscription', { body: subscription(one, hook.endpoint(one.name)) });
    const id = need(expectStatus(asked, 201).body, 'id');
    await hook.next(one.name, 'handshake', () => true, WITHIN_MS);
    await until('the subscription to become active', async () => {
      const now = expectStatus(await fhir.call(who, 'GET', `Subscription/${id}`), 200).body;
      return now.status === 'active' ? true : undefined;
    });
    world.subscriptions.push({ who, id });
    return { status: 201, fact: 'handshake received at its endpoint, subscription active' };
  });
}

function subscription(one: { topic: string; filter?: string }, endpoint: string): JsonObject {
  const filter = { url: `${BACKPORT}/backport-filter-criteria`, valueString: one.filter ?? '' };
  return {
    resourceType: 'Subscription',
    status: 'requested',
    reason: 'Story of the demo',
    end: new Date(Date.now() + 3_600_000).toISOString(),
    criteria: `${CANON}/SubscriptionTopic/${one.topic}`,
    ...(one.filter === undefined ? {} : { _criteria: { extension: [filter] } }),
    channel: {
      type: 'rest-hook',
      endpoint,
      payload: 'application/fhir+json',
      _payload: { extension: [{ url: `${BACKPORT}/backport-payload-content`, valueCode: 'id-only' }] },
    },
  };
}

/** The HV system and the EPR subscribe, once in a story. */
export async function subscribeAll(world: World): Promise<void> {
  if (world.subscriptions.length > 0) return;
  const { epr, hvSystem } = world.cast;
  const filter = `ServiceRequest?performer=${HV_SERVICE}`;
  await subscribe(world, hvSystem, { name: 'hv-referrals', topic: 'antenatal-referral', filter });
  await subscribe(world, hvSystem, { name: 'hv-plans', topic: 'care-plan-changed' });
  await subscribe(world, epr, { name: 'epr-plans', topic: 'care-plan-changed' });
}

/** The systems take their subscriptions back, so that nobody goes on calling an endpoint that is gone. */
export async function unsubscribeAll(world: World): Promise<void> {
  for (const { who, id } of world.subscriptions) await world.fhir.call(who, 'DELETE', `Subscription/${id}`);
}

/** The EPR books: one transaction. Gives the family as the service knows it now. */
export async function book(world: World, family: Family): Promise<KnownFamily> {
  const { fhir, cast, screen } = world;
  const seen = await screen.step(
    cast.eprForPriya.name,
    `books ${nameOf(family)} and refers her: mother, episode, care team, visit, EDD, sharing explained, referral`,
    async () => {
      const answer = expectStatus(await fhir.call(cast.eprForPriya, 'POST', '', { body: bookingBundle(family) }), 200);
      const addresses = locationsOf(answer.body);
      const of = (type: string) => addresses.find((one) => one.startsWith(`${type}/`)) ?? '';
      const patient = of('Patient');
      const referral = of('ServiceRequest').slice('ServiceRequest/'.length);
      expect(patient !== '' && referral !== '', 'the answer names no Patient or no ServiceRequest');
      return { status: 200, fact: `all ${addresses.length} resources stored, or none would be`, patient, referral };
    },
  );
  return { family, patient: seen.patient, referral: seen.referral };
}

export const stateOfTask = (task: JsonObject): string =>
  codeIn(task.businessStatus, codeSystem('referral-state')) ?? '';

/** The referral's Task as this person sees it; undefined while there is none. */
export async function taskOf(world: World, who: Actor, referral: string): Promise<JsonObject | undefined> {
  const found = await world.fhir.call(who, 'GET', `Task?focus=ServiceRequest/${referral}`);
  return resourcesOf(expectStatus(found, 200).body)[0];
}

/** S1 as a whole. */
export async function s1(world: World): Promise<void> {
  const { screen, fhir, cast, today } = world;
  const number = await unusedNumber(fhir, cast.epr, world.clock);
  const family = familyOf('Aisha', 'Storyfield', number, today, { byPeriod: 82, byScan: 84 });
  screen.scene('S1', 'Book and refer', [
    `${nameOf(family)} (synthetic, NHS number ${printed(number)}) was booked by Priya, community midwife, at 9+0. ` +
      `The booking is entered with its true date, ${family.booked}, so that today can be the day of her dating scan.`,
  ]);
  await subscribeAll(world);
  const known = await book(world, family);
  await held(world, known);
  await released(world, known);
  await taken(world, known);
  world.referred = known;
}

async function held(world: World, known: KnownFamily): Promise<void> {
  const { screen, fhir, cast, hook } = world;
  const request = `ServiceRequest/${known.referral}`;
  await screen.step('Priya', 'looks what has become of her referral', async () => {
    const task = await until('the service to take up the referral', () => taskOf(world, cast.priya, known.referral));
    expect(stateOfTask(task) === 'held', `the referral is "${stateOfTask(task)}", not held`);
    const release = textAt(task, 'restriction', 'period', 'start') ?? '?';
    return { status: 200, fact: `held: goes out after the dating scan, or at 12+0 by period (${release})` };
  });
  await screen.step('HV system', 'asks for the referral all the same', async () => {
    const answer = expectStatus(await fhir.call(cast.hvSystem, 'GET', request), 404);
    const people = expectStatus(await fhir.call(cast.hvSystem, 'GET', `${known.patient}`), 404);
    return { status: answer.status, fact: `nothing there for it, neither referral nor mother (${people.status})` };
  });
  await screen.step('HV endpoint', 'waits a second for a notification', async () => {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const early = hook.received('hv-referrals', 'event-notification').filter((one) => one.focus === request);
    expect(early.length === 0, 'a held referral was announced');
    return { fact: 'silence: about one pregnancy in five ends early; then nobody there is ever told' };
  });
}

async function released(world: World, known: KnownFamily): Promise<void> {
  const { screen, fhir, cast, hook, today } = world;
  const { family, patient } = known;
  const request = `ServiceRequest/${known.referral}`;
  const byPeriod = formatGestation(gestationDays(family.eddByPeriod, today));
  const byScan = formatGestation(gestationDays(family.eddByScan, today));
  const scan = await screen.step(
    'EPR',
    `sends today's dating scan: she is ${byScan} (her period said ${byPeriod}), due ${family.eddByScan}`,
    async () => {
      const body = scanObservation(family, patient, today);
      expectStatus(await fhir.call(cast.epr, 'POST', 'Observation', { body }), 201);
      return { status: 201, fact: 'the scan supersedes the EDD by last period', at: Date.now() };
    },
  );
  await screen.step('HV endpoint', 'is told that a referral is there for its service', async () => {
    const told = await hook.next('hv-referrals', 'event-notification', (one) => one.focus === request, WITHIN_MS);
    const took = Math.max(0, told.at.getTime() - scan.at);
    const words = JSON.stringify(told.bundle);
    const leaks = [family.surname, family.nhsNumber, patient].filter((secret) => words.includes(secret));
    expect(leaks.length === 0, 'the notification says more than ids');
    return { fact: `event ${told.number}, ${duration(took)} after the scan was stored; ids only: ${request}` };
  });
  await screen.step('HV system', 'synchronises the referral with its own token', async () => {
    const answer = expectStatus(await fhir.call(cast.hvSystem, 'GET', request), 200);
    const window = `${textAt(answer.body, 'occurrencePeriod', 'start')} to ${textAt(answer.body, 'occurrencePeriod', 'end')}`;
    const mother = expectStatus(await fhir.call(cast.hvSystem, 'GET', patient), 200);
    return { status: mother.status, fact: `${need(mother.body, 'name', 0, 'family')}; joint visit window ${window}` };
  });
}

async function taken(world: World, known: KnownFamily): Promise<void> {
  const { screen, fhir, cast } = world;
  const request = `ServiceRequest/${known.referral}`;
  await screen.step('Helen', 'opens it in her system, with her own claims', async () => {
    expectStatus(await fhir.call(cast.helen, 'GET', request), 200);
    const opened = await fhir.call(cast.helen, 'POST', `${request}/$referral-event`, {
      body: parameters(['event', 'open']),
    });
    expectStatus(opened, 200);
    const visit = expectStatus(await fhir.call(cast.helen, 'GET', `Encounter?patient=${known.patient}`), 200);
    expect(resourcesOf(visit.body).length === 0, 'the booking visit is shown before the referral was accepted');
    return { status: 200, fact: 'she sees the referral and what it names; not yet the booking visit (R-13)' };
  });
  await screen.step('Helen', 'accepts: a person has taken it', async () => {
    const answer = expectStatus(await fhir.call(cast.helen, 'POST', `${request}/$accept`), 200);
    expect(
      objectsAt(answer.body, 'parameter').some((one) => one.valueCode === 'accepted'),
      'it is not accepted',
    );
    const visit = expectStatus(await fhir.call(cast.helen, 'GET', `Encounter?patient=${known.patient}`), 200);
    expect(resourcesOf(visit.body).length > 0, 'acceptance did not widen what she sees');
    return { status: 200, fact: 'her service has its episode, she is in the care team; now the booking visit shows' };
  });
  await screen.step('Priya', 'sees how far her referral has come', async () => {
    const task = await taskOf(world, cast.priya, known.referral);
    expect(task !== undefined, 'the referral has no Task');
    const history = expectStatus(await fhir.call(cast.priya, 'GET', `Task/${need(task, 'id')}/_history`), 200);
    const times = new Map(
      resourcesOf(history.body)
        .reverse()
        .map((one) => [stateOfTask(one), clockTime(need(one, 'meta', 'lastUpdated'))]),
    );
    const told = clockTime(await deliveredAt(world, known.referral));
    for (const state of ['held', 'received', 'opened', 'accepted'])
      expect(times.has(state), `her history lacks "${state}"`);
    const teams = expectStatus(await fhir.call(cast.priya, 'GET', `CareTeam?patient=${known.patient}`), 200);
    const joined = JSON.stringify(resourcesOf(teams.body)).includes(HELEN) ? ' by Helen' : '';
    const opened = `opened ${times.get('opened')}, accepted ${times.get('accepted')}${joined}`;
    return { status: 200, fact: `released ${times.get('received')}, delivered ${told}, ${opened}` };
  });
}

/** When the HV system's endpoint acknowledged, as the sender is told. */
async function deliveredAt(world: World, referral: string): Promise<string> {
  return until('the acknowledgement of the notification', async () => {
    const answer = await world.fhir.call(world.cast.priya, 'GET', `ServiceRequest/${referral}/$deliveries`);
    for (const { part } of objectsAt(expectStatus(answer, 200).body, 'parameter')) {
      const value = (name: string) => objectsAt({ part: part ?? [] }, 'part').find((one) => one.name === name);
      const ours = value('to')?.valueString === 'hv-system' && value('state')?.valueCode === 'delivered';
      if (ours) return textAt(value('at'), 'valueInstant');
    }
    return undefined;
  });
}
