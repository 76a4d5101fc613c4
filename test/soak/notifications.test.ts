/**
 * H11, H25 with everything real: two processes on one record, killed in turns while referrals arrive, receivers that
 * refuse, take and fail, and are away. Each referral that was acknowledged is notified to each subscriber; numbers arrive
 * dense and in order; what arrives twice carries the number it had. `SOAK_ROUNDS` kills more often.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { bookingBundle, familyOf } from '../../scripts/story/family.ts';
import { locationsOf } from '../../scripts/story/http.ts';
import { civilDate } from '../../src/care/clock.ts';
import type { JsonObject } from '../../src/fhir/types.ts';
import { bundleOf } from '../harness/client.ts';
import { directory } from '../harness/directory.ts';
import { nhsNumberOf } from '../harness/family.ts';
import { type ServiceProcess, serviceProcess } from '../harness/service-process.ts';
import { openReceiver, type Receiver, until } from '../journeys/events-world.ts';

const ROUNDS = Number(process.env.SOAK_ROUNDS ?? 3);
/** After 12+0 a routine referral is released at once (domain.md 1.3 rule 6). */
const GESTATION = { byPeriod: 98, byScan: 98 };
const BACKPORT = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition';

let service: ServiceProcess;
let other: ServiceProcess;
let receivers: Receiver[];
const acknowledged = new Set<string>();
let serial = 0;

beforeAll(async () => {
  service = await serviceProcess();
  other = await serviceProcess(service);
  receivers = [await openReceiver(), await openReceiver()];
}, 60_000);
afterAll(async () => {
  await other.close();
  await service.close();
  for (const receiver of receivers) await receiver.away();
});

const subscription = (endpoint: string): JsonObject => ({
  resourceType: 'Subscription',
  status: 'requested',
  reason: 'a soak',
  criteria: 'https://tandem.example/fhir/SubscriptionTopic/antenatal-referral',
  channel: {
    type: 'rest-hook',
    endpoint,
    payload: 'application/fhir+json',
    _payload: { extension: [{ url: `${BACKPORT}/backport-payload-content`, valueCode: 'id-only' }] },
  },
});

/** Books and refers until the service is gone; only what was answered counts. */
async function refer({ as }: ServiceProcess): Promise<void> {
  const midwife = as({ like: 'midwife', claims: { client_id: 'epr' } });
  for (;;) {
    serial += 1;
    const family = familyOf('Soak', `Referred${serial}`, nhsNumberOf(serial), civilDate(new Date()), GESTATION);
    try {
      const reply = await midwife.post('', bookingBundle(family));
      if (reply.status !== 200) continue;
      for (const address of locationsOf(reply.json))
        if (address.startsWith('ServiceRequest/')) acknowledged.add(address);
    } catch {
      return;
    }
  }
}

test(
  `${ROUNDS} kills while referrals arrive`,
  async () => {
    await service.start();
    for (const list of directory()) await service.as('steward').post('', bundleOf('transaction', list));
    for (const { url } of receivers) {
      const made = await service.as('hv-system').post('Subscription', subscription(url));
      expect([made.status, made.text.slice(0, 200)]).toEqual([201, expect.anything()]);
    }
    await until(() => receivers.every(({ got }) => got.some(({ kind }) => kind === 'handshake')));

    const [steady, shaky] = receivers as [Receiver, Receiver];
    let calls = 0;
    shaky.answer = () => {
      calls += 1;
      // Refused now and then: the sender tries again.
      return calls % 5 === 0 ? 503 : 200;
    };
    let [now, next] = [service, other];
    for (let round = 0; round < ROUNDS; round += 1) {
      // Both run, and each could do the work of the other: clock, sequencer, deliveries.
      await next.start();
      if (round % 2 === 1) await shaky.away();
      const enough = acknowledged.size + 8 + ((round * 3) % 7);
      const current = now;
      const workers = [refer(current), refer(current), refer(current)];
      await until(() => acknowledged.size >= enough, 30_000);
      await current.kill();
      await Promise.all(workers);
      if (round % 2 === 1) await shaky.back();
      [now, next] = [next, now];
    }

    for (const receiver of [steady, shaky]) {
      const arrived = () => new Set(receiver.got.map(({ focus }) => focus));
      await until(() => [...acknowledged].every((referral) => arrived().has(referral)), 60_000);
      const events = receiver.got.filter(({ kind }) => kind === 'event-notification');
      const firsts = [...new Set(events.map(({ number }) => number))];
      expect(firsts).toEqual(Array.from({ length: firsts.length }, (_, n) => n + 1));
      const focusOf = new Map(events.map(({ number, focus }) => [number, focus]));
      expect(new Set(focusOf.values()).size).toBe(focusOf.size);
      for (const { number, focus } of receiver.seen)
        if (number !== null) expect([number, focusOf.get(number)]).toEqual([number, focus]);
    }
    expect(acknowledged.size).toBeGreaterThan(ROUNDS * 3);
  },
  Math.max(180_000, ROUNDS * 20_000),
);
