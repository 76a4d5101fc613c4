/** The simulator and the replay as pages (6.7 item 11): every step in words, no content, and what would have changed. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Resource } from '../../src/fhir/types.ts';
import { agreement } from '../harness/directory.ts';
import { overseen } from '../harness/overseen.ts';
import { browserOf, CANARIES, type Console, lookAround, NUMBER, openConsole, trail, wordsOf } from './console-world.ts';

let world: Console;
beforeAll(async () => {
  world = await openConsole();
  await lookAround(world);
  await world.service.as('health-visitor').get('Patient/canaryfam');
  await overseen(world.service);
}, 60_000);
afterAll(() => world.service.close());

const WHY = 'A complaint asks who could have seen it';

async function as(identity: string) {
  const visitor = browserOf(world.origin);
  await visitor.signIn(identity);
  return { ...visitor, send: (path: string, form: Record<string, string>) => visitor.fill(path, path, form) };
}

describe('would this person see this, and why', () => {
  test('by NHS number and by record, with gate, row rules and masks in words, and nothing of the family', async () => {
    const imran = await as('ig-officer');
    const yes = await imran.send('/console/simulator', { who: 'Helen', what: NUMBER, type: 'Patient', reason: WHY });
    const words = wordsOf(yes.html);
    expect(words).toContain('They would see it');
    expect(words).toMatch(/Gate ✓ Who asks.*R-02: A purpose is stated/);
    expect(words).toContain('Row rule ✓ Own service, or an agreement that covers it');
    const no = wordsOf(
      (await imran.send('/console/simulator', { who: 'hv-none', what: NUMBER, reason: WHY, action: 'read' })).html,
    );
    expect(no).toContain('✗ A relationship of care with the family');
    expect(no).toContain('No current relationship of care with the family');
    for (const canary of CANARIES.filter((one) => one !== 'canaryfam')) expect(words + no).not.toContain(canary);
    expect((await trail(world.service, '$simulate; reason: A complaint'))[0]?.patients).toEqual(['Patient/canaryfam']);
  });

  test.each<[string, Record<string, string>, string]>([
    ['nobody of the name', { who: 'Nobodyhere', what: NUMBER }, 'knows nobody of this name'],
    ['several people', { who: 'Fixture', what: NUMBER }, 'Say which one'],
    ['no such record', { who: 'Helen', what: 'CarePlan/none' }, 'There is no such resource'],
    ['neither number nor record', { who: 'Helen', what: 'the usual one' }, 'Enter an NHS number'],
    ['a purpose not of the role', { who: 'Helen', what: NUMBER, purpose: 'HSYSADMIN' }, 'They would not see it'],
  ])('%s', async (_, form, words) => {
    const page = await (await as('caldicott-guardian')).send('/console/simulator', { reason: WHY, ...form });
    expect(wordsOf(page.html)).toContain(words);
  });

  test('nobody but officers and Guardians', async () => {
    for (const path of ['/console/simulator', '/console/replays'])
      expect((await (await as('midwife')).get(path)).status).toBe(403);
  });
});

describe('replay', () => {
  async function replay(form: Record<string, string>) {
    const imran = await as('ig-officer');
    const started = await imran.send('/console/replays', { days: '7', reason: WHY, ...form });
    expect(started.address).toMatch(/^\/console\/replays\/[^?]+$/);
    for (const end = Date.now() + 20_000; Date.now() < end; ) {
      const words = wordsOf((await imran.get(started.address)).html);
      if (words.includes('requests decided again') && !words.includes('It goes on')) return words;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('the replay did not end');
  }

  async function proposed(paper: Resource): Promise<string> {
    const reply = await world.service.as('ig-officer').post('$propose?reason=What%20is%20shared', paper);
    expect(reply.status).toBe(202);
    return /"valueString":"([^"]+)"/.exec(reply.text)?.[1] ?? '';
  }

  test('against the rules as they are nothing changes, and what was decided then is decided now', async () => {
    const words = await replay({ kind: 'rules', grace: '14', lapse: '28' });
    expect(words).toContain('0 would have been answered otherwise');
    expect(words).toContain('Nothing. Every recorded request would have been answered as it is answered now.');
    const [, asThen, rows] = / (\d+) of the (\d+) records are decided today as they were then/.exec(words) ?? [];
    expect([Number(rows) > 0, asThen]).toEqual([true, rows]);
  });

  test('without the agreement: the other service would have been refused, counted by service, role and kind', async () => {
    const words = await replay({ kind: 'revoked', revoked: 'Contract/sharing' });
    expect(words).toMatch(
      /Would be refused Recorded by Community midwifery service Asked by Health visiting service Role Health visitor or family nurse Kind personal/,
    );
    expect(words).toContain('Asked by Health visiting service Role System');
    expect(words).not.toContain('Role Community midwife');
    for (const canary of CANARIES) expect(words).not.toContain(canary);
  });

  test('under a proposal that shares less, and with a kind of record closed to a role', async () => {
    const aboutPeople = /\{"coding":\[\{"system":"[^"]+","code":"(?:Patient|RelatedPerson|Group)"\}\]\},/g;
    const terms = JSON.stringify(agreement().term).replace(aboutPeople, '');
    const less = { ...agreement(), title: 'Less', term: JSON.parse(terms) };
    // Another title too: two persons decide.
    const pending = await proposed(less);
    expect(await replay({ kind: 'proposal', proposal: pending })).toContain(
      'Would be refused Recorded by Community midwifery service Asked by Health visiting',
    );
    const closed = await replay({ kind: 'rules', role: 'midwife', 'no-demographics': 'yes' });
    expect(closed).toContain('Asked by Community midwifery service Role Community midwife');
    expect(closed).not.toContain('Role Health visitor');
  });

  test('searches are asked again: what a wider agreement would let them find, and a narrower one no more', async () => {
    // Nothing of maternity is shared: the health visitor's lists are empty, and only who searched and what is recorded.
    const { service } = world;
    await service.load([agreement({ status: 'revoked' })]);
    for (const [who, path] of [
      ['health-visitor', 'Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|9990001006'],
      ['health-visitor', 'Observation?subject:Patient.name=Kanarienvogel'],
      ['hv-system', 'Patient/canaryfam/Observation?status=final'],
      ['nursery-nurse', 'Patient?name=Kanarienvogel'],
    ] as const)
      expect((await service.as(who).get(path)).json.entry ?? []).toEqual([]);
    await overseen(service);
    const pending = await proposed({ ...agreement(), title: 'All of it again' });
    const more = await replay({ kind: 'proposal', proposal: pending });
    const pair = 'Recorded by Community midwifery service Asked by Health visiting service';
    expect(more).toMatch(
      new RegExp(`Would be found by a search ${pair} Role Health visitor or family nurse Kind personal`),
    );
    expect(more).toMatch(new RegExp(`Would be found by a search ${pair} Role System`));
    // Through a chain, where the family's own record decides too.
    expect(more).toMatch(
      new RegExp(`Would be found by a search ${pair} Role Health visitor or family nurse Kind preg`),
    );
    for (const canary of CANARIES) expect(more).not.toContain(canary);
    await service.load([agreement()]);
    const less = await replay({ kind: 'revoked', revoked: 'Contract/sharing' });
    expect(less).toMatch(new RegExp(`Would no longer be found by a search ${pair} Role Health visitor`));
    const ties = await replay({ kind: 'rules', 'without-task': 'yes', role: 'health-visitor', ceiling: 'N' });
    expect(ties).toContain('searches asked again');
  });

  test.each<[string, Record<string, string>, string]>([
    ['too many days', { kind: 'rules', grace: '3', days: '91' }, 'Days must be a number from 1 to 90'],
    ['nothing to change', { kind: 'rules', days: '7' }, 'Change at least one rule'],
    ['a role alone', { kind: 'rules', role: 'midwife', days: '7' }, 'Select both a role and what it would see'],
    ['a kind alone', { kind: 'rules', 'no-plan': 'yes', days: '7' }, 'Select both a role and what it would see'],
    [
      'closed and opened at once',
      { kind: 'rules', role: 'midwife', 'no-plan': 'yes', 'also-plan': 'yes', days: '7' },
      'once only: closed, or opened',
    ],
    ['no such proposal', { kind: 'proposal', proposal: 'x', days: '7' }, 'Select a proposal'],
    ['no such agreement', { kind: 'revoked', revoked: 'Contract/x', days: '7' }, 'Select an agreement'],
  ])('refused: %s', async (_, form, words) => {
    const page = await (await as('ig-officer')).send('/console/replays', { reason: WHY, ...form });
    expect([page.status, wordsOf(page.html).includes(words)]).toEqual([422, true]);
  });
});
