/** Puts indexed resources into the search tables as the door does, without its facts: these tests are about matching. */
import type { Indexed } from '../../src/search/match.ts';
import { moreOf } from '../../src/store/composite-sql.ts';
import type { Pool } from '../../src/store/pool.ts';

/** Inserts the rows; ids must be new. */
export async function insertIndexed(pool: Pool, rows: readonly Indexed[]): Promise<void> {
  for (const { resource, values } of rows) {
    const { resourceType: type, id } = resource;
    const updated = resource.meta?.lastUpdated ?? '2024-01-01T00:00:00Z';
    await pool.query(
      `insert into resource (type, id, version, updated, deleted, body, tokens, patients, subjects, data_class, label, tags, authors, released, more)
       values ($1, $2, 1, $3, false, $4, $5, '{}', '{}', 'visit', 'N', '{}', '{}', true, $6)`,
      [type, id, updated, JSON.stringify(resource), values.tokens, moreOf(values)],
    );
    if (values.numbers.length > 0) {
      await pool.query(
        `insert into index_number
         select $1, $2, c, l, h, u from unnest($3::text[], $4::float8[], $5::float8[], $6::text[]) as x(c, l, h, u)`,
        [
          type,
          id,
          values.numbers.map((entry) => entry.code),
          values.numbers.map((entry) => entry.low),
          values.numbers.map((entry) => entry.high),
          values.numbers.map((entry) => entry.unit),
        ],
      );
    }
    if (values.strings.length > 0) {
      await pool.query('insert into index_string select $1, $2, c, v from unnest($3::text[], $4::text[]) as x(c, v)', [
        type,
        id,
        values.strings.map((entry) => entry.code),
        values.strings.map((entry) => entry.value),
      ]);
    }
    if (values.dates.length > 0) {
      await pool.query(
        'insert into index_date select $1, $2, c, l, h from unnest($3::text[], $4::timestamptz[], $5::timestamptz[]) as x(c, l, h)',
        [
          type,
          id,
          values.dates.map((entry) => entry.code),
          values.dates.map((entry) => entry.low ?? '-infinity'),
          values.dates.map((entry) => entry.high ?? 'infinity'),
        ],
      );
    }
  }
}
