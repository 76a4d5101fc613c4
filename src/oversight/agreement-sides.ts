/** A proposal about a sharing agreement, as what stands now and what would stand: for the second person's eyes. */
import { isObject } from '../fhir/resource.ts';
import { claims } from '../governance/elements.ts';
import { SHARING_AGREEMENT } from '../governance/vocabulary.ts';
import { parseStored, reach } from '../record/decide.ts';
import type { Context, Door } from '../record/types.ts';
import type { PendingChange } from '../store/pending-changes.ts';
import { readCurrent } from '../store/reads.ts';
import { type AgreementView, agreementView } from './agreement-view.ts';

export interface AgreementSides {
  /** Null: it is new. */
  before: AgreementView | null;
  after: AgreementView;
  /** It was changed after this was proposed: it cannot be confirmed any more. */
  outdated: boolean;
}

/** Null for a proposal about anything else. The proposal itself was read, and recorded, before. */
export async function agreementSides(
  door: Door,
  context: Context,
  { kind, body, version }: Pick<PendingChange, 'kind' | 'body' | 'version'>,
): Promise<AgreementSides | null> {
  if (kind !== 'resource' || !isObject(JSON.parse(body))) return null;
  const after = parseStored(body).resource;
  if (!claims(after, SHARING_AGREEMENT)) return null;
  const { found } = await readCurrent(door.pool, 'Contract', after.id ?? '', reach(context));
  const before = found?.row.body == null ? null : parseStored(found.row.body).resource;
  return {
    before: before === null ? null : agreementView(before, context.now),
    after: agreementView({ ...after, id: after.id ?? 'new' }, context.now),
    outdated: (found?.row.version ?? null) !== version,
  };
}
