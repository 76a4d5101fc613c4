/** Who plays: the tokens of the demo identities, signed with the running service's key as `npm run token` does. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../src/config/types.ts';
import { loadConfig } from '../../src/config.ts';
import { audienceOf } from '../../src/identity/contract.ts';
import { DEMO_IDENTITIES, DEMO_ORGANIZATIONS, demoClaims } from '../../src/identity/identities.ts';
import { tokenFor } from '../../src/identity/token-cli.ts';
import type { Actor } from './http.ts';

export interface Cast {
  /** The maternity EPR synchronising by itself, and carrying the midwife who sits in front of it. */
  epr: Actor;
  eprForPriya: Actor;
  hvSystem: Actor;
  priya: Actor;
  helen: Actor;
  tom: Actor;
  imran: Actor;
  /** The mother of this story, and a partner to whom she gave no permit. */
  mother(patient: string): Actor;
  partner(relatedPerson: string, patient: string): Actor;
}

export const PRIYA = 'PractitionerRole/mw-priya';
export const HELEN = 'PractitionerRole/hv-helen';
export const MATERNITY = DEMO_ORGANIZATIONS.maternity;
export const HEALTH_VISITING = DEMO_ORGANIZATIONS.healthVisiting;
export const HV_SERVICE = 'HealthcareService/hv-north';

/**
 * @param issuer address of the service, no trailing slash
 * @param dataDir DATA_DIR of the running service; undefined = as the environment says
 * @throws Error in plain words when no service has ever run there
 */
export function castOf(issuer: string, dataDir: string | undefined): Cast {
  const config = loadConfig({ ...process.env, ...(dataDir === undefined ? {} : { DATA_DIR: dataDir }) });
  if (!existsSync(join(config.dataDir, 'keys'))) {
    throw new Error(
      `No service keeps its keys under ${config.dataDir}: give --data-dir, the DATA_DIR of the running one.`,
    );
  }
  const plain = (key: string, name: string): Actor => ({ name, token: token([key, '--base', issuer], config) });
  const family = (key: 'mother' | 'partner', name: string, fhirUser: string, patient: string): Actor => ({
    name,
    token: raw(key, config, issuer, {
      sub: fhirUser.replace('/', '-'),
      fhirUser,
      patient: patient.slice('Patient/'.length),
    }),
  });
  return {
    epr: plain('epr', 'EPR'),
    eprForPriya: { name: 'EPR, Priya', token: raw('midwife', config, issuer, { client_id: 'epr' }) },
    hvSystem: plain('hv-system', 'HV system'),
    priya: plain('midwife', 'Priya'),
    helen: plain('health-visitor', 'Helen'),
    tom: plain('admin', 'Tom'),
    imran: plain('ig-officer', 'Imran'),
    mother: (patient) => family('mother', 'The mother', patient, patient),
    partner: (person, patient) => family('partner', 'Her partner', person, patient),
  };
}

function token(args: readonly string[], config: Config, input = ''): string {
  return tokenFor(args, config, () => input, new Date());
}

/** The token of a demo identity with some claims of its own: another app in between, or this story's mother. */
function raw(key: string, config: Config, issuer: string, change: Record<string, string>): string {
  const identity = DEMO_IDENTITIES.get(key);
  if (identity === undefined) throw new Error(`there is no demo identity ${key}`);
  const iat = Math.floor(Date.now() / 1_000);
  const times = { iat, auth_time: iat, exp: iat + 3_600, jti: randomUUID() };
  const claims = { ...demoClaims(identity, issuer, audienceOf(issuer)), ...change, ...times };
  return token(['--raw'], config, JSON.stringify({ claims }));
}
