/** The service's connections. Sessions are set so that no plan and no transaction can hurt the feed or other requests. */
import pg from 'pg';

export type { Pool, PoolClient } from 'pg';

/** bigint and numeric columns of ours (feed numbers, counts) stay far below 2^53. */
pg.types.setTypeParser(pg.types.builtins.INT8, (text) => Number(text));

/*
 * The driver reads arrays letter by letter and times by pattern: 29 us of the 62 us that one found row cost in here. Most
 * lists need no quotes, and times come in UTC (the session's setting), so both are simply cut; the rest goes its old way.
 */
const TEXT_ARRAY: number = 1009;
const slowArray: (text: string) => unknown = pg.types.getTypeParser(TEXT_ARRAY);
pg.types.setTypeParser(TEXT_ARRAY, (text: string) => {
  if (text === '{}') return [];
  return /["\\{]|NULL/i.test(text.slice(1)) ? slowArray(text) : text.slice(1, -1).split(',');
});

const slowTime: (text: string) => unknown = pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ);
pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, (text: string) =>
  text.endsWith('+00') && text.charAt(10) === ' '
    ? new Date(`${text.slice(0, 10)}T${text.slice(11, -3)}Z`)
    : slowTime(text),
);

/**
 * Broad searches: given up earlier than other statements (then they are refused as too costly), and by one process each,
 * so that walks along an index keep its order and the other core serves the others.
 */
const BROAD = '-c statement_timeout=8s -c max_parallel_workers_per_gather=0';

const PLANS = {
  kept: 'force_generic_plan -c statement_timeout=15s',
  each: `auto ${BROAD}`,
  walks: `force_generic_plan ${BROAD}`,
} as const;

/** For broad searches; `walks` for those of them that are planned once for each connection. */
export type BroadPool = pg.Pool & { walks: pg.Pool };

/** Both have so many connections; what runs on them takes turns (turns.ts). Each is ended by itself. */
export function openBroad(url: string, size: number): BroadPool {
  return Object.assign(openPool(url, size, 'each'), { walks: openPool(url, size, 'walks') });
}

/**
 * A pool under the service's role.
 * @param url connection string of `tandem_service`
 * @param size connections; 16 is the measured knee on two cores, more only queue inside PostgreSQL
 * @param plans `kept`: every statement here has one good plan, planned once (0.20 ms instead of 0.65 ms for a narrow
 *   search); `each`: statements that need their values to be planned (a code with a date range: 1 ms instead of 50);
 *   `walks`: broad ones with one good plan
 */
export function openPool(url: string, size = 16, plans: keyof typeof PLANS = 'kept'): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: size,
    idleTimeoutMillis: 60_000,
    connectionTimeoutMillis: 5_000,
    // transaction_timeout: the feed's horizon waits for the oldest transaction (house.md section 4).
    // enable_seqscan off: on an empty or fresh table the planner would scan, and keep that plan as the table grows.
    options:
      `-c plan_cache_mode=${PLANS[plans]} ` +
      '-c transaction_timeout=15s -c idle_in_transaction_session_timeout=5s -c enable_seqscan=off -c jit=off -c timezone=UTC -c datestyle=ISO',
  });
  // A client taken for a transaction reports a lost connection by itself; unheard, that would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  pool.on('error', () => {
    // An idle connection died (restart, failover): the pool drops it and the next request opens another.
  });
  return pool;
}
