/**
 * Several officers and two processes on one database: what takes two persons takes effect once, or not at all, whoever
 * confirms, withdraws or changes something beside it; the trail is sealed and watched whichever process dies.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { alertSettings } from '../../src/audit/alert-settings.ts';
import type { JsonObject } from '../../src/fhir/types.ts';
import { changeAlerts, readAlertSettings } from '../../src/oversight/alert-changes.ts';
import { openPool } from '../../src/store/pool.ts';
import { sealDurable } from '../../src/store/seal.ts';
import { verifyAudit } from '../../src/store/verify.ts';
import { resources } from '../harness/client.ts';
import { agreement } from '../harness/directory.ts';
import { overseen } from '../harness/overseen.ts';
import { type Service, startService } from '../harness/service.ts';
import { addColleague, type Console, colleague } from '../journeys/console-world.ts';

let one: Service;
let other: Service;
let world: Console;
beforeAll(async () => {
  one = await startService();
  await one.directory();
  other = await startService({ beside: one });
  world = { service: one, clock: { ahead: 0 }, origin: '' };
  await addColleague(world);
}, 60_000);
afterAll(async () => {
  await other.close();
  await one.close();
});

const parameters = (pending: string) => ({
  resourceType: 'Parameters',
  parameter: [{ name: 'pending', valueString: pending }],
});
async function proposed(paper: JsonObject, who = 'ig-officer'): Promise<string> {
  const reply = await one.as(who).post('$propose?reason=Several%20at%20once', paper);
  expect([reply.status, reply.text.slice(0, 200)]).toEqual([202, expect.anything()]);
  return /"valueString":"([^"]+)"/.exec(reply.text)?.[1] ?? '';
}
const confirm = (by: Service, who: string, pending: string) => by.as(who).post('$confirm', parameters(pending));
const withdraw = (by: Service, who: string, pending: string) => by.as(who).post('$withdraw', parameters(pending));
const statuses = (replies: readonly { status: number }[]) => replies.map(({ status }) => status).sort();

test('confirmed at once through two processes it takes effect once; confirmed and withdrawn at once, one of them holds', async () => {
  const place = (n: number) => ({ resourceType: 'Location', name: `Clinic ${n}`, status: 'active' });
  const pending = await proposed(place(0));
  const all = await Promise.all([
    ...['caldicott-guardian', 'sysadmin'].flatMap((who) => [confirm(one, who, pending), confirm(other, who, pending)]),
  ]);
  expect(all.filter(({ status }) => status === 200)).toHaveLength(1);
  for (const { status } of all) expect([200, 404, 409]).toContain(status);
  for (let n = 1; n <= 6; n += 1) {
    const next = await proposed(place(n));
    const [done, gone] = await Promise.all([
      confirm(n % 2 === 0 ? one : other, 'caldicott-guardian', next),
      withdraw(n % 2 === 0 ? other : one, 'ig-officer', next),
    ]);
    expect([done.status === 200, gone.status === 204].filter(Boolean)).toHaveLength(1);
    const { rows } = await one.pool.query('select confirmed_at, withdrawn_at from pending_change where id = $1', [
      next,
    ]);
    expect([rows[0]?.confirmed_at === null, rows[0]?.withdrawn_at === null].filter(Boolean)).toHaveLength(1);
    const found = await one.as('steward').get(`Location?name=Clinic%20${n}`);
    expect(resources(found)).toHaveLength(done.status === 200 ? 1 : 0);
  }
});

test('two papers that contradict each other, each sound when it was proposed, are not both put in force', async () => {
  const between = (title: string, label: string): JsonObject => {
    const [first] = agreement().term as { securityLabel: [{ classification: object }] }[];
    const text = JSON.stringify(first)
      .replaceAll('maternity-service', 'trust')
      .replace(/"code":"[NRV]"/, `"code":"${label}"`);
    const { id: _id, ...paper } = agreement();
    return { ...paper, title, term: [JSON.parse(text)] };
  };
  const [normal, restricted] = [
    await proposed(between('Normal', 'N')),
    await proposed(between('Restricted', 'R'), 'sysadmin'),
  ];
  const both = await Promise.all([
    confirm(one, 'caldicott-guardian', normal),
    confirm(other, 'caldicott-guardian', restricted),
  ]);
  expect(statuses(both)).toEqual([200, 422]);
  expect(both.find(({ status }) => status === 422)?.text).toContain('contradicts Contract/');
});

test('what was proposed about alert rules does not overwrite what was set since; two officers at once do not loosen alone', async () => {
  const { door } = one.app;
  const second = await colleague(world);
  const running = alertSettings(null);
  const now = async () => (await readAlertSettings(door, second, running)).choice;
  const set = async (change: Record<string, 'off' | 'observe' | 'live'>) => {
    const choice = await now();
    return { choice: { ...choice, rules: { ...choice.rules, ...change } }, words: 'Tried at once by two' };
  };
  const pending = await changeAlerts(door, second, running, await set({ 'A-04': 'off' }));
  expect(pending).not.toBeNull();
  expect(await changeAlerts(door, second, running, await set({ 'A-05': 'live' }))).toBeNull();
  const late = await confirm(one, 'caldicott-guardian', pending ?? '');
  expect([late.status, late.text]).toEqual([412, expect.stringContaining('set otherwise since')]);
  expect((await now()).rules).toMatchObject({ 'A-04': 'observe', 'A-05': 'live' });
  // Both saw the same; whoever comes second would undo the first, and that is seeing less: a second person decides.
  const [mine, hers] = [await set({ 'A-06': 'live' }), await set({ 'A-07': 'live' })];
  const done = await Promise.all([mine, hers].map((asked) => changeAlerts(door, second, running, asked)));
  expect(done.filter((one) => one === null)).toHaveLength(1);
});

test('the process that seals and watches dies in the middle: the other goes on, nothing is lost, counted or told twice', async () => {
  const tries = 30;
  for (let n = 0; n < tries; n += 1) {
    await (n % 2 === 0 ? one : other).as('service-lead').get(`Patient/nobody${n}`);
    // Whoever is sealing or looking at the record this moment loses her connection.
    if (n % 5 === 0) await cut();
  }
  await sealDurable(one.pool);
  await overseen(one);
  expect(await verifyAudit(one.pool)).toMatchObject({ ok: true });
  const { rows } = await one.pool.query<{ accesses: number; records: number }>(
    `select (select count(*)::int from oversight_access where kind = 'refused' and party = 'PractitionerRole/lead') as accesses,
      (select count(*)::int from audit where body like '%Patient/nobody%') as records`,
  );
  expect(rows[0]?.records).toBe(tries);
  const doubled = await one.pool.query(
    'select rule, seq from alert where seq is not null group by 1, 2 having count(*) > 1',
  );
  expect(doubled.rows).toEqual([]);
});

/** Ends connections that seal or move oversight's place, as a kill of their process would. */
async function cut(): Promise<void> {
  const owner = openPool(one.database.ownerUrl, 1);
  await owner.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
      and (query ilike '%audit_seal_next%' or query ilike '%oversight%')`,
  );
  await owner.end();
}
