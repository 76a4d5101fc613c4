/** What the demo starts with: the directory, and the families unless an empty record is wanted (`SEED=none`). */
import type { CivilDate } from '../src/care/clock.ts';
import type { Resource } from '../src/fhir/types.ts';
import { diaries } from './diaries.ts';
import { plainFamilies } from './families.ts';
import { buildFamily } from './family/build.ts';
import { familyOf } from './family/model.ts';
import { SPECIALS } from './specials/index.ts';

export { directory } from './directory/index.ts';

/**
 * The transactions of each family, in order; all but the first tell what happened later and begin with a resource of
 * their own. The diaries come before the families: Slots name them.
 */
export function* families(day: CivilDate): Iterable<Resource[][]> {
  yield [diaries(day)];
  for (const [number, special] of SPECIALS.entries()) {
    const family = familyOf({ ...special.spec, id: special.id, number }, day);
    const plain = buildFamily(family, special.id === 'aisha' ? 'danny' : undefined);
    yield special.steps?.(family, plain) ?? [plain];
  }
  for (const spec of plainFamilies(SPECIALS.length)) yield [buildFamily(familyOf(spec, day))];
}
