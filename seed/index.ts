/** What the demo starts with: the directory, and the families unless an empty record is wanted (`SEED=none`). */
import type { CivilDate } from '../src/care/clock.ts';
import type { Resource } from '../src/fhir/types.ts';
import { familySpecs } from './families.ts';
import { buildFamily } from './family/build.ts';

export { directory } from './directory/index.ts';

/** One transaction per family; the mother's Patient is always the first resource. */
export function* families(day: CivilDate): Iterable<Resource[]> {
  for (const spec of familySpecs()) yield buildFamily(spec, day);
}
