/** Every refusal and permit of the simulator names its rules and says why in words; what is masked is listed by name. */
import { describe, expect, test } from '@jest/globals';
import { simulatedWords } from '../../../src/console/simulator-words.ts';
import { reasonWords, ruleWords } from '../../../src/console/words.ts';
import { decide } from '../../../src/governance/decide.ts';
import type { World } from '../../../src/governance/evaluate.ts';
import { DATA_CLASSES } from '../../../src/governance/role-views.ts';
import { rulePieces } from '../../../src/governance/row-rules.ts';
import type { Ask, Principal } from '../../../src/governance/types.ts';
import { wayOf } from '../../../src/governance/way.ts';
import {
  agreement,
  asks,
  consent,
  days,
  HV,
  MATERNITY,
  relationship,
  row,
  staff,
  system,
  systemAgreement,
  world,
} from '../governance/fixtures.ts';

const visitor = staff('health-visitor', HV);
const midwife = staff('midwife', MATERNITY);
const nurse = staff('nursery-nurse', HV);
const team = (who: Principal) => [relationship('care-team', who.teams[0] ?? '')];
const plan = row('CarePlan', 'plan');
const cared: Partial<World> = {
  relationships: team(visitor),
  agreements: [agreement()],
  consents: [consent('sharing-explained', null)],
};
const read = (of: World) => asks('read', of.row.type);

function shown(who: Principal, of: World, asked: Ask = read(of)) {
  const decision = decide(who, asked, of);
  const { dataClass, label } = of.row;
  const about = { purpose: asked.purpose, status: 200, name: 'Helen', role: who.role, dataClass, label };
  return simulatedWords({ ...about, decision, way: wayOf(who, asked, of), notFoundBy: [] });
}

describe('refusals', () => {
  test.each<[string, Principal, World, string, string, Ask | null]>([
    [
      'no purpose of the role (R-03)',
      visitor,
      world(plan, cared),
      'Who asks',
      'R-03',
      asks('read', 'CarePlan', 'HSYSADMIN'),
    ],
    [
      'a system in a purpose of people (R-01)',
      system(HV),
      world(plan, {}),
      'Who asks',
      'R-01',
      asks('read', 'CarePlan', 'TREAT'),
    ],
    [
      'no relationship (R-06)',
      visitor,
      world(plan, { ...cared, relationships: [] }),
      'A relationship of care',
      'R-06',
      null,
    ],
    [
      'no agreement (R-04)',
      visitor,
      world(plan, { ...cared, agreements: [] }),
      'Own service, or an agreement',
      'R-04',
      null,
    ],
    [
      'an agreement that ended (R-04)',
      visitor,
      world(plan, { ...cared, agreements: [agreement({ until: days(-40) })] }),
      'Own service, or an agreement',
      'R-04',
      null,
    ],
    [
      'sharing not explained (R-20)',
      visitor,
      world(plan, { ...cared, consents: [] }),
      'Sharing was explained',
      'R-20',
      null,
    ],
    [
      'an objection (R-20)',
      visitor,
      world(plan, { ...cared, consents: [...(cared.consents ?? []), consent('objection', HV)] }),
      'No objection',
      'R-20',
      null,
    ],
    [
      'her own record (R-11)',
      { ...visitor, ownRecordKey: 'key' },
      world(plan, { ...cared, consents: [...(cared.consents ?? []), consent('own-record', 'key')] }),
      'Not their own record',
      'R-11',
      null,
    ],
    [
      'a declared interest (R-12)',
      visitor,
      world(plan, {
        ...cared,
        consents: [...(cared.consents ?? []), consent('conflict', 'PractitionerRole/health-visitor')],
      }),
      'No declared interest',
      'R-12',
      null,
    ],
    [
      'restricted use (R-31)',
      visitor,
      world(plan, { ...cared, consents: [...(cared.consents ?? []), consent('restriction', null)] }),
      'Use of the record',
      'R-31',
      null,
    ],
    [
      'the label (R-13)',
      nurse,
      world({ ...plan, label: 'R' }, { ...cared, relationships: team(nurse) }),
      'The label lets',
      'R-13',
      null,
    ],
    [
      'the role (R-05)',
      nurse,
      world(row('QuestionnaireResponse', 'confidential', { service: HV }), { relationships: team(nurse) }),
      'The role includes',
      'R-05',
      null,
    ],
    [
      'held back (R-06)',
      visitor,
      world(row('ServiceRequest', 'referral', { released: false, addressee: HV }), cared),
      'Not a referral that is held',
      'R-06',
      null,
    ],
  ])('%s: the step, its rule in words, and the reason in words', (_, who, of, step, rule, asked) => {
    const page = shown(who, of, asked ?? read(of));
    expect([page.permit, page.heading]).toEqual([false, 'They would not see it']);
    expect(page.why).toMatch(/[a-z]{3}/);
    const against = page.steps.filter(({ passed }) => !passed);
    const found = against.find(({ words }) => words.startsWith(step));
    expect(found?.rules.join(' ')).toMatch(new RegExp(`${rule}: [A-Z]`));
  });
});

describe('permits', () => {
  test('say through which relationship and which agreement', () => {
    const page = shown(
      visitor,
      world(plan, {
        ...cared,
        relationships: [...team(visitor), relationship('appointment', 'PractitionerRole/health-visitor')],
      }),
    );
    expect([page.permit, page.heading]).toEqual([true, 'They would see it']);
    const through = (words: string) => page.steps.find((one) => one.words.startsWith(words))?.through;
    expect(through('A relationship')).toBe('the care team, an appointment');
    expect(through('Own service')).toBe('Contract/a1');
    expect(
      shown(midwife, world(plan, { relationships: team(midwife) })).steps.find(({ words }) => words.startsWith('Own'))
        ?.through,
    ).toBe('');
    const client = shown(
      system(HV),
      world(plan, { ...cared, agreements: [systemAgreement()], relationships: [relationship('episode', HV)] }),
      asks('read', 'CarePlan', 'COC'),
    );
    expect([client.permit, client.steps.find(({ words }) => words.startsWith('Own'))?.through]).toEqual([
      true,
      'Contract/a2',
    ]);
  });

  test('list what is hidden by name, under the rule that hides it', () => {
    const of = world(row('Patient', 'demographics'), {
      ...cared,
      consents: [...(cared.consents ?? []), consent('s-flag', null)],
    });
    const masks = shown(visitor, of).steps.find(({ kind }) => kind === 'mask');
    expect(masks?.hidden).toContainEqual({
      rule: ruleWords('R-16'),
      paths: expect.stringMatching(/address.*telecom|telecom.*address/),
    });
    expect(masks?.quiet).toBe(false);
  });
});

test('every rule that decides a row has words, and every reason', () => {
  const rules = new Set<string>();
  for (const who of [
    visitor,
    midwife,
    nurse,
    system(HV),
    staff('admin', HV),
    staff('student', HV),
    staff('team-lead', HV),
  ])
    for (const action of ['read', 'search', 'update', 'create'] as const)
      for (const piece of rulePieces(who, asks(action, 'CarePlan')).pieces)
        for (const rule of piece.rules) rules.add(rule);
  for (const dataClass of DATA_CLASSES)
    for (const step of wayOf(
      staff('admin', HV),
      asks('read', 'Patient', 'PATADMIN'),
      world(row('Patient', dataClass), cared),
    ))
      for (const rule of step.rules) rules.add(rule);
  expect(rules.size).toBeGreaterThan(8);
  for (const rule of rules) expect(ruleWords(rule)).toMatch(new RegExp(`^${rule}: [A-Z]`));
  for (const reason of [
    'dsa-missing',
    'dsa-expired',
    'earlier-pregnancy',
    'held',
    'not-released',
    'test-data',
  ] as const)
    expect(reasonWords(reason)).toMatch(/[a-z]{3}/);
});
