/**
 * From a proven token to a principal: role, teams and service are those of the directory now; the token only names the
 * PractitionerRole. What was resolved is kept for one governance generation: every statement that shows data returns
 * the generation it saw, and another one than the principal's makes the request start again (H7).
 */
import { DENY_REASON, Outcome } from '../fhir/outcome.ts';
import type { DirectoryRow } from '../governance/directory.ts';
import { E_ROSTER, placeOf } from '../governance/duty.ts';
import { usualPurpose } from '../governance/purposes.ts';
import { DEFINER } from '../governance/role-views.ts';
import type { AgreementRow, Principal, Purpose } from '../governance/types.ts';
import type { Authors } from '../store/definitions.ts';
import type { Pool } from '../store/pool.ts';
import { readGeneration, readStanding, type StandingRows } from '../store/standing.ts';
import type { Caller, Context, Door } from './types.ts';

type Standing = Omit<Principal, 'issuer' | 'subject' | 'jti' | 'clientId' | 'scopes'>;

interface Kept {
  standing: Standing;
  generation: number;
  agreements: readonly AgreementRow[];
  /** Epoch ms at which a membership or role begins or ends: then it must be asked again. */
  until: number;
}

export interface StandingDeps {
  pool: Pool;
  mode: Door['mode'];
  /** Whose definitions take effect, by configuration. */
  authors?: Authors;
}

const MAX_KEPT = 10_000;
/** The data-loading client of the demo; it exists nowhere else (house.md section 2). */
const STEWARD = 'steward';

/** Makes the resolver of this process. */
export function createStanding(deps: StandingDeps) {
  const kept = new Map<string, Kept>();
  return {
    /** The principal and purpose of a request. @throws Outcome 401 when the caller is nobody (any more) */
    async resolve(
      caller: Caller,
      asked: { purpose: Purpose | null; now: Date; fresh: boolean },
    ): Promise<Pick<Context, 'principal' | 'purpose' | 'generation' | 'agreements'>> {
      const key = `${caller.clientId} ${caller.clientKey ?? ''} ${caller.fhirUser ?? ''} ${caller.subject}`;
      let known = kept.get(key);
      if (known === undefined || asked.fresh || asked.now.getTime() >= known.until) {
        known = await ask(deps, caller, asked.now);
        if (kept.size >= MAX_KEPT) kept.clear();
        kept.set(key, known);
      }
      const { issuer, subject, jti, clientId, scopes } = caller;
      const standing = withAuthorship(known.standing, clientId, deps.authors);
      const principal: Principal = { ...standing, issuer, subject, jti, clientId, scopes: [...scopes] };
      return {
        principal,
        purpose: purposeFor(principal, asked.purpose),
        generation: known.generation,
        agreements: known.agreements,
      };
    },
  };
}

const NOBODY: Authors = { clients: [], roles: [] };

/** Families never define anything, whichever app they come through. */
function withAuthorship(standing: Standing, clientId: string, { clients, roles }: Authors = NOBODY): Standing {
  const named = standing.kind !== 'family' && (clients.includes(clientId) || roles.includes(standing.role));
  return named ? { ...standing, flags: [...standing.flags, DEFINER] } : standing;
}

/** Whether a refusal was given to somebody who may be another by now: then it is no answer. Success checks for itself. */
export async function hasMoved(door: Pick<Door, 'pool'>, context: Context, status: number): Promise<boolean> {
  if (status !== 401 && status !== 403 && status !== 404) return false;
  return (await readGeneration(door.pool)) !== context.generation;
}

/** absent = TREAT for clinicians, PATADMIN for admin, COC for systems; other roles must declare. */
function purposeFor(principal: Principal, stated: Purpose | null): Purpose {
  const purpose = stated ?? usualPurpose(principal) ?? (principal.role === STEWARD ? 'COC' : null);
  if (purpose !== null) return purpose;
  const diagnostics = 'Say what the access is for: header X-Purpose-Of-Use with a v3-ActReason code (R-02)';
  const detail = { system: DENY_REASON, code: 'no-purpose' };
  throw new Outcome(403, [{ severity: 'error', code: 'forbidden', diagnostics, detail }]);
}

async function ask(deps: StandingDeps, caller: Caller, now: Date): Promise<Kept> {
  const rows = await readStanding(deps.pool, caller.fhirUser, caller.clientId, caller.clientKey ?? '');
  const standing = standingOf(deps, caller, rows, now);
  if (standing === null) throw nobody();
  return {
    standing,
    generation: rows.generation,
    agreements: rows.agreements,
    until: nextBoundary(rows.directory, now),
  };
}

function standingOf(deps: StandingDeps, caller: Caller, rows: StandingRows, now: Date): Standing | null {
  const { fhirUser, clientKey = null } = caller;
  // A token that a key of the register got ends with that key, whoever it is for.
  if (clientKey !== null && rows.client === null) return null;
  if (fhirUser === null) return systemStanding(deps, caller, rows);
  if (fhirUser.startsWith('PractitionerRole/')) return staffStanding(fhirUser, rows.directory, now);
  if (fhirUser.startsWith('Patient/'))
    return { ...FAMILY, role: 'mother', name: fhirUser, patient: fhirUser, parties: [fhirUser] };
  if (rows.relatedPatient === null) return null;
  return {
    ...FAMILY,
    role: 'partner',
    name: fhirUser,
    relatedPerson: fhirUser,
    patient: rows.relatedPatient,
    parties: [fhirUser],
  };
}

const FAMILY = { kind: 'family' as const, teams: [], flags: [] };

/** A system client as the register knows it now, without a token: for decisions made on its behalf (subscriptions). */
export function systemPrincipal(
  door: Pick<Door, 'mode' | 'base'>,
  clientId: string,
  rows: StandingRows,
): Principal | null {
  const standing = systemStanding(door, { clientId }, rows);
  if (standing === null || rows.client === null) return null;
  return { ...standing, issuer: door.base, subject: clientId, jti: '', clientId, scopes: rows.client.scopes };
}

/** A member of staff as the directory knows her now, without a token: whom a grant or a simulation is about. */
export function staffPrincipal(
  door: Pick<Door, 'base'>,
  practitionerRole: string,
  rows: Pick<StandingRows, 'directory'>,
  now: Date,
): Principal | null {
  const standing = staffStanding(practitionerRole, rows.directory, now);
  if (standing === null) return null;
  const subject = practitionerRole.slice('PractitionerRole/'.length);
  return { ...standing, issuer: door.base, subject, jti: '', clientId: 'tandem', scopes: ['user/*.cruds'] };
}

function systemStanding(
  deps: Pick<StandingDeps, 'mode'>,
  caller: Pick<Caller, 'clientId'>,
  { client }: Pick<StandingRows, 'client'>,
): Standing | null {
  if (client === null) return null;
  const common = { kind: 'system' as const, name: client.name, teams: [], flags: [] };
  if (caller.clientId === STEWARD) return deps.mode === 'demo' ? { ...common, role: STEWARD, parties: [] } : null;
  const flags = client.kind === 'e-roster' ? [E_ROSTER] : [];
  return { ...common, flags, role: 'system', service: client.org, parties: [client.org] };
}

function staffStanding(fhirUser: string, directory: readonly DirectoryRow[], now: Date): Standing | null {
  const role = directory.find((row) => row.kind === 'role' && row.member === fhirUser);
  if (role?.kind !== 'role' || !role.active || role.role === null || !within(role, now)) return null;
  const person = directory.find((row) => row.kind === 'person');
  if (person?.active === false) return null;
  const { teams, flags, supervises, ownRecordKey } = placeOf(fhirUser, directory, now);
  const practitioner = role.practitioner ?? undefined;
  const service = role.service ?? undefined;
  return {
    kind: 'staff',
    role: role.role,
    name: person?.name ?? role.name ?? fhirUser,
    practitionerRole: fhirUser,
    ...(practitioner === undefined ? {} : { practitioner }),
    ...(service === undefined ? {} : { service }),
    teams,
    parties: [fhirUser, practitioner, ...teams, service].filter((party) => party !== undefined),
    ...(supervises.length === 0 ? {} : { supervises }),
    ...(ownRecordKey === null ? {} : { ownRecordKey }),
    flags,
  };
}

/** Half-open, as every interval of the rules: an end equal to now has ended. */
function within(row: { from: string | null; until: string | null }, now: Date): boolean {
  return (
    (row.from === null || Date.parse(row.from) <= now.getTime()) &&
    (row.until === null || now.getTime() < Date.parse(row.until))
  );
}

function nextBoundary(directory: readonly DirectoryRow[], now: Date): number {
  const instants = directory.flatMap((row) =>
    row.kind === 'role' || row.kind === 'membership' || row.kind === 'duty-slot'
      ? [row.from, row.until].filter((at) => at !== null).map(Date.parse)
      : [],
  );
  return Math.min(...instants.filter((at) => at > now.getTime()), Number.POSITIVE_INFINITY);
}

/** Somebody whose token is good but whom the directory no longer knows: a leaver, an ended client. */
function nobody(): Outcome {
  const diagnostics = 'The directory does not know this person or system as active; access has ended';
  const detail = { system: DENY_REASON, code: 'no-authn' };
  return new Outcome(401, [{ severity: 'error', code: 'login', diagnostics, detail }], {
    'WWW-Authenticate': 'Bearer realm="tandem", error="invalid_token", error_description="no longer active"',
  });
}
