/**
 * Definitions that clients post, in this process: read at start and again whenever they change, compiled apart, put in use
 * all at once together with what must not be searched by until it is indexed. Woken by the feed; a number in the database
 * says whether anything changed, and writers hear of it in the write itself.
 */
import { type Apart, createApart } from '../definitions/apart.ts';
import {
  DEFINITION_TYPES,
  MOST_TEXT,
  MOST_TEXT_TOGETHER,
  type Posted,
  type PostedSections,
} from '../definitions/posted/types.ts';
import type { Definitions } from '../definitions/types.ts';
import { asResource } from '../fhir/resource.ts';
import type { Log } from '../log.ts';
import type { LiveDefinitions } from '../record/types.ts';
import { isPlainPath } from '../search/params.ts';
import type { SearchParam } from '../search/types.ts';
import { type Authors, definitionGeneration, definitionText, postedDefinitions } from '../store/definitions.ts';
import { startLoop } from '../store/loop.ts';
import type { Pool } from '../store/pool.ts';
import type { Reindex } from '../store/reindex.ts';
import { isSqlState } from '../store/write.ts';
import { liveView } from './live-view.ts';
import { wantedForms } from './reindex.ts';

export interface LivePlace {
  /** Pool of the pumps. */
  pool: Pool;
  /** What ships. */
  base: Definitions;
  authors: Authors;
  log: Log;
  onError(error: unknown): void;
}

export interface Live extends LiveDefinitions {
  /** What ships with what is posted, as of now: hand this one around. */
  definitions: Definitions;
  apart: Apart;
  /** Ties it to the index and begins to follow the feed. */
  follow(reindex: Reindex): void;
  wake(): void;
  stop(): Promise<void>;
}

/** Longest pause between two looks at the number: the feed wakes it sooner. */
const EVERY_MS = 500;
/** Reasons told in the log at once. */
const MOST_TOLD = 20;

interface InEffect {
  generation: number;
  posted: readonly (Posted & { characters: number })[];
}

/** Reads and compiles what is in effect. */
export async function openLive(place: LivePlace): Promise<Live> {
  const { pool, base, log } = place;
  const apart = createApart(base.place);
  let current = base;
  let effect: InEffect = { generation: 0, posted: [] };
  let reindex: Reindex | null = null;
  let underWay: Promise<unknown> = Promise.resolve();

  const load = async (): Promise<boolean> => {
    if ((await definitionGeneration(pool)) === effect.generation) return false;
    const found = await read(place, effect.posted);
    const sections = await compiled(apart, found.posted, log);
    const next = base.withPosted(sections);
    const use = await reindex?.prepare(wantedForms(next, found.generation));
    use?.();
    current = next;
    effect = found;
    apart.use(sections);
    return true;
  };
  /** What was prepared for a generation that is over by now is prepared again. */
  const loadStanding = async (): Promise<boolean> => {
    for (;;) {
      try {
        return await load();
      } catch (error) {
        if (!isSqlState(error, 'TD410')) throw error;
      }
    }
  };
  const refresh = (): Promise<boolean> => {
    const turn = underWay.catch(() => undefined).then(loadStanding);
    underWay = turn;
    return turn;
  };
  await refresh();
  let loop: ReturnType<typeof startLoop> | null = null;
  return {
    authors: place.authors,
    definitions: liveView(() => current),
    apart,
    generation: () => effect.generation,
    refresh,
    trial: (posted, beside) => trial(apart, effect.posted, posted, beside),
    follow: (index) => {
      reindex = index;
      loop = startLoop({
        everyMs: EVERY_MS,
        debounceMs: 50,
        onError: place.onError,
        run: async () => {
          await refresh();
          return false;
        },
      });
    },
    wake: () => loop?.wake(),
    stop: async () => {
      await loop?.stop();
      await apart.close();
    },
  };
}

/** The active definitions of named authors; those that did not change are not read again. */
async function read({ pool, authors, log }: LivePlace, before: InEffect['posted']): Promise<InEffect> {
  const { generation, written } = await postedDefinitions(pool, [...DEFINITION_TYPES], authors);
  const known = new Map(before.map((one) => [one.place, one]));
  const posted: InEffect['posted'][number][] = [];
  let together = 0;
  for (const one of written) {
    const place = `${one.type}/${one.id}`;
    const held = known.get(place);
    if (held?.resource.meta?.versionId === String(one.version)) {
      posted.push(held);
      together += held.characters;
      continue;
    }
    const text = await definitionText(pool, one);
    if (text === null || text.length > MOST_TEXT) continue;
    const resource = asResource(JSON.parse(text));
    if (resource.status !== 'active') continue;
    together += text.length;
    if (together > MOST_TEXT_TOGETHER) log.error('definition without effect: too much text together', { place });
    else posted.push({ place, resource, characters: text.length });
  }
  return { generation, posted };
}

/** One that breaks the compiler is found by trying each alone: it must not take the others with it. */
async function compiled(apart: Apart, posted: readonly Posted[], log: Log): Promise<ReadonlyMap<string, string>> {
  if (posted.length === 0) return new Map();
  const made = await apart.compile(posted).catch(async () => apart.compile(await compilable(apart, posted)));
  for (const { place, reason } of made.faults.slice(0, MOST_TOLD)) {
    log.warn(`definition without effect: ${reason.slice(0, 200)}`, { place });
  }
  return new Map(made.sections);
}

async function compilable(apart: Apart, posted: readonly Posted[]): Promise<Posted[]> {
  const good: Posted[] = [];
  for (const one of posted) {
    const made = await apart.compile([one]).catch(() => null);
    if (made !== null) good.push(one);
  }
  return good;
}

async function trial(
  apart: Apart,
  inEffect: readonly Posted[],
  posted: Posted,
  beside: readonly Posted[],
): Promise<string | null> {
  const replaced = new Set([posted.place, ...beside.map(({ place }) => place)]);
  const others = inEffect.filter(({ place }) => !replaced.has(place));
  const made = await apart.compile([...others, ...beside, posted]).catch(() => null);
  if (made === null) return 'making it ready does not end';
  const fault = made.faults.find(({ place }) => place === posted.place);
  return fault?.reason ?? unsearched(made, String(posted.resource.url));
}

/** Only plain paths are walked on every write; a parameter that needs more of FHIRPath is not searched by. */
function unsearched({ sections }: PostedSections, url: string): string | null {
  for (const [name, text] of sections) {
    if (!name.startsWith('posted-search:')) continue;
    const params: SearchParam[] = JSON.parse(text);
    const param = params.find((one) => one.url === url);
    if (param !== undefined && !isPlainPath(param.expression)) {
      return 'its expression is more than paths, casts (ofType, as), extension(url) and where(element = value), which is all that is indexed here';
    }
  }
  return null;
}
