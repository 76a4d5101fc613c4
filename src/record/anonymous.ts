/**
 * Refusals that have no name to put on them (no token, a bad token): counted per source, reason and minute, one audit
 * record each, so that a stranger cannot fill the disk (house.md section 4, H10).
 */
import type { AuditEntry } from '../audit/types.ts';
import type { Door } from './types.ts';

interface Refusal {
  address: string | null;
  status: number;
  reason: string;
  now: Date;
}

const MINUTE = 60_000;
/** Sources counted apart in one minute; the rest are counted together. */
const MAX_SOURCES = 1_000;

/** Makes the counter of this process; the first of a source in a minute is recorded at once, the rest as a count. */
export function createAnonymous(door: Door) {
  let counts = new Map<string, Refusal & { count: number }>();
  const flush = async (): Promise<void> => {
    const done = counts;
    counts = new Map();
    for (const one of done.values()) {
      if (one.count > 0) await door.audit.write(entryOf(one, one.count)).catch(() => {});
    }
  };
  const timer = setInterval(() => void flush(), MINUTE);
  timer.unref();
  return {
    count(refusal: Refusal): void {
      const full = counts.size >= MAX_SOURCES;
      const address = full ? null : refusal.address;
      const key = `${address ?? '*'} ${refusal.status} ${refusal.reason}`;
      const known = counts.get(key);
      if (known !== undefined) known.count += 1;
      else {
        counts.set(key, { ...refusal, address, count: 0 });
        door.audit.write(entryOf({ ...refusal, address }, 1)).catch(() => {});
      }
    },
    async close(): Promise<void> {
      clearInterval(timer);
      await flush();
    },
  };
}

function entryOf(refusal: Refusal, count: number): AuditEntry {
  return {
    at: refusal.now.toISOString(),
    requestId: 'anonymous',
    interaction: 'anonymous',
    action: 'E',
    outcome: 4,
    status: refusal.status,
    agent: {
      kind: 'anonymous',
      clientId: null,
      issuer: null,
      subject: null,
      name: null,
      role: null,
      practitionerRole: null,
      service: null,
      team: null,
      jti: null,
      address: refusal.address,
    },
    purpose: null,
    rules: ['R-01'],
    reason: 'no-authn',
    explanation: null,
    entities: [],
    label: null,
    patients: [],
    query: null,
    recipient: null,
    detail: `${refusal.reason} x${count}`,
  };
}
