/** Alerts and accesses become cases (domain.md 6.6): who may, what may follow what, two people where it hurts, no family outside. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { brokenLine, type CaseLine, lineHash, refusalOf, workingDaysAfter } from '../../src/audit/case-rules.ts';
import { askAccessRecord } from '../../src/oversight/ask-access-record.ts';
import { caseContent } from '../../src/oversight/case-content.ts';
import { openCase, readCase, stepCase } from '../../src/oversight/cases.ts';
import { explain, readReviews } from '../../src/oversight/desk-work.ts';
import { readAlerts, readCases, readMarked } from '../../src/oversight/officer-desk.ts';
import { askQuestion, QUESTIONS } from '../../src/oversight/questions.ts';
import { readToday } from '../../src/oversight/today.ts';
import { readAuditEvent, searchAuditEvents } from '../../src/record/audit-events.ts';
import { keepOwnNumber } from '../../src/record/own-interest.ts';
import { insertAlerts } from '../../src/store/models/oversight.ts';
import { openPool } from '../../src/store/pool.ts';
import { overseen } from '../harness/overseen.ts';
import {
  addColleague,
  browserOf,
  CANARIES,
  type Console,
  colleague,
  lookAround,
  NUMBER,
  openConsole,
  REASON,
  trail,
  wordsOf,
} from './console-world.ts';

let world: Console;
beforeAll(async () => {
  world = await openConsole();
  await lookAround(world);
  await addColleague(world);
  await addColleague(world, 'cg-shah', 'Dr Shah', 'Caldicott Guardian');
  await addColleague(world, 'cg-imran', 'Imran', 'Caldicott Guardian', 'Practitioner/ig-imran');
  await addColleague(world, 'mw-imran', 'Imran', 'Midwife', 'Practitioner/ig-imran');
  await overseen(world.service);
}, 60_000);
afterAll(() => world.service.close());

const PRINTED = '999 000 1006';

async function officer() {
  const visitor = browserOf(world.origin);
  await visitor.signIn('ig-officer');
  return visitor;
}

async function alertAbout(party: string, seq: number): Promise<string> {
  const at = new Date().toISOString();
  const alert = {
    rule: 'A-01',
    severity: 'high',
    mode: 'live' as const,
    at,
    seq,
    party,
    patient: 'Patient/canaryfam',
    why: 'Break-glass was used',
  };
  const [made] = await insertAlerts(world.service.pool, [alert]);
  if (made === undefined) throw new Error('no alert was made');
  return made.reference;
}

const versionIn = (html: string): string => /name="version" value="(\d+)"/.exec(html)?.[1] ?? '0';

describe('the desk', () => {
  test('is for officers: everyone else is refused, and recorded', async () => {
    const midwife = browserOf(world.origin);
    await midwife.signIn('midwife');
    for (const path of [
      '/console/alerts',
      '/console/accesses',
      '/console/cases',
      '/console/cases/open',
      '/console/cases/CASE-1',
    ]) {
      expect([path, (await midwife.get(path)).status]).toEqual([path, 403]);
    }
    const refused = (await trail(world.service, 'case-read')).map(({ body }) => JSON.parse(body));
    expect(refused[0]).toMatchObject({ outcome: 4, status: 403, rules: ['R-26'] });
  });

  test('shows who and when, and no family: no number, name, id or content', async () => {
    const imran = await officer();
    await alertAbout('PractitionerRole/hv-helen', 9_001);
    for (const path of [
      '/console',
      '/console/alerts',
      '/console/alerts?mode=observe',
      '/console/accesses',
      '/console/accesses?kind=R',
      '/console/cases',
      '/console/cases/open',
    ]) {
      const page = await imran.get(path);
      expect([path, page.status]).toEqual([path, 200]);
      // The hint of the form shows a number of the same shape.
      for (const canary of [...CANARIES, NUMBER, ...(path.endsWith('open') ? [] : [PRINTED])])
        expect([path, page.html.includes(canary)]).toEqual([path, false]);
    }
    const accesses = wordsOf((await imran.get('/console/accesses')).html);
    expect(accesses).toContain('Karl');
    expect(accesses).not.toContain('Priya');
    expect(wordsOf((await imran.get('/console/alerts')).html)).toContain('Break-glass was used');
    expect(wordsOf((await imran.get('/console/alerts')).html)).toContain('A-15');
  });
});

describe('a case', () => {
  test('from an unexplained access to a close by two people, every step in log and trail', async () => {
    const imran = await officer();
    const list = await imran.get('/console/accesses');
    const [, link = ''] = /href="(\/console\/cases\/open\?access=\d+)"/.exec(list.html) ?? [];
    const access = new URLSearchParams(link.split('?')[1]).get('access') ?? '';
    expect((await imran.fill(link, '/console/cases/open', { access, reason: 'short' })).status).toBe(422);
    const opened = await imran.fill(link, '/console/cases/open', { access, reason: REASON });
    expect([opened.status, opened.address.slice(0, 20)]).toEqual([200, '/console/cases/CASE-']);
    // Identity is visible from here on, content is not.
    expect(wordsOf(opened.html)).toContain(PRINTED);
    expect(wordsOf(opened.html)).toContain('Karl');
    for (const canary of CANARIES) expect([canary, opened.html.includes(canary)]).toEqual([canary, false]);
    expect(opened.html).not.toContain('What do you decide?');
    const reference = opened.address.split('/').at(-1) ?? '';

    const step = async (act: string, more: Record<string, string> = {}) => {
      const page = await imran.get(opened.address);
      return imran.fill(opened.address, opened.address, { act, version: versionIn(page.html), ...more });
    };
    expect(
      (await step('decide', { outcome: 'inappropriate', 'decide-words': 'Nothing explains this access.' })).status,
    ).toBe(409);
    expect((await step('assign')).status).toBe(200);
    const early = { outcome: 'inappropriate', 'decide-words': 'Nothing explains this access.' };
    // Nobody decides, asks or acts before anything was gathered.
    expect((await step('decide', early)).status).toBe(409);
    expect((await step('ask', { 'ask-words': 'Please say what the work was.' })).status).toBe(409);
    expect((await step('hr', { 'hr-words': 'Told' })).status).toBe(409);
    const gathered = await step('gather');
    expect(wordsOf(gathered.html)).toMatch(/Accesses beside attendance .* Karl [^.]*By team alone: /);
    expect(wordsOf(gathered.html)).toContain('a record was opened under your name');
    for (const canary of CANARIES) expect([canary, gathered.html.includes(canary)]).toEqual([canary, false]);
    const asked = await step('ask', {
      'ask-words': 'Please say what the work was, and who asked for it.',
      to: 'manager',
    });
    expect(wordsOf(asked.html)).toContain('To the manager: Please say what the work was');
    expect((await step('answer', { 'answer-words': 'Nobody asked for it.' })).status).toBe(200);
    const numbered = await step('note', { 'note-words': `It was ${PRINTED}` });
    expect([numbered.status, wordsOf(numbered.html).includes('long number')]).toEqual([422, true]);
    const stale = await imran.fill(opened.address, opened.address, {
      act: 'note',
      version: '1',
      'note-words': 'Too late',
    });
    expect(stale.status).toBe(409);
    expect((await step('note', { 'note-words': '<b>No appointment</b> in the diary' })).html).toContain(
      '&lt;b&gt;No appointment',
    );
    expect((await step('decide', { outcome: 'fine', 'decide-words': 'Nothing explains this access.' })).status).toBe(
      422,
    );
    const decided = await step('decide', { outcome: 'inappropriate', 'decide-words': 'Nothing explains this access.' });
    expect([decided.status, wordsOf(decided.html).includes('ICO')]).toEqual([200, true]);
    expect(wordsOf(decided.html)).toContain('Record first whether the ICO is told');
    expect((await step('close')).status).toBe(409);
    // Taken away, it holds from the very next request on.
    const karl = world.service.as('nursery-nurse');
    expect((await karl.get('Patient/canaryfam')).status).toBe(200);
    expect((await step('revoke', { 'revoke-words': 'Nothing explains the access.' })).status).toBe(200);
    expect((await karl.get('Patient/canaryfam')).status).toBe(403);
    expect((await world.service.as('midwife').get('Patient/canaryfam')).status).toBe(200);
    await step('hr', { 'hr-words': 'HR-2031' });
    await step('inform', { 'inform-words': 'Told by letter' });
    await step('datix', { 'datix-words': 'W-12' });
    const told = await step('ico', { 'ico-words': 'Told, reference ICO-1, within the 72 hours.' });
    expect(wordsOf(told.html)).toMatch(/Decide on telling the ICO by .*: it is decided/);
    expect(wordsOf(told.html)).toContain('A second person closes');
    expect((await step('close')).status).toBe(409);

    const { door } = world.service.app;
    const second = await colleague(world);
    const seen = await readCase(door, second, reference);
    const close = { act: 'close' as const, words: '', outcome: null, version: seen.file.version };
    // The same human under another role is no second person.
    const alike = await colleague(world, 'cg-imran');
    await expect(stepCase(door, alike, reference, close)).rejects.toMatchObject({ status: 409 });
    const both = await Promise.allSettled([
      stepCase(door, second, reference, close),
      stepCase(door, second, reference, close),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const closed = await readCase(door, second, reference);
    expect(closed.file).toMatchObject({ state: 'closed', outcome: 'inappropriate' });
    expect(closed.lines.map(({ kind }) => kind)).toEqual([
      ...['open', 'assign', 'gather', 'ask', 'answer', 'note', 'evidence', 'decide'],
      ...['revoke', 'hr', 'inform', 'datix', 'ico', 'close'],
    ]);
    expect(closed.evidence?.isWhole).toBe(true);
    expect(closed.broken).toBeNull();
    const recorded = (await trail(world.service, 'case-')).map(({ body, patients }) => ({
      ...JSON.parse(body),
      patients,
    }));
    for (const act of ['open', 'assign', 'gather', 'ask', 'note', 'decide', 'revoke', 'ico', 'close']) {
      const found = recorded.find((one) => one.detail === `case-${act} ${reference}` && one.outcome === 0);
      expect([act, found?.patients.includes('Patient/canaryfam')]).toEqual([act, true]);
    }
    for (const address of imran.addresses) expect(address).not.toMatch(/9990001006|canaryfam/);
  });

  test('by NHS number; its log cannot be changed without showing it', async () => {
    const imran = await officer();
    const unknown = { 'nhs-number': '9990001138', reason: REASON };
    expect((await imran.fill('/console/cases/open', '/console/cases/open', unknown)).status).toBe(404);
    const opened = await imran.fill('/console/cases/open', '/console/cases/open', {
      'nhs-number': NUMBER,
      reason: REASON,
    });
    expect(opened.status).toBe(200);
    const look = await imran.fill(opened.address, opened.address, { act: 'look', number: NUMBER });
    expect([look.status, look.address.slice(0, 23)]).toEqual([200, '/console/access-record/']);
    const reference = opened.address.split('/').at(-1);
    await expect(world.service.pool.query(`update case_line set words = 'x'`)).rejects.toMatchObject({ code: '42501' });
    const owner = openPool(world.service.database.ownerUrl, 1);
    await expect(owner.query(`delete from case_line`)).rejects.toMatchObject({ code: 'TDA01' });
    await owner.query('alter table case_line disable trigger user');
    await owner.query(
      `update case_line set words = 'another reason' where n = 1 and case_id = (select id from case_file where reference = $1)`,
      [reference],
    );
    await owner.query('alter table case_line enable trigger user');
    await owner.end();
    expect(wordsOf((await imran.get(opened.address)).html)).toContain('changed at line 1');
  });

  test('a Caldicott Guardian sees what was read when the decision needs it, inside the case alone (R-26)', async () => {
    const imran = await officer();
    const { door } = world.service.app;
    const opened = await imran.fill('/console/cases/open', '/console/cases/open', {
      'nhs-number': NUMBER,
      reason: REASON,
    });
    const reference = opened.address.split('/').at(-1) ?? '';
    const { rows } = await world.service.pool.query<{ seq: number }>(
      `select s.seq from audit_seal s join audit a on a.xid = s.xid and a.id = s.id
       where position('"AllergyIntolerance/canaryfam-penicillinrash/_history/' in a.body) > 0 and s.interaction = 'read' limit 1`,
    );
    const record = rows[0]?.seq ?? 0;
    const asked = { record, words: 'Whether the record was relevant to her work' };
    const guardian = await colleague(world, 'cg-shah');
    await expect(caseContent(door, guardian, reference, asked)).rejects.toMatchObject({ status: 409 });
    const seen = await readCase(door, guardian, reference);
    await stepCase(door, guardian, reference, { act: 'assign', words: '', outcome: null, version: seen.file.version });
    await expect(caseContent(door, await colleague(world), reference, asked)).rejects.toMatchObject({ status: 403 });
    const [shown] = await caseContent(door, guardian, reference, asked);
    expect([shown?.type, shown?.text.includes('penicillinrash')]).toEqual(['AllergyIntolerance', true]);
    const after = await readCase(door, guardian, reference);
    expect(after.lines.at(-1)).toMatchObject({ kind: 'content', byName: expect.stringContaining('Shah') });
    expect(JSON.stringify(after.lines)).not.toContain('penicillinrash');
    const [row] = (await trail(world.service, `case-content ${reference}`)).map(({ body, patients }) => ({
      ...JSON.parse(body),
      patients,
    }));
    expect(row).toMatchObject({ outcome: 0, patients: ['Patient/canaryfam'] });
    expect(row.entities[0]).toContain('AllergyIntolerance/');
    // Not another family's, and not what is very restricted.
    await world.service.family('elsewhere');
    await world.service.as('midwife').get('Patient/elsewhere');
    await overseen(world.service);
    const other = await world.service.pool.query<{ seq: number }>(
      `select max(s.seq) as seq from audit_seal s join audit a on a.xid = s.xid and a.id = s.id
       where 'Patient/elsewhere' = any (a.patients) and s.interaction = 'read'`,
    );
    const strange = { ...asked, record: other.rows[0]?.seq ?? 0 };
    await expect(caseContent(door, guardian, reference, strange)).rejects.toMatchObject({ status: 404 });
    await world.service.pool.query(`select 1`);
    expect(
      (
        await imran.fill(opened.address, `${opened.address}/content`, {
          record: String(record),
          'content-words': asked.words,
        })
      ).status,
    ).toBe(403);
  });

  test('about the officer’s own access is a colleague’s: not opened, not listed, not read', async () => {
    const imran = await officer();
    const own = await alertAbout('PractitionerRole/ig-imran', 9_002);
    expect((await imran.get('/console/alerts')).html).not.toContain(own);
    expect(
      (await imran.fill('/console/cases/open', '/console/cases/open', { alert: own, reason: REASON })).status,
    ).toBe(403);
    const other = await alertAbout('PractitionerRole/hv-helen', 9_003);
    const page = await imran.fill('/console/cases/open', '/console/cases/open', { alert: other, reason: REASON });
    expect(wordsOf(page.html)).toContain('Helen');
    // One alert, one case.
    expect(
      (await imran.fill('/console/cases/open', '/console/cases/open', { alert: other, reason: REASON })).status,
    ).toBe(404);
    await world.service.pool.query(
      `update case_file set parties = array['PractitionerRole/ig-imran'] where reference = $1`,
      [page.address.split('/').at(-1)],
    );
    expect((await imran.get(page.address)).status).toBe(403);
    expect((await imran.get('/console/cases')).html).not.toContain(page.address);
  });
});

describe('the rules alone', () => {
  const open = {
    state: 'new' as const,
    outcome: null,
    parties: [],
    decidedBy: null,
    twoNeeded: false,
    done: ['ico' as const],
  };
  test('order, conflicts, two people', () => {
    expect(refusalOf('decide', open, new Set(['a']))).not.toBeNull();
    expect(refusalOf('decide', { ...open, state: 'assigned' }, new Set(['a']))).not.toBeNull();
    expect(refusalOf('decide', { ...open, state: 'gathering' }, new Set(['a']))).toBeNull();
    expect(refusalOf('hr', { ...open, state: 'asked' }, new Set(['a']))).not.toBeNull();
    expect(refusalOf('breach', { ...open, state: 'asked', done: ['breach'] }, new Set(['a']))).toMatch(/already/);
    expect(refusalOf('note', { ...open, parties: ['a'] }, new Set(['a']))).toMatch(/own access/);
    expect(refusalOf('explain', { ...open, twoNeeded: true }, new Set(['a']))).toMatch(/team lead/);
    const decided = { ...open, state: 'decided' as const, decidedBy: 'a' };
    expect(refusalOf('close', { ...decided, outcome: 'appropriate' }, new Set(['a']))).toBeNull();
    expect(refusalOf('close', { ...decided, outcome: 'malicious' }, new Set(['a']))).toMatch(/second person/);
    expect(refusalOf('close', { ...decided, outcome: 'malicious' }, new Set(['b']))).toBeNull();
    expect(refusalOf('close', { ...decided, outcome: 'malicious', done: [] }, new Set(['b']))).toMatch(/ICO/);
    expect(refusalOf('close', { ...decided, outcome: 'appropriate', done: ['breach'] }, new Set(['b']))).toMatch(/ICO/);
    expect(refusalOf('close', { ...decided, outcome: 'appropriate', twoNeeded: true }, new Set(['a']))).toMatch(
      /second person/,
    );
    expect(refusalOf('note', { ...open, state: 'closed' }, new Set(['a']))).toMatch(/closed/);
  });

  test('five working days pass over weekends, by London’s calendar', () => {
    expect(workingDaysAfter(new Date('2026-11-23T09:00:00Z'), 5)).toBe('2026-11-30');
    expect(workingDaysAfter(new Date('2026-11-27T23:30:00Z'), 5)).toBe('2026-12-04');
    expect(workingDaysAfter(new Date('2026-11-28T12:00:00Z'), 5)).toBe('2026-12-04');
    // Already the 1st in London, still the 31st in UTC.
    expect(workingDaysAfter(new Date('2026-03-31T23:30:00Z'), 1)).toBe('2026-04-02');
  });

  test('a changed, missing or swapped line is named', () => {
    const lines: (CaseLine & { hash: string })[] = [];
    for (let n = 1; n <= 4; n += 1) {
      const line: CaseLine = {
        n,
        at: '2026-11-28T10:00:00.000Z',
        byParty: 'a',
        byName: 'A',
        kind: 'note',
        words: `word ${n}`,
      };
      lines.push({ ...line, hash: lineHash(lines.at(-1)?.hash ?? '', line) });
    }
    expect(brokenLine(lines)).toBeNull();
    expect(brokenLine(lines.map((one) => (one.n === 3 ? { ...one, words: 'other' } : one)))).toBe(3);
    expect(brokenLine(lines.filter(({ n }) => n !== 2))).toBe(2);
    expect(brokenLine(lines.map((one) => (one.n === 2 ? { ...one, byName: 'B' } : one)))).toBe(2);
  });
});

test('what an officer did under another role is not hers to look at, whatever role she comes in', async () => {
  const { door } = world.service.app;
  const alert = await alertAbout('PractitionerRole/mw-imran', 1);
  const reference = await openCase(door, await colleague(world), { alert }, REASON);
  for (const [n, id] of ['ig-imran', 'cg-imran'].entries()) {
    const officer = await colleague(world, id);
    await expect(readCase(door, officer, reference)).rejects.toMatchObject({ status: 403 });
    expect((await readCases(door, officer)).map((one) => one.reference)).not.toContain(reference);
    const other = await alertAbout('PractitionerRole/mw-imran', 2 + n);
    await expect(openCase(door, officer, { alert: other }, REASON)).rejects.toMatchObject({ status: 403 });
    const asked = { rule: null, state: 'open' as const, mode: 'live' as const, before: null };
    const { alerts } = await readAlerts(door, officer, asked);
    expect(alerts.map(({ reference: shown }) => shown)).not.toContain(other);
  }
});

describe('a record the officer has an interest in (R-11, R-12)', () => {
  const parameters = (name: string, valueString: string) => ({
    resourceType: 'Parameters',
    parameter: [{ name, valueString }],
  });

  test('is kept from her however she comes to it: her own, by a case of a colleague, by a relative, by the trail', async () => {
    const { door } = world.service.app;
    const before = await colleague(world);
    const herCase = await openCase(door, before, { nhsNumber: NUMBER }, REASON);
    expect((await readCases(door, before)).map(({ reference }) => reference)).toContain(herCase);
    const number = parameters('nhsNumber', NUMBER);
    const sent = await world.service.as('ig-officer').post('Practitioner/ig-second/$own-number', number);
    expect([sent.status, sent.text]).toEqual([204, '']);
    const her = await colleague(world);
    const closed = { status: 403 };
    const alert = await alertAbout('PractitionerRole/hv-helen', 7_001);
    const question = { id: 'notable' as const, person: '', case: herCase, rule: '', from: null, until: null };
    for (const look of [
      () => openCase(door, her, { alert }, REASON),
      () => openCase(door, her, { nhsNumber: NUMBER }, REASON),
      () => readCase(door, her, herCase),
      () => stepCase(door, her, herCase, { act: 'note', words: 'Nothing to see', outcome: null, version: 1 }),
      () =>
        askQuestion(door, her, { ...question, id: QUESTIONS.find(({ needs }) => needs === 'case')?.id ?? question.id }),
    ])
      await expect(look()).rejects.toMatchObject(closed);
    expect((await readCases(door, her)).map(({ reference }) => reference)).not.toContain(herCase);
    // In the trail itself, and her own number stays what a colleague said it is.
    const trail = () => searchAuditEvents(door, her, { query: 'patient=Patient/canaryfam', lenient: false });
    await expect(trail()).rejects.toMatchObject(closed);
    await expect(keepOwnNumber(door, her, 'Practitioner/ig-second', '9990001138')).rejects.toMatchObject(closed);
    // Nor by a search that names nobody, its total, or a record's own number: rows about others stay.
    const all = async (who: typeof her, query: string) => {
      const text = await searchAuditEvents(door, who, { query, lenient: false });
      return JSON.parse(text) as { total?: number; entry?: { resource: { id: string } }[] };
    };
    const peer = await colleague(world, 'ig-imran');
    const colleagues = await all(peer, '_count=500');
    const hers = await all(her, '_count=500&_total=accurate');
    const idsIn = ({ entry = [] }: typeof hers) => entry.map(({ resource }) => resource.id);
    const named = (one: { resource: object }) => JSON.stringify(one.resource).includes('Patient/canaryfam');
    const closedIds = (colleagues.entry ?? []).filter(named).map(({ resource }) => resource.id);
    expect(closedIds.length).toBeGreaterThan(0);
    expect(JSON.stringify(hers)).not.toContain('canaryfam');
    expect([hers.total, idsIn(hers).length > 0]).toEqual([idsIn(hers).length, true]);
    expect(idsIn(await all(her, `_id=${closedIds[0]}`))).toEqual([]);
    expect((await all(her, `_id=${closedIds[0]}&_summary=count`)).total).toBe(0);
    await expect(readAuditEvent(door, her, closedIds[0] ?? '')).rejects.toMatchObject({ status: 404 });
    expect(await readAuditEvent(door, her, idsIn(hers).at(-1) ?? '')).toContain('AuditEvent');
    // Nor in a list that names no family: alerts, marked accesses, reviews, answers, samples; a colleague sees each.
    const alerts = { mode: 'live' as const, state: 'all' as const, rule: null, before: null };
    const marked = { kind: 'unexplained' as const, before: null };
    const refusals = { ...question, id: 'refusals' as const, case: '' };
    const unreviewed = { ...question, id: 'unreviewed' as const, case: '' };
    const lists = [
      async (who: typeof her) => (await readAlerts(door, who, alerts)).alerts.map(({ reference }) => reference),
      async (who: typeof her) => (await readReviews(door, who)).map(({ reference }) => reference),
      async (who: typeof her) => (await readMarked(door, who, marked)).events.map(({ seq }) => seq),
      async (who: typeof her) => (await askQuestion(door, who, refusals)).table.rows.map(([seq]) => seq),
      async (who: typeof her) => (await askQuestion(door, who, unreviewed)).table.rows.map(([reference]) => reference),
    ];
    const { rows: about } = await world.service.pool.query<{ key: string | number }>(
      `select reference as key from alert where patient = 'Patient/canaryfam' union all select s.seq::text from audit_seal s
       join audit a on a.xid = s.xid and a.id = s.id where 'Patient/canaryfam' = any (a.patients)`,
    );
    const closedKeys = new Set(about.map(({ key }) => String(key)));
    const closedIn = (keys: readonly unknown[]) => keys.filter((key) => closedKeys.has(String(key)));
    for (const [at, list] of lists.entries()) {
      const [seen, left] = [await list(peer), await list(her)];
      expect([at, closedIn(seen).length > 0, closedIn(left)]).toEqual([at, true, []]);
    }
    // The counts of her day are those of the lists behind them.
    const [{ desk: theirs }, { desk: mine }] = [await readToday(door, peer), await readToday(door, her)];
    for (const count of ['openAlerts', 'unreviewed', 'unexplained', 'newCases'] as const)
      expect([count, Number(theirs?.[count]) > Number(mine?.[count])]).toEqual([count, true]);
    const [access] = closedIn((await readMarked(door, peer, marked)).events.map(({ seq }) => seq));
    await expect(explain(door, her, Number(access), 'Nothing to see here')).rejects.toMatchObject(closed);
    // The child's number leads to the same family.
    const look = { nhsNumber: NUMBER, reason: REASON, from: null, until: null, party: null, before: null, count: 10 };
    await expect(askAccessRecord(door, her, look)).rejects.toMatchObject(closed);
    const refused = (await world.service.pool.query(`select body from audit where body like '%"R-11","R-12"%'`)).rows;
    expect(refused.length).toBeGreaterThanOrEqual(4);
  });
});
