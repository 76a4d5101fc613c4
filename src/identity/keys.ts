/**
 * The service's own signing keys: one private JWK per file in a folder only its user can read. The newest signs; older
 * ones verify until the last token they can have signed is over. There is no default secret and no pointer file: two
 * processes that start at once may both make a key, and both keys are good.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  randomUUID,
} from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type SigningAlgorithm, SKEW, type VerifyingKey } from './jwt.ts';

export interface SigningKey extends VerifyingKey {
  privateKey: KeyObject;
  created: Date;
  file: string;
}

export interface KeyRing {
  /** The key that signs now. */
  current(now: Date): SigningKey;
  /** The key of this name, if tokens it signed may still be alive; compared, never used as a path. */
  find(kid: string, now: Date): VerifyingKey | null;
  /** RFC 7517 set of all public keys that still verify. */
  jwks(now: Date): { keys: JsonWebKey[] };
  /** Makes a new current key and forgets keys whose tokens are all over. */
  rotate(now: Date): SigningKey;
  /** A key that got out: gone at once, here and (within a second) in every process on this folder. */
  revoke(kid: string, now: Date): void;
  /** Changes whenever the set of keys changes; what was verified under another generation is verified again. */
  generation(now: Date): number;
}

export interface KeyOptions {
  /** `DATA_DIR/keys`, or the path given for production. */
  folder: string;
  /** Longest life of a token, in seconds. */
  maxLife: number;
  /** Told one sentence when a key file that appears or changes while the service runs is of no use. */
  warn?: (sentence: string) => void;
}

interface Loaded {
  /** Newest first. */
  keys: SigningKey[];
  stamp: number;
  checked: number;
  read: number;
  generation: number;
}

/** Another process's rotation is noticed within this many milliseconds. */
const CHECK_EVERY = 1000;
/** A folder's time has ticks of some milliseconds, so two changes can share one: read anyway after this long. */
const READ_EVERY = 60_000;

function algorithmOf(key: KeyObject, file: string): SigningAlgorithm {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa' && (modulusLength ?? 0) >= 2048) return 'RS384';
  if (namedCurve === 'prime256v1') return 'ES256';
  if (namedCurve === 'secp384r1') return 'ES384';
  throw new Error(`Key file ${file} holds neither an EC P-256 or P-384 key nor an RSA key of 2048 bits or more.`);
}

/** RFC 7638 thumbprint: the key names itself, so two keys never share a name. */
function thumbprint(publicKey: KeyObject): string {
  const { crv, e, kty, n, x, y } = publicKey.export({ format: 'jwk' });
  const members = kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y };
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}

function readJwk(file: string): Record<string, unknown> {
  if (process.platform !== 'win32' && (statSync(file).mode & 0o007) !== 0) {
    throw new Error(`Key file ${file} can be read by every user of this machine; chmod it to 0600.`);
  }
  const text = readFileSync(file, 'utf8');
  let parsed: unknown = null;
  try {
    parsed = JSON.parse(text);
  } catch {
    // the parser's message would quote the key
  }
  if (typeof parsed !== 'object' || parsed === null) throw new Error(`Key file ${file} is not a JWK.`);
  return { ...parsed };
}

function readKey(file: string): SigningKey {
  const jwk = readJwk(file);
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
  } catch {
    throw new Error(`Key file ${file} is not a private JWK.`);
  }
  const publicKey = createPublicKey(privateKey);
  const created = new Date(typeof jwk.created === 'string' ? jwk.created : statSync(file).mtimeMs);
  if (Number.isNaN(created.getTime())) throw new Error(`Key file ${file} has no usable "created" instant.`);
  return { kid: thumbprint(publicKey), alg: algorithmOf(privateKey, file), publicKey, privateKey, created, file };
}

function readFolder(folder: string, unusable: (error: Error) => void): SigningKey[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.jwk'));
  const keys = names.flatMap((name) => {
    try {
      return [readKey(join(folder, name))];
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      // ENOENT: another process removed it between the listing and the reading
      if (!('code' in error && error.code === 'ENOENT')) unusable(error);
      return [];
    }
  });
  return keys.sort((a, b) => b.created.getTime() - a.created.getTime() || (a.kid < b.kid ? -1 : 1));
}

function makeKey(folder: string, created: Date): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = thumbprint(publicKey);
  const text = JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid, created: created.toISOString() });
  const draft = join(folder, `${randomUUID()}.tmp`);
  writeFileSync(draft, text, { mode: 0o600, flag: 'wx', flush: true });
  const file = join(folder, `${kid}.jwk`);
  renameSync(draft, file);
  return { kid, alg: 'ES256', publicKey, privateKey, created, file };
}

function ownFolder(folder: string): void {
  // DATA_DIR around it keeps the ordinary mode: the database under it may run as another user
  mkdirSync(dirname(folder), { recursive: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (process.platform !== 'win32' && (statSync(folder).mode & 0o007) !== 0) chmodSync(folder, 0o700);
}

function publicJwk(key: VerifyingKey): JsonWebKey {
  return { ...key.publicKey.export({ format: 'jwk' }), kid: key.kid, alg: key.alg, use: 'sig' };
}

/** The keys of a folder as they are now: looked at once a second, read again when something changed. */
function watchFolder({ folder, warn }: KeyOptions, now: Date) {
  const stampOf = () => statSync(folder).mtimeMs;
  const state: Loaded = { keys: [], stamp: Number.NaN, checked: 0, read: 0, generation: 0 };
  // at the start a useless file is a mistake to tell; later it must not stop a service whose other keys are good
  let unusable = (error: Error): void => {
    throw error;
  };
  const load = (at: Date): void => {
    // the stamp is taken first: a change during the reading is then seen at the next look
    state.stamp = stampOf();
    let keys = readFolder(folder, unusable);
    if (keys.length === 0) {
      makeKey(folder, at);
      state.stamp = stampOf();
      keys = readFolder(folder, unusable);
    }
    if (keys.map((key) => key.kid).join() !== state.keys.map((key) => key.kid).join()) state.generation += 1;
    state.keys = keys;
    state.checked = at.getTime();
    state.read = at.getTime();
  };
  const look = (at: Date): Readonly<Loaded> => {
    if (Math.abs(at.getTime() - state.checked) >= CHECK_EVERY) {
      state.checked = at.getTime();
      if (stampOf() !== state.stamp || Math.abs(at.getTime() - state.read) >= READ_EVERY) load(at);
    }
    return state;
  };
  load(now);
  unusable = (error) => warn?.(error.message);
  return { look, load };
}

/**
 * Opens the key folder, making it (0700) and a first ES256 key (0600) when there is none.
 * Throws an Error with one plain sentence when a key cannot be read, is readable by everyone, or is of no use.
 */
export function openKeys(options: KeyOptions, now: Date): KeyRing {
  const { folder, maxLife } = options;
  ownFolder(folder);
  const { look, load } = watchFolder(options, now);
  /** A key is over once its successor is older than the longest life of a token, plus clock difference. */
  const living = (at: Date): SigningKey[] => {
    const { keys } = look(at);
    const limit = at.getTime() - (maxLife + SKEW) * 1000;
    return keys.filter((_key, index) => index === 0 || (keys[index - 1]?.created.getTime() ?? 0) > limit);
  };
  const current = (at: Date): SigningKey => {
    const [newest] = look(at).keys;
    if (!newest) throw new Error('No signing key.');
    return newest;
  };
  return {
    current,
    find: (kid, at) => living(at).find((key) => key.kid === kid) ?? null,
    jwks: (at) => ({ keys: living(at).map(publicJwk) }),
    generation: (at) => look(at).generation,
    rotate: (at) => {
      const kept = new Set(living(at).map((key) => key.kid));
      for (const key of look(at).keys) if (!kept.has(key.kid)) rmSync(key.file, { force: true });
      // strictly newer than its predecessor, whatever the clock says
      makeKey(folder, new Date(Math.max(at.getTime(), current(at).created.getTime() + 1)));
      load(at);
      return current(at);
    },
    revoke: (kid, at) => {
      const key = look(at).keys.find((held) => held.kid === kid);
      if (!key) return;
      rmSync(key.file, { force: true });
      load(at);
    },
  };
}
