/** What the story prints: one step on two lines, who and what, then what came back and how long it took. */
import { inspect } from 'node:util';

/** Widest line, so that the story fits a terminal of 96 columns. */
const WIDTH = 94;
const ACTOR = 13;

export interface Seen {
  /** HTTP status of the answer that matters; left out where nothing was asked. */
  status?: number;
  /** The key fact, in plain words. */
  fact: string;
}

/** A step that did not go as the story tells it. */
export class StoryFailure extends Error {}

export interface Screen {
  /** Heading of a scene and what it is about. */
  scene(code: string, title: string, words: readonly string[]): void;
  /** Plain words between steps. */
  say(words: string): void;
  /** Lines of a table, as they are. */
  table(lines: readonly string[]): void;
  /** Plays one step and prints it. Rethrows what it throws, after printing. */
  step<T>(actor: string, what: string, play: () => Promise<T & Seen>): Promise<T & Seen>;
  /** From now on print nothing but failures (true), or everything (false). */
  mute(muted: boolean): void;
  /** Steps played, and where the story is: `S1 step 4`. */
  readonly count: number;
  readonly place: string;
}

export interface ScreenOptions {
  write(text: string): void;
  colour: boolean;
  /** Milliseconds to rest after each step, so that a person can follow. */
  rest: number;
}

/** The printed story. */
export function createScreen(options: ScreenOptions): Screen {
  const paint = (code: number, text: string): string => (options.colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const dim = (text: string): string => paint(2, text);
  let muted = false;
  let count = 0;
  let code = '';
  let inScene = 0;
  const print = (line: string): void => {
    if (!muted) options.write(`${line}\n`);
  };

  const line = (tick: string, actor: string, what: string): void => {
    const [first = '', ...more] = wrap(what, WIDTH - ACTOR - 4);
    print(` ${tick} ${paint(1, actor.padEnd(ACTOR))} ${first}`);
    for (const rest of more) print(`${' '.repeat(ACTOR + 4)}${rest}`);
  };
  const answer = (text: string, ms: number): void => {
    const took = duration(ms);
    const lines = wrap(text, WIDTH - ACTOR - 6 - 9);
    for (const [i, one] of lines.entries()) {
      const indent = ' '.repeat(ACTOR + 4) + (i === 0 ? '-> ' : '   ');
      const space = ' '.repeat(Math.max(1, WIDTH - indent.length - one.length - took.length));
      print(dim(`${indent}${one}${i === lines.length - 1 ? space + took : ''}`));
    }
  };

  return {
    scene: (name, title, words) => {
      code = name;
      inScene = 0;
      print('');
      print(paint(1, `${name}  ${title}`));
      print(dim('-'.repeat(WIDTH)));
      for (const part of words) for (const one of wrap(part, WIDTH - 4)) print(`    ${one}`);
      if (words.length > 0) print('');
    },
    say: (words) => {
      for (const one of wrap(words, WIDTH - 4)) print(dim(`    ${one}`));
    },
    table: (lines) => {
      for (const one of lines) print(`    ${one}`);
    },
    step: async (actor, what, play) => {
      count += 1;
      inScene += 1;
      const from = performance.now();
      try {
        const seen = await play();
        const ms = performance.now() - from;
        line(paint(32, '✓'), actor, what);
        answer(seen.status === undefined ? seen.fact : `${seen.status}  ${seen.fact}`, ms);
        if (options.rest > 0 && !muted) await new Promise((resolve) => setTimeout(resolve, options.rest));
        return seen;
      } catch (problem) {
        muted = false;
        line(paint(31, '✗'), actor, what);
        answer(wordsOf(problem), performance.now() - from);
        throw problem;
      }
    },
    mute: (next) => {
      muted = next;
    },
    get count() {
      return count;
    },
    get place() {
      return `${code} step ${inScene}`;
    },
  };
}

/** A failure in words; a bug shows itself whole. */
export function wordsOf(problem: unknown): string {
  if (problem instanceof Error)
    return problem.name === 'Error' ? problem.message : `${problem.name}: ${problem.message}`;
  return inspect(problem);
}

/** `84 ms`, `1.2 s`. */
export function duration(ms: number): string {
  return ms < 1_000 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
