/** Row rules in SQL and in memory: the same tree, the same rows permitted, over generated worlds. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { evaluate } from '../../src/governance/evaluate.ts';
import type { RowRule } from '../../src/governance/rule-types.ts';
import type {
  AgreementRow,
  ConsentRow,
  DataClass,
  Label,
  Purpose,
  Relationship,
  RelationshipKind,
  RowFacts,
} from '../../src/governance/types.ts';
import { openPool, type Pool } from '../../src/store/pool.ts';
import { reachSql } from '../../src/store/reach-sql.ts';
import { factsJson } from '../../src/store/rows.ts';
import { ruleSql } from '../../src/store/rule-sql.ts';
import { SqlParams } from '../../src/store/sql-params.ts';
import { type FreshDatabase, freshDatabase } from '../harness/database.ts';

const NOW = new Date('2024-06-15T12:00:00.000Z');
const pick = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const list = <T>(...values: T[]): fc.Arbitrary<T[]> => fc.uniqueArray(fc.constantFrom(...values), { maxLength: 3 });
const orNull = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null, freq: 2 });

const subject = pick('Patient/1', 'Patient/2', 'Patient/3');
const party = ['PractitionerRole/1', 'CareTeam/1', 'Organization/hv', 'Organization/mat'];
const classes: DataClass[] = ['pregnancy', 'plan', 'directory', 'confidential'];
const kinds: RelationshipKind[] = ['care-team', 'referral', 'break-glass', 'subject'];
const services = ['Organization/hv', 'Organization/mat'];
const label = pick<Label>('N', 'R', 'V');
const purpose = pick<Purpose>('TREAT', 'PUBHLTH');
const pregnancy = orNull(pick('EpisodeOfCare/a', 'EpisodeOfCare/b'));
/** Ends exactly at now, a millisecond beside it, and at the edges of a grace of 14 days. */
const instant = pick(
  '2024-06-15T12:00:00.000Z',
  '2024-06-15T11:59:59.999Z',
  '2024-06-15T12:00:00.001Z',
  '2024-06-01T12:00:00.000Z',
  '2024-06-01T12:00:00.001Z',
  '2023-01-01T00:00:00.000Z',
  '2025-01-01T00:00:00.000Z',
);

const facts: fc.Arbitrary<Omit<RowFacts, 'id'>> = fc.record({
  type: pick('CarePlan', 'Encounter', 'Organization'),
  patients: fc.constant([]),
  subjects: fc.uniqueArray(subject, { maxLength: 3 }),
  pregnancy,
  dataClass: pick(...classes),
  label,
  tags: list('SDV', 'PSY', 'HTEST'),
  service: orNull(pick(...services)),
  authors: list(...party),
  released: fc.boolean(),
  addressee: orNull(pick(...services)),
});
const relationship: fc.Arbitrary<Relationship> = fc.record({
  party: pick(...party),
  patient: subject,
  pregnancy,
  kind: pick(...kinds),
  from: orNull(instant),
  until: orNull(instant),
  ending: orNull(pick<'closed' | 'revoked'>('closed', 'revoked')),
  source: fc.constant('test'),
  scope: list('CarePlan/0', 'Encounter/1', 'CarePlan/2', 'Encounter/3'),
});
const consent: fc.Arbitrary<ConsentRow> = fc.record({
  patient: subject,
  kind: pick<ConsentRow['kind']>('objection', 'permit'),
  // A pregnancy is a party too, of a consent `ofPregnancy`.
  party: orNull(pick(...party, 'EpisodeOfCare/a', 'EpisodeOfCare/b')),
  classes: list(...classes),
  from: orNull(instant),
  until: orNull(instant),
  source: fc.constant('test'),
});
const agreement: fc.Arbitrary<AgreementRow> = fc.record({
  fromService: pick(...services),
  toService: pick(...services),
  classes: list(...classes),
  purposes: list<Purpose>('TREAT', 'PUBHLTH'),
  maxLabel: label,
  from: orNull(instant),
  until: orNull(instant),
  revoked: fc.boolean(),
  source: fc.constant('test'),
});

const atom: fc.Arbitrary<RowRule> = fc.oneof(
  pick<RowRule>({ op: 'true' }, { op: 'false' }, { op: 'released' }, { op: 'nobody' }),
  fc.record({ op: fc.constant('class' as const), in: list(...classes) }),
  fc.record({ op: fc.constant('type' as const), in: list('CarePlan', 'Encounter') }),
  fc.record({ op: fc.constant('label' as const), atMost: label }),
  fc.record({ op: fc.constant('tag' as const), any: list('SDV', 'HTEST') }),
  fc.record({ op: fc.constant('service' as const), in: list(...services) }),
  fc.record({ op: fc.constant('addressee' as const), in: list(...services) }),
  fc.record({ op: fc.constant('author' as const), any: list(...party) }),
  fc.record({ op: fc.constant('subject' as const), in: fc.uniqueArray(subject, { maxLength: 3 }) }),
  fc.record({
    op: fc.constant('related' as const),
    parties: list(...party),
    kinds: list(...kinds),
    graceDays: pick(0, 14),
    pregnancy: pick<'row' | 'any'>('row', 'any'),
    scoped: fc.boolean(),
  }),
  fc.record({
    op: fc.constant('consent' as const),
    kind: pick<ConsentRow['kind']>('objection', 'permit'),
    parties: list(...party),
    every: fc.boolean(),
    ofPregnancy: fc.boolean(),
  }),
  fc.record(
    { op: fc.constant('agreement' as const), to: pick(...services), purpose, graceDays: pick(0, 14), reaching: label },
    { requiredKeys: ['op', 'to', 'purpose', 'graceDays'] },
  ),
);
const { rule } = fc.letrec<{ rule: RowRule }>((tie) => ({
  rule: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'rule' },
    atom,
    fc.record({ op: fc.constant('all' as const), rules: fc.array(tie('rule'), { maxLength: 3 }) }),
    fc.record({ op: fc.constant('any' as const), rules: fc.array(tie('rule'), { maxLength: 3 }) }),
    fc.record({ op: fc.constant('not' as const), rule: tie('rule') }),
  ),
}));

const rows: RowFacts[] = fc.sample(facts, { numRuns: 60, seed: 7 }).map((row, at) => ({ ...row, id: `${at}` }));
const worlds = fc.sample(
  fc.record({
    relationships: fc.array(relationship, { maxLength: 12 }),
    consents: fc.array(consent, { maxLength: 6 }),
    agreements: fc.array(agreement, { maxLength: 6 }),
  }),
  { numRuns: 12, seed: 11 },
);

let database: FreshDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await freshDatabase();
  pool = openPool(database.ownerUrl, 2);
  for (const row of rows) {
    await pool.query(
      `insert into resource (type, id, version, updated, deleted, body, tokens, patients, subjects, pregnancy, data_class, label, tags, service, authors, released, addressee)
       values ($1, $2, 1, now(), false, '{}', '{}', '{}', $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
      [
        row.type,
        row.id,
        row.subjects,
        row.pregnancy,
        row.dataClass,
        row.label,
        row.tags,
        row.service,
        row.authors,
        row.released,
        row.addressee,
      ],
    );
  }
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

describe('row rules', () => {
  test.each(worlds.map((world, at) => ({ at, world })))(
    'SQL and memory permit the same rows in world $at',
    async ({ world }) => {
      const written = factsJson({
        sources: ['test'],
        ...world,
        kin: [],
        pregnancies: [],
        directory: [],
        touches: [],
        generation: false,
      });
      await pool.query('select record_facts($1::jsonb)', [written]);
      await fc.assert(
        fc.asyncProperty(rule, async (tree) => {
          const params = new SqlParams();
          const text = `select r.id from resource r where ${ruleSql(tree, params, NOW)} order by r.id::int`;
          const found = await pool.query<{ id: string }>(text, params.values);
          const expected = rows.filter((row) => evaluate(tree, { row, ...world, now: NOW })).map((row) => row.id);
          expect(found.rows.map((row) => row.id)).toEqual(expected);
        }),
        { numRuns: 100 },
      );
    },
  );

  test('what a rule can reach holds every row it permits, and rules without a limit say so', async () => {
    await pool.query(
      "update resource set tokens = (select coalesce(array_agg('@s=' || s), '{}') from unnest(subjects) as s)",
    );
    let limited = 0;
    await fc.assert(
      fc.asyncProperty(rule, async (tree) => {
        const params = new SqlParams();
        const reach = reachSql(tree, params, NOW);
        if (reach === null) return;
        limited += 1;
        const text = `select count(*)::int as lost from resource r where ${ruleSql(tree, params, NOW)} and not (${reach})`;
        expect((await pool.query<{ lost: number }>(text, params.values)).rows[0]?.lost).toBe(0);
      }),
      { numRuns: 300 },
    );
    expect(limited).toBeGreaterThan(30);
  });

  test('constants are folded before SQL sees them', () => {
    const params = new SqlParams();
    const tree: RowRule = {
      op: 'any',
      rules: [
        { op: 'class', in: ['plan'] },
        { op: 'not', rule: { op: 'false' } },
      ],
    };
    expect(ruleSql(tree, params, NOW)).toBe('true');
    expect(ruleSql({ op: 'all', rules: [tree, { op: 'subject', in: [] }] }, params, NOW)).toBe('false');
    expect(ruleSql({ op: 'all', rules: [tree, { op: 'released' }] }, params, NOW)).toBe('r.released');
  });
});
