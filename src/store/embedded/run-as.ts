/**
 * PostgreSQL refuses to run as root. Root therefore starts it in a user namespace of its own (tried: files stay root's,
 * so a DATA_DIR or clone inside a 0700 folder works), or, where namespaces are forbidden (many containers), as an
 * unprivileged uid from a copy of the binaries that this uid can reach. No folder that is not ours is ever changed.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** How the server's programs are started: a prefix to the command, an identity, and the name of its data folder. */
export interface RunAs {
  /** Folder with `bin/`, `lib/`, `share/`. */
  home: string;
  /** Words before the program, e.g. `unshare --user`. */
  prefix: readonly string[];
  /** Set when the programs run as another uid than ours; files they read must belong to it. */
  uid?: number;
  gid?: number;
  /**
   * What to pass as `-D`, given the real folder, which is also the working folder. `/proc/self/cwd` reaches it through
   * no parent folder, so parents that the server may not enter do not matter.
   */
  dataFolder: (cluster: string) => string;
}

/** The server inherits nothing from our environment; its programs are found here. */
export const SYSTEM_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';

/** `nobody`: exists in every passwd, which initdb asks for; no system user is added. */
const NOBODY = 65_534;

const asIs = (cluster: string): string => cluster;
const throughCwd = (): string => '/proc/self/cwd';

/**
 * Decides how to run the server for the data folder `cluster` (which need not exist yet). Its owner decides when it
 * exists, so that a folder made by an ordinary user stays that user's when root starts the service later.
 * `namespaces: false` leaves the user namespace out (for tests of the other way).
 */
export function chooseRunAs(home: string, cluster: string, options: { namespaces?: boolean } = {}): RunAs {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return { home, prefix: [], dataFolder: asIs };
  const owner = existsSync(cluster) ? lstatSync(cluster) : undefined;
  if (owner !== undefined && owner.uid !== 0) return asOther(home, owner.uid, owner.gid);
  if (options.namespaces !== false && canUseNamespace(home)) {
    return { home, prefix: ['unshare', '--user'], dataFolder: throughCwd };
  }
  if (owner !== undefined) chownTree(cluster, NOBODY, NOBODY);
  return asOther(home, NOBODY, NOBODY);
}

function canUseNamespace(home: string): boolean {
  const words = ['--user', join(home, 'bin', 'postgres'), '--version'];
  const probe = spawnSync('unshare', words, { timeout: 10_000, env: { PATH: SYSTEM_PATH } });
  return probe.status === 0;
}

function asOther(home: string, uid: number, gid: number): RunAs {
  return { home: reachableCopy(home), prefix: [], uid, gid, dataFolder: throughCwd };
}

/** Gives a tree of ours to another owner; links themselves, never what they point to. */
export function chownTree(path: string, uid: number, gid: number): void {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return;
  chownSync(path, uid, gid);
  if (stat.isDirectory()) for (const name of readdirSync(path)) chownTree(join(path, name), uid, gid);
}

/** The binaries if every uid can reach them, else a copy (60 MB, kept) in a folder that every uid can enter. */
function reachableCopy(home: string): string {
  if (everyoneCanEnter(home)) return home;
  for (const parent of ['/var/cache', '/var/tmp', tmpdir()]) {
    const copy = tryCopy(home, join(parent, copyName(home)));
    if (copy !== undefined) return copy;
  }
  throw new Error(
    'PostgreSQL refuses to run as root and no folder was found for a copy of its binaries: start as an ordinary user, or set DATABASE_URL.',
  );
}

/** E.g. `tandem-linux-x64-18.4.0`: another version gets a copy of its own. */
function copyName(home: string): string {
  const read: unknown = JSON.parse(readFileSync(join(dirname(home), 'package.json'), 'utf8'));
  const version = typeof read === 'object' && read !== null && 'version' in read ? String(read.version) : 'unknown';
  return `tandem-${basename(dirname(home))}-${version}`;
}

/** A copy is used only if root alone could have made it: in a shared folder anyone may take the name first. */
function tryCopy(home: string, target: string): string | undefined {
  if (!existsSync(target)) {
    let made: string | undefined;
    try {
      mkdirSync(dirname(target), { recursive: true });
      made = mkdtempSync(`${target}.`);
      cpSync(home, join(made, 'native'), { recursive: true, verbatimSymlinks: true });
      chmodSync(made, 0o755);
      renameSync(made, target);
    } catch {
      // A second process may have won the race, or the disk is read-only: the checks below decide.
      if (made !== undefined) rmSync(made, { recursive: true, force: true });
    }
  }
  const copy = join(target, 'native');
  return existsSync(copy) && madeByRootAlone(target) && everyoneCanEnter(copy) ? copy : undefined;
}

function madeByRootAlone(path: string): boolean {
  const stat = lstatSync(path);
  return stat.isDirectory() && stat.uid === 0 && (stat.mode & 0o022) === 0;
}

/** Every folder on the way has the search bit for others. */
function everyoneCanEnter(path: string): boolean {
  for (let at = path; ; at = dirname(at)) {
    if ((lstatSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}
