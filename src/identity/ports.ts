/** What identity needs from the outside: the client register, the replay cache, and a place for audit records. */
import type { StoredClient } from '../store/identity.ts';

/** A registered system client (SMART Backend Services) with the public keys that may sign its assertions. */
export type RegisteredClient = StoredClient;

export interface ClientRegister {
  /** The client as it is now, ended ones included (`ended`), or null when the id is unknown. */
  find(clientId: string): Promise<RegisteredClient | null>;
}

export interface ReplayCache {
  /**
   * Claims a `jti` for a client until `expires`. Of any number of simultaneous calls in any number of processes exactly
   * one gets true; the claim is durable before it is answered.
   */
  claim(jti: string, client: string, expires: Date): Promise<boolean>;
}

/** Ids only; never a token, never a claim's content. */
export interface IdentityLog {
  warn(message: string, ids: Readonly<Record<string, string | number | undefined>>): void;
}

/**
 * The audit record of one token or introspection request. Its fields are those of `AuditEntry`, narrowed, so that
 * `app.ts` can hand it straight to the audit writer.
 */
export interface TokenEntry {
  /** ISO UTC with milliseconds. */
  at: string;
  requestId: string;
  interaction: 'token';
  action: 'E';
  outcome: 0 | 4 | 8;
  status: number;
  agent: {
    kind: 'system' | 'anonymous';
    clientId: string | null;
    issuer: string | null;
    subject: string | null;
    name: string | null;
    role: 'system' | null;
    practitionerRole: null;
    service: string | null;
    team: null;
    /** Of the token issued or introspected; null when refused. */
    jti: string | null;
    address: string | null;
  };
  purpose: null;
  rules: string[];
  reason: 'no-authn' | 'rate-limit' | null;
  explanation: null;
  entities: string[];
  label: null;
  patients: string[];
  query: null;
  recipient: null;
  /** `issued`, `introspected`, or the short reason of the refusal, e.g. `jti-replayed`. */
  detail: string;
}
