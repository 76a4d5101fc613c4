/** Terminology as this process has it (what ships, and what is posted and in effect), with what came in the question on top. */
import { bounded, FEW_STEPS, overlaid, type TermSource } from '../definitions/terms/source.ts';
import type { Resource } from '../fhir/types.ts';
import type { Door } from './types.ts';

/** Asked between two turns of the event loop, so it ends soon. @param given resources that came with the question; they stand before all others */
export function sourceFor({ definitions }: Pick<Door, 'definitions'>, given: readonly Resource[]): TermSource {
  const first = overlaid(nothing, given);
  const { terms } = definitions;
  return bounded({ find: (type, canonical) => first.find(type, canonical) ?? terms.find(type, canonical) }, FEW_STEPS);
}

const nothing: TermSource = { find: () => null };
