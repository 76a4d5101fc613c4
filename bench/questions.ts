/**
 * `npm run bench:questions [-- --store NAME --rounds N --verify]`: how long an officer waits for each question of the
 * console (domain.md 6.2), over HTTP as she asks it, and how fast the chain is proven against a bare loop of SELECT and SHA-256.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { QUESTIONS } from '../src/oversight/questions.ts';
import { type ConsoleBrowser, consoleBrowser, type Page } from './console-browser.ts';
import { asked } from './durable.ts';
import { type StoredFamily, storedFamilies } from './fill.ts';
import { proofOf } from './proof.ts';
import { siteOf, startService } from './site.ts';

const { values: options } = parseArgs({
  options: {
    store: { type: 'string', default: 'prepared' },
    rounds: { type: 'string', default: '40' },
    verify: { type: 'boolean' },
  },
});
const say = (text: string): void => void process.stdout.write(text);
const ROUNDS = Number(options.rounds);
const GOAL_MS = 1_000;
/** People of the bench's directory who are asked about in turns. */
const PEOPLE = ['PractitionerRole/hv-helen', 'PractitionerRole/mw-priya', 'hv-system'];

const REASON = 'Bench: how long does an officer wait for this';

interface Timed {
  name: string;
  p50: number;
  p95: number;
  rows: number;
}

async function time(name: string, ask: (round: number) => Promise<Page>): Promise<Timed> {
  const taken: number[] = [];
  let rows = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const page = await ask(round);
    if (page.status !== 200) throw new Error(`${name}: ${page.status} ${page.html.slice(0, 300)}`);
    taken.push(page.ms);
    rows = Math.max(rows, page.html.split('<tr').length - 2);
  }
  const sorted = taken.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  const one = { name, p50: at(0.5), p95: at(0.95), rows };
  say(`  ${name}: p50 ${one.p50.toFixed(0)}, p95 ${one.p95.toFixed(0)} ms of ${GOAL_MS}\n`);
  return one;
}

async function questions(officer: ConsoleBrowser, families: readonly StoredFamily[]): Promise<Timed[]> {
  const family = (round: number): StoredFamily => {
    const one = families[(round * 7_919) % families.length];
    if (one === undefined) throw new Error('this store has no families');
    return one;
  };
  const cases: string[] = [];
  for (let i = 0; i < Math.min(10, ROUNDS); i += 1) {
    const opened = await officer.fill('/console/cases/open', { 'nhs-number': family(i).nhsNumber, reason: REASON });
    cases.push(opened.address.split('/').at(-1) ?? '');
  }
  const path = (id: string, more: Record<string, string>): string =>
    `/console/questions?${new URLSearchParams({ question: id, ...more })}`;
  const seen: Timed[] = [];
  const look = (round: number): Promise<Page> =>
    officer.fill('/console/access-record', { 'nhs-number': family(round).nhsNumber, reason: REASON });
  seen.push(await time('Q1 a family: who looked', look));
  for (const { id, needs } of QUESTIONS) {
    const ways: [string, (round: number) => Record<string, string>][] = [];
    if (needs === 'nothing' || needs === 'any') ways.push(['everybody', () => ({})]);
    if (needs === 'person' || needs === 'any' || needs === 'one')
      ways.push(['a person', (round) => ({ who: PEOPLE[round % PEOPLE.length] ?? '' })]);
    if (needs === 'case' || needs === 'any' || needs === 'one')
      ways.push(['a family', (round) => ({ case: cases[round % cases.length] ?? '' })]);
    for (const [name, more] of ways)
      seen.push(await time(`${id}, ${name}`, (round) => officer.get(path(id, more(round)))));
  }
  for (const page of ['/console', '/console/alerts', '/console/accesses', '/console/cases'])
    seen.push(await time(`page ${page}`, () => officer.get(page)));
  return seen;
}

function report(records: number, load: number, seen: readonly Timed[], chain: string): string {
  const lines = seen.map(
    ({ name, p50, p95, rows }) =>
      `| ${name} | ${p50.toFixed(0)} | ${p95.toFixed(0)} | ${rows} | ${p95 <= GOAL_MS ? 'met' : 'NOT met'} |`,
  );
  return [
    `# Questions of officers, ${new Date().toISOString().slice(0, 16)}`,
    '',
    `${records} records; each asked ${ROUNDS} times by one officer over HTTP, page and its own record included; load before ${load.toFixed(1)}`,
    '',
    `| question | p50 ms | p95 ms | rows | goal ${GOAL_MS} ms |`,
    '|---|--:|--:|--:|---|',
    ...lines,
    '',
    chain,
    '',
  ].join('\n');
}

async function main(): Promise<void> {
  const site = siteOf(options.store, false);
  const families = storedFamilies(site.manifest);
  const load = loadavg()[0] ?? 0;
  let chain = 'The chain was not proven in this run (`--verify`).';
  const service = await startService(site);
  let seen: Timed[] = [];
  let records = 0;
  try {
    const officer = consoleBrowser(`http://127.0.0.1:${service.port}`);
    await officer.signIn('ig-officer');
    seen = await questions(officer, families);
    const [row] = await asked<{ n: string }>(site, 'select max(seq)::text as n from audit_seal');
    records = Number(row?.n ?? 0);
    if (options.verify === true) chain = await proofOf(site);
  } finally {
    await service.stop();
  }
  const text = report(records, load, seen, chain);
  const folder = fileURLToPath(new URL('results/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}questions.md`, text);
  say(`\n${text}`);
}

await main();
