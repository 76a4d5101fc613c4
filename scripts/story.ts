/**
 * `npm run story [-- --base URL] [--data-dir DIR] [--only S1] [--fast]`: plays the main job of the service against a
 * running demo, over HTTP only, as two outside systems, two practitioners and an IG officer (domain.md 7.2: S1, S3, S4,
 * S6). Exit code 0 when every step went as told, 1 when one did not, 2 when there was nobody to talk to.
 */
import { parseArgs } from 'node:util';
import { civilDate } from '../src/care/clock.ts';
import { castOf } from './story/cast.ts';
import { finale } from './story/finale.ts';
import { fhirAt } from './story/http.ts';
import { s1, unsubscribeAll } from './story/s1.ts';
import { s3 } from './story/s3.ts';
import { s4 } from './story/s4.ts';
import { s6 } from './story/s6.ts';
import { createScreen, duration, type Screen, wordsOf } from './story/screen.ts';
import { openWebhook } from './story/webhook.ts';
import type { World } from './story/world.ts';

interface Scene {
  code: string;
  /** Scenes that must have been played before. */
  after: readonly string[];
  play(world: World): Promise<void>;
}

const SCENES: readonly Scene[] = [
  { code: 'S1', after: [], play: s1 },
  { code: 'S3', after: ['S1'], play: s3 },
  { code: 'S4', after: [], play: s4 },
  { code: 'S6', after: ['S4'], play: s6 },
  { code: 'IG', after: ['S4', 'S6'], play: finale },
];

const REST_MS = 350;

function readOptions() {
  const { values } = parseArgs({
    options: {
      base: { type: 'string', default: 'http://127.0.0.1:8080' },
      'data-dir': { type: 'string' },
      only: { type: 'string' },
      fast: { type: 'boolean', default: false },
    },
  });
  const only = values.only?.toUpperCase();
  if (only !== undefined && !SCENES.some(({ code }) => code === only)) {
    throw new Error(`--only takes one of ${SCENES.map(({ code }) => code).join(', ')}.`);
  }
  const issuer = values.base.replace(/\/+$/, '').replace(/\/fhir\/R4$/, '');
  return { issuer, dataDir: values['data-dir'], only, fast: values.fast };
}

async function main(): Promise<number> {
  const options = readOptions();
  const tty = process.stdout.isTTY === true;
  const screen = createScreen({
    write: (text) => process.stdout.write(text),
    colour: tty && process.env.NO_COLOR === undefined,
    rest: tty && !options.fast ? REST_MS : 0,
  });
  if (!(await isReady(options.issuer))) {
    process.stderr.write(`Nobody answers at ${options.issuer}. Start the demo first: npm start\n`);
    return 2;
  }
  const cast = castOf(options.issuer, options.dataDir);
  const hook = await openWebhook();
  const world: World = {
    fhir: fhirAt(`${options.issuer}/fhir/R4`),
    cast,
    hook,
    screen,
    today: civilDate(new Date()),
    clock: Math.floor(Date.now() / 100),
    dataDir: options.dataDir,
    subscriptions: [],
  };
  const greeting = await world.fhir.call(world.cast.epr, 'GET', 'Patient?_count=1');
  if (greeting.status === 401) {
    process.stderr.write(
      `${options.issuer} does not know our tokens: give --data-dir, the DATA_DIR of that service.\n`,
    );
    await hook.close();
    return 2;
  }
  screen.say(`Tandem: one family, two services, one record.  ${options.issuer}, ${world.today}`);
  screen.say('Everything below happens over HTTP; nothing is put into the database from behind.');
  const from = performance.now();
  try {
    await play(world, options.only);
  } catch (problem) {
    process.stdout.write(`\nThe story stopped at ${screen.place}: ${wordsOf(problem)}\n`);
    return 1;
  } finally {
    await unsubscribeAll(world);
    await hook.close();
  }
  screen.scene('END', `${screen.count} steps, all as told, in ${duration(performance.now() - from)}`, []);
  return 0;
}

/** The scenes asked for; what they stand on is played without printing. */
async function play(world: World, only: string | undefined): Promise<void> {
  const wanted = SCENES.find(({ code }) => code === only);
  for (const scene of SCENES) {
    if (wanted !== undefined && scene !== wanted && !wanted.after.includes(scene.code)) continue;
    quietly(world.screen, scene, wanted);
    await scene.play(world);
    world.screen.mute(false);
  }
}

function quietly(screen: Screen, scene: Scene, wanted: Scene | undefined): void {
  if (wanted === undefined || scene === wanted) return;
  screen.say(`(${scene.code} is played without printing, because ${wanted.code} goes on from it)`);
  screen.mute(true);
}

async function isReady(issuer: string): Promise<boolean> {
  try {
    return (await fetch(`${issuer}/health/ready`, { signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false;
  }
}

process.exitCode = await main().catch((problem: unknown) => {
  process.stderr.write(`${wordsOf(problem)}\n`);
  return 2;
});
