/** One step of the walk: the same request of both services, and whether the two answers are the same. */
import { isDeepStrictEqual } from 'node:util';
import type { Resource } from '../../src/fhir/types.ts';
import { at, type Client, entries, FHIR, link, type Reply, resources, textAt } from '../harness/client.ts';
import type { Service } from '../harness/service.ts';
import { CLASS_TYPES } from './cells.ts';
import type { Person } from './people.ts';
import type { Loose } from './reading.ts';
import type { DoorKind, View } from './reduced.ts';
import type { Asked } from './requests.ts';
import { hasCell } from './told.ts';

export interface Sides {
  person: Person;
  whole: Service;
  reduced: Service;
  client: Client;
  anyone: Client;
  view: View;
  stand(view: View, door: DoorKind): Promise<void>;
  /** How the rows stand now. */
  stands: DoorKind;
  tally?: (status: number) => void;
}

export interface Difference {
  path: string;
  is: string;
  should: string;
}

/** What differs between any two answers: host, time of the answer, names of pages and requests. */
export function still(service: Service, text: string): string {
  return text
    .replaceAll(service.base, 'BASE')
    .replace(/^(\{"resourceType":"Bundle".{0,80}?"lastUpdated":)"[^"]*"/, '$1"T"')
    .replace(/"timestamp":"[^"]*"/g, '"timestamp":"T"')
    .replace(/_page=[\w.%-]+/g, '_page=P')
    .replace(
      /"id":"[0-9a-z-]{20,40}","type":"(searchset|batch-response|history|transaction-response)"/g,
      '"type":"$1"',
    );
}

interface Part {
  status: number;
  text: string;
  /** Resources in it. */
  rows: number;
}

/** Asks both, follows the pages of both; the first difference, or how many rows were shown. */
export async function step(sides: Sides, asked: Asked): Promise<Difference | number> {
  const [first = ''] = asked.paths;
  const kind = kindOf(first);
  const paths = asked.paths.filter((path) => isDeepStrictEqual(kindOf(path), kind));
  if (!isDeepStrictEqual(kind, sides.stands)) await sides.stand(sides.view, kind);
  sides.stands = kind;
  return stepOf(sides, { ...asked, paths });
}

/** A list of rows, or one row by its id; versions, or what stands now. */
function kindOf(path: string): DoorKind {
  const isOne =
    /^[A-Z][A-Za-z]+\/[^/?$]+(\/(_history|\$(meta|diff|validate)).*)?(\?.*)?$/s.test(path) &&
    !/^[A-Za-z]+\/_history/.test(path);
  return { isList: !isOne, isHistory: /_history|\$diff/.test(path) };
}

async function stepOf(sides: Sides, asked: Asked): Promise<Difference | number> {
  let [is, should] = await Promise.all([ask(sides.client, asked), ask(sides.anyone, asked)]);
  let shown = 0;
  for (let page = 0; page < 4; page += 1) {
    sides.tally?.(is.status);
    const difference = compare(sides, asked, [is, should]);
    if (difference !== null) return { ...difference, path: `${asked.how} ${asked.paths.join(' | ')} page ${page}` };
    shown += resources(is).length + (is.status === 200 && resources(is).length === 0 && asked.how === 'get' ? 1 : 0);
    const [next, other] = [link(is, 'next'), link(should, 'next')];
    if (asked.how === 'batch' || asked.how === 'transaction' || next === null || other === null) break;
    [is, should] = await Promise.all([sides.client.get(next), sides.anyone.get(other)]);
  }
  return shown;
}

function ask(client: Client, { how, paths }: Asked): Promise<Reply> {
  const [first = ''] = paths;
  if (how === 'get') return client.get(first);
  if (how === 'form') {
    const [type = '', query = ''] = first.split(/\?(.*)/s);
    return client.form(`${type}/_search`, query);
  }
  const entry = paths.map((url) => ({ request: { method: 'GET', url } }));
  return client.post('', { resourceType: 'Bundle', type: how, entry } as Resource, { 'content-type': FHIR });
}

function compare(sides: Sides, asked: Asked, [is, should]: readonly [Reply, Reply]): Omit<Difference, 'path'> | null {
  const isBundle = asked.how === 'batch' || asked.how === 'transaction';
  if (!isBundle || is.status !== 200 || should.status !== 200) {
    // A failure says why in the log alone.
    const why = ({ logged }: Service, status: number) => (status >= 500 ? JSON.stringify(logged.slice(-2)) : '');
    const one = (service: Service, { status, text }: Reply): Part => {
      const part = partOf(status, still(service, text));
      return { ...part, text: part.text + why(service, status) };
    };
    return different(sides, asked.paths[0] ?? '', [one(sides.whole, is), one(sides.reduced, should)]);
  }
  for (const [i, path] of asked.paths.entries()) {
    const parts = [is, should].map((reply, n): Part => {
      const entry = entries(reply)[i] ?? {};
      const status = Number.parseInt(textAt(entry, 'response.status'), 10);
      const text = JSON.stringify(entry.resource ?? at(entry, 'response.outcome') ?? null);
      return partOf(status, still(n === 0 ? sides.whole : sides.reduced, text));
    });
    const found = different(sides, path, [parts[0] as Part, parts[1] as Part]);
    if (found !== null) return found;
  }
  return null;
}

function partOf(status: number, text: string): Part {
  const { resourceType, entry = [] }: Loose = JSON.parse(text === '' ? '{}' : text) ?? {};
  const isOutcome = resourceType === 'OperationOutcome' || resourceType === undefined;
  return { status, text, rows: resourceType === 'Bundle' ? entry.length : isOutcome ? 0 : 1 };
}

const KINDS_OF = (type: string): string[] => {
  const kinds = Object.entries(CLASS_TYPES).flatMap(([kind, types]) => (types.includes(type) ? [kind] : []));
  const more: Readonly<Record<string, string[]>> = {
    Slot: ['schedule'],
    Schedule: ['schedule'],
    CareTeam: ['directory'],
    Group: ['demographics'],
    Contract: ['agreements'],
  };
  const own = [...kinds, ...(more[type] ?? [])];
  return own.length === 0 ? ['directory'] : own;
};

/** The types of which rows are asked for. */
function typesOf(path: string): string[] {
  const [before = '', query = ''] = path.split(/\?(.*)/s);
  const [type = '', , within = ''] = before.split('/');
  const listed = new URLSearchParams(query).get('_type');
  if (/^[A-Z]/.test(within)) return [within];
  return listed !== null && (type === '' || within === '*') ? listed.split(',') : [type];
}

/** A refusal must be the one the oracle says; every other answer the same text. */
function different(sides: Sides, path: string, [is, should]: readonly [Part, Part]): Omit<Difference, 'path'> | null {
  const texts = { is: `${is.status} ${is.text}`, should: `${should.status} ${should.text}` };
  if (texts.is === texts.should) return null;
  // Of what is shown in part nobody is told whether the whole is valid.
  if (path.endsWith('$validate') && is.text.includes('Only part of this resource is shown')) return null;
  if (is.status !== 403 && is.status !== 404) return texts;
  const { person, view } = sides;
  const [type = '', id = '', ...rest] = path.replace(/\?.*/s, '').split('/');
  // Staff and systems hear 403 of a type that their role has no part in, whatever they ask of it.
  const isClosed = person.kind !== 'family' && typesOf(path).every((one) => !hasCell(person, KINDS_OF(one)));
  if (isClosed) return is.status === 403 && !mentions(is) ? null : texts;
  if (id === '' || id.startsWith('_') || id.startsWith('$')) return texts;
  // What is refused is not there: no row, and no list of rows.
  if (should.status !== 404 && !(should.status === 200 && should.rows === 0)) return texts;
  const version = rest[0] === '_history' && rest[1] !== undefined ? rest[1] : null;
  const stored = [...view.refused.keys(), ...view.shown.keys()].filter((key) => key.startsWith(`${type}/${id}/`));
  const key =
    version === null
      ? stored.toSorted((a, b) => Number(b.split('/')[2]) - Number(a.split('/')[2]))[0]
      : `${type}/${id}/${version}`;
  const allowed = view.refused.get(key ?? '');
  if (allowed === undefined || mentions(is)) return texts;
  return allowed.includes(is.status) ? null : { is: `${texts.is}`, should: `${allowed} for ${key}` };
}

/** A refusal holds no word of any row. */
const mentions = ({ text }: Part): boolean =>
  /\bw[a-z]*[xy]?\d|Fam|Giv|ZZ9|01632|999\d{7}/.test(text.replace(/"(valueString|handle)":"[^"]*"/g, ''));
