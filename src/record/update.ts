/** update, update as create, conditional update (R4 http.html#update, #cond-update). */
import { commit, one } from './commit.ts';
import { settled } from './definition-write.ts';
import { parseBody } from './document.ts';
import { entryOf } from './entry.ts';
import { prepareUpdate, type Target } from './prepare.ts';
import { withProbes } from './probes.ts';
import { audited, retrying } from './refusal.ts';
import { onTarget } from './target.ts';
import type { Context, Door, Written } from './types.ts';

/** @throws Outcome 400, 405 (client-chosen id not allowed), 412 (If-Match, several matches), 422, refusals */
export function update(
  door: Door,
  context: Context,
  type: string,
  request: { target: Target; body: Buffer; ifMatch: string | null; onlyNew?: boolean },
): Promise<Written> {
  const { target, ifMatch, onlyNew = false } = request;
  return audited(
    door,
    { ...entryOf(context, 'update'), entities: ['id' in target ? `${type}/${target.id}` : type] },
    () => {
      const document = parseBody(door, request.body);
      return settled(door, [type], () =>
        retrying(() =>
          withProbes(door, context, (probes) =>
            onTarget(door, target, async (db) => {
              const writing = { door, context, db, probes };
              const change = await prepareUpdate(writing, type, target, { document, ifMatch, onlyNew });
              return one(await commit(door, db, context, [change]));
            }),
          ),
        ),
      );
    },
  );
}
