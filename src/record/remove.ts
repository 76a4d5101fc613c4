/** delete and conditional delete: a tombstone, history kept (R4 http.html#delete, R-33). */
import { commit, one } from './commit.ts';
import { settled } from './definition-write.ts';
import { entryOf } from './entry.ts';
import { prepareDelete, type Target } from './prepare.ts';
import { audited, retrying } from './refusal.ts';
import { onTarget } from './target.ts';
import type { Context, Door, Written } from './types.ts';

/** Null when there was nothing to delete that the caller may see. */
export function remove(
  door: Door,
  context: Context,
  type: string,
  request: { target: Target; ifMatch: string | null },
): Promise<Written | null> {
  const { target, ifMatch } = request;
  const entry = { ...entryOf(context, 'delete'), entities: ['id' in target ? `${type}/${target.id}` : type] };
  return audited(door, entry, () =>
    settled(door, [type], () =>
      retrying(() =>
        onTarget(door, target, async (db) => {
          const change = await prepareDelete({ door, context, db }, type, target, ifMatch);
          if (change !== null) return one(await commit(door, db, context, [change]));
          await door.audit.write({ ...entry, status: 204 });
          return null;
        }),
      ),
    ),
  );
}
