/**
 * How the page tests open every page of the console: an address for each that has a parameter, and states that need more
 * than an address (errors, results). A page without an entry here fails `console-pages.test.ts`.
 */
import type { Page } from 'playwright-core';
import { contractOf, EMPTY_FORM } from '../../src/console/agreement-form.ts';
import { insertAlerts } from '../../src/store/models/oversight.ts';
import { agreement } from '../harness/directory.ts';
import { overseen } from '../harness/overseen.ts';
import { addColleague, browserOf, type Console, lookAround, NUMBER, REASON, UNKNOWN } from './console-world.ts';

/** Everything that pages can show: looks, alerts, a proposal, agreements, a file that waits for a second officer. */
export async function fillWorld(world: Console): Promise<void> {
  const { service } = world;
  await lookAround(world);
  await addColleague(world);
  const alert = { severity: 'high', mode: 'live', at: new Date().toISOString(), why: 'Break-glass was used' } as const;
  const about = { rule: 'A-01', party: 'PractitionerRole/hv-helen', patient: 'Patient/canaryfam' };
  await insertAlerts(
    service.pool,
    [1, 2, 3].map((seq) => ({ ...alert, ...about, seq })),
  );
  await service.pool.query(
    `insert into export_request (asked_by, asked_name, asked, what, title, reason, people)
     values ('PractitionerRole/ig-second', 'Ines Second', now(), '{}', 'Who?', 'A complaint', 60)`,
  );
  await service.pool.query(`insert into alert_rule_fault (rule, error) values ('A-12', 'TypeError')`);
  await service.load([{ ...contractOf(PAPER, null), id: 'paper' }]);
  await service.as('ig-officer').post('$propose?reason=New%20terms', { ...agreement(), title: 'Renewed' });
  await service.family('aisha');
  await service.as('midwife').get('Patient/aisha');
  await service.as('nursery-nurse').get('Patient/canaryfam');
  await overseen(service);
  // News withheld from its own addressee, as the pump records it.
  await service.pool.query(
    `insert into alert (reference, rule, severity, mode, at, seq, last_seq, party, patient, why)
     select 'AL-00000000A2', 'A-22', 'high', 'live', now(), seq, seq, '', '', 'Withheld' from audit_seal order by seq limit 1`,
  );
}

const year = new Date().getUTCFullYear() + 1;
const PAPER = {
  ...EMPTY_FORM,
  ...{ title: 'A paper with an end', first: 'Organization/maternity-service', second: 'Organization/hv-service' },
  ...{ what: ['plans'], label: 'R' as const, basis: 'As signed', retention: 'As signed' },
  from: { day: '1', month: '1', year: String(year) },
  until: { day: '31', month: '12', year: String(year) },
};

/** Addresses of pages with a parameter, by their path in the list of pages. */
export const EXAMPLES: Readonly<Record<string, (world: Console) => Promise<string>>> = {
  '/console/access-record/:look': async (world) => {
    const visitor = await officer(world);
    return inSession(visitor, await visitor.look());
  },
  '/console/cases/:look': async (world) => {
    const visitor = await officer(world);
    const form = { 'nhs-number': NUMBER, reason: REASON };
    return (await visitor.fill('/console/cases/open', '/console/cases/open', form)).address;
  },
  '/console/cases/:look/timeline': async (world) => {
    const visitor = await officer(world);
    return (await visitor.fill('/console/person', '/console/person', { who: 'nn-karl', reason: REASON })).address;
  },
  '/console/accesses/:look': (world) => firstLink(world, '/console/accesses', 'accesses'),
  '/console/agreements/:look': async () => '/console/agreements/paper',
  '/console/agreements/:look/change': async () => '/console/agreements/paper/change',
  '/console/proposals/:look': (world) => firstLink(world, '/console/proposals', 'proposals'),
  '/console/directory/import/:look': async (world) => {
    const visitor = await officer(world);
    const form = '/console/directory/add/people';
    const values = { staff_number: 'P77', family_name: 'Seven', given_name: 'Sia' };
    return inSession(visitor, await visitor.fill(form, form, values));
  },
  '/console/directory/add/:kind': async () => '/console/directory/add/roles',
  '/console/directory/entry/:kind/:look': async () => '/console/directory/entry/roles/hv-helen',
  '/console/directory/entry/:kind/:look/change': async ({ service }) => {
    const identifier = [{ system: 'https://tandem.example/fhir/Id/location', value: 'L1' }];
    await service.load([{ resourceType: 'Location', id: 'hub', status: 'active', name: 'Family hub', identifier }]);
    return '/console/directory/entry/locations/hub/change';
  },
  '/console/clients/:look': async () => '/console/clients/epr',
  '/console/open-work/:look': async () => '/console/open-work/mw-priya',
  '/console/samples/:look': async (world) => {
    const visitor = await officer(world);
    await visitor.fill('/console/samples', '/console/samples', { month: thisMonth() });
    return firstLink(world, '/console/samples', 'samples');
  },
  '/console/replays/:look': async (world) => {
    const visitor = await officer(world);
    const form = { kind: 'revoked', revoked: 'Contract/sharing', days: '3', reason: REASON };
    const { address } = await visitor.fill('/console/replays', '/console/replays', form);
    for (const end = Date.now() + 20_000; Date.now() < end; ) {
      if ((await visitor.get(address)).html.includes('requests decided again')) return address;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('the replay did not end');
  },
  '/console/subject-access/:look': (world) => collectedRequest(world),
  '/console/subject-access/:look/items': async (world) => `${await collectedRequest(world)}/items`,
  '/console/subject-access/:look/items/:item': async (world) => `${await collectedRequest(world)}/items/1`,
};

const REQUEST = '/console/subject-access/open';
const ASKED = {
  ...{ 'nhs-number': NUMBER, reason: REASON, asker: 'self', handover: 'On paper' },
  ...{ 'received[day]': '5', 'received[month]': '1', 'received[year]': '2026' },
};

/** A request for a record whose items are there. */
async function collectedRequest(world: Console): Promise<string> {
  const visitor = browserOf(world.origin);
  await visitor.signIn('sar-officer');
  const { address, html } = await visitor.fill(REQUEST, REQUEST, ASKED);
  const version = /name="version" value="(\d+)"/.exec(html)?.[1] ?? '';
  await visitor.fill(address, address, { act: 'verify', version, 'verify-words': 'Passport seen at the desk' });
  await visitor.fill(address, address, { act: 'collect', version });
  return address;
}

const thisMonth = (): string =>
  new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/London' }).format(new Date()).slice(0, 7);

async function officer(world: Console) {
  const visitor = browserOf(world.origin);
  await visitor.signIn('ig-officer');
  return visitor;
}

/** What hangs on a session is opened in that session: the address carries its cookie behind a #. */
function inSession(visitor: ReturnType<typeof browserOf>, { address }: { address: string }): string {
  return `${address}#${visitor.cookie()}`;
}

async function firstLink(world: Console, list: string, segment: string): Promise<string> {
  const { html } = await (await officer(world)).get(list);
  const [, found] = new RegExp(`href="(/console/${segment}/[^"/]+)"`).exec(html) ?? [];
  if (found === undefined) throw new Error(`${list} links to nothing`);
  return found;
}

export interface State {
  name: string;
  identity: string;
  /** Brings the page into the state. */
  reach: (page: Page, origin: string) => Promise<unknown>;
}

const press = async (page: Page, text: string): Promise<void> => {
  await page.click(`button:has-text("${text}")`);
  await page.waitForLoadState('load');
};
/** A case about the family, taken, with its accesses beside attendance. */
async function gatheredCase(page: Page, origin: string): Promise<void> {
  await page.goto(`${origin}/console/cases/open`);
  await page.fill('#nhs-number', NUMBER);
  await page.fill('#reason', REASON);
  await press(page, 'Open the case');
  await press(page, 'Take this case');
  await press(page, 'Gather the evidence');
}

const openDetails = (page: Page) =>
  page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })");

async function ask(page: Page, origin: string, number: string, reason: string): Promise<void> {
  await page.goto(`${origin}/console/access-record`);
  await page.fill('#nhs-number', number);
  await page.fill('#reason', reason);
  await press(page, 'Show who looked');
}

/** States beyond an address. */
export const STATES: readonly State[] = [
  ...sent('/console/access-record', 'Show who looked'),
  { name: 'nothing found', identity: 'ig-officer', reach: (page, origin) => ask(page, origin, UNKNOWN, REASON) },
  {
    name: 'a look, all opened, then with filter errors',
    identity: 'ig-officer',
    reach: async (page, origin) => {
      await ask(page, origin, NUMBER, REASON);
      await openDetails(page);
      await page.fill('#from-day', '31');
      await press(page, 'Update');
    },
  },
  ...sent('/console/named-lists', 'Show who is named'),
  {
    name: 'who is named, and naming with errors',
    identity: 'caldicott-guardian',
    reach: async (page, origin) => {
      await page.goto(`${origin}/console/named-lists`);
      await page.fill('#nhs-number', NUMBER);
      for (const [part, value] of [
        ['day', '5'],
        ['month', '4'],
        ['year', '1998'],
      ] as const)
        await page.fill(`#born-${part}`, value);
      await page.fill('#reason', REASON);
      await press(page, 'Show who is named');
      await press(page, 'Propose it');
    },
  },
  ...sent('/console/person', 'Open a case and look'),
  ...sent('/console/cases/open', 'Open the case'),
  {
    name: 'a case that is mine, with errors',
    identity: 'ig-officer',
    reach: async (page, origin) => {
      await page.goto(`${origin}/console/alerts`);
      await page.click('a:has-text("Open a case") >> nth=0');
      await page.fill('#reason', REASON);
      await press(page, 'Open the case');
      await press(page, 'Take this case');
      await press(page, 'Gather the evidence');
      await press(page, 'Record the decision');
    },
  },
  {
    name: 'accesses beside attendance, compared without a choice, with errors',
    identity: 'ig-officer',
    reach: async (page, origin) => {
      await gatheredCase(page, origin);
      await press(page, 'Record what you found');
    },
  },
  {
    name: 'what a Guardian sees of what was read',
    identity: 'caldicott-guardian',
    reach: async (page, origin) => {
      await gatheredCase(page, origin);
      // The newest access of the midwife is to a record of care.
      const [, record = ''] =
        /Priya[\s\S]*?Record (\d+)/.exec((await page.textContent('#evidence ~ form')) ?? '') ?? [];
      await page.fill('#record', record);
      await page.fill('#content-words', 'Whether this was relevant to her work');
      await press(page, 'Show what was read');
      if (!(await page.title()).startsWith(`What record ${record} shows`)) throw new Error('nothing was shown');
    },
  },
  {
    name: 'a question and its answer',
    identity: 'ig-officer',
    reach: async (page, origin) => {
      await page.goto(`${origin}/console/questions?question=timeline&who=Karl`);
      await openDetails(page);
    },
  },
  {
    name: 'a kept question',
    identity: 'ig-officer',
    reach: async (page, origin) => {
      await page.goto(`${origin}/console/questions?question=busy`);
      await openDetails(page);
      await page.fill('#name', 'Busy days');
      await press(page, 'Keep it');
      await page.goto(`${origin}/console/questions`);
    },
  },
  {
    name: 'samples with errors',
    identity: 'ig-officer',
    reach: async (page, origin) => {
      await page.goto(`${origin}/console/samples`);
      await page.fill('#month', '2026-1');
      await press(page, 'Draw');
    },
  },
  {
    name: 'a proof',
    identity: 'ig-officer',
    reach: async (page, origin) => {
      await page.goto(`${origin}/console/proof`);
      await press(page, 'Prove');
    },
  },
  at('a question with errors', '/console/questions?question=timeline&who=9990001006'),
  ...sent('/console/agreements/propose', 'Propose it'),
  ...sent('/console/agreements/paper', 'Revoke now'),
  ...sent('/console/simulator', 'Ask'),
  {
    name: 'a simulated decision',
    identity: 'caldicott-guardian',
    reach: async (page, origin) => {
      await page.goto(`${origin}/console/simulator`);
      await page.fill('#who', 'Helen');
      await page.fill('#what', NUMBER);
      await page.fill('#reason', REASON);
      await press(page, 'Ask');
    },
  },
  {
    name: 'an access to explain, with errors',
    identity: 'ig-officer',
    reach: async (page, origin) => {
      await page.goto(`${origin}/console/accesses`);
      await page.click('main td a >> nth=0');
      await press(page, 'Take it off the list');
    },
  },
  ...sent('/console/settings', 'Set them'),
  ...sent('/console/replays', 'Start the replay'),
  ...sent('/console/clients/register', 'Send to a second person'),
  ...sent('/console/clients/epr', 'End the client'),
  ...sent('/console/directory/import', 'See what would change'),
  ...sent('/console/directory/add/roles', 'See what would change'),
  ...sent('/console/cover', 'Continue').map((one) => ({ ...one, identity: 'admin' })),
  ...sent('/console/open-work/mw-priya', 'Hand it on').map((one) => ({ ...one, identity: 'midwife' })),
  ...sent(REQUEST, 'Open the request').map((one) => ({ ...one, identity: 'sar-officer' })),
  {
    name: 'a request for a record with errors',
    identity: 'sar-officer',
    reach: async (page, origin) => {
      await page.goto(origin + REQUEST);
      await page.check('input[name="asker"][value="self"]');
      await page.fill('#nhs-number', NUMBER);
      for (const [part, value] of Object.entries({ day: '6', month: '1', year: '2026' }))
        await page.fill(`#received-${part}`, value);
      await page.fill('#reason', REASON);
      await page.fill('#handover', 'On paper');
      await press(page, 'Open the request');
      await press(page, 'Record it');
      await openDetails(page);
    },
  },
  {
    name: 'an item of a request with errors',
    identity: 'sar-officer',
    reach: async (page, origin) => {
      await page.goto(`${origin}/console/subject-access`);
      await page.click('table a >> nth=0');
      await page.click('text=Look at the items');
      await page.click('h2 a >> nth=0');
      await press(page, 'Record the decision');
    },
  },
  at('confirm that it is you', '/console/again?to=/console/exports'),
  at('not found', '/console/nowhere'),
  { ...at('refused', '/console'), identity: 'midwife' },
];

/** The form of a page sent as it is: its errors. */
function sent(path: string, button: string): State[] {
  const reach = async (page: Page, origin: string) => {
    await page.goto(origin + path);
    await press(page, button);
  };
  return [{ name: `${path} with errors`, identity: 'ig-officer', reach }];
}

function at(name: string, path: string): State {
  return { name, identity: 'ig-officer', reach: (page, origin) => page.goto(origin + path) };
}
