/** The service acting for itself: jobs of one service, decided by the rules like its system client, named in the trail. */
import { randomUUID } from 'node:crypto';
import { readServiceStanding, servicesOf } from '../store/standing.ts';
import type { Context, Door } from './types.ts';

/** A context for a job of `service` (`Organization/..`). Every statement checks the generation, so it is asked anew here. */
export async function internalContext(door: Door, service: string, job: string): Promise<Context> {
  const { generation, agreements } = await readServiceStanding(door.pool, service);
  const now = door.clock();
  return {
    principal: {
      kind: 'system',
      role: 'system',
      clientId: 'tandem',
      issuer: door.base,
      subject: job,
      jti: '',
      name: `Tandem: ${job}`,
      service,
      teams: [],
      parties: [service],
      scopes: ['system/*.cruds'],
      flags: [],
    },
    caller: {
      issuer: door.base,
      subject: job,
      clientId: 'tandem',
      jti: '',
      scopes: ['system/*.cruds'],
      fhirUser: null,
      org: service,
      patient: null,
    },
    purpose: 'COC',
    requestId: randomUUID(),
    address: null,
    now,
    generation,
    agreements,
  };
}

/** One context for each service of the directory. */
export async function internalContexts(door: Door, job: string): Promise<Context[]> {
  const services = await servicesOf(door.pool);
  return Promise.all(services.map((service) => internalContext(door, service, job)));
}
