/**
 * The first administrators of an installation: the one write that nobody is there yet to be permitted for. It exists for
 * an empty directory alone, makes directory resources alone, and stands in the trail like any other write.
 */
import { randomUUID } from 'node:crypto';
import { auditColumns } from '../audit/entry.ts';
import { NO_NUMBERS } from '../fhir/json.ts';
import type { Resource } from '../fhir/types.ts';
import type { PoolClient } from '../store/pool.ts';
import { readServiceStanding } from '../store/standing.ts';
import { inTransaction } from '../store/transaction.ts';
import { writeRows } from '../store/write.ts';
import { requireValid } from './document.ts';
import { type Change, plan } from './plan.ts';
import type { Context, Door } from './types.ts';

/** Any fixed number of our own: two setups cannot both find nobody. */
const LOCK = 7_203_042;
const TYPES: readonly string[] = ['Organization', 'Practitioner', 'PractitionerRole'];

/** True when the directory has anybody in it: then administrators make administrators. */
export async function hasPeople(db: Pick<PoolClient, 'query'>): Promise<boolean> {
  const { rows } = await db.query<{ some: boolean }>(
    `select exists (select from directory where entry ->> 'kind' in ('role', 'person')) as some`,
  );
  return rows[0]?.some === true;
}

/**
 * Writes these directory resources (with their ids) into an empty directory.
 * @throws Error when somebody is there already or a resource is of another type; Outcome when one is not valid
 */
export async function makeFirstAdministrators(door: Door, resources: readonly Resource[]): Promise<void> {
  for (const { resourceType } of resources) {
    if (!TYPES.includes(resourceType)) throw new Error(`the setup does not write ${resourceType}`);
  }
  await inTransaction(door.pool, async (client) => {
    await client.query('select pg_advisory_xact_lock($1)', [LOCK]);
    if (await hasPeople(client)) throw new AlreadySetUp();
    const { generation } = await readServiceStanding(client, '');
    const context = setupContext(door, generation);
    const changes: Change[] = [];
    for (const resource of resources) {
      const document = { resource, numbers: NO_NUMBERS };
      const warnings = await requireValid(door, document);
      const { resourceType: type, id = '' } = resource;
      changes.push({ type, id, interaction: 'create', document, current: null, before: null, warnings });
    }
    const { planned, facts } = await plan(door, client, context, changes);
    const rows = planned.flatMap(({ write }) => write ?? []);
    const audit = planned.map(({ entry }) =>
      auditColumns({ ...entry, rules: ['R-27'], reason: null, outcome: 0, status: 201, detail: 'setup' }),
    );
    await writeRows(client, { rows, facts, audit });
  });
  door.wake();
}

/** Somebody is in the directory: the setup has been run, or another one is faster. */
export class AlreadySetUp extends Error {
  constructor() {
    super('There are people in the directory already; the setup makes the first two administrators and nobody else.');
  }
}

function setupContext(door: Door, generation: number): Context {
  const issuer = door.base;
  const common = { issuer, subject: 'setup', clientId: 'tandem', jti: '', scopes: [] };
  return {
    principal: {
      ...common,
      kind: 'system',
      role: 'sysadmin',
      name: 'Tandem: setup',
      teams: [],
      parties: [],
      flags: [],
    },
    caller: { ...common, fhirUser: null, org: null, patient: null },
    purpose: 'HSYSADMIN',
    requestId: randomUUID(),
    address: null,
    now: door.clock(),
    generation,
    agreements: [],
  };
}
