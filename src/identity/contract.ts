/** The parts of the token contract (house.md section 2) that service, command line and tests must agree on. */

export interface Place {
  mode: 'demo' | 'training' | 'production';
  host: string;
  port: number;
  publicUrl: string | undefined;
}

/** Life of tokens issued to system clients, in seconds (SMART Backend Services recommends at most 300). */
export const SYSTEM_TOKEN_LIFE = 300;
/** Life of a demo token, in seconds: 8 h. */
export const DEMO_TOKEN_LIFE = 8 * 3600;

/** Longest life of an access token in a mode, in seconds; outside production the demo tokens live a working day. */
export function maxTokenLife(mode: Place['mode']): number {
  return mode === 'production' ? SYSTEM_TOKEN_LIFE : DEMO_TOKEN_LIFE;
}

/** `iss` of our tokens: PUBLIC_URL, or where the service listens. No trailing slash. */
export function issuerOf({ publicUrl, host, port }: Omit<Place, 'mode'>): string {
  if (publicUrl !== undefined) return publicUrl.replace(/\/+$/, '');
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

/** `aud` of our access tokens: the FHIR base of an issuer. */
export function audienceOf(issuer: string): string {
  return `${issuer}/fhir/R4`;
}
