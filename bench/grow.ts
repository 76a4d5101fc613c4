/**
 * Multiplies a store that the service has built, so that a million resources take minutes: every row that the door wrote
 * for a family is copied with its facts and its index rows, under ids and NHS numbers of its own. Superseded versions,
 * feed and access record are not copied. The bench's health visitor keeps her caseload: what relates to her or her team
 * is copied without that.
 */

import { crewOf } from './directory.ts';
import { asked, settle } from './durable.ts';
import type { Site } from './site.ts';

/** Ids the service gave, and the numbers that `names.ts` makes: all of them begin with 999. */
const OURS = '\\m(01[0-9a-hjkmnp-tv-z]{24})\\M';
const NUMBER = '\\m999([0-9]{7})\\M';
/** Numbers of copies begin with 998 and down, none of which is in use. */
const MOST = 98;

/** Table and the column that says whose a row is; only rows of families are copied. */
const TABLES: readonly [string, string][] = [
  ['resource', 'id'],
  ['index_string', 'id'],
  ['index_date', 'id'],
  ['index_number', 'id'],
  ['relationship', 'patient'],
  ['consent', 'patient'],
  ['kin', 'child'],
  ['pregnancy', 'mother'],
];

/** Adds `copies` of everything that is there now. @throws Error for more copies than there are numbers */
export async function grow(site: Site, copies: number, say: (text: string) => void): Promise<void> {
  if (copies > MOST) throw new Error(`at most ${MOST} copies`);
  const statements: string[] = [];
  for (const [table, owner] of TABLES) statements.push(await copyOf(site, table, owner));
  // What is copied stays the same while copies are added: their ids are longer.
  for (let n = 1; n <= copies; n += 1) {
    for (const statement of statements) await asked(site, statement.replaceAll(':n', String(n)));
    say(`  copy ${n} of ${copies}\n`);
  }
  await settle(site);
}

async function copyOf(site: Site, table: string, owner: string): Promise<string> {
  const columns = await asked<{ name: string; type: string }>(
    site,
    `select column_name as name, data_type as type from information_schema.columns
      where table_schema = 'public' and table_name = '${table}' order by ordinal_position`,
  );
  const names = columns.map(({ name }) => name).join(', ');
  const values = columns.map(({ name, type }) => copied(name, type)).join(', ');
  const { role, team } = crewOf('hv', 0);
  const hers = table === 'relationship' ? ` and party not in ('${role}', '${team}')` : '';
  return `insert into ${table} (${names}) select ${values} from ${table}
    where ${owner} ~ '${OURS}$'${hers}`;
}

function copied(name: string, type: string): string {
  if (type === 'ARRAY') {
    const joined = `array_to_string(${name}, e'\\x1f')`;
    return `case when cardinality(${name}) = 0 then ${name} else string_to_array(${renamed(joined)}, e'\\x1f') end`;
  }
  return type === 'text' && name !== 'type' && name !== 'code' ? renamed(name) : name;
}

function renamed(text: string): string {
  return `regexp_replace(regexp_replace(${text}, '${OURS}', '\\1-:n', 'g'), '${NUMBER}', (999 - :n) || '\\1', 'g')`;
}
