/** `npm run bench:search`: times of searches on a prepared store (see README.md), for each identity, against their goals. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { storeSize } from './durable.ts';
import { type StoredFamily, storedFamilies } from './fill.ts';
import { GOALS, type Kind, SEARCHES, type Search } from './search-queries.ts';
import { isPrepared, ROLES, type RoleName, siteOf, startService, tokenFor } from './site.ts';

const { values: options } = parseArgs({
  options: {
    store: { type: 'string', default: 'prepared' },
    clients: { type: 'string', default: '4' },
    seconds: { type: 'string', default: '3' },
    roles: { type: 'string', default: ROLES.join(',') },
    only: { type: 'string', default: '' },
  },
});
const say = (text: string): void => void process.stdout.write(text);

interface Seen {
  role: RoleName;
  kind: Kind;
  name: string;
  requests: number;
  /** Milliseconds. */
  p50: number;
  p95: number;
  /** Resources in the first answer. */
  entries: number;
  /** Answers of another status than the goal asks for, and the first of them. */
  wrong: number;
  firstWrong: string | null;
}

async function measure(pool: Pool, token: string, search: Search, families: readonly StoredFamily[]) {
  const taken: number[] = [];
  // Somebody with few families has few matches: then the total is counted.
  const allowed = search.kind === 'costly' ? [200, 400] : [200];
  let entries = 0;
  let wrong = 0;
  let firstWrong: string | null = null;
  const until = performance.now() + Number(options.seconds) * 1_000;
  const lane = async (client: number): Promise<void> => {
    for (let i = client; performance.now() < until || i === client; i += Number(options.clients)) {
      const family = families[(i * 7_919) % families.length];
      if (family === undefined) throw new Error('no family of this store is within reach');
      const began = performance.now();
      const headers = { authorization: `Bearer ${token}` };
      const reply = await pool.request({ method: 'GET', path: `/fhir/R4${search.path(family)}`, headers });
      const text = await reply.body.text();
      taken.push(performance.now() - began);
      if (!allowed.includes(reply.statusCode)) {
        wrong += 1;
        firstWrong ??= `${reply.statusCode} ${text.slice(0, 200)}`;
      }
      if (taken.length === 1) entries = text.split('"resource":').length - 1;
    }
  };
  await Promise.all(Array.from({ length: Number(options.clients) }, (_, client) => lane(client)));
  const sorted = taken.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { requests: taken.length, p50: at(0.5), p95: at(0.95), entries, wrong, firstWrong };
}

function table(seen: readonly Seen[]): string {
  const lines = seen.map((one) => {
    const goal = GOALS[one.kind].p95;
    const verdict = one.wrong > 0 ? `WRONG ${one.firstWrong}` : one.p95 <= goal ? 'met' : 'NOT met';
    const figures = [one.requests, one.p50.toFixed(1), one.p95.toFixed(1), goal, one.entries, verdict];
    return `| ${one.role} | ${one.kind} | ${one.name} | ${figures.join(' | ')} |`;
  });
  return [
    '| role | kind | search | requests | p50 ms | p95 ms | goal | entries | |',
    '|---|---|---|--:|--:|--:|--:|--:|---|',
    ...lines,
  ].join('\n');
}

async function main(): Promise<void> {
  if (!isPrepared(options.store)) throw new Error('There is no such store: npm run bench:prepare builds it.');
  const site = siteOf(options.store, false);
  const families = storedFamilies(site.manifest);
  const load = loadavg()[0] ?? 0;
  const service = await startService(site);
  const pool = new Pool(`http://127.0.0.1:${service.port}`, { connections: Number(options.clients) });
  const seen: Seen[] = [];
  try {
    for (const role of ROLES.filter((one) => options.roles.split(',').includes(one))) {
      const token = tokenFor(site, service.port, role);
      const mine = families.filter((one) => role === 'steward' || (role === 'hv-system' ? one.shared : one.own));
      for (const search of SEARCHES.filter(({ name, kind }) => `${kind} ${name}`.includes(options.only))) {
        const one = { role, kind: search.kind, name: search.name, ...(await measure(pool, token, search, mine)) };
        seen.push(one);
        say(
          `  ${role} ${search.name}: p50 ${one.p50.toFixed(1)}, p95 ${one.p95.toFixed(1)} ms of ${GOALS[one.kind].p95}\n`,
        );
      }
    }
    const { resources, bytes } = await storeSize(site);
    const when = new Date().toISOString();
    const size = `${resources} resources, ${Math.round(bytes / 1e6)} MB; ${options.clients} clients; load before ${load.toFixed(1)}`;
    const text = `# Searches, ${when.slice(0, 16)}\n\n${size}\n\n${table(seen)}\n`;
    const folder = fileURLToPath(new URL('results/', import.meta.url));
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}search.md`, text);
    say(`\n${text}`);
  } finally {
    await pool.close();
    await service.stop();
  }
}

await main();
