/**
 * Loads the seed through the record's own door as the data steward: validated, decided, indexed and audited like any
 * other write. A family is one transaction, so after a kill each is there whole or not at all, and the next start goes
 * on with the same day. Repeating it writes nothing.
 */
import { randomUUID } from 'node:crypto';
import { type CivilDate, civilDate } from '../src/care/clock.ts';
import { parseBundle, readyEntries } from '../src/fhir/bundle.ts';
import { NO_NUMBERS, parseJson } from '../src/fhir/json.ts';
import { Outcome } from '../src/fhir/outcome.ts';
import { isObject } from '../src/fhir/resource.ts';
import type { Json, Resource } from '../src/fhir/types.ts';
import { read } from '../src/record/read.ts';
import type { createStanding } from '../src/record/standing.ts';
import { transaction } from '../src/record/transaction.ts';
import { type Caller, type Context, type Door, StaleStanding } from '../src/record/types.ts';

type Standing = ReturnType<typeof createStanding>;

export interface Loading {
  door: Door;
  standing: Standing;
  /** The steward's token contract, as the token command would sign it. */
  caller: Caller;
  /** Told in plain words how far it is. */
  progress(words: string): void;
}

export type Stage = 'started' | 'directory' | 'complete';

/** How far the seed is, and the day its dates are relative to. */
export interface Progress {
  stage: Stage;
  day: CivilDate;
}

const SEED = 'https://tandem.example/fhir/Id/seed';
const STAGES: readonly Stage[] = ['started', 'directory', 'complete'];
/** Families written side by side; more only queue for the two cores. */
const WORKERS = 4;
/** Repeats of one request whose standing went stale, and tries of one transaction that was cut off. */
const MAX_ATTEMPTS = 20;
const MAX_TRIES = 5;

/** What an earlier start has left, or null. One read. */
export async function progressOf(loading: Loading): Promise<Progress | null> {
  const found = await stored(loading, 'Basic', 'seed-progress');
  if (found === null) return null;
  const identifiers = Array.isArray(found.identifier) ? found.identifier : [];
  const said = identifiers.find((one) => isObject(one) && one.system === SEED);
  const stage = STAGES.find((one) => isObject(said) && one === said.value);
  return stage === undefined || typeof found.created !== 'string' ? null : { stage, day: found.created };
}

/**
 * Brings the record to the stage that is wanted.
 * @param build transactions for a day, those of one family in order; `families` only when the seed itself is wanted
 * @param before what `progressOf` said
 */
export async function load(
  loading: Loading,
  build: { directory(day: CivilDate): Resource[][]; families: ((day: CivilDate) => Iterable<Resource[][]>) | null },
  before: Progress | null,
): Promise<void> {
  const day = before?.day ?? civilDate(loading.door.clock());
  if (before === null) await write(loading, [progressResource('started', day)]);
  const resuming = before !== null;
  if (before?.stage !== 'directory') {
    loading.progress('the directory');
    for (const resources of build.directory(day)) await writeOnce(loading, resources, resuming);
    await write(loading, [progressResource('directory', day)]);
  }
  if (build.families === null) return;
  await families(loading, [...build.families(day)], resuming);
  await write(loading, [progressResource('complete', day)]);
}

async function families(loading: Loading, all: readonly Resource[][][], resuming: boolean): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let mine = all[next]; mine !== undefined; mine = all[next]) {
      next += 1;
      for (const resources of mine) await writeOnce(loading, resources, resuming);
      if (next % 20 === 0) loading.progress(`the synthetic seed (${next} of ${all.length} families)`);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
}

function progressResource(stage: Stage, day: CivilDate): Resource {
  return {
    resourceType: 'Basic',
    id: 'seed-progress',
    identifier: [{ system: SEED, value: stage }],
    code: { text: 'Progress of the synthetic seed' },
    created: day,
  };
}

/**
 * Writes a transaction unless its first resource is there already. What was cut off (a timeout on a busy machine, a
 * database that restarts) is looked at and tried again; what the record refuses is a fault of the seed and ends it.
 */
async function writeOnce(loading: Loading, resources: readonly Resource[], resuming: boolean): Promise<void> {
  const [first] = resources;
  if (first === undefined) return;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const look = resuming || attempt > 1;
      if (look && (await stored(loading, first.resourceType, first.id ?? '')) !== null) return;
      await write(loading, resources);
      return;
    } catch (error) {
      if (error instanceof Refused || attempt >= MAX_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200 * attempt));
    }
  }
}

/** The record said no; the message says to what, with ids and paths. */
class Refused extends Error {}

async function write(loading: Loading, resources: readonly Resource[]): Promise<void> {
  const entry: Json = resources.map((resource) => ({
    resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  }));
  const bundle = parseBundle({ resourceType: 'Bundle', type: 'transaction', entry });
  const entries = readyEntries(bundle.entries);
  try {
    await asSteward(loading, (context) => transaction(loading.door, context, { entries, numbers: NO_NUMBERS }));
  } catch (error) {
    throw error instanceof Outcome && error.status < 500 && error.status !== 409
      ? new Refused(faultsOf(error, resources))
      : error;
  }
}

/** What the record refused and where, with ids instead of places in a Bundle. */
function faultsOf(outcome: Outcome, resources: readonly Resource[]): string {
  const lines = outcome.issues.map(({ expression = '', diagnostics }) => {
    const index = /^Bundle\.entry\[(\d+)\]/.exec(expression)?.[1];
    const at = index === undefined ? undefined : resources[Number(index)];
    return `${at === undefined ? '' : `${at.resourceType}/${at.id} `}${expression}: ${diagnostics}`;
  });
  return `the record refused the seed (${outcome.status})\n${lines.join('\n')}`;
}

async function stored(loading: Loading, type: string, id: string): Promise<Resource | null> {
  try {
    const shown = await asSteward(loading, (context) => read(loading.door, context, type, id));
    const { root } = parseJson(Buffer.from(shown.text, 'utf8'));
    return isObject(root) && typeof root.resourceType === 'string'
      ? { ...root, resourceType: root.resourceType }
      : null;
  } catch (error) {
    if (error instanceof Outcome && error.status === 404) return null;
    throw error;
  }
}

/** One request of the steward's; repeated when directory or agreements changed meanwhile, as http does. */
async function asSteward<T>(loading: Loading, work: (context: Context) => Promise<T>): Promise<T> {
  const { door, standing, caller } = loading;
  for (let attempt = 1; ; attempt += 1) {
    const now = door.clock();
    const resolved = await standing.resolve(caller, { purpose: null, now, fresh: attempt > 1 });
    try {
      return await work({ ...resolved, caller, requestId: randomUUID(), address: null, now });
    } catch (error) {
      if (!(error instanceof StaleStanding)) throw error;
      if (attempt >= MAX_ATTEMPTS) throw new Error('the directory kept changing while the seed was written');
    }
  }
}
