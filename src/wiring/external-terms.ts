/**
 * The other terminology server, by configuration alone (`TERMINOLOGY_URL`): nothing a client sends chooses the address.
 * Only GET with codes and canonicals; answers are kept for a while, a bounded number of them; when it does not answer it is
 * left alone for some seconds, so that nobody waits for it again and again.
 */

import type { TerminologyConfig } from '../config/types.ts';
import type { ExternalAnswer, ExternalTerms } from '../definitions/terms/external.ts';
import { parseJson } from '../fhir/json.ts';
import { asResource } from '../fhir/resource.ts';
import type { Log } from '../log.ts';

export interface ExternalTermsOptions {
  /** FHIR base of the server, without a trailing slash. */
  url: string;
  timeoutMs: number;
  /** How long an answer is kept. */
  keepMs: number;
  now(): number;
  /** Called when it stops answering; ids and content never go in. */
  onAway(reason: string): void;
}

/** Answers kept, and their bytes together; an expansion page of 1,000 codes is about 100 kB. */
const MOST_KEPT = 2_000;
const MOST_KEPT_BYTES = 8 * 1024 * 1024;
/** One answer, at most. */
const MOST_BYTES = 2 * 1024 * 1024;
/** After a failure it is left alone for so long. */
const REST_MS = 10_000;
const MOST_AT_ONCE = 16;

interface Kept {
  answer: ExternalAnswer;
  bytes: number;
  until: number;
}

/** The asker as configured; null when there is no other server. */
export function externalTermsOf(config: TerminologyConfig | null, log: Log): ExternalTerms | null {
  if (config === null) return null;
  return createExternalTerms({
    url: config.url,
    timeoutMs: config.timeoutMs,
    keepMs: config.keepSeconds * 1_000,
    now: Date.now,
    onAway: (reason) => log.warn('the terminology server does not answer', { reason }),
  });
}

/** The asker of this process. */
export function createExternalTerms(options: ExternalTermsOptions): ExternalTerms {
  const kept = new Map<string, Kept>();
  const underWay = new Map<string, Promise<ExternalAnswer>>();
  let restUntil = 0;
  const fresh = async (address: string): Promise<ExternalAnswer> => {
    try {
      const { answer, bytes } = await fetchAnswer(address, options.timeoutMs);
      keep(kept, address, { answer, bytes, until: options.now() + options.keepMs });
      return answer;
    } catch (error) {
      restUntil = options.now() + REST_MS;
      options.onAway(error instanceof Error ? error.name : 'unknown');
      return { kind: 'away' };
    } finally {
      underWay.delete(address);
    }
  };
  return {
    ask: (operation, parameters) => {
      const address = `${options.url}/${operation}?${new URLSearchParams(parameters)}`;
      const known = kept.get(address);
      if (known !== undefined && known.until > options.now()) return Promise.resolve(known.answer);
      const same = underWay.get(address);
      if (same !== undefined) return same;
      if (options.now() < restUntil || underWay.size >= MOST_AT_ONCE) return Promise.resolve({ kind: 'away' });
      const asked = fresh(address);
      underWay.set(address, asked);
      return asked;
    },
  };
}

function keep(kept: Map<string, Kept>, address: string, value: Kept): void {
  kept.delete(address);
  kept.set(address, value);
  let bytes = 0;
  for (const one of kept.values()) bytes += one.bytes;
  for (const [oldest, one] of kept) {
    if (kept.size <= MOST_KEPT && bytes <= MOST_KEPT_BYTES) break;
    kept.delete(oldest);
    bytes -= one.bytes;
  }
}

/** @throws when it does not answer in time, with too much, or with what is no resource */
async function fetchAnswer(address: string, timeoutMs: number): Promise<Pick<Kept, 'answer' | 'bytes'>> {
  const response = await fetch(address, {
    headers: { accept: 'application/fhir+json' },
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  const bytes = await readUpTo(response, MOST_BYTES);
  if (response.status >= 500 || response.status === 429) throw new Error('it cannot answer');
  if (response.status !== 200) return { answer: { kind: 'unknown' }, bytes: 0 };
  return { answer: { kind: 'answer', resource: asResource(parseJson(bytes).root) }, bytes: bytes.length };
}

async function readUpTo(response: Response, most: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > most) throw new Error('answer too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
