/** Patient/[id]/$everything: the compartment, each row decided for itself (R4 operation-patient-everything, R-37). */

import { bundleText } from '../fhir/bundle-text.ts';
import { dateRange } from '../fhir/dates.ts';
import { refuse } from '../fhir/outcome.ts';
import { decide } from '../governance/decide.ts';
import { gate } from '../governance/gates.ts';
import type { Query } from '../search/types.ts';
import { compartmentRows } from '../store/compartment.ts';
import { readCurrent } from '../store/reads.ts';
import { ask, asOf, reach } from './decide.ts';
import { entryOf, withDecision, withRows } from './entry.ts';
import { entriesOf } from './minimise.ts';
import { audited, checkGeneration, notFound, refused } from './refusal.ts';
import { ruleFor } from './search-sight.ts';
import type { Context, Door } from './types.ts';

const MAX_COUNT = 1_000;

/**
 * One page of everything about a person that this principal may see, findings about the unborn included (they are the
 * mother's). Parameters: `_count`, `_since`, `_type`, `_page`.
 */
export function everything(door: Door, context: Context, id: string, query: string): Promise<string> {
  const reference = `Patient/${id}`;
  const entry = { ...entryOf(context, 'operation'), entities: [reference], detail: '$everything' };
  return audited(door, entry, async () => {
    const closed = gate(context.principal, ask(door, context, 'search', 'Patient'));
    if (closed !== null) throw await refused(door, entry, closed);
    const { found, generation } = await readCurrent(door.pool, 'Patient', id, reach(context));
    checkGeneration(context, generation);
    if (found === null) throw await notFound(door, entry);
    const decision = decide(context.principal, ask(door, context, 'read', 'Patient'), { ...found, now: context.now });
    if (!decision.permit) throw await refused(door, withRows(entry, [found.row]), decision);
    if (found.row.deleted) throw refuse(410, 'deleted', 'This person was deleted; the history is kept');
    const asked = parameters(door, query);
    const rule = ruleFor(door, context)(null);
    const page = await compartmentRows(door.pool, { patient: reference, rule, now: context.now, ...asked });
    await door.audit.write(
      withDecision(
        withRows(
          entry,
          page.rows.map(({ row }) => row),
        ),
        decision,
      ),
    );
    return bundleText({
      type: 'searchset',
      meta: { lastUpdated: asOf(context) },
      timestamp: asOf(context),
      ...(page.total === null ? {} : { total: page.total }),
      links: links(`${door.base}/${reference}/$everything`, query, page.after),
      entries: await entriesOf(door, context, NO_SUBSET, page.rows),
    });
  });
}

/** Minimisation of $everything is the rules' alone. */
const NO_SUBSET: Query = {
  type: null,
  where: [],
  sort: [],
  count: MAX_COUNT,
  total: 'accurate',
  summary: null,
  elements: [],
  include: [],
  revinclude: [],
  self: '',
};

function parameters(door: Door, query: string) {
  const asked: { types: string[] | null; since: string | null; count: number; after: string | null } = {
    types: null,
    since: null,
    count: 200,
    after: null,
  };
  for (const [name, value] of new URLSearchParams(query)) {
    if (name === '_count' && /^[1-9]\d{0,5}$/.test(value)) asked.count = Math.min(Number(value), MAX_COUNT);
    else if (name === '_since' && dateRange(value.replace(' ', '+')) !== null) {
      asked.since = dateRange(value.replace(' ', '+'))?.low ?? null;
    } else if (name === '_page' && /^[A-Za-z]+\/[A-Za-z0-9\-.]{1,64}$/.test(value)) asked.after = value;
    else if (name === '_type') asked.types = typesOf(door, value);
    else if (name !== '_format' && name !== '_pretty') {
      throw refuse(
        400,
        'not-supported',
        `$everything does not take ${name.slice(0, 40)} with this value; it takes _count, _since and _type`,
      );
    }
  }
  return asked;
}

function typesOf(door: Door, value: string): string[] {
  const types = value.split(',');
  const unknown = types.find((type) => !door.definitions.isResourceType(type));
  if (unknown !== undefined)
    throw refuse(400, 'value', `_type names ${unknown.slice(0, 40)}, which is not a resource type`);
  return types;
}

function links(url: string, query: string, after: string | null) {
  const self = { relation: 'self', url: query === '' ? url : `${url}?${query}` };
  if (after === null) return [self];
  const params = new URLSearchParams(query);
  params.set('_page', after);
  return [self, { relation: 'next', url: `${url}?${params}` }];
}
