/** Puts indexed resources into the search tables as the door does, without its facts: these tests are about matching. */
import type { Indexed } from '../../src/search/match.ts';
import type { Pool } from '../../src/store/pool.ts';

/** Inserts the rows; ids must be new. */
export async function insertIndexed(pool: Pool, rows: readonly Indexed[]): Promise<void> {
  for (const { resource, values } of rows) {
    const { resourceType: type, id } = resource;
    await pool.query(
      `insert into resource (type, id, version, updated, deleted, body, tokens, patients, subjects, data_class, label, tags, authors, released)
       values ($1, $2, 1, $3, false, $4, $5, '{}', '{}', 'visit', 'N', '{}', '{}', true)`,
      [type, id, resource.meta?.lastUpdated ?? '2024-01-01T00:00:00Z', JSON.stringify(resource), values.tokens],
    );
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
