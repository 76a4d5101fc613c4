/** create and conditional create (R4 http.html#create, #ccreate). */
import { inTransaction } from '../store/transaction.ts';
import { commit, one } from './commit.ts';
import { settled } from './definition-write.ts';
import { parseBody } from './document.ts';
import { entryOf } from './entry.ts';
import { prepareCreate } from './prepare.ts';
import { withProbes } from './probes.ts';
import { read } from './read.ts';
import { audited } from './refusal.ts';
import type { Context, Door, Written } from './types.ts';

/**
 * Writes a new resource under an id of the server's own.
 * @param request.ifNoneExist criteria: one permitted match is answered as it is, several are refused (412)
 */
export function create(
  door: Door,
  context: Context,
  type: string,
  request: { body: Buffer; ifNoneExist: string | null },
): Promise<Written> {
  return audited(door, { ...entryOf(context, 'create'), entities: [type] }, async () => {
    const document = parseBody(door, request.body);
    if (request.ifNoneExist === null) {
      const change = await prepareCreate({ door, context, db: door.pool }, type, document, null);
      if ('existing' in change) throw new Error('an unconditional create found something');
      return settled(door, [type], async () => one(await commit(door, door.pool, context, [change])));
    }
    const result = await settled(door, [type], () =>
      withProbes(door, context, (probes) =>
        inTransaction(door.pool, async (client) => {
          const writing = { door, context, db: client, probes };
          const change = await prepareCreate(writing, type, document, request.ifNoneExist);
          return 'existing' in change ? change : one(await commit(door, client, context, [change]));
        }),
      ),
    );
    if (!('existing' in result)) return result;
    return { ...(await read(door, context, type, result.existing)), outcome: 'unchanged', warnings: [] };
  });
}
