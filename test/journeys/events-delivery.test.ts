/** Notifications to a real receiver: in order, none lost, permitted at the moment they go out (H4, H11, H14, H25). */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { EventPorts } from '../../src/events/ports.ts';
import { createPumpStep } from '../../src/events/pump.ts';
import { readEvents, readStatus } from '../../src/events/status.ts';
import { sequence } from '../../src/store/feed.ts';
import { claimDue, deadLetters } from '../../src/store/leases.ts';
import { subscriptionState } from '../../src/store/subscriptions.ts';
import { aPlan, aReferral, aSubscription, aTask, channelExtension } from '../unit/events/resources.ts';
import { openReceiver, openWorld, POLICY, type Receiver, until, type World } from './events-world.ts';

let world: World;
let receiver: Receiver;
let stop: (() => Promise<void>) | null = null;

beforeEach(async () => {
  world = await openWorld();
  receiver = await openReceiver();
});
afterEach(async () => {
  await stop?.();
  stop = null;
  await receiver.away();
  await world.close();
});

const events = (): (number | null)[] =>
  receiver.got.filter(({ kind }) => kind === 'event-notification').map(({ number }) => number);
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);
const status = async (id: string) => (await subscriptionState(world.pool, id))?.status;

async function plans(count: number, from = 0): Promise<void> {
  for (let i = 0; i < count; i += 1) await world.put(aPlan(`c${from + i}`));
}

/** An attempt may be under way already; the one after it is decided by the rules of now. */
async function twoAttempts(): Promise<void> {
  const before = receiver.seen.length;
  await until(() => receiver.seen.length >= before + 2);
}

async function active(id = 's1'): Promise<void> {
  await until(async () => (await status(id)) === 'active' && world.current(`Subscription/${id}`)?.status === 'active');
}

const planSubscription = (changes: Parameters<typeof aSubscription>[0] = {}) =>
  aSubscription({ topic: 'care-plan-changed', endpoint: receiver.url, ...changes });

describe('a referral reaches the health visiting system', () => {
  test('handshake, then one id-only event when it is released; held fires nothing', async () => {
    stop = world.start();
    const filters = ['ServiceRequest?performer=HealthcareService/hv-north'];
    await world.subscribe(aSubscription({ endpoint: receiver.url, filters }), 's1');
    await active();
    expect(receiver.got[0]).toMatchObject({ kind: 'handshake', number: null, total: 0 });
    await world.put(aReferral('r1'));
    await world.put(aTask('t1', 'r1', 'held', 'on-hold'));
    await world.put(aReferral('elsewhere', 'HealthcareService/hv-south'));
    await world.put(aTask('t2', 'elsewhere', 'received'));
    await world.put(aTask('t1', 'r1', 'received'));
    await until(() => events().length > 0);
    await world.put(aTask('t1', 'r1', 'opened', 'received'));
    await world.put(aReferral('r2'));
    await world.put(aTask('t3', 'r2', 'received'));
    await until(() => events().length > 1);
    expect(receiver.got.slice(1)).toEqual([
      {
        kind: 'event-notification',
        number: 1,
        focus: 'ServiceRequest/r1',
        topic: 'https://tandem.example/fhir/SubscriptionTopic/antenatal-referral',
        total: 1,
      },
      expect.objectContaining({ number: 2, focus: 'ServiceRequest/r2', total: 2 }),
    ]);
    // The receiver knows of a delivery before its outcome is recorded.
    await until(async () => (await world.recorded()).length === 4);
    const recorded = await world.recorded();
    expect(recorded.map(({ detail }) => detail)).toEqual([
      'intent id-only',
      'delivered id-only',
      'intent id-only',
      'delivered id-only',
    ]);
    expect(recorded[0]?.recipient).toBe(`Subscription/s1/event/1 ${receiver.url}`);
    expect(world.errors).toEqual([]);
  });

  test('a handshake that fails is error; the client starts it again', async () => {
    stop = world.start();
    receiver.answer = 500;
    await world.subscribe(planSubscription(), 's1');
    await until(async () => (await status('s1')) === 'error');
    const bundle = JSON.stringify(await readStatus(world.pool, ['s1', 'nothing'], new Date()));
    expect(bundle).toContain('The handshake failed: http-500.');
    await plans(2);
    receiver.answer = 200;
    await until(() => world.current('Subscription/s1')?.status === 'error');
    await world.subscribe(planSubscription(), 's1');
    await until(() => events().length === 2);
    // It kept counting while it was in error: nothing was lost.
    expect(events()).toEqual([1, 2]);
  });
});

describe('in order and none lost', () => {
  test('a receiver away for seconds gets everything, in order, after it is back', async () => {
    stop = world.start();
    await world.subscribe(planSubscription(), 's1');
    await active();
    await plans(3);
    await until(() => events().length === 3);
    await receiver.away();
    await plans(20, 3);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await receiver.back();
    await until(() => events().length >= 23);
    expect(events()).toEqual(upTo(23));
    expect(receiver.got.filter(({ number }) => number !== null).map(({ focus }) => focus)).toEqual(
      upTo(23).map((n) => `CarePlan/c${n - 1}`),
    );
  });

  test('a receiver that fails at random: first arrivals in order, duplicates carry the same number', async () => {
    stop = world.start();
    let calls = 0;
    await world.subscribe(planSubscription({ extension: [channelExtension('timeout', 1)] }), 's1');
    await active();
    receiver.answer = () => {
      calls += 1;
      // Refused, or taken and then answered with an error: the sender cannot tell and sends again.
      return calls % 3 === 0 ? 503 : 200;
    };
    await plans(15);
    await until(() => events().length >= 15);
    expect(events()).toEqual(upTo(15));
    const focusByNumber = new Map(receiver.seen.map(({ number, focus }) => [number, focus]));
    for (const { number, focus } of receiver.seen) expect(focusByNumber.get(number)).toBe(focus);
  });

  test('several subscriptions and two processes: each has its own dense numbers, in order', async () => {
    const others = [await openReceiver(), await openReceiver()];
    const stops = [world.start(), world.start()];
    await world.subscribe(planSubscription(), 's1');
    for (const [i, other] of others.entries()) {
      const filters = [`CarePlan?patient=Patient/p${i}`];
      await world.subscribe(planSubscription({ endpoint: other.url, filters }), `o${i}`);
    }
    for (const id of ['s1', 'o0', 'o1']) await active(id);
    for (let i = 0; i < 30; i += 1) await world.put(aPlan(`c${i}`, `Patient/p${i % 3}`));
    await until(() => events().length >= 30 && others.every((other) => other.got.length >= 11));
    expect(events()).toEqual(upTo(30));
    for (const [i, other] of others.entries()) {
      const numbered = other.got.filter(({ number }) => number !== null);
      expect(numbered.map(({ number }) => number)).toEqual(upTo(10));
      expect(numbered.map(({ focus }) => focus)).toEqual(upTo(10).map((n) => `CarePlan/c${(n - 1) * 3 + i}`));
      await other.away();
    }
    await Promise.all(stops.map((one) => one()));
  });

  test('ports that fail at random between the steps lose nothing and reorder nothing', async () => {
    let calls = 0;
    const flaky =
      <A extends unknown[], R>(port: (...values: A) => Promise<R>) =>
      async (...values: A): Promise<R> => {
        calls += 1;
        if (calls % 4 === 0) throw new Error('the process died here');
        const result = await port(...values);
        // Some fail after they have done their work, as a process that dies between two steps.
        if (calls % 7 === 0) throw new Error('the process died there');
        return result;
      };
    const ports: EventPorts = {
      ...world.ports,
      decideAs: flaky(world.ports.decideAs),
      setSubscriptionStatus: flaky(world.ports.setSubscriptionStatus),
      audit: flaky(world.ports.audit),
    };
    stop = world.start({}, ports);
    await world.subscribe(planSubscription(), 's1');
    await until(() => world.current('Subscription/s1')?.status === 'active');
    for (let i = 0; i < 12; i += 1) {
      await plans(1, i);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    await until(() => new Set(events()).size >= 12, 25_000);
    const firsts = [...new Set(events())];
    expect(firsts).toEqual(upTo(12));
    expect(world.errors.length).toBeGreaterThan(0);
  });

  test('a process that dies with the lease is replaced, and a step that was not stored is done again', async () => {
    const first = world.start();
    await world.subscribe(planSubscription(), 's1');
    await active();
    await first();
    await plans(3);
    // Another database of the same server may hold the horizon between two of them: until nothing waits for a number.
    await until(async () => {
      await sequence(world.pool, true);
      return (await world.pool.query('select 1 from change limit 1')).rowCount === 0;
    });
    const step = createPumpStep({
      pool: world.pool,
      ports: { ...world.ports, decideAs: () => Promise.reject(new Error('killed')) },
      policy: POLICY,
      onNumbered: () => {},
      onError: () => {},
    });
    await expect(step()).rejects.toThrow('killed');
    const again = createPumpStep({
      pool: world.pool,
      ports: world.ports,
      policy: POLICY,
      onNumbered: () => {},
      onError: () => {},
    });
    while (await again());
    expect((await claimDue(world.pool, { owner: randomUUID(), leaseMs: 700, living: null }))?.state).toMatchObject({
      lastNumber: 3,
      delivered: 0,
    });
    expect(await claimDue(world.pool, { owner: randomUUID(), leaseMs: 700, living: null })).toBeNull();
    stop = world.start();
    await until(() => events().length >= 3);
    expect(events()).toEqual([1, 2, 3]);
  });
});

describe('permitted at the moment it goes out', () => {
  test('what the subscriber may not have gets no number, and the withholding is recorded', async () => {
    stop = world.start();
    await world.subscribe(planSubscription(), 's1');
    await active();
    world.rules.decide = (_, focus) =>
      focus === 'CarePlan/c1' ? { permit: false, reason: 'no-relationship' } : { permit: true };
    await plans(3);
    await until(() => events().length === 2);
    expect(receiver.got.filter(({ number }) => number !== null).map(({ number, focus }) => [number, focus])).toEqual([
      [1, 'CarePlan/c0'],
      [2, 'CarePlan/c2'],
    ]);
    const withheld = (await world.recorded()).filter(({ detail }) => detail === 'withheld');
    expect(withheld).toEqual([{ detail: 'withheld', outcome: 4, recipient: `Subscription/s1 ${receiver.url}` }]);
  });

  test('revoked between match and send: the number goes out empty; $events decides again at read', async () => {
    stop = world.start();
    await world.subscribe(planSubscription(), 's1');
    await active();
    receiver.answer = 503;
    await plans(2);
    await until(async () => (await subscriptionState(world.pool, 's1'))?.lastNumber === 2);
    world.rules.decide = (_, focus) =>
      focus === 'CarePlan/c0' ? { permit: false, reason: 'no-relationship' } : { permit: true };
    await twoAttempts();
    receiver.answer = 200;
    await until(() => events().length === 2);
    expect(receiver.got.filter(({ number }) => number !== null)).toEqual([
      { kind: 'event-notification', number: 1, focus: null, topic: null, total: 1 },
      expect.objectContaining({ number: 2, focus: 'CarePlan/c1' }),
    ]);
    const asked = { id: 's1', since: undefined, until: undefined, content: undefined, now: new Date() };
    const answer = await readEvents(world.pool, world.ports, asked);
    expect(answer).toMatchObject({ shown: ['CarePlan/c1'], withheld: 1, patients: ['Patient/p1'] });
    expect(JSON.stringify(answer.bundle)).not.toContain('CarePlan/c0');
    const later = await readEvents(world.pool, world.ports, { ...asked, since: '2', content: 'empty' });
    expect(later).toMatchObject({ shown: [], withheld: 0 });
    await expect(readEvents(world.pool, world.ports, { ...asked, since: 'x' })).rejects.toMatchObject({ status: 400 });
    await expect(readEvents(world.pool, world.ports, { ...asked, id: 'no' })).rejects.toMatchObject({ status: 404 });
  });

  test('vector 24: an agreement that expired: nothing goes out and the Subscription is in error', async () => {
    stop = world.start();
    await world.subscribe(planSubscription(), 's1');
    await active();
    receiver.answer = 503;
    await plans(1);
    await until(() => receiver.seen.some(({ number }) => number === 1));
    world.rules.decide = () => ({ permit: false, reason: 'dsa-expired' });
    await until(() => world.current('Subscription/s1')?.status === 'error');
    expect(events()).toEqual([]);
  });

  test('empty subscriptions never carry topic or focus', async () => {
    stop = world.start();
    await world.subscribe(planSubscription({ content: 'empty' }), 's1');
    await plans(1);
    await active();
    await plans(1, 1);
    await until(() => events().length > 0);
    expect(receiver.got.every(({ focus, topic }) => focus === null && topic === null)).toBe(true);
  });

  test('no audit record, no notification', async () => {
    const ports: EventPorts = { ...world.ports, audit: () => Promise.reject(new Error('audit is down')) };
    stop = world.start({}, ports);
    await world.subscribe(planSubscription(), 's1');
    await active();
    await plans(1);
    await until(() => world.errors.length > 2);
    expect(events()).toEqual([]);
  });
});

describe('stop events (R-49)', () => {
  test('go to whoever had it announced, in one stretch too; agreements and rules do not end them', async () => {
    const others = [await openReceiver(), await openReceiver()];
    const topics = ['pregnancy-ended', 'stop'] as const;
    // The world permits `told` and withholds from `never`; both subscribe to the same.
    world.rules.decide = (subscriber) => ({ permit: subscriber === 'told', reason: 'no-relationship' });
    for (const [i, client] of ['told', 'never'].entries()) {
      const endpoint = others[i]?.url ?? '';
      await world.subscribe(aSubscription({ endpoint }), `${client}-referral`, client);
      for (const topic of topics)
        await world.subscribe(aSubscription({ topic, endpoint, content: 'empty' }), `${client}-${topic}`, client);
    }
    const later = aSubscription({ topic: 'stop', endpoint: receiver.url });
    await world.subscribe(later, 'told-by-id', 'told');
    await world.put(aReferral('r1'));
    await world.put(aTask('t1', 'r1', 'received'));
    await world.put(aTask('t1', 'r1', 'pregnancy-ended', 'cancelled'));
    await world.put(aTask('held', 'r2', 'held', 'on-hold'));
    await world.put(aTask('held', 'r2', 'pregnancy-ended', 'cancelled'));
    stop = world.start();
    const numbered = (one: Receiver | undefined) => (one?.got ?? []).filter(({ number }) => number !== null);
    await until(() => numbered(others[0]).length === 2);
    world.rules.decide = () => ({ permit: false, reason: 'dsa-expired' });
    await world.put({ ...aReferral('r1'), status: 'entered-in-error' });
    await until(() => numbered(others[0]).length === 3 && events().length === 1);
    expect(numbered(receiver).map(({ focus }) => focus)).toEqual(['ServiceRequest/r1']);
    expect(numbered(others[0]).filter(({ topic }) => topic === null)).toHaveLength(2);
    expect(numbered(others[1])).toEqual([]);
    expect(await status('told-pregnancy-ended')).toBe('active');
    const asked = { since: undefined, until: undefined, content: undefined, now: new Date() };
    expect(await readEvents(world.pool, world.ports, { ...asked, id: 'told-by-id' })).toMatchObject({
      shown: ['ServiceRequest/r1'],
      withheld: 0,
    });
    for (const other of others) await other.away();
  });
});

describe('the end of patience', () => {
  test('after the time to give up: dead letter and error; what waits goes out when the client starts again', async () => {
    stop = world.start({ giveUpMs: 300 });
    await world.subscribe(planSubscription(), 's1');
    await active();
    receiver.answer = ({ kind }) => (kind === 'handshake' ? 200 : 500);
    await plans(2);
    await until(() => world.current('Subscription/s1')?.status === 'error');
    expect(await deadLetters(world.pool, 10)).toMatchObject([{ subscription: 's1', number: 1 }]);
    receiver.answer = 200;
    await world.subscribe(planSubscription(), 's1');
    await until(() => events().length === 2);
    expect(events()).toEqual([1, 2]);
    expect(await deadLetters(world.pool, 10)).toEqual([]);
  });

  test('redirects are not followed, silence is a timeout, off is off', async () => {
    stop = world.start();
    await world.subscribe(planSubscription({ extension: [channelExtension('timeout', 1)] }), 's1');
    await active();
    receiver.answer = 302;
    await plans(1);
    await until(() => receiver.seen.filter(({ number }) => number === 1).length > 1);
    receiver.answer = 0;
    await until(async () => (await world.recorded()).some(({ detail }) => detail === 'timeout id-only'));
    const details = (await world.recorded()).map(({ detail }) => detail);
    expect(details).toContain('http-302 id-only');
    await world.subscribe({ ...planSubscription(), status: 'off' }, 's1');
    await until(async () => (await status('s1')) === 'off');
    receiver.answer = 200;
    await plans(1, 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await subscriptionState(world.pool, 's1'))?.lastNumber).toBe(1);
  });
});
