/**
 * Tells a configured address that there is an alert (domain.md 6.7, feature 18): reference, severity and time, signed, and
 * nothing about anybody (6.1). Tried again for a day, further and further apart; every failure is told in the log, and what
 * is given up stays on the officers' desk.
 */
import type { JsonObject } from '../fhir/types.ts';
import type { Log } from '../log.ts';
import { type Loop, startLoop } from '../store/loop.ts';
import { claimNotices, type DueNotice, noticeFailed, noticeSent } from '../store/models/alert-notices.ts';
import type { Pool } from '../store/pool.ts';

export interface WebhookOptions {
  pool: Pool;
  url: string;
  /** Compact JWS over the body, by the key of the trail's statements (`/.well-known/audit-keys.json`). */
  sign: (notice: JsonObject) => Promise<string>;
  log: Log;
  everyMs?: number;
  /** First pause after a failure. */
  backoffMs?: number;
}

const EVERY_MS = 2_000;
const BACKOFF_MS = 5_000;
const LONGEST_MS = 3_600_000;
const GIVE_UP_MS = 24 * 3_600_000;
const ANSWER_MS = 10_000;
const BATCH = 20;

export function startAlertWebhook(options: WebhookOptions): Loop {
  const { pool, log, everyMs = EVERY_MS } = options;
  return startLoop({
    everyMs,
    run: async () => {
      const due = await claimNotices(pool, BATCH);
      for (const notice of due) await tell(options, notice);
      return due.length === BATCH;
    },
    onError: (error) => log.error('a pump failed', { task: 'alert notices', error: nameOf(error) }),
  });
}

async function tell(options: WebhookOptions, notice: DueNotice): Promise<void> {
  const { pool, log, backoffMs = BACKOFF_MS } = options;
  const { alert, reference, attempts, raised } = notice;
  const failure = await post(options, notice);
  if (failure === null) {
    await noticeSent(pool, alert);
    return;
  }
  const pause = Math.min(backoffMs * 2 ** attempts, LONGEST_MS);
  const isOver = Date.now() + pause - raised.getTime() > GIVE_UP_MS;
  await noticeFailed(pool, alert, failure, isOver ? null : pause / 1_000);
  if (isOver) log.error('an alert could not be told and is given up', { reference, error: failure });
  else log.warn('an alert could not be told yet', { reference, error: failure, attempt: attempts + 1 });
}

/** What went wrong in one word, or null. A redirect is no answer: the address is the one that was configured. */
async function post({ url, sign }: WebhookOptions, { reference, severity, at }: DueNotice): Promise<string | null> {
  const notice = { reference, severity, at: at.toISOString() };
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'Content-Type': 'application/json', 'Tandem-Signature': await sign(notice) },
      body: JSON.stringify(notice),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    await response.body?.cancel();
    return response.status >= 200 && response.status < 300 ? null : `status ${response.status}`;
  } catch (error) {
    return nameOf(error);
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}
