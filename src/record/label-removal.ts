/**
 * Taking a label away (R-13: raised, never lowered by just anybody): by those who were authors when the resource got it.
 * Whoever became one later, by any change, cannot lower what others restricted.
 */
import { type Outcome, refuse } from '../fhir/outcome.ts';
import type { Label } from '../governance/types.ts';
import { ACT_CODE, CONFIDENTIALITY } from '../governance/vocabulary.ts';
import { authorsWhenLabelled } from '../store/label-authors.ts';
import type { Db } from '../store/reads.ts';
import type { ResourceRow } from '../store/rows.ts';
import { isAuthor } from './family-group.ts';
import type { Patch } from './prepare.ts';
import type { Context } from './types.ts';

/** @throws Outcome 403 when a `$meta-delete` takes a label away that is not hers to take */
export async function requireMayUnlabel(
  { context, db }: { context: Context; db: Db },
  row: ResourceRow,
  patch: Patch,
): Promise<void> {
  if (patch.kind !== 'meta-delete' || patch.parts.security.length === 0) return;
  if (context.principal.role === 'steward') return;
  const codes = patch.parts.security.map(({ system, code }) => ({ system, code: String(code ?? '') }));
  const labels = codes.filter(({ system }) => system === CONFIDENTIALITY).flatMap(({ code }) => labelNamed(code));
  const tags = codes
    .filter(({ system, code }) => system === ACT_CODE && row.tags.includes(code))
    .map(({ code }) => code);
  const label = labels.includes('V') ? 'V' : (labels[0] ?? null);
  const then = await authorsWhenLabelled(db, { type: row.type, id: row.id, label, tags });
  if (!isAuthor(context, then === null ? row : { ...row, authors: then })) throw labelStays();
}

function labelNamed(code: string): Label[] {
  return code === 'R' || code === 'V' ? [code] : [];
}

function labelStays(): Outcome {
  const text = 'Security labels are taken away by those who wrote the resource when it got them, nobody else (R-13)';
  return refuse(403, 'forbidden', text);
}
