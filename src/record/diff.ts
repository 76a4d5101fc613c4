/** $diff: what changed between two versions, or would change, in what the caller may see of each. */
import { diffOf, type Side } from '../fhir/diff.ts';
import { stringifyJson } from '../fhir/json.ts';
import { refuse } from '../fhir/outcome.ts';
import { parseStored } from './decide.ts';
import { requireType } from './document.ts';
import { read } from './read.ts';
import type { Context, Door, ResourceDocument } from './types.ts';
import { vread } from './vread.ts';

export interface DiffRequest {
  type: string;
  id: string;
  /** Version numbers; default the current one and the one before it. */
  from: string | null;
  to: string | null;
  /** Compared with the current version instead of another version. */
  given: ResourceDocument | null;
}

/**
 * The FHIRPath Patch between the two as Parameters text. Each side is read, masked and recorded like any read of it, so
 * a difference in what is hidden does not show.
 * @throws Outcome as `read` and `vread`; 400 when there is no earlier version
 */
export async function diff(door: Door, context: Context, request: DiffRequest): Promise<string> {
  const { type, id, from, to, given } = request;
  const side = (text: string): Side => parseStored(text);
  const current = to === null || given !== null ? await read(door, context, type, id) : null;
  if (given !== null && current !== null) {
    requireType(given.resource, type);
    return written(door, from === null ? side(current.text) : await version(door, context, request, from), given);
  }
  const later = current ?? (await vread(door, context, type, id, to ?? ''));
  if (from === null && later.version === 1)
    throw refuse(400, 'not-found', 'This is the first version; name what to compare it with');
  const earlier = await version(door, context, request, from ?? String(later.version - 1));
  return written(door, earlier, side(later.text));
}

async function version(door: Door, context: Context, { type, id }: DiffRequest, vid: string): Promise<Side> {
  return parseStored((await vread(door, context, type, id, vid)).text);
}

function written(door: Door, before: Side, after: Side): string {
  const { root, numbers } = diffOf(before, after, door.definitions.shapes);
  return stringifyJson(root, numbers);
}
