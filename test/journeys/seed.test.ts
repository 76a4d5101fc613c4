/** The demo's seed: a start killed half-way goes on where it was, and each person sees of it what domain.md says. */

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { directory, families } from '../../seed/index.ts';
import { openPool, type Pool } from '../../src/store/pool.ts';
import { type Client, clientOn } from '../harness/client.ts';
import { scratchFolder } from '../harness/cluster.ts';
import { compiled } from '../harness/compiled.ts';
import { type FreshDatabase, freshDatabase } from '../harness/database.ts';
import { signerOf, staff, type Who } from '../harness/service.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

let database: FreshDatabase;
let pool: Pool;
let dataDir: string;
let running: Started;

interface Started {
  child: ChildProcess;
  ended: Promise<unknown>;
  /** FHIR base, once the service says it is ready. */
  ready: Promise<string>;
}

function start(): Started {
  const { PATH } = process.env;
  const env = {
    ...(PATH === undefined ? {} : { PATH }),
    ...compiled(),
    MODE: 'demo',
    SEED: 'demo',
    DATA_DIR: dataDir,
    DATABASE_URL: database.ownerUrl,
    SERVICE_DATABASE_URL: database.serviceUrl,
    PORT: '0',
    LOG_LEVEL: 'error',
  };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  let said = '';
  const ready = new Promise<string>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said += chunk.toString('utf8');
      const base = /FHIR base\s+(\S+)/.exec(said)?.[1];
      if (base !== undefined) resolve(base);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', () => reject(new Error(`it ended before it was ready: ${said}`)));
  });
  ready.catch(() => undefined);
  return { child, ended, ready };
}

async function stop(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  running.child.kill(signal);
  await running.ended;
}

async function number(sql: string): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(sql);
  return Number(rows[0]?.n);
}

const versions = () => number(`select coalesce(sum(version), 0) as n from resource where type <> 'Basic'`);

beforeAll(async () => {
  database = await freshDatabase();
  pool = openPool(database.serviceUrl, 2);
  dataDir = scratchFolder('seed');
  running = start();
  while ((await number(`select count(*) as n from resource where type = 'Group'`)) < 40) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await stop('SIGKILL');
  running = start();
  await running.ready;
}, 120_000);

afterAll(async () => {
  await stop('SIGTERM');
  await pool.end();
  await database.drop();
});

describe('loading', () => {
  test('after a kill every resource is there, and was written as often as it was meant to be', async () => {
    const { rows: days } = await pool.query<{ body: string }>(`select body from resource where id = 'seed-progress'`);
    const day = /"created":"(\d{4}-\d\d-\d\d)"/.exec(days[0]?.body ?? '')?.[1] ?? '';
    const meant = new Map<string, number>();
    for (const one of [...directory(day), ...[...families(day)].flat()].flat()) {
      const address = `${one.resourceType}/${one.id}`;
      meant.set(address, (meant.get(address) ?? 0) + 1);
    }
    // The service itself moves the windows of referrals when it meets an EDD that a later scan has changed.
    const { rows } = await pool.query<{ address: string; version: number }>(
      `select type || '/' || id as address, version from resource where type <> 'Basic' and id not like '%-referral'`,
    );
    const written = new Map(rows.map((row) => [row.address, Number(row.version)]));
    const wrong = [...meant].filter(([at, times]) => !at.endsWith('-referral') && written.get(at) !== times);
    expect(wrong).toEqual([]);
    expect(written.size).toBe([...meant.keys()].filter((at) => !at.endsWith('-referral')).length);
  });

  test('the next start writes nothing', async () => {
    const before = await versions();
    await stop('SIGTERM');
    running = start();
    await running.ready;
    expect(await versions()).toBe(before);
  }, 60_000);
});

describe('who sees what', () => {
  const mother = (id: string): Who => ({ like: 'mother', claims: { sub: id, fhirUser: `Patient/${id}`, patient: id } });
  const partnerOf = (id: string): Who => ({
    like: 'partner',
    claims: { sub: `${id}-partner`, fhirUser: `RelatedPerson/${id}-partner`, patient: id },
  });

  async function as(who: Who): Promise<Client> {
    const base = await running.ready;
    const signer = signerOf({ dataDir, host: '127.0.0.1', publicUrl: undefined }, Number(new URL(base).port));
    return clientOn(base, `Bearer ${signer.token(who)}`);
  }

  const SEEN: readonly [name: string, who: Who, status: number, paths: string[]][] = [
    [
      'the midwife of the family',
      'midwife',
      200,
      ['Patient/aisha', 'CareTeam/aisha', 'QuestionnaireResponse/aisha-jva', 'QuestionnaireResponse/aisha-jva-copy'],
    ],
    ['her own service', 'midwife', 200, ['Patient/fam-009', 'Patient/fam-011', 'Task/fam-011-explain-sharing']],
    ['the treating service', 'midwife', 200, ['Procedure/fam-005-procedure', 'ServiceRequest/fam-016-referral']],
    [
      'the health visitor who accepted',
      'health-visitor',
      200,
      [
        ...['Patient/aisha', 'QuestionnaireResponse/aisha-jva', 'QuestionnaireResponse/aisha-jva-copy'],
        ...['Observation/aisha-edd-scan', 'Flag/fam-023-dog', 'QuestionnaireResponse/fam-008-jvc'],
      ],
    ],
    [
      'what is held, or was never told',
      'health-visitor',
      404,
      ['ServiceRequest/fam-016-referral', 'Task/fam-016-referral', 'ServiceRequest/fam-004-referral'],
    ],
    ['very restricted records', 'health-visitor', 404, ['Patient/fam-007', 'CareTeam/fam-007']],
    ['very restricted records', 'midwife', 404, ['Patient/fam-007']],
    [
      'objected, not asked, outside, withdrawn',
      'health-visitor',
      403,
      ['Patient/fam-010', 'Patient/fam-011', 'Patient/fam-009', 'Patient/fam-015', 'Task/fam-033-referral'],
    ],
    ['within the grace of a closed episode', 'health-visitor', 200, ['Condition/fam-037-pregnancy']],
    [
      'the health visiting system',
      'hv-system',
      200,
      ['Patient/aisha', 'QuestionnaireResponse/aisha-jva-copy', 'ServiceRequest/aisha-referral'],
    ],
    [
      'R, V, held, objected',
      'hv-system',
      404,
      [
        ...['QuestionnaireResponse/aisha-jva', 'QuestionnaireResponse/fam-008-jvc', 'Flag/fam-008-c1'],
        ...['Patient/fam-007', 'Patient/fam-009', 'Patient/fam-010', 'ServiceRequest/fam-016-referral'],
        ...['Procedure/fam-005-procedure'],
      ],
    ],
    ['the mother', 'mother', 200, ['Patient/aisha', 'QuestionnaireResponse/aisha-jva-copy', 'Consent/aisha-sharing']],
    ['the mother', 'mother', 404, ['QuestionnaireResponse/aisha-jva', 'Patient/fam-001']],
    ['a mother who disclosed', mother('fam-008'), 200, ['QuestionnaireResponse/fam-008-jva-copy']],
    ['a mother who disclosed', mother('fam-008'), 404, ['QuestionnaireResponse/fam-008-jvc', 'Flag/fam-008-c1']],
    ['a partner without a permit', 'partner', 404, ['Patient/aisha', 'QuestionnaireResponse/aisha-jva-copy']],
    ['a partner with a permit', partnerOf('fam-035'), 200, ['Patient/fam-035', 'Observation/fam-035-edd-scan']],
    ['the administrator', 'admin', 200, ['Patient/aisha', 'Observation/aisha-edd-scan', 'Flag/fam-023-dog']],
    ['the administrator', 'admin', 403, ['QuestionnaireResponse/aisha-jva-copy', 'RiskAssessment?patient=aisha']],
    ['the privacy officer', 'ig-officer', 200, ['Consent/aisha-sharing', 'AuditEvent?_count=1', 'Contract']],
    ['the privacy officer', 'ig-officer', 403, ['Observation/aisha-edd-scan']],
    ['the privacy officer', 'ig-officer', 404, ['Patient/aisha']],
    ['Moira, by her Task', 'safeguarding', 200, ['QuestionnaireResponse/fam-008-jvc', 'Flag/fam-034-safeguarding']],
    ['the nursery nurse', 'nursery-nurse', 403, ['QuestionnaireResponse/fam-008-jvc']],
    ['the labour ward', staff('hm-joan'), 200, ['Patient/fam-022', 'Condition/fam-022-pregnancy']],
    ['the labour ward', staff('hm-joan'), 403, ['Patient/fam-021']],
    ['the agency midwife on the list', staff('mw-agency'), 200, ['Flag/fam-021-safeguarding']],
    ['the agency midwife off the list', staff('mw-agency-off'), 403, ['Flag/fam-021-safeguarding', 'Patient/fam-021']],
    ['another midwife team', staff('mw-31'), 403, ['Patient/aisha']],
  ];

  test.each(SEEN)('%s (%p): %i', async (_name, who, status, paths) => {
    const client = await as(who);
    for (const path of paths) expect([path, (await client.get(path)).status]).toEqual([path, status]);
  });

  test('a restricted address is neither shown nor found', async () => {
    for (const who of ['midwife', 'health-visitor', 'hv-system']) {
      const client = await as(who);
      const { json } = await client.get('Patient/fam-006');
      expect(json.id).toBe('fam-006');
      expect([json.address, json.telecom]).toEqual([undefined, undefined]);
      const found = await client.get('Patient?_id=fam-006&address-postalcode=ZZ2');
      expect(found.json.entry).toBeUndefined();
    }
  });

  test('a partner without a permit counts nothing', async () => {
    const client = await as('partner');
    for (const type of ['Patient', 'Observation', 'CarePlan', 'QuestionnaireResponse', 'Task', 'Appointment']) {
      const { json } = await client.get(`${type}?_summary=count`);
      expect([type, json.total]).toEqual([type, 0]);
    }
  });

  test('the health visiting system counts 13 joint visits', async () => {
    const client = await as('hv-system');
    const { json } = await client.get('Encounter?type=joint-visit&status=finished&_count=100');
    const bodies = JSON.stringify(json).match(/joint-complete/g) ?? [];
    expect(bodies).toHaveLength(13);
  });
});
