/** The parameters a read may carry: `_summary`, `_elements`, and those of the form (`_format`, `_pretty`). */
import { refuse } from '../../fhir/outcome.ts';
import type { Query } from '../../search/types.ts';

const SUMMARIES = new Set(['true', 'false', 'text', 'data']);

/** @throws Outcome 400 for any other parameter or value */
export function readOptions(query: string): Pick<Query, 'summary' | 'elements'> {
  const options: Pick<Query, 'summary' | 'elements'> = { summary: null, elements: [] };
  if (query === '') return options;
  for (const [name, value] of new URLSearchParams(query)) {
    if (name === '_elements') options.elements = value.split(',').filter((element) => element !== '');
    else if (name === '_summary' && isSummary(value)) options.summary = value;
    else if (name !== '_format' && name !== '_pretty') {
      throw refuse(
        400,
        'not-supported',
        `A read does not take ${name.slice(0, 40)} with this value; it takes _summary and _elements`,
      );
    }
  }
  return options;
}

function isSummary(value: string): value is 'true' | 'false' | 'text' | 'data' {
  return SUMMARIES.has(value);
}
