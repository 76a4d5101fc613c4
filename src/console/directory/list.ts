/** The directory by kind, and one entry of it. Reading goes through the record like every other look. */
import { isLive } from '../../directory/differences.ts';
import { LISTED, type Listed, labelOf, listDirectory, namesIn, readDirectory } from '../../directory/look-up.ts';
import { identitiesOf } from '../../directory/workspace.ts';
import { isObject } from '../../fhir/resource.ts';
import type { JsonObject, Resource } from '../../fhir/types.ts';
import type { Context } from '../../record/types.ts';
import { message, type Page } from '../pages.ts';
import { flatLines } from '../proposal-lines.ts';
import { shownDay, shownTime } from '../times.ts';
import type { Visit } from '../visit.ts';
import { elementWord, isBeside, systemsIn } from './element-words.ts';

export const KIND_WORDS: Readonly<Record<Listed, string>> = {
  organisations: 'Organisations',
  services: 'Services',
  locations: 'Locations',
  teams: 'Teams',
  people: 'People',
  roles: 'Roles',
  duty: 'Duty list',
};
const KEEPERS = ['ig-officer', 'caldicott-guardian', 'sysadmin'];

export function kindOf(word: string | null | undefined): Listed {
  return LISTED.find((one) => one === word) ?? 'people';
}

/** What she may do here, for buttons only: the record decides. */
export function mayOf(context: Context): { keep: boolean; duty: boolean; hand: boolean } {
  const { role } = context.principal;
  return {
    keep: KEEPERS.includes(role),
    duty: role === 'admin',
    hand: ['team-lead', 'midwife', 'health-visitor', 'admin'].includes(role),
  };
}

export async function directoryPage(visit: Visit, context: Context): Promise<Page> {
  const kind = kindOf(visit.query.get('kind'));
  const name = (visit.query.get('name') ?? '').trim().slice(0, 100);
  const page = visit.query.get('page');
  const { entries, next } = await listDirectory(visit.deps.door, context, { kind, name, page });
  const more = next === null ? null : `/console/directory?${new URLSearchParams({ kind, name, page: next })}`;
  return {
    status: 200,
    template: 'directory-list',
    context: {
      kind,
      heading: KIND_WORDS[kind],
      name,
      // Who keeps the directory has no duty list (5.3).
      kinds: LISTED.filter((one) => one !== 'duty' || !mayOf(context).keep).map((value) => ({
        value,
        text: KIND_WORDS[value],
      })),
      entries: entries.map((one) => ({
        id: one.id,
        label: kind === 'duty' ? dutyLabel(one) : labelOf(one),
        number: identitiesOf(one)[0]?.value ?? '',
        live: isLive(one, context.now),
      })),
      more,
      may: mayOf(context),
    },
  };
}

function dutyLabel({ start, end }: Resource): string {
  const at = (value: unknown) => {
    const { day, time } = shownTime(String(value));
    return `${day}, ${time.slice(0, 5)}`;
  };
  return `${at(start)} to ${at(end)}`;
}

export async function entryPage(visit: Visit, context: Context): Promise<Page> {
  const kind = kindOf(visit.params.get('kind'));
  const { door } = visit.deps;
  const resource = await readDirectory(door, context, kind, visit.look);
  const names = await namesIn(door, resource);
  const { id, meta: _meta, resourceType: _type, text: _text, ...rest } = resource;
  return {
    status: 200,
    template: 'directory-entry',
    context: {
      kind,
      kindWords: KIND_WORDS[kind],
      id,
      label: kind === 'duty' ? dutyLabel(resource) : labelOf(resource),
      live: isLive(resource, context.now),
      lines: linesOf(withNames(rest, names)),
      may: mayOf(context),
    },
  };
}

/** Every element in words; what only says how to read another is left out, and that it is in use says the tag. */
function linesOf(resource: JsonObject): { what: string; value: string }[] {
  const all = flatLines(resource);
  const paths = new Set(all.map(({ what }) => what));
  const systems = systemsIn(all.map(({ what, value }) => ({ path: what, value })));
  return membersTogether(all)
    .filter(({ what }) => !isBeside(what, paths) && what !== 'active' && what !== 'status')
    .map(({ what, value }) => ({ what: elementWord(what, systems), value }));
}

/** A FHIR date or time as a day in England; a year or month as it is. */
function dayIn(value: string): string {
  if (value.length < 10) return value;
  return value.length === 10 ? shownDay(value) : shownTime(value).day;
}

/** A member of a team and her time in it on one line. */
function membersTogether(all: readonly { what: string; value: string }[]): { what: string; value: string }[] {
  const at = new Map(all.map(({ what, value }) => [what, value]));
  return all.flatMap((line) => {
    const [, place, part] = /^(participant(?:\[\d+\])?)\.(.+)$/.exec(line.what) ?? [];
    if (place === undefined || part === undefined || !at.has(`${place}.member.reference`)) return [line];
    if (part.startsWith('period.')) return [];
    if (part !== 'member.reference') return [line];
    const [from, until] = ['start', 'end'].map((one) => at.get(`${place}.period.${one}`));
    const time = `${from === undefined ? '' : `, from ${dayIn(from)}`}${until === undefined ? '' : `, until ${dayIn(until)}`}`;
    return [{ ...line, value: `${line.value}${time}` }];
  });
}

/** References by the names of what they lead to. */
function withNames(value: JsonObject, names: ReadonlyMap<string, string>): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      name === 'reference' && typeof one === 'string'
        ? (names.get(one) ?? one)
        : Array.isArray(one)
          ? one.map((item) => (isObject(item) ? withNames(item, names) : item))
          : isObject(one)
            ? withNames(one, names)
            : one,
    ]),
  );
}

/** For a kind that is not changed by hand. */
export function notByHand(): Page {
  return message(422, 'This cannot be changed here', ['It has no business identifier. Import it with one first.'], {
    href: '/console/directory',
    text: 'Go to the directory',
  });
}
