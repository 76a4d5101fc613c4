/** Oversight follows the seal: every record once, whatever dies or races; alerts without names; a failing rule alone goes. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ALERT_RULES, THRESHOLDS } from '../../src/audit/alert-rules.ts';
import type { AlertRule } from '../../src/audit/alert-types.ts';
import { auditColumns } from '../../src/audit/entry.ts';
import type { AuditEntry } from '../../src/audit/types.ts';
import { type Oversight, oversee, raiseAlert } from '../../src/oversight/oversee.ts';
import { createWatchOfRules } from '../../src/oversight/rules-watch.ts';
import { createAuditWriter } from '../../src/store/audit.ts';
import type { AlertNotice } from '../../src/store/models/oversight.ts';
import { openPool, type Pool } from '../../src/store/pool.ts';
import { sealDurable } from '../../src/store/seal.ts';
import { verifyAudit } from '../../src/store/verify.ts';
import { startAlerts } from '../../src/wiring/audit.ts';
import { type FreshDatabase, freshDatabase } from '../harness/database.ts';
import { TEAM, team } from '../harness/directory.ts';
import { overseen } from '../harness/overseen.ts';
import { type Service, staff, startService } from '../harness/service.ts';
import { anEntry } from '../unit/audit/entries.ts';

interface Row {
  rule: string;
  mode: string;
  hits: number;
  party: string;
  patient: string;
  seq: number | null;
}

async function alertsIn(pool: Pool): Promise<Row[]> {
  const { rows } = await pool.query<Row>('select rule, mode, hits, party, patient, seq from alert order by id');
  return rows;
}

describe('step by step', () => {
  let database: FreshDatabase;
  let pool: Pool;
  let said: AlertNotice[];
  let logged: string[];
  let serial = 0;
  beforeEach(async () => {
    database = await freshDatabase();
    pool = openPool(database.serviceUrl, 8, 'each');
    said = [];
    logged = [];
  });
  afterEach(async () => {
    await pool.end();
    await database.drop();
  });

  const oversight = (rules: readonly AlertRule[] = ALERT_RULES): Oversight => ({
    pool,
    hash: (text) => text,
    settings: { rules, thresholds: THRESHOLDS },
    log: {
      debug: () => undefined,
      info: () => undefined,
      warn: (message, ids) => logged.push(`${message} ${JSON.stringify(ids)}`),
      error: (message, ids) => logged.push(`${message} ${JSON.stringify(ids)}`),
    },
    notify: (notice) => said.push(notice),
  });
  const write = async (entries: Partial<AuditEntry>[]): Promise<void> => {
    const writer = createAuditWriter({ pool, encode: auditColumns, batch: 50 });
    for (const one of entries) {
      serial += 1;
      const at = new Date(Date.parse('2026-03-23T09:00:00Z') + serial * 1_000).toISOString();
      await writer.write(anEntry({ at, ...one }));
    }
    await writer.close();
    await sealDurable(pool);
  };
  const all = async (one = oversight()): Promise<void> => {
    while (await oversee(one)) {
      // until nothing is left
    }
  };

  test('each record counts once, from two overseers at once and after a step that was lost', async () => {
    const denied: Partial<AuditEntry> = { outcome: 4, status: 403, reason: 'no-relationship' };
    await write(Array.from({ length: 4 }, (_, n) => ({ ...denied, patients: [`Patient/p${n}`] })));
    await Promise.all([all(), all(), all()]);
    expect(await alertsIn(pool)).toEqual([]);
    await write([{ ...denied, patients: ['Patient/p4'] }, { ...denied, patients: ['Patient/p4'] }, { purpose: 'BTG' }]);
    await Promise.all([all(), all(), all()]);
    const found = await alertsIn(pool);
    expect(found.map(({ rule, patient, mode }) => [rule, patient, mode])).toEqual([
      ['A-10', 'Patient/p4', 'observe'],
      ['A-01', 'Patient/p1', 'live'],
    ]);
    expect(found[0]?.seq).toBe(5);
    // Of the live one alone somebody is told: reference, severity and time.
    expect(said).toHaveLength(1);
    expect(said[0]).toMatchObject({ rule: 'A-01', severity: 'high', mode: 'live' });
    expect(JSON.stringify(said)).not.toMatch(/Helen|Patient|hv-1|910000/);
    // The live one is a security alert of the trail too, which no rule looks at again.
    await sealDurable(pool);
    await all();
    const inTrail = await pool.query<{ body: string }>(
      `select a.body from audit_seal s join audit a on a.xid = s.xid and a.id = s.id where s.interaction = 'alert'`,
    );
    expect(inTrail.rows.map(({ body }) => JSON.parse(body).detail)).toEqual([expect.stringMatching(/^A-01 AL-/)]);
    expect(JSON.stringify(inTrail.rows)).not.toMatch(/Helen|Patient|hv-1|910000/);
    const before = (await pool.query<{ n: number }>('select count(*)::int as n from oversight_mark')).rows[0]?.n;
    await all();
    expect((await pool.query<{ n: number }>('select count(*)::int as n from oversight_mark')).rows[0]?.n).toBe(before);
  });

  test('what repeats within its quiet time is one alert with a count', async () => {
    await write([{ purpose: 'BTG' }]);
    await all();
    await write([{ purpose: 'BTG' }, { purpose: 'BTG' }, { purpose: 'BTG', patients: ['Patient/other'] }]);
    await all();
    expect((await alertsIn(pool)).map(({ patient, hits }) => [patient, hits])).toEqual([
      ['Patient/p1', 3],
      ['Patient/other', 1],
    ]);
  });

  test('A-08 counts patients opened, never rows listed', async () => {
    const many = Array.from({ length: 40 }, (_, n) => `Patient/m${n}`);
    await write([{ interaction: 'search-type', patients: many, query: { cleaned: '', raw: '', count: 40 } }]);
    await all();
    expect(await alertsIn(pool)).toEqual([]);
    await write(many.slice(0, 31).map((patient) => ({ patients: [patient], explanation: 'own-task' as const })));
    await all();
    expect((await alertsIn(pool)).map(({ rule, party }) => [rule, party])).toEqual([['A-08', 'PractitionerRole/hv-1']]);
  });

  test('A-15: a restricted record from a network she never came from, kept as a place from then on', async () => {
    const from = (address: string): Partial<AuditEntry> => ({ label: 'R', agent: { ...anEntry().agent, address } });
    await write([from('203.0.113.7'), from('203.0.113.99')]);
    await all();
    expect(await alertsIn(pool)).toEqual([]);
    await write([from('198.51.100.1'), from('198.51.100.2')]);
    await all();
    expect((await alertsIn(pool)).map(({ rule, mode, hits }) => [rule, mode, hits])).toEqual([['A-15', 'observe', 1]]);
    const { rows } = await pool.query(`select patient from oversight_access where kind = 'new-place'`);
    expect(rows).toEqual([{ patient: 'Patient/p1' }]);
  });

  test('A-17: many more notifications than usual, counted once whoever looks', async () => {
    const notice: Partial<AuditEntry> = {
      interaction: 'disclosure',
      detail: 'delivered id-only',
      entities: ['ServiceRequest/r1'],
      recipient: 'Subscription/s1/event/1 https://hv.example.org/hook',
    };
    const small = { ...THRESHOLDS, volumeFloor: 5 };
    const one = { ...oversight(), settings: { rules: ALERT_RULES, thresholds: small } };
    await write(Array.from({ length: 5 }, () => notice));
    await Promise.all([all(one), all(one)]);
    expect(await alertsIn(pool)).toEqual([]);
    await write([notice]);
    await all(one);
    expect((await alertsIn(pool)).map(({ rule, party }) => [rule, party])).toEqual([['A-17', 'Subscription/s1']]);
    const { rows } = await pool.query('select sum(notices)::int as n from oversight_volume');
    expect(rows).toEqual([{ n: 6 }]);
  });

  test('A-22: each referral that did not arrive is told of by itself, the same one again is not', async () => {
    const withheld = (entity: string): Partial<AuditEntry> => ({
      ...{ interaction: 'disclosure', detail: 'withheld', outcome: 4, entities: [entity] },
      recipient: 'Subscription/s1 https://hv.example.org/hook',
    });
    await write([withheld('ServiceRequest/r1'), withheld('ServiceRequest/r2')]);
    await all();
    await write([withheld('ServiceRequest/r1'), withheld('ServiceRequest/r3')]);
    await all();
    const rows = (await alertsIn(pool)).filter(({ rule }) => rule === 'A-22');
    expect(rows.map(({ hits, mode }) => [hits, mode])).toEqual([
      [2, 'live'],
      [1, 'live'],
      [1, 'live'],
    ]);
  });

  test('A-07: a relationship that was revoked has no grace, one that was closed has fourteen days', async () => {
    const tie = `insert into relationship (source, party, patient, kind, from_at, until_at, ending)
      values ($1, 'PractitionerRole/hv-1', $2, 'care-team', '2026-01-01', '2026-03-22T12:00:00Z', $3)`;
    await pool.query(tie, ['CareTeam/x', 'Patient/revoked', 'revoked']);
    await pool.query(tie, ['CareTeam/y', 'Patient/closed', 'closed']);
    const denied = { outcome: 4, status: 403, reason: 'no-relationship' } as const;
    await write(['Patient/revoked', 'Patient/closed'].map((patient) => ({ ...denied, patients: [patient] })));
    await all();
    const found = (await alertsIn(pool)).filter(({ rule }) => rule === 'A-07');
    expect(found.map(({ patient }) => patient)).toEqual(['Patient/revoked']);
  });

  test('A-19: the third small alert about one person within 30 days, and nothing else she does', async () => {
    const again = (patient: string): Partial<AuditEntry> => ({ rules: ['R-07'], patients: [patient] });
    await write([again('Patient/p1'), again('Patient/p2'), {}]);
    await all();
    expect((await alertsIn(pool)).map(({ rule }) => rule)).toEqual(['A-02', 'A-02']);
    await write([again('Patient/p3'), { explanation: 'own-task' }, { explanation: 'own-task' }]);
    await all();
    expect((await alertsIn(pool)).map(({ rule, hits }) => [rule, hits]).slice(2)).toEqual([
      ['A-02', 1],
      ['A-19', 1],
    ]);
  });

  test('a rule is silent about whom the settings name', async () => {
    const quiet = ALERT_RULES.map((rule) =>
      rule.id === 'A-12' ? { ...rule, suppressed: ['CareTeam/hv-north'] } : rule,
    );
    await write([{ label: 'R', explanation: null, patients: ['Patient/none'] }]);
    await all(oversight(quiet));
    expect(await alertsIn(pool)).toEqual([]);
  });

  test('a rule that throws is switched off and told; the others and the place go on', async () => {
    const broken: AlertRule = {
      ...(ALERT_RULES[0] as AlertRule),
      id: 'A-12',
      fires: () => {
        throw new TypeError('canary Zzyzxiana');
      },
    };
    await write([{ purpose: 'BTG' }]);
    await all(oversight([broken, ...ALERT_RULES.filter(({ id }) => id === 'A-01')]));
    // Loudly: in the log, and as an alert that makes work for an officer and goes out like every live one.
    const why = async () => (await pool.query('select rule, mode, why from alert order by rule')).rows;
    const loud = { rule: 'A-16', mode: 'live', why: 'Alert rule A-12 failed and is switched off' };
    expect((await why()).map(({ rule, why }) => [rule, why])).toEqual([
      ['A-01', expect.anything()],
      ['A-16', loud.why],
    ]);
    expect(said.map(({ rule, severity }) => [rule, severity]).sort()).toEqual([
      ['A-01', 'high'],
      ['A-16', 'high'],
    ]);
    expect(logged).toEqual(['an alert rule failed and is switched off {"rule":"A-12","error":"TypeError"}']);
    await write([{ purpose: 'TREAT' }]);
    await all(oversight([broken]));
    expect([logged.length, (await why()).length]).toEqual([1, 2]);
    expect(JSON.stringify([await why(), said])).not.toContain('Zzyzxiana');
    // The trail itself went on.
    expect(await verifyAudit(pool)).toMatchObject({ ok: true });
  });

  test('settings that are not understood any more, and rules that cannot look, are told; those that ship are on', async () => {
    await pool.query(
      `insert into alert_setting (at, by_party, by_name, words, body) values (now(), 'x', 'x', 'x', '{"rules":{"A-99":"live"}}')`,
    );
    const watch = createWatchOfRules(oversight());
    const base = { rules: ALERT_RULES, thresholds: THRESHOLDS };
    expect(await watch.settings(base)).toBe(base);
    expect(await watch.settings(base)).toBe(base);
    for (let n = 0; n < 12; n += 1) watch.failed();
    const told = async () => (await pool.query<{ why: string }>('select why from alert order by id')).rows;
    for (const end = Date.now() + 5_000; (await told()).length < 2 && Date.now() < end; );
    expect((await told()).map(({ why }) => why).sort()).toEqual([
      'The alert rules as they were set are not understood: those that ship are on',
      'The alert rules cannot look at the access record',
    ]);
  });

  test('a body that is no record is passed by; A-16 comes from no record', async () => {
    await pool.query(`insert into audit (at, body, patients) values (now(), 'broken', '{}')`);
    await write([{ purpose: 'BTG' }]);
    await all();
    await raiseAlert(oversight(), 'A-16', 'The proof of the access record failed');
    expect((await alertsIn(pool)).map(({ rule, seq }) => [rule, seq])).toEqual([
      ['A-01', 2],
      ['A-16', null],
    ]);
  });

  test('A-16: records that could not be written, and clocks apart; not clocks that agree', async () => {
    let ahead = 4_000;
    const late: Pool = Object.assign(Object.create(pool), {
      query: async (text: string, values?: unknown[]) => {
        const result = await pool.query(text, values);
        if (!text.includes('clock_timestamp()')) return result;
        return { ...result, rows: [{ now: new Date(Date.now() + ahead) }] };
      },
    });
    const watch = startAlerts({ alertRules: undefined }, { pool: late, log: oversight().log, hash: (text) => text });
    await watch.check();
    expect(await alertsIn(pool)).toEqual([]);
    watch.writeFailed();
    ahead = 6_000;
    await watch.check();
    await watch.check();
    const { rows } = await pool.query<{ rule: string; why: string }>('select rule, why from alert order by id');
    expect(rows).toEqual([
      { rule: 'A-16', why: 'The access record could not be written 1 times' },
      { rule: 'A-16', why: 'The clocks of service and database are more than 5 seconds apart' },
    ]);
    await watch.stop();
  });
});

describe('as the service runs it', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
    await service.directory();
    await service.family('seen');
    await service.load([team(TEAM.midwives, [{ id: 'mw-priya' }, { id: 'mw-other' }])]);
  });
  afterAll(() => service.close());

  const late = async (who: string): Promise<(string | null)[]> => {
    const { rows } = await service.pool.query<{ word: string | null }>(
      `select coalesce(a.body::jsonb ->> 'explanation', e.explanation) as word from audit_seal s
       join audit a on a.xid = s.xid and a.id = s.id left join access_explained e on e.seq = s.seq
       where s.interaction in ('read', 'operation') and a.body::jsonb -> 'agent' ->> 'practitionerRole' = $1
         and s.outcome = 0 order by s.seq`,
      [`PractitionerRole/${who}`],
    );
    return rows.map(({ word }) => word);
  };

  test('Q3: a team explains nothing; named roles, and what she recorded herself, do', async () => {
    const other = service.as(staff('mw-other'));
    expect((await other.get('Patient/seen')).status).toBe(200);
    await overseen(service);
    const note = {
      resourceType: 'Observation',
      status: 'final',
      code: { coding: [{ system: 'http://loinc.org', code: '85354-9' }], text: 'Blood pressure' },
      subject: { reference: 'Patient/seen' },
      effectiveDateTime: new Date().toISOString(),
      valueString: 'taken',
    };
    const written = await other.post('Observation', note);
    expect([written.status, written.text.slice(0, 300)]).toEqual([201, expect.any(String)]);
    await overseen(service);
    expect((await other.get('Patient/seen')).status).toBe(200);
    expect((await service.as('midwife').get('Patient/seen/$everything')).status).toBe(200);
    await overseen(service);
    expect(await late('mw-other')).toEqual([null, 'record-event']);
    expect(await late('mw-priya')).toEqual(['named-role']);
  });

  test('Q3: the duty list explains what was opened together, for whom it is the only reason', async () => {
    const extension = [
      {
        url: 'https://tandem.example/fhir/StructureDefinition/duty-team',
        valueReference: { reference: TEAM.healthVisitors },
      },
    ];
    const hour = (n: number) => new Date(Date.now() + n * 3_600_000).toISOString();
    await service.load([
      {
        resourceType: 'Schedule',
        id: 'duty-a',
        active: true,
        extension,
        actor: [{ reference: 'PractitionerRole/hv-none' }],
      },
      {
        resourceType: 'Slot',
        id: 'duty-a-now',
        extension,
        schedule: { reference: 'Schedule/duty-a' },
        status: 'busy',
        start: hour(-1),
        end: hour(1),
      },
    ]);
    expect((await service.as(staff('hv-none')).get('Patient/seen/$everything')).status).toBe(200);
    await overseen(service);
    expect(await late('hv-none')).toEqual(['duty-list']);
  });
});
