/** One POST to a subscriber: a fresh look at the address, timeouts, no redirects, the answer's body thrown away. */
import { Agent, request } from 'undici';
import { type EndpointPolicy, endpointFault, guardedLookup, literalPermitted } from './endpoint.ts';

export interface Sent {
  /** True for 2xx. */
  ok: boolean;
  /** HTTP status, 0 when there was no answer. */
  status: number;
  /** A short machine word: `delivered`, `http-500`, `timeout`, `refused-address`, `unreachable`. */
  detail: string;
}

export interface Sender {
  send(endpoint: string, body: string, timeoutMs: number): Promise<Sent>;
  close(): Promise<void>;
}

/** An answer is read up to this many bytes, so that the connection can be used again; then it is dropped. */
const ANSWER_BYTES = 64 * 1024;
/** Connections by host: subscribers are few, each is served in order. */
const CONNECTIONS = 8;

/** Makes the sender of this process; connections are kept by endpoint. */
export function createSender(policy: EndpointPolicy): Sender {
  const agents = new Map<string, Agent>();
  const agentFor = (endpoint: string): Agent => {
    // The look-up depends on the host and port alone, so one agent serves every path of an origin.
    const { origin } = new URL(endpoint);
    const known = agents.get(origin);
    if (known) return known;
    const agent = new Agent({
      connections: CONNECTIONS,
      keepAliveTimeout: 10_000,
      connect: { lookup: guardedLookup(endpoint, policy), timeout: 5_000 },
    });
    agents.set(origin, agent);
    return agent;
  };
  return {
    send: async (endpoint, body, timeoutMs) => {
      // The list may have changed since the subscription was written.
      if (endpointFault(endpoint, policy) !== null || !literalPermitted(endpoint, policy)) {
        return { ok: false, status: 0, detail: 'refused-address' };
      }
      try {
        const { statusCode, body: answer } = await request(endpoint, {
          dispatcher: agentFor(endpoint),
          method: 'POST',
          headers: { 'content-type': 'application/fhir+json; charset=utf-8', 'user-agent': 'tandem' },
          body,
          headersTimeout: timeoutMs,
          bodyTimeout: timeoutMs,
          signal: AbortSignal.timeout(timeoutMs),
        });
        await answer.dump({ limit: ANSWER_BYTES }).catch(() => {});
        const ok = statusCode >= 200 && statusCode < 300;
        return { ok, status: statusCode, detail: ok ? 'delivered' : `http-${statusCode}` };
      } catch (error) {
        return { ok: false, status: 0, detail: wordFor(error) };
      }
    },
    close: async () => {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()));
    },
  };
}

function wordFor(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unreachable';
  if ('name' in error && String(error.name).endsWith('TimeoutError')) return 'timeout';
  return 'message' in error && error.message === 'address not permitted' ? 'refused-address' : 'unreachable';
}
