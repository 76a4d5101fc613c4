/**
 * Writes that follow from somebody's leaving, whoever ends her role: what the rules of writing would ask of a person is not
 * asked, for it only takes away. One commit with its records, inside the caller's transaction.
 */
import { auditColumns } from '../audit/entry.ts';
import type { JsonDocument } from '../fhir/json.ts';
import type { Resource } from '../fhir/types.ts';
import { parseStored, reach } from '../record/decide.ts';
import { plan } from '../record/plan.ts';
import type { Context, Door } from '../record/types.ts';
import type { PoolClient } from '../store/pool.ts';
import { readCurrent } from '../store/reads.ts';
import { writeRows } from '../store/write.ts';

/** A resource (`Type/id`), and what becomes of it; null = nothing is to be done. */
export interface Lessening {
  reference: string;
  change(resource: Resource): Resource | null;
}

/** @returns how many were written @throws StaleStanding when the directory has moved since `context` */
export async function writeByRule(
  door: Door,
  context: Context,
  db: PoolClient,
  { wanted, detail }: { wanted: readonly Lessening[]; detail: string },
): Promise<number> {
  const changes = [];
  for (const { reference, change } of wanted) {
    const [type = '', id = ''] = reference.split('/');
    const { found } = await readCurrent(db, type, id, reach(context));
    if (found === null || found.row.body === null) continue;
    const { resource, numbers }: { resource: Resource; numbers: JsonDocument['numbers'] } = parseStored(found.row.body);
    const fresh = change(resource);
    if (fresh === null) continue;
    const document = { resource: { ...fresh, resourceType: type }, numbers };
    const common = { interaction: 'update' as const, before: null, warnings: [] };
    changes.push({ ...common, type, id, document, current: found });
  }
  if (changes.length === 0) return 0;
  const { planned, facts } = await plan(door, db, context, changes);
  const audit = planned.map(({ entry }) =>
    auditColumns({ ...entry, rules: ['R-08'], reason: null, outcome: 0, status: 200, detail }),
  );
  await writeRows(db, { rows: planned.flatMap(({ write }) => write ?? []), facts, audit });
  return changes.length;
}
