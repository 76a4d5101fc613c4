/**
 * Joiners, movers and leavers of a period (domain.md 6.7, 16): who came, whose role or service changed, who left, and in how
 * many families a leaver is still named. A number says that something is to be handed on, never whose.
 */
import { parseJson } from '../fhir/json.ts';
import { refuse } from '../fhir/outcome.ts';
import { asResource } from '../fhir/resource.ts';
import type { Resource } from '../fhir/types.ts';
import { type DirectoryRow, directoryOf } from '../governance/directory.ts';
import { isKeeper } from '../oversight/proposals.ts';
import { entryOf } from '../record/entry.ts';
import { audited, unknown } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { familiesNaming, roleChanges, rolesEnding } from '../store/models/movements.ts';
import { rolesByReference } from '../store/models/roles.ts';
import { isLive } from './differences.ts';

export interface Movement {
  kind: 'joined' | 'moved' | 'left';
  /** Id of the PractitionerRole. */
  id: string;
  name: string;
  /** What she is now, and of a mover what she was. */
  role: string;
  was: string | null;
  at: Date;
  /** Families a leaver is still named in. */
  families: number;
}

export interface Movements {
  list: Movement[];
  /** Roles that end by themselves within 30 days. */
  ending: { role: string; name: string | null; until: string }[];
  more: boolean;
}

const MOST = 500;
const DAY = 86_400_000;

export function movements(door: Door, context: Context, days: number): Promise<Movements> {
  const detail = `joiners, movers and leavers of ${days} days`;
  const entry = { ...entryOf(context, 'search-type'), detail, entities: ['PractitionerRole'], rules: ['R-27'] };
  return audited(door, entry, async () => {
    if (context.principal.kind === 'family') throw unknown();
    if (!isKeeper(context.principal))
      throw refuse(403, 'forbidden', 'This report is for those who keep the directory (R-27)');
    const changes = await roleChanges(door.pool, new Date(context.now.getTime() - days * DAY), MOST + 1);
    const found = changes.slice(0, MOST).flatMap(({ id, before, now, at }) => {
      const kind = kindOf(before === null ? null : parsed(before), parsed(now), context.now);
      return kind === null ? [] : [{ id, kind, before, now, at }];
    });
    const references = found.map(({ id }) => `PractitionerRole/${id}`);
    const [lines, families, ending] = await Promise.all([
      rolesByReference(door.pool, references),
      familiesNaming(door.pool, references, context.now),
      rolesEnding(door.pool, context.now, new Date(context.now.getTime() + 30 * DAY)),
    ]);
    await door.audit.write(entry);
    const list = found.map(({ id, kind, before, now, at }): Movement => {
      const reference = `PractitionerRole/${id}`;
      return {
        kind,
        id,
        at,
        name: lines.find(({ role }) => role === reference)?.name ?? reference,
        role: wordsOf(parsed(now)),
        was: kind === 'moved' && before !== null ? wordsOf(parsed(before)) : null,
        families: kind === 'left' ? (families.get(reference) ?? 0) : 0,
      };
    });
    return { list, ending, more: changes.length > MOST };
  });
}

function parsed(body: string): Resource {
  return asResource(parseJson(Buffer.from(body, 'utf8')).root);
}

/** Null: changed in ways that move nobody, such as a new phone number. */
function kindOf(before: Resource | null, after: Resource, now: Date): Movement['kind'] | null {
  const [was, is] = [before !== null && isLive(before, now), isLive(after, now)];
  if (before === null || !was) return is ? 'joined' : before === null ? 'left' : null;
  if (!is) return 'left';
  const [old, fresh] = [rowOf(before), rowOf(after)];
  return old?.role === fresh?.role && old?.service === fresh?.service ? null : 'moved';
}

function rowOf(resource: Resource): Extract<DirectoryRow, { kind: 'role' }> | null {
  const [row] = directoryOf(resource);
  return row?.kind === 'role' ? row : null;
}

function wordsOf(resource: Resource): string {
  const row = rowOf(resource);
  return [row?.role ?? 'no role', row?.service ?? 'no service'].join(', ');
}
