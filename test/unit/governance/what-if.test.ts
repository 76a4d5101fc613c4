/** The simulator's way and the replay's other rules: the present rules give the present decision, others what they say. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decide } from '../../../src/governance/decide.ts';
import { evaluate, type World } from '../../../src/governance/evaluate.ts';
import type { AgreementRow, Ask, ConsentRow, Principal, RowFacts } from '../../../src/governance/types.ts';
import { wayOf } from '../../../src/governance/way.ts';
import { AS_IT_IS, decideUnder, type RuleSettings, ruleUnder } from '../../../src/governance/what-if.ts';
import { replayWorlds } from '../../../src/oversight/replay-world.ts';
import {
  agreement,
  asks,
  consent,
  days,
  HV,
  MATERNITY,
  NOW,
  relationship,
  row,
  staff,
  system,
  world,
} from './fixtures.ts';

const principal: fc.Arbitrary<Principal> = fc.oneof(
  fc.constantFrom(system(HV), system(MATERNITY)),
  fc
    .tuple(
      fc.constantFrom(...(['midwife', 'health-visitor', 'nursery-nurse', 'safeguarding', 'admin', 'student'] as const)),
      fc.constantFrom(HV, MATERNITY),
    )
    .map(([role, service]) => staff(role, service)),
);
const kind = fc.constantFrom(
  ...([
    ['CarePlan', 'plan'],
    ['Patient', 'demographics'],
    ['QuestionnaireResponse', 'confidential'],
    ['Observation', 'findings'],
  ] as const),
);
const facts: fc.Arbitrary<RowFacts> = fc
  .tuple(kind, fc.constantFrom(...(['N', 'R', 'V'] as const)), fc.constantFrom(HV, MATERNITY), fc.boolean())
  .map(([[type, dataClass], label, service, released]) => row(type, dataClass, { label, service, released }));
const until = fc.constantFrom(null, days(-40), days(-20), days(-3), days(5));
const agreements: fc.Arbitrary<AgreementRow[]> = fc.array(
  fc
    .tuple(until, fc.boolean(), fc.constantFrom('Contract/a1', 'Contract/a2'), fc.boolean())
    .map(([end, revoked, source, back]) =>
      agreement({ until: end, revoked, source, ...(back ? { fromService: HV, toService: MATERNITY } : {}) }),
    ),
  { maxLength: 3 },
);
const consents: fc.Arbitrary<ConsentRow[]> = fc.subarray([
  consent('sharing-explained', null),
  consent('objection', HV),
  consent('override', HV),
  consent('own-record', 'key'),
]);
const tie = fc
  .tuple(fc.constantFrom(...(['care-team', 'episode', 'named', 'task'] as const)), until, fc.boolean())
  .map(([one, end, team]) => ({ one, end, team }));

const situation: fc.Arbitrary<{ who: Principal; asked: Ask; of: World }> = fc
  .tuple(
    principal,
    fc.constantFrom(...(['read', 'search', 'update'] as const)),
    facts,
    agreements,
    consents,
    fc.array(tie, { maxLength: 2 }),
  )
  .map(([who, action, of, papers, said, ties]) => {
    const relationships = ties.map(({ one, end, team }) =>
      relationship(one, (team ? who.teams[0] : who.practitionerRole) ?? HV, {
        until: end,
        ending: end === null ? null : 'closed',
      }),
    );
    const asked = asks(action, of.type, who.kind === 'system' ? 'COC' : who.role === 'admin' ? 'PATADMIN' : 'TREAT');
    return { who, asked, of: world(of, { agreements: papers, consents: said, relationships }) };
  });

describe('the present rules', () => {
  test('decide the same in a replay that changes nothing', () => {
    fc.assert(
      fc.property(situation, ({ who, asked, of }) => {
        expect(decideUnder(AS_IT_IS, who, asked, of)).toEqual(decide(who, asked, of));
        expect(decideUnder({ ...AS_IT_IS, graceDays: 14, lapseDays: 28 }, who, asked, of)).toEqual(
          decide(who, asked, of),
        );
      }),
      { numRuns: 500 },
    );
  });

  test('the way ends where the decision says', () => {
    fc.assert(
      fc.property(situation, ({ who, asked, of }) => {
        const way = wayOf(who, asked, of);
        expect(way.every(({ passed }) => passed)).toBe(decide(who, asked, of).permit);
      }),
      { numRuns: 500 },
    );
  });

  test('an agreement proposed as it stands makes the same world', () => {
    fc.assert(
      fc.property(agreements, fc.constantFrom('Contract/a1', 'Contract/a2'), (papers, source) => {
        const change = { source, rows: papers.filter((one) => one.source === source) };
        const { present, proposed } = replayWorlds(papers, { change, settings: null }, NOW);
        const sorted = (rows: readonly AgreementRow[]) => rows.map((one) => JSON.stringify(one)).sort();
        expect(sorted(proposed.agreements)).toEqual(sorted(present.agreements));
        expect(proposed.settings).toEqual(present.settings);
      }),
    );
  });
});

const settings: fc.Arbitrary<RuleSettings> = fc.record({
  graceDays: fc.constantFrom(null, 0, 3, 30),
  lapseDays: fc.constantFrom(null, 0, 10),
  closed: fc.subarray([
    { role: 'midwife', dataClass: 'plan' } as const,
    { role: 'system', dataClass: 'demographics' } as const,
  ]),
  opened: fc.subarray([
    { role: 'nursery-nurse', dataClass: 'confidential' } as const,
    { role: 'admin', dataClass: 'plan' } as const,
  ]),
  ceilings: fc.subarray([{ role: 'midwife', label: 'N' } as const, { role: 'safeguarding', label: 'N' } as const]),
  without: fc.subarray(['care-team', 'task', 'named'] as const),
});

describe('a rule to be asked of the store', () => {
  test('lets a row through exactly when the decision under the same settings and agreements does', () => {
    fc.assert(
      fc.property(situation, fc.option(settings, { nil: AS_IT_IS }), ({ who, asked, of }, under) => {
        const rule = ruleUnder({ settings: under, agreements: of.agreements }, who, asked);
        const found = rule !== null && evaluate(rule, { ...of, agreements: [] });
        expect(found).toBe(decideUnder(under, who, asked, of).permit);
      }),
      { numRuns: 2_000 },
    );
  });

  test('holds no agreement any more: what is kept does not decide in its place', () => {
    const rule = ruleUnder(
      { settings: AS_IT_IS, agreements: [agreement()] },
      staff('health-visitor', HV),
      asks('search', 'CarePlan'),
    );
    expect(JSON.stringify(rule)).not.toContain('"agreement"');
  });
});

describe('other rules', () => {
  const nurse = staff('nursery-nurse', HV);
  const visitor = staff('health-visitor', HV);
  const plan = row('CarePlan', 'plan');
  const secret = row('QuestionnaireResponse', 'confidential', { service: HV });
  const cared = [relationship('care-team', 'CareTeam/nursery-nurse-team')];
  const ended = (ago: number) => [
    relationship('care-team', 'CareTeam/health-visitor-team', { until: days(-ago), ending: 'closed' }),
  ];

  test.each<[string, Partial<typeof AS_IT_IS>, Principal, Partial<World>, [boolean, boolean]]>([
    ['shorter grace', { graceDays: 7 }, visitor, { relationships: ended(10) }, [true, false]],
    ['longer grace', { graceDays: 30 }, visitor, { relationships: ended(20) }, [false, true]],
    [
      'no reading on after an agreement ended',
      { lapseDays: 0 },
      visitor,
      {
        relationships: [relationship('care-team', 'CareTeam/health-visitor-team')],
        agreements: [agreement({ until: days(-5) })],
      },
      [true, false],
    ],
    [
      'a kind of record closed to a role',
      { closed: [{ role: 'nursery-nurse', dataClass: 'plan' }] },
      nurse,
      { relationships: cared },
      [true, false],
    ],
    [
      'a kind of record closed to another role',
      { closed: [{ role: 'midwife', dataClass: 'plan' }] },
      nurse,
      { relationships: cared },
      [true, true],
    ],
    [
      'a kind of record opened to a role, which its relationship still decides',
      { opened: [{ role: 'nursery-nurse', dataClass: 'confidential' }] },
      nurse,
      { row: secret, relationships: cared },
      [false, true],
    ],
    [
      'opened, but without a relationship',
      { opened: [{ role: 'nursery-nurse', dataClass: 'confidential' }] },
      nurse,
      { row: secret },
      [false, false],
    ],
    [
      'opened, where the gate has no cell of the type at all',
      { opened: [{ role: 'admin', dataClass: 'plan' }] },
      staff('admin', HV),
      {
        row: row('CarePlan', 'plan', { service: HV }),
        relationships: [relationship('care-team', 'CareTeam/admin-team')],
      },
      [false, true],
    ],
    [
      'a lower label for a role',
      { ceilings: [{ role: 'health-visitor', label: 'N' }] },
      visitor,
      {
        row: row('CarePlan', 'plan', { service: HV, label: 'R' }),
        relationships: [relationship('care-team', 'CareTeam/health-visitor-team')],
      },
      [true, false],
    ],
    [
      'a kind of relationship that opens nothing any more',
      { without: ['care-team'] },
      nurse,
      { relationships: cared },
      [true, false],
    ],
  ])('%s', (_, settings, who, more, expected) => {
    const of = world(more.row ?? plan, more);
    const asked = asks('read', of.row.type, who.role === 'admin' ? 'PATADMIN' : 'TREAT');
    const under = decideUnder({ ...AS_IT_IS, ...settings }, who, asked, of);
    expect([decide(who, asked, of).permit, under.permit]).toEqual(expected);
  });
});
