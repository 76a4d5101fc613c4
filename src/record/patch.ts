/** patch and conditional patch: JSON Patch or FHIRPath Patch (R4 http.html#patch). */
import { parseJson } from '../fhir/json.ts';
import { commit, one } from './commit.ts';
import { settled } from './definition-write.ts';
import { entryOf } from './entry.ts';
import { preparePatch, type Target } from './prepare.ts';
import { audited, retrying } from './refusal.ts';
import { onTarget } from './target.ts';
import type { Context, Door, Written } from './types.ts';

/** @throws Outcome 400, 404, 410, 412, 422 (operation named by index and path), refusals */
export function patch(
  door: Door,
  context: Context,
  type: string,
  request: { target: Target; body: Uint8Array; kind: 'json' | 'fhirpath'; ifMatch: string | null },
): Promise<Written> {
  const { target, kind, ifMatch } = request;
  return audited(
    door,
    { ...entryOf(context, 'patch'), entities: ['id' in target ? `${type}/${target.id}` : type] },
    () => {
      const document = parseJson(request.body);
      return settled(door, [type], () =>
        retrying(() =>
          onTarget(door, target, async (db) => {
            const change = await preparePatch({ door, context, db }, type, target, {
              patch: { kind, document },
              ifMatch,
            });
            return one(await commit(door, db, context, [change]));
          }),
        ),
      );
    },
  );
}
