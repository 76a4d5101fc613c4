/** What `events/` asks of the record: versions, a decision as the subscriber now, and the Subscription's own status. */
import type { AuditEntry } from '../audit/types.ts';
import type { Resource } from '../fhir/types.ts';
import { decide } from '../governance/decide.ts';
import type { Decision } from '../governance/decision-types.ts';
import type { AgreementRow, DataClass, Label, Principal } from '../governance/types.ts';
import { readCurrent, readVersion as readStoredVersion } from '../store/reads.ts';
import { readStanding } from '../store/standing.ts';
import { VersionConflict } from '../store/write.ts';
import { commit } from './commit.ts';
import { ask, parseStored, reach } from './decide.ts';
import { agentOf } from './entry.ts';
import { internalContext } from './internal.ts';
import { systemPrincipal } from './standing.ts';
import type { Context, Door } from './types.ts';

export interface VersionRead {
  resource: Resource;
  version: number;
  deleted: boolean;
  dataClass: DataClass;
  /** `Organization/..` whose record it is; null = nobody's. */
  service: string | null;
}

const NOBODY = { parties: [], service: null, agreements: [] };

/** A version by number, or the current one for null; null when there is none. For the service's own eyes only. */
export async function readVersion(
  door: Door,
  type: string,
  id: string,
  version: number | null,
): Promise<VersionRead | null> {
  const result =
    version === null
      ? await readCurrent(door.pool, type, id, NOBODY)
      : await readStoredVersion(door.pool, { type, id, version }, NOBODY);
  const row = result.found?.row;
  if (row === undefined) return null;
  const resource = row.body === null ? { resourceType: type, id } : parseStored(row.body).resource;
  const { version: current, deleted, dataClass, service } = row;
  return { resource, version: current, deleted, dataClass, service };
}

export interface SubscriberDecision {
  decision: Decision;
  agent: AuditEntry['agent'];
  patients: string[];
  label: Label | null;
  /** The agreement ended, and no other one lets anything through to this client's service. */
  lapsed: boolean;
}

/** Decides a read of the current row as this client, purpose COC, by the rules and the directory of this moment. */
export async function decideAs(
  door: Door,
  clientId: string,
  reference: { type: string; id: string },
  now: Date,
): Promise<SubscriberDecision> {
  const standing = await readStanding(door.pool, null, clientId);
  const principal = systemPrincipal(door, clientId, standing);
  if (principal === null)
    return { decision: gone('R-01'), agent: agentOf(strangerOf(clientId, door), null), ...NOTHING };
  const agent = agentOf(principal, null);
  const { found } = await readCurrent(
    door.pool,
    reference.type,
    reference.id,
    reach({ principal, agreements: standing.agreements }),
  );
  if (found === null || found.row.deleted) return { decision: gone('R-36'), agent, ...NOTHING };
  const context = { principal, purpose: 'COC', now } satisfies Pick<Context, 'principal' | 'purpose' | 'now'>;
  const decision = decide(principal, ask(door, context, 'read', reference.type), { ...found, now });
  const isOver = decision.reason === 'dsa-expired' && !standing.agreements.some((one) => lets(one, principal, now));
  return { decision, agent, patients: found.row.subjects, label: found.row.label, lapsed: isOver };
}

const NOTHING = { patients: [], label: null, lapsed: false };

/** Whether this clause lets a system of the principal's service have anything of another service at this moment. */
function lets(one: AgreementRow, { service }: Principal, now: Date): boolean {
  const at = now.toISOString();
  const isOn = !one.revoked && (one.from ?? at) <= at && (one.until === null || at < one.until);
  return isOn && one.toService === service && one.fromService !== service && one.purposes.includes('COC');
}

/** A row that is gone and a client that is unknown are refusals, not errors. */
function gone(rule: string): Decision {
  return {
    permit: false,
    rules: [rule],
    reason: null,
    text: '',
    explanation: null,
    masks: [],
    concealed: true,
    wayIn: null,
  };
}

function strangerOf(clientId: string, door: Door): Principal {
  return {
    kind: 'system',
    role: 'system',
    clientId,
    issuer: door.base,
    subject: clientId,
    jti: '',
    name: clientId,
    teams: [],
    parties: [],
    scopes: [],
    flags: [],
  };
}

/**
 * Writes status and error text into a Subscription as the service itself; guards for clients do not apply.
 * False when its current version is another one: somebody wrote it meanwhile.
 */
export async function setSubscriptionStatus(
  door: Door,
  change: { id: string; version: number; status: string; error: string | null },
): Promise<boolean> {
  const { found } = await readCurrent(door.pool, 'Subscription', change.id, NOBODY);
  if (found === null || found.row.deleted || found.row.body === null || found.row.version !== change.version)
    return false;
  const document = parseStored(found.row.body);
  document.resource.status = change.status;
  if (change.error === null) delete document.resource.error;
  else document.resource.error = change.error;
  const context = await internalContext(door, found.row.service ?? '', 'subscriptions');
  const own = {
    type: 'Subscription',
    id: change.id,
    interaction: 'update' as const,
    document,
    current: found,
    before: null,
    warnings: [],
  };
  try {
    await commit(door, door.pool, context, [own]);
    return true;
  } catch (error) {
    if (error instanceof VersionConflict) return false;
    throw error;
  }
}
