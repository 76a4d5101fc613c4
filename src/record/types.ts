/** What the record's interactions take and give. Principal and purpose are always parameters. */
import type { AuditEntry } from '../audit/types.ts';
import type { Apart } from '../definitions/apart.ts';
import type { Posted } from '../definitions/posted/types.ts';
import type { ExternalTerms } from '../definitions/terms/external.ts';
import type { Definitions } from '../definitions/types.ts';
import type { NumberTexts } from '../fhir/json.ts';
import type { OutcomeIssue } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { AgreementRow, Principal, Purpose } from '../governance/types.ts';
import type { Log } from '../log.ts';
import type { Indexer } from '../search/extract.ts';
import type { AuditWriter } from '../store/audit.ts';
import type { Authors } from '../store/definitions.ts';
import type { BroadPool, Pool } from '../store/pool.ts';

/** A verified token's holder, before the directory has been asked who she is now. */
export interface Caller {
  issuer: string;
  subject: string;
  clientId: string;
  /** Key of the client the token was given for: when it ends, so does the token. */
  clientKey?: string | null;
  jti: string;
  scopes: readonly string[];
  /** `PractitionerRole/..`, `Patient/..` or `RelatedPerson/..`; null for system clients. */
  fhirUser: string | null;
  org: string | null;
  patient: string | null;
  /** When the person last proved who she is; null or absent = not known. */
  authTime?: Date | null;
}

/** One request: who, why, when. `now` is the single time every rule of the request uses. */
export interface Context {
  principal: Principal;
  caller: Caller;
  purpose: Purpose;
  requestId: string;
  /** Network address of the client. */
  address: string | null;
  now: Date;
  /** The operation of `care/` through which this is written, e.g. `$refer`; absent for plain requests. */
  operation?: string;
  /** Governance generation the principal was resolved at; a statement that saw another one must not answer. */
  generation: number;
  /** Agreements of the principal's service at that generation. */
  agreements: readonly AgreementRow[];
}

/** Directory or agreements changed since the principal was resolved: resolve again and repeat. Nothing was done. */
export class StaleStanding extends Error {}

/** A parsed body: the resource and the spelling of its numbers. */
export interface ResourceDocument {
  resource: Resource;
  numbers: NumberTexts;
}

/** One resource version as it may be shown to this principal. */
export interface Shown {
  type: string;
  id: string;
  version: number;
  updated: Date;
  /** JSON text, already masked. */
  text: string;
}

/** What a write did. */
export interface Written extends Shown {
  outcome: 'created' | 'updated' | 'unchanged' | 'deleted';
  warnings: readonly OutcomeIssue[];
}

/** Checks particular to a type that must pass before it is written; registered in `app.ts`, throw an Outcome. */
export type WriteGuard = (resource: Resource, context: Context, previous: Resource | null) => void | Promise<void>;

/** Definitions posted as resources: whose count, and which are in effect in this process. */
export interface LiveDefinitions {
  authors: Authors;
  /** What is in effect, by number: an index made under another one is not written. */
  generation(): number;
  /** Reads again what is in effect; true when it was something else. */
  refresh(): Promise<boolean>;
  /** What keeps a definition from taking effect beside those that are and those that come with it; null = nothing. */
  trial(posted: Posted, beside: readonly Posted[]): Promise<string | null>;
  /** Work that would hold up the others, in a thread of its own. */
  apart: Pick<Apart, 'validate' | 'term'>;
}

/** Everything the record stands on. Built once in `app.ts`. */
export interface Door {
  pool: Pool;
  /** For searches whose plan depends on their values. */
  broadPool: BroadPool;
  definitions: Definitions;
  live: LiveDefinitions;
  indexer: Indexer;
  /** Another terminology server, by configuration; null = none. */
  externalTerms: ExternalTerms | null;
  /** Parameters (`Type.code`, `Type.code:text`) whose rows are still being indexed again: not to be answered. */
  pending: { has(aspect: string): boolean };
  audit: AuditWriter;
  /** Whether the record may not grow now (`jobs/disk-watch.ts`). */
  room: { full(): boolean };
  /** By resource type. */
  guards: ReadonlyMap<string, readonly WriteGuard[]>;
  /** Called after a commit, to wake the sequencer and seal in this process. */
  wake(): void;
  /** Absolute FHIR base, no trailing slash. */
  base: string;
  mode: 'demo' | 'production' | 'training';
  clock(): Date;
  /** The text of a search for the access record: cleaned, and the raw text encrypted and bound to the request. */
  auditQuery(raw: string, requestId: string, path?: string): NonNullable<AuditEntry['query']>;
  /** The raw text again; null when it was made under another key or changed. For replays, which show none of it. */
  openQuery(stored: string, requestId: string): string | null;
  /** Seals a text so that only this installation can read it (handles of records out of sight, R-50), and back. */
  seal(text: string): string;
  unseal(sealed: string): string | null;
  /** Whom to call about a record that nobody opens for herself: words with a number, as configured. */
  safeguardingContact: string;
  /** seconds for which a sign-in counts as fresh. */
  freshSignIn: number;
  /** Keyed hash of an NHS number: ten digits under a bare hash are guessed in seconds. */
  personKey(nhsNumber: string): string;
  log: Log;
}
