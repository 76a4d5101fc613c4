/** Two readings of the domain agree on random worlds; and the property is alive: whatever rule is flipped, it fails. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Resource } from '../../src/fhir/types.ts';
import type { RulePieces } from '../../src/governance/row-rules.ts';
import type { RowRule } from '../../src/governance/types.ts';
import { flippedAnswers, type Prepared, prepare, replaced, serviceSays } from './answers.ts';
import { NOW } from './ground.ts';
import { mayRead } from './oracle.ts';
import { PEOPLE, type Person } from './people.ts';
import { worlds } from './worlds.ts';

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
    { numRuns: 100 },
  );
}, 60_000);

describe('proven alive', () => {
  const sample: { world: Resource[]; prepared: Prepared; expected: boolean[][] }[] = [];
  for (const world of fc.sample(worlds, { numRuns: 120, seed: 7 })) {
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
