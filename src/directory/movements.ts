/**
 * Joiners, movers and leavers of a period (domain.md 6.7, 16): who came, whose role, service or team changed, who left, and
 * in how many families a leaver is still named. A number says that something is to be handed on, never whose.
 */
import { createHash } from 'node:crypto';
import { csvText, type Table } from '../audit/export-text.ts';
import { parseJson } from '../fhir/json.ts';
import { refuse } from '../fhir/outcome.ts';
import { asResource, isObject } from '../fhir/resource.ts';
import type { Resource } from '../fhir/types.ts';
import { type DirectoryRow, directoryOf } from '../governance/directory.ts';
import { startOf } from '../governance/instants.ts';
import { isKeeper } from '../oversight/proposals.ts';
import { entryOf } from '../record/entry.ts';
import { requireFreshSignIn } from '../record/fresh-sign-in.ts';
import { audited, unknown } from '../record/refusal.ts';
import type { Context, Door } from '../record/types.ts';
import { familiesNaming, placeNames, roleChanges, rolesEnding, teamChanges } from '../store/models/movements.ts';
import { rolesByReference } from '../store/models/roles.ts';
import { isLive } from './differences.ts';
import { type HrState, hrState } from './hr-join.ts';
import { labelOf } from './look-up.ts';

export const MOVES = ['joined', 'moved', 'left', 'joined-team', 'left-team'] as const;

export interface Movement {
  kind: (typeof MOVES)[number];
  /** Id of the PractitionerRole. */
  id: string;
  name: string;
  /** What she is now, or the team; and of a mover what she was. */
  what: string;
  was: string | null;
  at: Date;
  /** Families a leaver or mover is still named in. */
  families: number;
}

export interface Movements {
  list: Movement[];
  /** Roles that end by themselves within 30 days. */
  ending: { role: string; name: string | null; until: string }[];
  more: boolean;
  hr: HrState;
}

/** Of a page; a file holds more. */
const MOST = 200;
const MOST_IN_FILE = 5_000;
const DAY = 86_400_000;

export function movements(door: Door, context: Context, days: number): Promise<Movements> {
  const detail = `joiners, movers and leavers of ${days} days`;
  const entry = { ...entryOf(context, 'search-type'), detail, entities: ['PractitionerRole'], rules: ['R-27'] };
  return audited(door, entry, async () => {
    requireReader(context);
    const found = await movesOf(door, context.now, days, MOST);
    const month = new Date(context.now.getTime() + 30 * DAY);
    const [ending, hr] = await Promise.all([rolesEnding(door.pool, context.now, month), hrState(door, context)]);
    await door.audit.write(entry);
    return { ...found, ending, hr };
  });
}

/** The same as a file, recorded with its hash before it leaves. @throws Outcome 403, 400 without a reason, 401 */
export function exportMovements(
  door: Door,
  context: Context,
  { days, reason }: { days: number; reason: string },
): Promise<{ name: string; type: string; text: string }> {
  const entry = { ...entryOf(context, 'search-type'), entities: ['PractitionerRole'], rules: ['R-27', 'R-38'] };
  return audited(door, entry, async () => {
    requireReader(context);
    requireFreshSignIn(door, context);
    if (reason.trim().length < 5) throw refuse(400, 'required', 'Say why, in five characters or more: reason');
    const { list, more } = await movesOf(door, context.now, days, MOST_IN_FILE);
    const about = {
      title: 'Joiners, movers and leavers',
      period: `${new Date(context.now.getTime() - days * DAY).toISOString().slice(0, 10)} to ${context.now.toISOString().slice(0, 10)}`,
      filter: more ? `the newest ${MOST_IN_FILE}` : 'all',
      generatedBy: `${context.principal.name} (${context.principal.practitionerRole ?? ''})`,
      generatedAt: context.now.toISOString(),
      reason,
      approvedBy: null,
    };
    const text = csvText(tableOf(list), about, true);
    const sha256 = createHash('sha256').update(text).digest('hex');
    const detail = `export movements csv sha256:${sha256}; reason: ${reason.slice(0, 300)}`;
    await door.audit.write({ ...entry, interaction: 'disclosure', action: 'R', detail });
    const name = `tandem-joiners-movers-leavers-${context.now.toISOString().slice(0, 10)}.csv`;
    return { name, type: 'text/csv; charset=utf-8', text };
  });
}

function tableOf(list: readonly Movement[]): Table {
  return {
    columns: ['when', 'what', 'who', 'role id', 'role and service, or team', 'before', 'families still naming her'],
    rows: list.map(({ kind, id, name, what, was, at, families }) => [at, kind, name, id, what, was, families]),
  };
}

function requireReader({ principal }: Context): void {
  if (principal.kind === 'family') throw unknown();
  if (!isKeeper(principal)) throw refuse(403, 'forbidden', 'This report is for those who keep the directory (R-27)');
}

async function movesOf(door: Door, now: Date, days: number, most: number): Promise<Pick<Movements, 'list' | 'more'>> {
  const since = new Date(now.getTime() - days * DAY);
  const [changes, teams] = await Promise.all([
    roleChanges(door.pool, since, now, most + 1),
    teamChanges(door.pool, since, now, most + 1),
  ]);
  const found = changes.flatMap(({ id, before, now: body, at }) => {
    const [old, fresh] = [before === null ? null : parsed(before), parsed(body)];
    const kind = kindOf(old, fresh, { since, now });
    return kind === null ? [] : [{ id, kind, old, fresh, at }];
  });
  const references = found.map(({ id }) => `PractitionerRole/${id}`);
  const places = found.flatMap(({ old, fresh }) => [serviceOf(old), serviceOf(fresh)]);
  const [lines, families, names] = await Promise.all([
    rolesByReference(door.pool, references),
    familiesNaming(door.pool, references, now),
    placeNames(door.pool, places),
  ]);
  const words = (resource: Resource) =>
    [roleWordOf(resource), names.get(serviceOf(resource)) ?? 'no service'].join(', ');
  const roles = found.map(({ id, kind, old, fresh, at }): Movement => {
    const reference = `PractitionerRole/${id}`;
    const name = lines.find(({ role }) => role === reference)?.name ?? reference;
    const was = kind === 'moved' && old !== null ? words(old) : null;
    return {
      kind,
      id,
      at,
      name,
      what: words(fresh),
      was,
      families: kind === 'joined' ? 0 : (families.get(reference) ?? 0),
    };
  });
  const inTeams = teams.map(({ kind, member, name, team, teamName, at }): Movement => {
    const id = member.slice(member.indexOf('/') + 1);
    return { kind: `${kind}-team`, id, at, name: name ?? member, what: teamName ?? team, was: null, families: 0 };
  });
  const list = [...roles, ...inTeams].toSorted((a, b) => b.at.getTime() - a.at.getTime());
  return { list: list.slice(0, most), more: list.length > most };
}

function parsed(body: string): Resource {
  return asResource(parseJson(Buffer.from(body, 'utf8')).root);
}

/** Null: changed in ways that move nobody, such as a new phone number, or a first day that is still to come. */
function kindOf(
  before: Resource | null,
  after: Resource,
  { since, now }: { since: Date; now: Date },
): 'joined' | 'moved' | 'left' | null {
  const [was, is] = [before !== null && worksAt(before, since), worksAt(after, now)];
  if (!was && !is) return before === null && hadBegun(after, now) ? 'left' : null;
  if (!was) return 'joined';
  if (!is) return 'left';
  const [old, fresh] = [before === null ? null : rowOf(before), rowOf(after)];
  return old?.role === fresh?.role && old?.service === fresh?.service ? null : 'moved';
}

const worksAt = (resource: Resource, at: Date): boolean => isLive(resource, at) && hadBegun(resource, at);

function hadBegun({ period }: Resource, at: Date): boolean {
  const start = isObject(period) && typeof period.start === 'string' ? startOf(period.start) : null;
  return start === null || start <= at.toISOString();
}

function rowOf(resource: Resource): Extract<DirectoryRow, { kind: 'role' }> | null {
  const [row] = directoryOf(resource);
  return row?.kind === 'role' ? row : null;
}

/** As people say it: the words of the role list. */
function roleWordOf(resource: Resource): string {
  return labelOf(resource).split(', ').at(-1) ?? 'no role';
}

function serviceOf(resource: Resource | null): string {
  return (resource === null ? null : rowOf(resource)?.service) ?? '';
}
