/**
 * Checkpoints in a bucket (S3 and what is compatible with it): one object each, named by its record and hash, so that a
 * chain made anew cannot take the place of the one before. With object lock the bucket itself keeps them from everybody.
 */
import { createHash } from 'node:crypto';
import { signedHeaders } from './aws-signature.ts';
import type { CheckpointPlace } from './checkpoint-places.ts';

export interface S3Settings {
  /** Bucket and prefix as a path: `https://s3.example.org/bucket/tandem`. */
  url: string;
  region: string;
  keyId: string;
  secret: string;
  /** Days for which object lock (compliance mode) holds each object; 0 = the bucket's own rule. */
  lockDays: number;
}

const ANSWER_MS = 5_000;
/** Newest checkpoints that are read back: a cut-off tail shows in the newest, a chain made anew in any. */
const READ_BACK = 48;
const DAY_MS = 86_400_000;

export function s3Place(settings: S3Settings, clock: () => Date): CheckpointPlace {
  const base = settings.url.replace(/\/+$/, '');
  const [, bucket = '', ...prefix] = new URL(base).pathname.split('/');
  const folder = prefix.length === 0 ? '' : `${prefix.join('/')}/`;
  const kept = new Set<string>();
  const put = (name: string, body: string): Promise<string> =>
    send(settings, { method: 'PUT', url: new URL(`${base}/${name}`), body }, clock());
  const get = (url: URL): Promise<string> => send(settings, { method: 'GET', url, body: '' }, clock());
  const all = async (kind: string): Promise<string[]> => {
    const names: string[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const list = new URL(`${new URL(base).origin}/${bucket}`);
      list.search = new URLSearchParams({
        'list-type': '2',
        prefix: `${folder}${kind}/`,
        ...(after === '' ? {} : { 'start-after': after }),
      }).toString();
      const page = namesIn(await get(list));
      names.push(...page.names);
      after = page.more ? (page.names.at(-1) ?? null) : null;
    }
    return names;
  };
  const textsOf = async (names: readonly string[]): Promise<string> => {
    const texts: string[] = [];
    for (const name of names)
      texts.push(`${(await get(new URL(`${new URL(base).origin}/${bucket}/${name}`))).trim()}\n`);
    return texts.join('');
  };
  return {
    name: `bucket ${bucket}`,
    keepKey: async (kid, jwk) => {
      if (!kept.has(kid)) await put(`keys/${kid}.json`, jwk);
      kept.add(kid);
    },
    append: async ({ seq, hash }, line) => {
      await put(`checkpoints/${String(seq).padStart(16, '0')}-${hash}.jws`, line);
    },
    read: async () => ({
      lines: await textsOf((await all('checkpoints')).slice(-READ_BACK)),
      keys: await textsOf(await all('keys')),
    }),
  };
}

/** @throws Error with the status alone: an answer may quote the request */
async function send(
  settings: S3Settings,
  { method, url, body }: { method: 'GET' | 'PUT'; url: URL; body: string },
  now: Date,
): Promise<string> {
  const headers = method === 'PUT' ? putHeaders(body, settings.lockDays, now) : {};
  const response = await fetch(url, {
    method,
    redirect: 'error',
    headers: signedHeaders({ method, url, headers, body }, settings, now),
    ...(method === 'PUT' ? { body } : {}),
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`the bucket answered ${response.status}`);
  return text;
}

function putHeaders(body: string, lockDays: number, now: Date): Record<string, string> {
  const checksum = createHash('sha256').update(body).digest('base64');
  const usual = { 'content-type': 'text/plain', 'x-amz-checksum-sha256': checksum };
  if (lockDays === 0) return usual;
  const until = new Date(now.getTime() + lockDays * DAY_MS).toISOString();
  return { ...usual, 'x-amz-object-lock-mode': 'COMPLIANCE', 'x-amz-object-lock-retain-until-date': until };
}

/** Names in a ListObjectsV2 answer: ours hold no letters that XML would escape. */
function namesIn(xml: string): { names: string[]; more: boolean } {
  const names = [...xml.matchAll(/<Key>([A-Za-z0-9/_.=-]+)<\/Key>/g)].map(([, name = '']) => name);
  return { names, more: /<IsTruncated>true<\/IsTruncated>/.test(xml) };
}
