/** Two readings of the domain agree on random worlds. That the property is alive: flips.test.ts. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Resource } from '../../src/fhir/types.ts';
import { prepare, serviceSays } from './answers.ts';
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
    { numRuns: Number(process.env.ORACLE_RUNS ?? 100) },
  );
}, 60_000);

test('no piece of the service is read by the oracle', async () => {
  const { readFile } = await import('node:fs/promises');
  const files = 'oracle reading ties told shown asked people cells ground worlds random'.split(' ');
  for (const file of files.map((name) => `${name}.ts`)) {
    const source = await readFile(new URL(file, import.meta.url), 'utf8');
    expect(source).not.toMatch(/src\/(?!fhir\/types)/);
  }
});
