/**
 * `node bench/console.ts [--base URL --rounds N]`: how long people wait for each page of the console of a running demo with
 * its seed, one after the other as a person opens them. Writes `bench/results/console.md`; the goal is 300 ms at the 95th
 * percentile for every page.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SECTIONS } from '../src/console/sections.ts';
import { type ConsoleBrowser, consoleBrowser } from './console-browser.ts';

const { values } = parseArgs({
  options: {
    base: { type: 'string', default: 'http://127.0.0.1:8080' },
    rounds: { type: 'string', default: '20' },
  },
});
const base = values.base.replace(/\/+$/, '');
const ROUNDS = Number(values.rounds);
const GOAL_MS = 300;
const NHS_NUMBER = '9990001006';
const REASON = 'Bench of the pages: nobody asked';

const people = new Map<string, ConsoleBrowser>();
async function personOf(identity: string): Promise<ConsoleBrowser> {
  const known = people.get(identity);
  if (known !== undefined) return known;
  const one = consoleBrowser(base);
  await one.signIn(identity);
  people.set(identity, one);
  return one;
}

/** Pages with a parameter, as the seed and the officer's own steps give them. */
async function withParameters(): Promise<string[]> {
  const officer = await personOf('ig-officer');
  const look = await officer.fill('/console/access-record', { 'nhs-number': NHS_NUMBER, reason: REASON });
  const opened = await officer.fill('/console/cases/open', { 'nhs-number': NHS_NUMBER, reason: REASON });
  const timeline = await officer.fill('/console/person', { who: 'hv-helen', reason: REASON });
  return [look, opened, timeline]
    .map(({ address }) => address)
    .concat('/console/agreements/sharing-mw-hv', '/console/agreements/sharing-mw-hv/change');
}

interface Line {
  path: string;
  status: number;
  p50: number;
  p95: number;
}

async function measure(identity: string, path: string): Promise<Line> {
  const one = await personOf(identity);
  const times: number[] = [];
  let status = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const began = performance.now();
    ({ status } = await one.get(path));
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.ceil(share * times.length) - 1)] ?? 0;
  return { path, status, p50: at(0.5), p95: at(0.95) };
}

const lines: Line[] = [];
for (const { roles, pages } of SECTIONS) {
  for (const { path, show, roles: own } of pages) {
    if (show === undefined || path.includes(':')) continue;
    lines.push(await measure((own ?? roles)[0] ?? 'ig-officer', path));
  }
}
// What everybody begins with is worked out anew for each role.
for (const identity of ['caldicott-guardian', 'team-lead', 'health-visitor', 'admin', 'safeguarding', 'sar-officer'])
  lines.push({ ...(await measure(identity, '/console')), path: `/console (${identity})` });
lines.push({ ...(await measure('team-lead', '/console/waits')), path: '/console/waits (team-lead)' });
for (const path of await withParameters()) lines.push(await measure('ig-officer', path));
lines.sort((a, b) => b.p95 - a.p95);

const named = (path: string) => path.replace(/CASE-[0-9A-F]{10}/, '…').replace(/(access-record)\/.+/, '$1/…');
const missed = lines.filter(({ p95, status }) => p95 > GOAL_MS || status !== 200);
const text = `# Pages of the console

${ROUNDS} times each, one after the other, on the demo's seed; ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)} at the end; ${new Date().toISOString().slice(0, 16)}Z.
Goal: ${GOAL_MS} ms at the 95th percentile. Missed: ${missed.length}.

| page | status | p50 ms | p95 ms |
|---|---|---|---|
${lines.map(({ path, status, p50, p95 }) => `| \`${named(path)}\` | ${status} | ${p50.toFixed(0)} | ${p95.toFixed(0)} |`).join('\n')}
`;
const folder = fileURLToPath(new URL('./results/', import.meta.url));
mkdirSync(folder, { recursive: true });
writeFileSync(`${folder}console.md`, text);
process.stdout.write(text);
process.exitCode = missed.length > 0 ? 1 : 0;
