/** Questions of domain.md 6.2 by name, shown and taken out: for officers, recorded, without content, families by case. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { overseen } from '../harness/overseen.ts';
import {
  browserOf,
  CANARIES,
  type Console,
  lookAround,
  NUMBER,
  openConsole,
  REASON,
  trail,
  wordsOf,
} from './console-world.ts';

let world: Console;
let caseReference: string;
beforeAll(async () => {
  world = await openConsole();
  await lookAround(world);
  await overseen(world.service);
  const imran = await officer();
  const opened = await imran.fill('/console/cases/open', '/console/cases/open', {
    'nhs-number': NUMBER,
    reason: REASON,
  });
  caseReference = opened.address.split('/').at(-1) ?? '';
}, 60_000);
afterAll(() => world.service.close());

async function officer() {
  const visitor = browserOf(world.origin);
  await visitor.signIn('ig-officer');
  return visitor;
}

const ask = (question: string, more: Record<string, string> = {}): string =>
  `/console/questions?${new URLSearchParams({ question, ...more })}`;

describe('asked', () => {
  test.each<[string, () => Record<string, string>, RegExp]>([
    ['timeline', () => ({ who: 'Priya' }), /Priya.*search-type.*read/s],
    ['timeline', () => ({ who: 'hv-system' }), /system/],
    ['unexplained', () => ({ case: caseReference }), /Karl/],
    ['refusals', () => ({ who: 'Sue' }), /Sue.*R-0/s],
    ['refusals', () => ({ case: caseReference }), /Sue/],
    ['refusals', () => ({}), /Sue/],
    ['busy', () => ({}), /Karl/],
    ['changes', () => ({}), /PractitionerRole.*added/s],
    ['roles', () => ({}), /never used/],
    ['proofs', () => ({}), /nothing to show/],
    ['disclosures', () => ({ case: caseReference }), /nothing to show/],
  ])('%s %#', async (id, more, expected) => {
    const imran = await officer();
    const page = await imran.get(ask(id, more()));
    expect([id, page.status]).toEqual([id, 200]);
    expect(wordsOf(page.html)).toMatch(expected);
    for (const canary of [...CANARIES, NUMBER]) expect([canary, page.html.includes(canary)]).toEqual([canary, false]);
  });

  test('what is wrong with a question is said beside it; nobody else may ask', async () => {
    const imran = await officer();
    expect((await imran.get(ask('timeline', { who: 'Nobody Atall' }))).status).toBe(404);
    expect((await imran.get(ask('unexplained', { case: 'CASE-0000000000' }))).status).toBe(404);
    expect((await imran.get(ask('unexplained'))).status).toBe(422);
    expect((await imran.get(ask('timeline', { who: NUMBER }))).status).toBe(422);
    expect((await imran.get(ask('unexplained', { case: 'x' }))).status).toBe(422);
    expect((await imran.get(ask('timeline', { who: '%' }))).status).toBe(404);
    expect(wordsOf((await imran.get(ask('timeline', { who: 'a' }))).html)).toContain('Which of them');
    const midwife = browserOf(world.origin);
    await midwife.signIn('midwife');
    expect((await midwife.get(ask('roles'))).status).toBe(403);
    const [entry] = (await trail(world.service, 'question timeline')).map(({ body }) => JSON.parse(body));
    expect(entry.agent.name).toContain('Imran');
  });
});

describe('taken out', () => {
  const take = async (more: Record<string, string>) => {
    const imran = await officer();
    return imran.fill('/console/questions', '/console/questions/file', {
      question: 'refusals',
      case: caseReference,
      reason: REASON,
      ...more,
    });
  };

  test('a file says who took it and why, and is a disclosure in the trail before it leaves', async () => {
    const csv = await take({ format: 'csv', bom: 'yes' });
    expect([csv.status, csv.headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8']);
    expect(csv.headers.get('content-disposition')).toMatch(/^attachment; filename="tandem-refusals-[\d-]+\.csv"$/);
    const [head = '', columns = '', first = ''] = csv.html.split('\r\n');
    expect(head).toContain(REASON);
    expect(head).toContain('Imran');
    expect(columns).toMatch(/^record,when/);
    expect(first).toContain('Sue');
    for (const canary of [...CANARIES, NUMBER]) expect([canary, csv.html.includes(canary)]).toEqual([canary, false]);
    const [row] = await trail(world.service, 'export refusals csv sha256:');
    expect(JSON.parse(row?.body ?? '{}')).toMatchObject({ interaction: 'disclosure', outcome: 0, rules: ['R-38'] });
    expect(row?.patients).toContain('Patient/canaryfam');
    await overseen(world.service);
    const { rows } = await world.service.pool.query<{ rule: string }>(
      `select rule from alert where rule in ('A-13', 'A-17')`,
    );
    expect(rows.map(({ rule }) => rule)).toEqual(['A-13']);
    const events = await world.service
      .as({ like: 'ig-officer', claims: { purpose_of_use: 'HSYSADMIN' } })
      .get('AuditEvent?subtype=disclose&_count=5');
    expect(events.text).toContain('110106');
    const imran = await officer();
    expect(wordsOf((await imran.get(ask('disclosures', { case: caseReference }))).html)).toContain(
      'PractitionerRole/ig-imran',
    );
  });

  test('Q1 as a file: who looked at this family, without its ids and its number', async () => {
    const imran = await officer();
    const look = await imran.look();
    const file = await imran.fill(look.address, `${look.address}/file`, { format: 'csv' });
    expect([file.status, file.headers.get('content-disposition')]).toEqual([
      200,
      expect.stringContaining('access-record'),
    ]);
    expect(file.html).toContain('Karl');
    // A person this look does not know must not become everybody.
    const stranger = await imran.fill(look.address, `${look.address}/file`, { format: 'csv', person: 'unknown' });
    expect([stranger.status, stranger.headers.get('content-disposition')]).toEqual([422, null]);
    for (const canary of [...CANARIES, NUMBER]) expect([canary, file.html.includes(canary)]).toEqual([canary, false]);
    const [row] = await trail(world.service, 'export access-record csv sha256:');
    expect([row?.patients.includes('Patient/canaryfam'), file.html.includes(REASON)]).toEqual([true, true]);
  });

  test('NDJSON, a sample with a seed, and what is refused', async () => {
    const lines = (await take({ format: 'ndjson', sample: '1', seed: 'march' })).html.trim().split('\n');
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[0] ?? '{}')).toMatchObject({
      rows: 1,
      export: { filter: expect.stringContaining('seed march') },
    });
    expect((await take({ reason: 'short' })).status).toBe(422);
    expect((await take({ sample: '0' })).status).toBe(422);
    const many = Array.from({ length: 51 }, (_, n) => `Patient/cap${n}`);
    await world.service.pool.query(`update case_file set patients = $1 where reference = $2`, [many, caseReference]);
    expect((await take({})).status).toBe(403);
    const refused = (await trail(world.service, 'export refusals')).map(({ body }) => JSON.parse(body));
    expect(refused.some(({ reason, outcome }) => reason === 'cap' && outcome === 4)).toBe(true);
  });
});
