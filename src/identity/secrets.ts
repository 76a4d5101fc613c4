/** Secrets of one installation beside the signing keys: made once in DATA_DIR (0600), never in the database or the log. */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Secrets {
  /** 32 bytes: encrypts raw query texts in the audit trail. */
  query: Buffer;
  /** 32 bytes: keys the hash of NHS numbers; kept apart from the data it protects. */
  person: Buffer;
  /** 32 bytes: seals opaque handles. */
  handle: Buffer;
}

/** Reads the secrets, making those that are missing. @throws Error when a file is not 32 bytes */
export function openSecrets(folder: string): Secrets {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return {
    query: secret(folder, 'query.key'),
    person: secret(folder, 'person.key'),
    handle: secret(folder, 'handle.key'),
  };
}

/** Made beside its place and linked in whole, so that two first starts never read half a key. */
function secret(folder: string, name: string): Buffer {
  const file = join(folder, name);
  if (!existsSync(file)) {
    const fresh = `${file}.${randomBytes(6).toString('hex')}`;
    writeFileSync(fresh, randomBytes(32), { flag: 'wx', mode: 0o600 });
    try {
      linkSync(fresh, file);
    } catch (error) {
      if (!existsSync(file)) throw error;
    } finally {
      rmSync(fresh, { force: true });
    }
  }
  const bytes = readFileSync(file);
  if (bytes.length !== 32) throw new Error(`${name} in the keys folder is damaged: restore it from a backup`);
  return bytes;
}

/** Keyed hash of an NHS number: ten digits under a bare hash are guessed in seconds. */
export function personKey(secrets: Secrets, nhsNumber: string): string {
  return createHmac('sha256', secrets.person).update(nhsNumber.replaceAll(' ', '')).digest('base64url');
}

/** An opaque handle of a text, different each time. */
export function sealHandle(secrets: Secrets, text: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', secrets.handle, iv);
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
}

/** The text of a handle of ours, or null for anything else. */
export function openHandle(secrets: Secrets, handle: string): string | null {
  const bytes = Buffer.from(handle, 'base64url');
  if (bytes.length < 29) return null;
  const decipher = createDecipheriv('aes-256-gcm', secrets.handle, bytes.subarray(0, 12));
  decipher.setAuthTag(bytes.subarray(12, 28));
  try {
    return decipher.update(bytes.subarray(28), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return null;
  }
}
