/**
 * House promise 1, byte for byte, over generated worlds: for each person there is a second service over a database that
 * holds only what the oracle says she may be shown (each row as she is shown it, indexed from that), asked by a client whom
 * no rule concerns. An attacker walks at random through both: whatever is asked, the two answers are the same text, and a
 * refusal is the one the oracle names. The same seed makes the same worlds and asks the same.
 *
 *   ORACLE_SEED      the first world (default 1; a failure prints it)
 *   ORACLE_REQUESTS  of each person in each world (default 12)
 *   SOAK_SECONDS     new worlds for so long (default: two worlds)
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Service, startService } from '../harness/service.ts';
import { NOW } from './ground.ts';
import { caller, type Filled, fill, generate } from './http-world.ts';
import { refusalOf } from './oracle.ts';
import { PEOPLE, type Person } from './people.ts';
import { seeded } from './random.ts';
import { type Instead, openReduced, type Reduced } from './reduced.ts';
import { type Fact, factsOf, request } from './requests.ts';
import { type Difference, type Sides, step } from './walk.ts';

const SEED = Number(process.env.ORACLE_SEED ?? 1);
const REQUESTS = Number(process.env.ORACLE_REQUESTS ?? 12);
const SECONDS = Number(process.env.SOAK_SECONDS ?? 0);
const WORLDS = 2;

interface Place {
  seed: number;
  whole: Service;
  filled: Filled;
  facts: Fact[];
  reduced: Reduced;
  close(): Promise<void>;
}

async function openWorld(seed: number): Promise<Place> {
  let now = NOW;
  const whole = await startService({ clock: () => now });
  const clock = (at: Date) => {
    now = at;
  };
  const filled = await fill(whole, generate(seed), { random: seeded(seed), clock });
  const reduced = await openReduced(whole);
  const close = async () => {
    await reduced.close();
    await whole.close();
  };
  return { seed, whole, filled, facts: await factsOf(whole), reduced, close };
}

async function sidesOf(place: Place, person: Person, instead: Instead = {}): Promise<Sides> {
  const { whole, reduced, filled } = place;
  const view = await reduced.hold(filled, person, instead);
  const doors = { client: caller(whole, person), anyone: reduced.service.as('steward') };
  const stands = { isList: true, isHistory: false };
  return { person, whole, reduced: reduced.service, view, ...doors, stand: reduced.stand, stands };
}

interface Seen {
  asked: number;
  shown: number;
  differences: (Difference & { seed: number; who: string })[];
}

/** Everybody of one world asks `requests` times. */
async function walk(place: Place, requests: number, seen: Seen): Promise<void> {
  const random = seeded(place.seed + 1_000_003);
  for (const person of PEOPLE) {
    const sides = await sidesOf(place, person);
    for (let n = 0; n < requests; n += 1) {
      const result = await step(sides, request(place.facts, random));
      seen.asked += 1;
      if (typeof result === 'number') seen.shown += result;
      else seen.differences.push({ seed: place.seed, who: `${person.role} ${person.id} ${person.purpose}`, ...result });
    }
  }
}

test(
  'everybody of every world is answered as if nothing else were there',
  async () => {
    const seen: Seen = { asked: 0, shown: 0, differences: [] };
    const until = Date.now() + SECONDS * 1_000;
    for (let seed = SEED; seed < SEED + WORLDS || Date.now() < until; seed += 1) {
      const place = await openWorld(seed);
      await walk(place, REQUESTS, seen).finally(place.close);
      if (seen.differences.length > 20) break;
    }
    expect(seen.differences).toEqual([]);
    expect([seen.asked >= PEOPLE.length * WORLDS * REQUESTS, seen.shown > seen.asked / 2]).toEqual([true, true]);
  },
  (SECONDS + 180) * 1_000,
);

describe('proven alive: a reduced database that holds too much is noticed', () => {
  let place: Place;
  beforeAll(async () => {
    place = await openWorld(1);
  }, 60_000);
  afterAll(() => place.close());

  /** Is it noticed within so many requests about these rows? */
  async function isNoticed(person: Person, whole: readonly string[]): Promise<boolean> {
    const sides = await sidesOf(place, person, { whole });
    const about = place.facts.filter(({ type, id }) => whole.includes(`${type}/${id}`));
    const random = seeded(7);
    for (let n = 0; n < 60; n += 1) {
      if (typeof (await step(sides, request(about, random))) !== 'number') return true;
    }
    return false;
  }

  /** Rows that stand now and that she may not see, by the reason. */
  const hidden = (person: Person, why: string): string[] =>
    place.filled.world
      .filter((one) => refusalOf(place.filled.world, person, one, NOW.getTime()) === why)
      .map(({ resourceType, id }) => `${resourceType}/${id}`)
      .filter((key) => place.facts.some(({ type, id }) => `${type}/${id}` === key));

  test('whatever it is hidden for', async () => {
    const reasons = ['no-tie', 'own-record', 'no-agreement', 'not-explained', 'objected', 'label', 'view', 'family'];
    const noticed: [string, boolean][] = [];
    for (const why of reasons) {
      const [one] = PEOPLE.flatMap((person) =>
        hidden(person, why)
          .slice(0, 1)
          .map((key) => ({ person, key })),
      );
      if (one !== undefined) noticed.push([why, await isNoticed(one.person, [one.key])]);
    }
    expect(noticed.length).toBeGreaterThan(3);
    expect(noticed).toEqual(noticed.map(([why]) => [why, true]));
  }, 60_000);
});
