import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { Environment } from '../../src/config/reader.ts';
import { loadConfig } from '../../src/config.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A check of one value: the words for what is wrong with it, or nothing. */
type Check = (value: unknown, at: string) => string[];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const ifNot = (holds: boolean, at: string, what: string): string[] => (holds ? [] : [`${at} must be ${what}`]);
const text: Check = (value, at) => ifNot(typeof value === 'string' && value !== '', at, 'text');
const flag: Check = (value, at) => ifNot(typeof value === 'boolean', at, 'true or false');
const count: Check = (value, at) => ifNot(Number.isInteger(value), at, 'a whole number');
const like =
  (pattern: RegExp, what: string): Check =>
  (value, at) =>
    ifNot(typeof value === 'string' && pattern.test(value), at, what);
const oneOf =
  (...words: string[]): Check =>
  (value, at) =>
    ifNot(typeof value === 'string' && words.includes(value), at, `one of ${words.join(', ')}`);
const listOf =
  (each: Check): Check =>
  (value, at) => {
    if (!Array.isArray(value)) return [`${at} must be a list`];
    const twice = new Set(value.map((one) => JSON.stringify(one))).size !== value.length;
    return [...ifNot(!twice, at, 'free of repetitions'), ...value.flatMap((one, i) => each(one, `${at}[${i}]`))];
  };
const mapOf =
  (each: Check): Check =>
  (value, at) => {
    if (!isObject(value)) return [`${at} must be a map`];
    return Object.entries(value).flatMap(([name, one]) => [
      ...ifNot(/^[a-zA-Z0-9._-]+$/.test(name), `${at}.${name}`, 'a plain name'),
      ...each(one, `${at}.${name}`),
    ]);
  };
const nothingOr =
  (check: Check): Check =>
  (value, at) =>
    value === null ? [] : check(value, at);
const object =
  (known: Record<string, Check>, required: string[] = []): Check =>
  (value, at) => {
    if (!isObject(value)) return [`${at} must be a map`];
    return [
      ...required.filter((name) => !(name in value)).map((name) => `${at} lacks ${name}`),
      ...Object.entries(value).flatMap(
        ([name, one]) => known[name]?.(one, `${at}.${name}`) ?? [`${at}.${name} is unknown`],
      ),
    ];
  };

const duration = like(/^(\d+(us|ms|s|m|h))+$/, 'a duration such as 5s');
const scalar: Check = (value, at) => ifNot(['string', 'number', 'boolean'].includes(typeof value), at, 'one value');

/** The part of the Compose Specification that this file uses; anything else in it is unknown and fails. */
const composeFile = object(
  {
    name: like(/^[a-z0-9][a-z0-9_-]*$/, 'a project name'),
    services: mapOf(
      object({
        image: like(/^[a-z0-9./-]+(:[\w.-]+)?$/, 'an image'),
        build: text,
        restart: oneOf('no', 'always', 'on-failure', 'unless-stopped'),
        shm_size: like(/^\d+[bkmg]b?$/i, 'a size such as 256mb'),
        init: flag,
        read_only: flag,
        environment: mapOf(scalar),
        depends_on: mapOf(
          object({ condition: oneOf('service_started', 'service_healthy', 'service_completed_successfully') }, [
            'condition',
          ]),
        ),
        ports: listOf(like(/^((\d+\.){3}\d+:)?\d+:\d+$/, 'address:host:container')),
        volumes: listOf(like(/^(?:[a-z]+|\$\{\w+:-[./\w]+\}):\/[\w/.-]+(?::ro)?$/, 'volume:/path')),
        tmpfs: listOf(like(/^\//, 'a path')),
        cap_drop: listOf(text),
        security_opt: listOf(text),
        stop_grace_period: duration,
        healthcheck: object({ test: listOf(text), interval: duration, timeout: duration, retries: count }, ['test']),
      }),
    ),
    volumes: mapOf(nothingOr(object({}))),
  },
  ['services'],
);

const source = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
const compose: unknown = parse(source, { uniqueKeys: true });

function at(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>((inner, name) => (isObject(inner) ? inner[name] : undefined), value);
}

function keysOf(value: unknown): string[] {
  return isObject(value) ? Object.keys(value) : [];
}

/** `${NAME:?words}` fails when NAME is unset or empty, `${NAME:-word}` falls back, as the specification says. */
function interpolate(value: unknown, env: Environment): string {
  return String(value).replace(/\$\{(\w+)(?::([?-])([^}]*))?\}/g, (_, name: string, kind?: string, rest = '') => {
    const given = env[name] ?? '';
    if (given === '' && kind === '?') throw new Error(`${name}: ${rest}`);
    return given === '' && kind === '-' ? rest : given;
  });
}

/** What the service sees with `env` around docker compose, on top of what the image sets. */
function serviceEnvironment(env: Environment): Environment {
  const own = at(compose, 'services', 'service', 'environment');
  const entries = isObject(own) ? Object.entries(own).map(([name, value]) => [name, interpolate(value, env)]) : [];
  return { HOST: '0.0.0.0', PORT: '8080', DATA_DIR: '/var/lib/tandem', ...Object.fromEntries(entries) };
}

/** A file, or a folder with something in it. */
function isHeld(path: string): boolean {
  if (!existsSync(path)) return false;
  return statSync(path).isFile() || readdirSync(path).length > 0;
}

const GIVEN = { POSTGRES_PASSWORD: 'aLong-random_Word', PUBLIC_URL: 'https://record.example' };

describe('docker-compose.yml', () => {
  test('keeps to the Compose Specification', () => {
    expect(composeFile(compose, 'compose')).toEqual([]);
  });

  test('the check is alive: a wrong file is told apart', () => {
    const wrong = { services: { a: { imag: 'x', restart: 'sometimes', ports: ['http'] } }, volume: {} };
    expect(composeFile(wrong, 'compose')).toEqual([
      'compose.services.a.imag is unknown',
      'compose.services.a.restart must be one of no, always, on-failure, unless-stopped',
      'compose.services.a.ports[0] must be address:host:container',
      'compose.volume is unknown',
    ]);
  });

  test('every volume and every service that is named exists', () => {
    const volumes = keysOf(at(compose, 'volumes'));
    const services = keysOf(at(compose, 'services'));
    for (const service of services) {
      const mounts = at(compose, 'services', service, 'volumes');
      // A folder of the host is named by the environment, and mounted to be read alone.
      const ofHost = (mount: string) => /^\$\{\w+:-[./\w]+\}:[/\w]+:ro$/.test(mount);
      for (const mount of (Array.isArray(mounts) ? mounts : []).map(String))
        if (!ofHost(mount)) expect(volumes).toContain(mount.split(':')[0]);
      for (const other of keysOf(at(compose, 'services', service, 'depends_on'))) expect(services).toContain(other);
    }
  });

  test('it starts the service in production, on PostgreSQL 18', () => {
    const config = loadConfig(serviceEnvironment(GIVEN));
    expect(config).toMatchObject({ mode: 'production', seed: 'none', host: '0.0.0.0', publicUrl: GIVEN.PUBLIC_URL });
    expect(config.databaseUrl).toBe(`postgresql://tandem_owner:${GIVEN.POSTGRES_PASSWORD}@database:5432/tandem`);
    expect(at(compose, 'services', 'database', 'image')).toBe('postgres:18');
  });

  test.each(['POSTGRES_PASSWORD', 'PUBLIC_URL'])(
    'without %s it does not start: no default stands in for it',
    (name) => {
      expect(() => serviceEnvironment({ ...GIVEN, [name]: '' })).toThrow(name);
    },
  );

  test('no secret is written into it', () => {
    for (const [, name, value] of source.matchAll(/^\s*([A-Z_]*(?:PASSWORD|SECRET|KEY|TOKEN)[A-Z_]*):\s*(.+)$/gm)) {
      // A path to a secret, or its id, is none.
      if (/_(?:FILE|ID)$/.test(name ?? '')) continue;
      expect(`${name}: ${value}`).toMatch(/: \$\{\w+:\?[^}]+\}$/);
    }
    expect(source).not.toMatch(/:\/\/[^:\s]+:[^$@\s][^@\s]*@/);
  });

  test('the port is open to this machine alone, because TLS ends in a proxy', () => {
    expect(at(compose, 'services', 'service', 'ports')).toEqual(['127.0.0.1:8080:8080']);
    expect(at(compose, 'services', 'database', 'ports')).toBeUndefined();
  });
});

describe('Dockerfile', () => {
  const lines = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')
    .replace(/\\\n\s*/g, ' ')
    .split('\n');
  const argumentsOf = (word: string): string[] =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));

  test('two stages on the pinned Node, and the last one runs as an ordinary user', () => {
    const images = argumentsOf('FROM');
    expect(images.map((image) => image.split(' ')[0])).toEqual(['node:24-slim', 'node:24-slim']);
    expect(argumentsOf('USER').at(-1)).toBe('node');
    expect(lines.lastIndexOf('USER node')).toBeLessThan(lines.findIndex((line) => line.startsWith('CMD ')));
  });

  test('it knows whether the service is ready', () => {
    expect(argumentsOf('HEALTHCHECK')[0]).toContain('/health/ready');
  });

  test('what it copies exists and is let through .dockerignore, and nothing else is', () => {
    const copied = argumentsOf('COPY')
      .filter((words) => !words.startsWith('--from='))
      .flatMap((words) => words.split(' ').slice(0, -1));
    // An empty folder is not in the repository, so it would be missing from a clone.
    for (const path of copied) expect({ path, held: isHeld(join(ROOT, path)) }).toEqual({ path, held: true });
    const ignored = readFileSync(join(ROOT, '.dockerignore'), 'utf8').trim().split('\n');
    expect(ignored[0]).toBe('*');
    expect(
      ignored
        .slice(1)
        .map((line) => line.slice(1))
        .sort(),
    ).toEqual([...new Set(copied)].sort());
  });

  test('its environment is one the service accepts', () => {
    const words = argumentsOf('ENV').flatMap((line) => line.split(' '));
    const env: Environment = Object.fromEntries(words.map((word) => word.split('=')));
    const given = { DATABASE_URL: 'postgresql://o:p@db/tandem', PUBLIC_URL: 'https://record.example' };
    expect(loadConfig({ ...env, ...given })).toMatchObject({
      mode: 'production',
      dataDir: '/var/lib/tandem',
      port: 8080,
    });
  });
});
