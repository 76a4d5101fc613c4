/** Somebody of the directory as the record knows her, for calling a step without a page or a door between. */
import type { Purpose } from '../../src/governance/types.ts';
import { createStanding } from '../../src/record/standing.ts';
import type { Context } from '../../src/record/types.ts';
import type { Service } from './service.ts';

/** The context of `PractitionerRole/<id>` now. */
export async function asPerson(service: Service, id: string, purpose: Purpose = 'HLEGAL'): Promise<Context> {
  const { door } = service.app;
  const caller = {
    ...{ issuer: door.base, subject: id, clientId: 'test', jti: id, scopes: ['user/*.cruds'] },
    ...{ fhirUser: `PractitionerRole/${id}`, org: null, patient: null },
  };
  const now = door.clock();
  const standing = await createStanding({ pool: door.pool, mode: 'demo' }).resolve(caller, {
    purpose,
    now,
    fresh: true,
  });
  return { ...standing, caller, requestId: `request-of-${id}`, address: null, now };
}
