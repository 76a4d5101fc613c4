/** Conditional interactions: what the criteria find under the caller's own rules (R4 http.html#ccreate). */
import { Outcome, refuse, TRACE_RESULT } from '../fhir/outcome.ts';
import { rowRule } from '../governance/row-rules.ts';
import { parseSearch } from '../search/parse.ts';
import { isCriterion, type Query } from '../search/types.ts';
import { runSearch } from '../store/search.ts';
import { lock, lockKey } from '../store/write.ts';
import { ask } from './decide.ts';
import { handleOf } from './handles.ts';
import type { Change } from './plan.ts';
import type { Writing } from './prepare.ts';
import { requireProbesLeft } from './probes.ts';
import { checkGeneration } from './refusal.ts';
import { forbidden, guards, ruleFor } from './search-sight.ts';
import { isUntold } from './trace.ts';

/**
 * The id of the one permitted match, or null.
 * Called inside a transaction; the criteria are locked first, so two equal conditional writes cannot both find nothing.
 * @throws Outcome 412 several matches; 409 when a new Patient would duplicate one out of the caller's sight
 */
export async function findByCriteria(
  writing: Writing,
  type: string,
  criteria: string,
  interaction: Change['interaction'],
): Promise<string | null> {
  const { door, context, db } = writing;
  const { query } = parseSearch(type, criteria, {
    definitions: door.definitions,
    pending: door.pending,
    bases: [door.base],
    lenient: false,
    maxCount: 2,
    forbidden: forbidden(door, context),
    now: context.now,
  });
  if (query.where.length === 0)
    throw refuse(400, 'invalid', 'The condition has no search criteria; it would match everything');
  if ('release' in db) await lock(db, [lockKey(`${type}?${query.self}`)]);
  const visible = ruleFor(door, context);
  const own = rowRule(context.principal, ask(door, context, 'search', type));
  const narrow: Query = { ...query, count: 2, total: 'none', sort: [], include: [], revinclude: [] };
  const result = await runSearch(db, {
    query: narrow,
    now: context.now,
    // A writer whose gate for searches is closed still finds what her condition names among the rows she may see.
    ruleFor: (one) => (one === type ? own : visible(one)),
    guards: guards(door, context, narrow),
  });
  checkGeneration(context, result.generation);
  const [first, second] = result.found;
  if (second !== undefined)
    throw refuse(412, 'multiple-matches', 'The condition matches several resources; make it narrower');
  if (first !== undefined) return first.row.id;
  if (interaction === 'create' && type === 'Patient') await refuseHiddenDuplicate(writing, narrow);
  return null;
}

/** R-50, vector 44: a person who is here but out of sight is never registered twice and never revealed. */
async function refuseHiddenDuplicate(writing: Writing, query: Query): Promise<void> {
  // By number alone: what else the condition asks would be answered about rows out of sight.
  const where = query.where.filter((clause) => isCriterion(clause) && clause.param.code === 'identifier');
  if (where.length === 0) return;
  const { db, context, door } = writing;
  await requireProbesLeft(door, context);
  const hidden = await runSearch(db, {
    query: { ...query, where },
    now: context.now,
    ruleFor: (type) => (type === 'Patient' ? { op: 'true' } : null),
  });
  const [found] = hidden.found;
  const row = found?.row;
  writing.probes?.push(row ?? null);
  if (found === undefined || row === undefined) return;
  const sealed = isUntold(found);
  const code = sealed ? 'contact-safeguarding' : 'match-restricted';
  const asking = { service: context.principal.service ?? null, now: context.now };
  const words = sealed ? ` Call: ${door.safeguardingContact}` : ' Patient/$break-glass and others take the handle.';
  throw new Outcome(409, [
    {
      severity: 'error',
      code: 'duplicate',
      diagnostics: `This person is already registered, out of your sight; no second record is made.${words}`,
      expression: 'Patient.identifier',
      detail: { system: TRACE_RESULT, code },
      ...(sealed ? {} : { handle: handleOf(door, asking, { patient: `Patient/${row.id}`, traced: true }) }),
    },
  ]);
}
