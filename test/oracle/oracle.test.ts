/** Two readings of the domain agree on random worlds; and the property is alive: whatever rule is flipped, it fails. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Resource } from '../../src/fhir/types.ts';
import { evaluate } from '../../src/governance/evaluate.ts';
import { gate } from '../../src/governance/gates.ts';
import { composed, type RulePieces, rulePieces } from '../../src/governance/row-rules.ts';
import type { RowRule } from '../../src/governance/rule-types.ts';
import type { Principal } from '../../src/governance/types.ts';
import { askOf, flippedAnswers, type Prepared, prepare, principal, replaced, serviceSays, worldOf } from './answers.ts';
import { NOW } from './ground.ts';
import { mayRead } from './oracle.ts';
import { PEOPLE, type Person, TEAMS } from './people.ts';
import { beforeDuty, worlds } from './worlds.ts';

function withoutDuty(who: Principal): Principal {
  const duty = who.flags.flatMap((flag) => (flag.startsWith('duty:') ? [flag.slice('duty:'.length)] : []));
  const kept = (list: readonly string[]) => list.filter((one) => !duty.includes(one));
  return { ...who, teams: kept(who.teams), parties: kept(who.parties) };
}

/** The first question on which the two disagree, in words; null when they agree on all. */
function disagreement(world: readonly Resource[], says: (person: Person, index: number) => boolean): string | null {
  for (const person of PEOPLE) {
    for (const [index, resource] of world.entries()) {
      const expected = mayRead(world, person, resource, NOW.getTime());
      const answer = says(person, index);
      if (answer !== expected)
        return `${person.role} ${person.id} ${resource.resourceType}/${resource.id}: oracle ${expected}, service ${answer}`;
    }
  }
  return null;
}

test('for every person and row of random worlds, the decision is the oracle’s', () => {
  fc.assert(
    fc.property(worlds, (world) => {
      const prepared = prepare(world);
      expect(disagreement(world, (person, index) => serviceSays(prepared, person, index))).toBeNull();
    }),
    { numRuns: Number(process.env.ORACLE_RUNS ?? 100) },
  );
}, 60_000);

describe('proven alive', () => {
  const sample: { world: Resource[]; prepared: Prepared; expected: boolean[][] }[] = [];
  for (const world of [...fc.sample(worlds, { numRuns: 120, seed: 7 }), beforeDuty]) {
    const expected = PEOPLE.map((person) => world.map((resource) => mayRead(world, person, resource, NOW.getTime())));
    sample.push({ world, prepared: prepare(world), expected });
  }

  function isNoticed(flip: (parts: RulePieces) => RulePieces): boolean {
    return sample.some(({ world, prepared, expected }) =>
      PEOPLE.some((person, i) => {
        const answer = flippedAnswers(prepared, person, flip);
        return world.some((_one, index) => answer(index) !== expected[i]?.[index]);
      }),
    );
  }

  test('unflipped, nothing is noticed', () => {
    expect(isNoticed((parts) => parts)).toBe(false);
  });

  const PIECES = [
    'held',
    'own-record',
    'relationship',
    'conflict',
    'restriction',
    'deceased',
    'agreement',
    'sharing',
    'objection',
    'family',
    'label',
    'role',
  ] as const;
  test.each(PIECES)('%s always true is noticed', (name) => {
    expect(isNoticed(replaced(name, { op: 'true' }))).toBe(true);
  });

  test.each(PIECES)('%s always false is noticed', (name) => {
    expect(isNoticed(replaced(name, { op: 'false' }))).toBe(true);
  });

  test.each([...PIECES, 'test-data'] as const)('%s is flipped above', (name) => {
    // The list is whole: a piece that is added without a flip of its own fails here.
    const pieces = sample.flatMap(({ prepared }) =>
      PEOPLE.flatMap((person) =>
        rulePieces(principal(prepared, person), askOf(person, 'CarePlan')).pieces.map((piece) => piece.name),
      ),
    );
    expect(pieces).toContain(name);
    expect([...PIECES, 'test-data']).toEqual(expect.arrayContaining([...new Set(pieces)]));
  });

  const STANDINGS: [string, (who: Principal) => Principal][] = [
    ['nobody is on a duty list (R-06 e, R-40)', withoutDuty],
    ['nobody supervises (R-06 g)', (who) => ({ ...who, supervises: [] })],
    [
      'no team is hers (R-06)',
      (who) => ({ ...who, teams: [], parties: who.parties.filter((one) => !one.startsWith('CareTeam/')) }),
    ],
    ['her service is nobody’s (R-04)', ({ service: _service, ...who }) => who],
    [
      'everybody has all teams (R-06)',
      (who) => (who.kind === 'staff' ? { ...who, parties: [...who.parties, ...TEAMS], teams: [...TEAMS] } : who),
    ],
    [
      'everybody supervises everybody (R-06 g)',
      (who) => (who.kind === 'staff' ? { ...who, supervises: PEOPLE.map(({ id }) => `PractitionerRole/${id}`) } : who),
    ],
  ];
  test.each(STANDINGS)('%s is noticed', (_name, as) => {
    expect(
      sample.some(({ world, prepared, expected }) =>
        PEOPLE.some((person, i) => {
          const answer = flippedAnswers(prepared, person, (parts) => parts, as);
          return world.some((_one, index) => answer(index) !== expected[i]?.[index]);
        }),
      ),
    ).toBe(true);
  });

  test('a duty list without its hours is noticed (R-40)', () => {
    const always = (one: Resource): Resource =>
      one.resourceType === 'Slot' ? { ...one, start: '2000-01-01T00:00:00Z', end: '2100-01-01T00:00:00Z' } : one;
    expect(
      sample.some(({ world, expected }) => {
        const prepared = prepare(world.map(always));
        return PEOPLE.some((person, i) =>
          world.some((_one, index) => serviceSays(prepared, person, index) !== expected[i]?.[index]),
        );
      }),
    ).toBe(true);
  });

  test('one of several subjects is enough is noticed (R-09)', () => {
    expect(
      sample.some(({ world, prepared, expected }) =>
        PEOPLE.some((person, i) =>
          world.some((_one, index) => {
            const { row, ...rest } = worldOf(prepared, index);
            const rule = composed(rulePieces(principal(prepared, person), askOf(person, row.type)), row.type);
            const isClosed = gate(principal(prepared, person), askOf(person, row.type)) !== null;
            const alone = row.subjects.map((subject) => ({ ...rest, row: { ...row, subjects: [subject] } }));
            return !isClosed && alone.length > 1 && alone.some((one) => evaluate(rule, one)) !== expected[i]?.[index];
          }),
        ),
      ),
    ).toBe(true);
  });

  test('open rows closed is noticed', () => {
    expect(isNoticed((parts) => ({ ...parts, open: { op: 'false' } }))).toBe(true);
  });

  const CHANGES: [string, (rule: RowRule) => RowRule][] = [
    ['no grace after a planned ending (R-08)', (rule) => (rule.op === 'related' ? { ...rule, graceDays: 0 } : rule)],
    ['grace without end (R-08)', (rule) => (rule.op === 'related' ? { ...rule, graceDays: 9999 } : rule)],
    ['no lapse for people (R-04)', (rule) => (rule.op === 'agreement' ? { ...rule, graceDays: 0 } : rule)],
    ['a longer lapse (R-04)', (rule) => (rule.op === 'agreement' ? { ...rule, graceDays: 60 } : rule)],
    ['any pregnancy (R-13)', (rule) => (rule.op === 'related' ? { ...rule, pregnancy: 'any' } : rule)],
    ['no scope before acceptance (R-13)', (rule) => (rule.op === 'related' ? { ...rule, scoped: false } : rule)],
    [
      'overrides ignored (R-22)',
      (rule) => (rule.op === 'consent' && rule.kind === 'override' ? { op: 'false' } : rule),
    ],
    ['permits ignored (R-15)', (rule) => (rule.op === 'consent' && rule.kind === 'permit' ? { op: 'false' } : rule)],
    [
      'objections ignored (R-20)',
      (rule) => (rule.op === 'consent' && rule.kind === 'objection' ? { op: 'false' } : rule),
    ],
    [
      'own record ignored (R-11)',
      (rule) => (rule.op === 'consent' && rule.kind === 'own-record' ? { op: 'false' } : rule),
    ],
    ...(['restriction', 'conflict', 'relative', 'deceased', 'sharing-explained', 'sealed'] as const).map(
      (kind): [string, (rule: RowRule) => RowRule] => [
        `${kind} ignored`,
        (rule) => (rule.op === 'consent' && rule.kind === kind ? { op: 'false' } : rule),
      ],
    ),
    ['agreements ignored (R-04)', (rule) => (rule.op === 'agreement' ? { op: 'true' } : rule)],
    ['service ignored (R-04)', (rule) => (rule.op === 'service' ? { op: 'true' } : rule)],
    ['addressee ignored (R-06 c)', (rule) => (rule.op === 'addressee' ? { op: 'false' } : rule)],
    ['class ignored (R-05)', (rule) => (rule.op === 'class' ? { op: 'true' } : rule)],
    ['type ignored (R-05)', (rule) => (rule.op === 'type' ? { op: 'true' } : rule)],
    ['labels ignored', (rule) => (rule.op === 'label' ? { op: 'true' } : rule)],
    ['release ignored', (rule) => (rule.op === 'released' ? { op: 'true' } : rule)],
    ['authors ignored', (rule) => (rule.op === 'author' ? { op: 'true' } : rule)],
    ['subjects ignored (R-09)', (rule) => (rule.op === 'subject' ? { op: 'true' } : rule)],
    ['every tag an EDD', (rule) => (rule.op === 'tag' && rule.any.includes('EDD') ? { op: 'true' } : rule)],
    ...(
      [
        'care-team',
        'episode',
        'referral',
        'referral-accepted',
        'appointment',
        'task',
        'attendance',
        'self-claim',
        'break-glass',
        'sealed-grant',
        'history',
        'named',
      ] as const
    ).map((kind): [string, (rule: RowRule) => RowRule] => [
      `${kind} makes no relationship (R-06)`,
      (rule) => (rule.op === 'related' ? { ...rule, kinds: rule.kinds.filter((one) => one !== kind) } : rule),
    ]),
  ];

  test.each(CHANGES)('%s is noticed', (_name, change) => {
    const through = (rule: RowRule): RowRule => {
      if (rule.op === 'all' || rule.op === 'any') return { ...rule, rules: rule.rules.map(through) };
      return rule.op === 'not' ? { op: 'not', rule: through(rule.rule) } : change(rule);
    };
    expect(
      isNoticed((parts) => ({
        open: through(parts.open),
        pieces: parts.pieces.map((one) => ({ ...one, rule: through(one.rule) })),
      })),
    ).toBe(true);
  });
});

test('no piece of the service is read by the oracle', async () => {
  const { readFile } = await import('node:fs/promises');
  for (const file of ['oracle.ts', 'reading.ts', 'ties.ts', 'people.ts', 'cells.ts', 'ground.ts', 'worlds.ts']) {
    const source = await readFile(new URL(file, import.meta.url), 'utf8');
    expect(source).not.toMatch(/src\/(?!fhir\/types)/);
  }
});
