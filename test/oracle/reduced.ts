/**
 * The reduced database: a second service whose record holds only what one person may be shown, each row as the oracle says
 * she is shown it and indexed from what the oracle says it is found by. No rule of the service has a part in it.
 */
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import type { IndexValues } from '../../src/search/types.ts';
import { moreOf } from '../../src/store/composite-sql.ts';
import { openPool, type Pool } from '../../src/store/pool.ts';
import { SEPARATOR } from '../../src/store/rows.ts';
import { sideColumns } from '../../src/store/write.ts';
import { freshDatabase } from '../harness/database.ts';
import { registerClients, type Service, startService } from '../harness/service.ts';
import { NOW } from './ground.ts';
import type { Filled, Version } from './http-world.ts';
import { refusalOf } from './oracle.ts';
import type { Person } from './people.ts';
import { shownTo } from './shown.ts';
import { statusesOf } from './told.ts';

export interface Reduced {
  service: Service;
  /** Empties it and fills it with what this person may be shown. */
  hold(filled: Filled, person: Person, instead?: Instead): Promise<View>;
  /** Makes the rows stand as one kind of door shows them. */
  stand(view: View, door: DoorKind): Promise<void>;
  close(): Promise<void>;
}

/**
 * What stands otherwise by door: names of people handled with care are missing in lists only, and a family has no
 * history for those who did not write it (3.5).
 */
export interface DoorKind {
  isList: boolean;
  isHistory: boolean;
}

/** What a wrong oracle would say, to prove the walk alive: rows (`Type/id`) that are shown as they are stored. */
export interface Instead {
  whole?: readonly string[];
}

interface Place {
  service: Service;
  owner: Pool;
}

/** What the oracle says of each version for one person. */
export interface View {
  /** `Type/id/version` -> the row as she reads it; rows she may not see are missing. */
  shown: Map<string, string>;
  /** What stands instead in lists, where that is something else. */
  listed: Map<string, string>;
  /** `Type/id/version` -> statuses of the refusal. */
  refused: Map<string, number[]>;
}

/** A service beside another, empty. */
export async function openReduced(whole: Service): Promise<Reduced> {
  const database = await freshDatabase();
  await registerClients(database.ownerUrl);
  const service = await startService({ beside: { ...whole, database }, clock: () => NOW });
  const owner = openPool(database.ownerUrl, 1);
  await owner.query(MUTE);
  return {
    service,
    hold: (filled, person, instead = {}) => hold({ service, owner }, filled, person, instead),
    stand: (view, door) => stand(owner, view, door),
    close: async () => {
      await owner.end();
      await service.close();
      await database.drop();
    },
  };
}

async function stand(owner: Pool, view: View, { isList, isHistory }: DoorKind): Promise<void> {
  await owner.query(ALONE_BACK);
  for (const [key, listed] of view.listed) {
    const [type, id, version] = key.split('/');
    const values = [type, id, version, isList ? listed : view.shown.get(key)];
    for (const table of ['resource', 'history'])
      await owner.query(`update ${table} set body = $4 where type = $1 and id = $2 and version = $3`, values);
  }
  for (const table of ['resource', 'history']) {
    const [from, into] = isHistory ? [table, `family_${table}`] : [`family_${table}`, table];
    await owner.query(
      `with moved as (delete from ${from} where type = 'Group' returning *) insert into ${into} select * from moved`,
    );
  }
  if (isList && isHistory) await owner.query(ALONE);
}

/**
 * The service takes the types of a history from the current rows: none has earlier versions alone. Where she is shown of a
 * whole type nothing but earlier versions (an entry that has moved to another woman), the newest of each stands as current
 * while a history of many is asked for.
 */
const ALONE = `with alone as (delete from history h where not exists (select from resource r where r.type = h.type)
      and not exists (select from history n where n.type = h.type and n.id = h.id and n.version > h.version) returning h.*),
    kept as (insert into alone_version select type, id from alone)
  insert into resource select (jsonb_populate_record(null::resource, to_jsonb(a))).* from alone a`;
const ALONE_BACK = `with kept as (delete from alone_version returning *),
    back as (delete from resource r using kept k where r.type = k.type and r.id = k.id returning r.*)
  insert into history select (jsonb_populate_record(null::history, to_jsonb(b))).* from back b`;

const keyOf = ({ type, id, version }: Version): string => `${type}/${id}/${version}`;

/** The text a version is decided by: a deletion by what it deleted. */
function textOf(versions: readonly Version[], one: Version): Resource {
  const { type, id } = one;
  for (let at = one.version; at > 0; at -= 1) {
    const body = versions.find((each) => each.type === type && each.id === id && each.version === at)?.body;
    if (body !== null && body !== undefined) return JSON.parse(body);
  }
  return { resourceType: type, id };
}

interface Row {
  one: Version;
  found: Resource | null;
  mute: string[];
}

/** The oracle's word on every stored version. */
function viewOf(filled: Filled, person: Person, { whole = [] }: Instead): { view: View; rows: Row[] } {
  const { world, versions } = filled;
  const view: View = { shown: new Map(), listed: new Map(), refused: new Map() };
  const rows: Row[] = [];
  const now = NOW.getTime();
  for (const one of versions) {
    const resource = textOf(versions, one);
    const newest = versions.find((each) => each.current && each.type === one.type && each.id === one.id) ?? one;
    const current = newest === one ? resource : textOf(versions, newest);
    const isWhole = whole.includes(`${one.type}/${one.id}`);
    if (refusalOf(world, person, resource, now, current) !== null) {
      view.refused.set(keyOf(one), statusesOf(world, person, resource, now, current));
      if (!isWhole) continue;
    }
    const as = isWhole
      ? { read: resource, listed: resource, found: resource, mute: [] }
      : shownTo(world, person, resource, now);
    view.shown.set(keyOf(one), one.body === null ? '' : JSON.stringify(as.read));
    if (one.body !== null && as.listed !== as.read) view.listed.set(keyOf(one), JSON.stringify(as.listed));
    rows.push({ one, found: one.body === null ? null : as.found, mute: as.mute });
  }
  return { view, rows };
}

/** A row of which anything is masked is found by no word of its text (its own words and those of the mask are one text). */
const MUTE = `create table family_resource (like resource); create table family_history (like history);
  create table alone_version (type text, id text);
  create table muted (body text);
  grant select on muted to tandem_service;
  alter function record_words(text, boolean) rename to record_words_of_all;
  create function record_words(body text, narrative boolean) returns tsvector language sql stable as $$
    select case when exists (select from muted m where m.body = $1) then ''::tsvector else record_words_of_all($1, narrative) end $$`;

const TABLES = [
  'family_resource',
  'family_history',
  'alone_version',
  'muted',
  'resource',
  'history',
  'index_string',
  'index_date',
  'index_number',
  'page',
  'change',
  'feed',
];

async function hold({ service, owner }: Place, filled: Filled, person: Person, instead: Instead): Promise<View> {
  const { view, rows } = viewOf(filled, person, instead);
  for (const table of TABLES) await owner.query(`delete from ${table}`);
  for (const { one, found } of rows) {
    const table = one.current ? 'resource' : 'history';
    const text = JSON.stringify(found);
    const read = view.shown.get(keyOf(one)) ?? '';
    const tokens = (one.row.tokens as string[]).filter(
      (word) => word.startsWith('@s=') || (word.startsWith('@p=') && read.includes(`"${word.slice(3)}"`)),
    );
    const row: JsonObject = {
      ...one.row,
      body: (view.listed.get(keyOf(one)) ?? view.shown.get(keyOf(one))) || null,
      tokens,
    };
    if (row.body !== one.body || text !== one.body) await owner.query('insert into muted values ($1)', [row.body]);
    await owner.query(`insert into ${table} select * from jsonb_populate_record(null::${table}, $1)`, [
      JSON.stringify(row),
    ]);
  }
  await index(
    { service, owner },
    rows.filter(({ one }) => one.current),
  );
  await owner.query('analyze resource, index_string, index_date');
  return view;
}

async function index({ service, owner }: Place, rows: readonly Row[]): Promise<void> {
  const { indexer } = service.app.door;
  for (const type of new Set(rows.map(({ one }) => one.type))) {
    const of = rows.flatMap(({ one, found, mute }) =>
      one.type === type && found !== null ? [{ one, found, mute }] : [],
    );
    const values = of.map(({ found, mute }): IndexValues => muted(indexer.indexOf(found), type, mute));
    await owner.query(`select record_reindex(${Array.from({ length: 17 }, (_, i) => `$${i + 1}`).join(', ')})`, [
      type,
      of.map(({ one }) => one.id),
      of.map(({ one }) => one.version),
      values.map(({ tokens }) => tokens.join(SEPARATOR)),
      values.map(moreOf),
      ...sideColumns(values),
    ]);
  }
}

function muted(values: IndexValues, type: string, mute: readonly string[]): IndexValues {
  const tokens = values.tokens.filter(
    // The tag that says it is a part is found by nobody: it is no part of what is stored.
    (word) =>
      !word.includes('SUBSETTED') &&
      !mute.some((code) => word.startsWith(`${type}.${code}=`) || word.startsWith(`${type}.${code}:`)),
  );
  return { ...values, tokens };
}
