/** The seed as data: the same every time, whole, valid, plainly invented, and what domain.md 7.3 asks for. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { families } from '../../../seed/index.ts';
import { SPECIALS } from '../../../seed/specials/index.ts';
import { gestationDays } from '../../../src/care/clock.ts';
import { REFERRAL } from '../../../src/care/states.ts';
import { isNhsNumber, NHS_NUMBER } from '../../../src/fhir/identifiers.ts';
import { londonDate } from '../../../src/fhir/london.ts';
import { parseReference } from '../../../src/fhir/references.ts';
import { DEMO_IDENTITIES } from '../../../src/identity/identities.ts';
import { testDefinitions } from '../definitions/cache.ts';
import { actors, codes, freshSeedOf, inside, list, ofType, seedOf, strings, text } from './reading.ts';

/** A week of starts, both changes of clocks, a leap day, a turn of the year. */
const DAYS = [
  ...['2026-11-23', '2026-11-24', '2026-11-25', '2026-11-26', '2026-11-27', '2026-11-28', '2026-11-29'],
  ...['2026-03-28', '2026-03-29', '2026-10-24', '2026-10-25', '2028-02-29', '2026-12-31'],
];
const DAY = '2026-11-23';
const seed = seedOf(DAY);

describe('the seed', () => {
  test('is the same each time, and its addresses do not depend on the day', () => {
    expect(JSON.stringify([...freshSeedOf(DAY)])).toBe(JSON.stringify([...seed]));
    // Free times bear their date, and a new birth visit has been held or not by the day of the week.
    const dated = (one: string) => /^Slot\/.*-\d{4}-\d\d-\d\d$|-new-birth-visit$/.test(one);
    const stable = [...seed.keys()].filter((one) => !dated(one));
    for (const day of DAYS) expect([...seedOf(day).keys()].filter((one) => !dated(one))).toEqual(stable);
  });

  test('its people are known to the sign-in by numbers of their own, the demo identities by theirs', () => {
    const numbers = new Map(
      ofType(seed, 'Practitioner').map((one) => [String(one.id), text(list(one.identifier)[0]?.value)]),
    );
    expect(new Set(numbers.values()).size).toBe(numbers.size);
    for (const { subject, userId } of DEMO_IDENTITIES.values())
      if (userId !== null) expect([subject, numbers.get(subject)]).toEqual([subject, userId]);
  });

  test('has 360 families in ten areas, with the special ones told in its README', () => {
    expect([...families(DAY)]).toHaveLength(361);
    expect(ofType(seed, 'Group')).toHaveLength(360);
    const file = readFileSync(new URL('../../../seed/README.md', import.meta.url), 'utf8');
    const readme = file.replaceAll(/ +/g, ' ');
    for (const { id, shows } of SPECIALS) expect(readme).toContain(`| \`${id}\` | ${shows} |`);
    const areas = new Set(ofType(seed, 'Encounter').flatMap((one) => strings(one.location, 'reference')));
    expect([...areas].filter((one) => one.startsWith('Location/area-'))).toHaveLength(10);
  });

  test('numbers its special families as they are named', () => {
    expect(SPECIALS.map((one) => one.id)).toEqual([
      'aisha',
      ...Array.from({ length: 38 }, (_v, n) => `fam-${String(n + 1).padStart(3, '0')}`),
    ]);
  });

  test('leads nowhere with none of its references', () => {
    const lost = [...seed.values()].flatMap((one) =>
      strings(one, 'reference')
        .filter((to) => parseReference(to)?.kind === 'local' && !seed.has(to.split('/_history/')[0] ?? ''))
        .map((to) => `${one.resourceType}/${one.id} -> ${to}`),
    );
    expect(lost).toEqual([]);
  });

  test('holds nothing the validator refuses', async () => {
    const definitions = await testDefinitions();
    const faults = [...seed.values()].flatMap((one) =>
      definitions
        .validate(one)
        .filter((issue) => issue.severity === 'error' || issue.severity === 'fatal')
        .map((issue) => `${one.resourceType}/${one.id} ${issue.expression}: ${issue.diagnostics}`),
    );
    expect(faults).toEqual([]);
  });
});

describe('people are plainly invented', () => {
  test('NHS numbers are of the test range, right, and one person’s', () => {
    const numbers = ofType(seed, 'Patient').flatMap((one) =>
      list(one.identifier).flatMap((id) => (id.system === NHS_NUMBER ? [text(id.value)] : [])),
    );
    expect(numbers.length).toBeGreaterThan(360);
    for (const number of numbers)
      expect([number, isNhsNumber(number), number.startsWith('999')]).toEqual([number, true, true]);
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  test('phones and postcodes belong to nobody', () => {
    const all = [...seed.values()];
    const phones = all.flatMap((one) => list(one.telecom).map((telecom) => text(telecom.value)));
    for (const phone of phones) expect(phone).toMatch(/^(07700 900\d{3}|01632 960\d{3})$/);
    for (const code of all.flatMap((one) => strings(one.address, 'postalCode')))
      expect(code).toMatch(/^ZZ\d+ \d[A-Z]{2}$/);
  });

  test('nothing carries HTEST: that is for training', () => {
    expect([...seed.values()].filter((one) => strings(one.meta, 'code').includes('HTEST'))).toEqual([]);
  });

  test('ids say nothing about a family', () => {
    const words = /terminat|loss|abuse|safeguard|demise|objection/i;
    const known = [...seed.keys()].filter((one) => words.test(one));
    // Only readers of R, or of the refusal itself, meet these.
    expect(known.toSorted()).toEqual([
      'Consent/fam-010-objection',
      'Flag/fam-021-safeguarding',
      'Flag/fam-034-safeguarding',
    ]);
  });
});

describe('what domain.md 7.3 asks for', () => {
  const joint = ofType(seed, 'Encounter').filter(
    (one) => strings(one.extension, 'code').includes('joint-complete') && one.status === 'finished',
  );

  test('23 people are trained', () => {
    expect(ofType(seed, 'Practitioner').filter((one) => list(one.qualification).length > 0)).toHaveLength(23);
  });

  test('13 joint visits are finished, in the pilot, each inside its window on any day of the year', () => {
    expect(joint).toHaveLength(13);
    for (const visit of joint) {
      expect(text(inside(list(visit.location)[0]?.location, 'reference'))).toMatch(
        /area-(adswood|brinnington|offerton)$/,
      );
    }
    for (const day of DAYS) {
      const of = seedOf(day);
      for (const visit of ofType(of, 'Encounter').filter((one) => codes(one.type).includes('joint-visit'))) {
        const family = text(visit.id).replace('-visit', '');
        if (family === 'fam-025') continue; // its EDD was moved on purpose
        const date = londonDate(text(inside(of.get(`Appointment/${visit.id}`), 'start')));
        const edd = text(of.get(`Observation/${family}-edd-scan`)?.valueDateTime);
        const gestation = gestationDays(edd, date);
        expect([day, family, gestation >= 140 && gestation <= 181]).toEqual([day, family, true]);
      }
    }
  });

  test('every state of a referral is there, held ones before 12+0 only', () => {
    const tasks = ofType(seed, 'Task').filter((one) => codes(one.code).includes('triage-referral'));
    expect(new Set(tasks.flatMap((one) => codes(one.businessStatus)))).toEqual(new Set(Object.keys(REFERRAL)));
    for (const task of tasks.filter((one) => codes(one.businessStatus).includes('held'))) {
      const family = text(task.id).replace('-referral', '');
      expect(seed.has(`Observation/${family}-edd-scan`)).toBe(false);
      expect(gestationDays(text(seed.get(`Observation/${family}-edd-lmp`)?.valueDateTime), DAY)).toBeLessThan(84);
    }
  });

  test('the split of the 45 is called illustrative', () => {
    const goals = list(seed.get('PlanDefinition/joint-visit-pilot')?.goal).map((one) =>
      text(inside(one.description, 'text')),
    );
    expect(goals[0]).toContain('45');
    expect(goals.slice(1)).toHaveLength(3);
    for (const goal of goals.slice(1)) expect(goal).toContain('illustrative');
  });

  test('nobody is in two places at once, on any day of the year', () => {
    for (const day of DAYS) {
      const taken = new Map<string, [from: number, to: number, id: string][]>();
      for (const one of ofType(seedOf(day), 'Appointment')) {
        if (!['pending', 'booked', 'arrived'].includes(text(one.status))) continue;
        for (const who of actors(one).filter((actor) => actor.startsWith('PractitionerRole/'))) {
          const times = taken.get(who) ?? [];
          const time: [number, number, string] = [Date.parse(text(one.start)), Date.parse(text(one.end)), text(one.id)];
          expect([day, who, times.find(([from, to]) => from < time[1] && to > time[0])]).toEqual([day, who, undefined]);
          taken.set(who, [...times, time]);
        }
      }
    }
  });

  test('one night in the diary is not as long as its clock times say', () => {
    const slot = seed.get('Slot/clock-change');
    const hours = (Date.parse(text(slot?.end)) - Date.parse(text(slot?.start))) / 3_600_000;
    expect([9, 11]).toContain(hours);
  });
});
