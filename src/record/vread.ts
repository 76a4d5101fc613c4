/** vread: one version, decided under the stricter of its own and the current label (R4 http.html#vread). */
import { gate } from '../governance/gates.ts';
import { readVersion } from '../store/reads.ts';
import { ask, reach, show } from './decide.ts';
import { entryOf, withRows } from './entry.ts';
import { showFound } from './read.ts';
import { audited, checkGeneration, notFound, refused } from './refusal.ts';
import { shippedRow } from './shipped.ts';
import type { Context, Door, Shown } from './types.ts';

/** @throws Outcome as `read`; 404 too when the version id is not a number we ever gave */
export function vread(door: Door, context: Context, type: string, id: string, versionId: string): Promise<Shown> {
  const entry = { ...entryOf(context, 'vread'), entities: [`${type}/${id}/_history/${versionId}`] };
  return audited(door, entry, async () => {
    const closed = gate(context.principal, ask(door, context, 'vread', type));
    if (closed !== null) throw await refused(door, entry, closed);
    if (!/^[1-9]\d{0,8}$/.test(versionId)) throw await notFound(door, entry);
    const shipped = versionId === '1' ? shippedRow(door, type, id) : null;
    if (shipped !== null) {
      await door.audit.write(withRows(entry, [shipped]));
      return show(shipped, []);
    }
    const key = { type, id, version: Number(versionId) };
    const { found, generation } = await readVersion(door.pool, key, reach(context));
    checkGeneration(context, generation);
    return showFound(door, context, found, entry);
  });
}
