/**
 * `npm run --silent token -- <identity> [--ttl 900|15m|8h] [--base URL]` prints a bearer token signed with the key in
 * DATA_DIR; no HTTP. `--raw` signs the header and claims that stand on standard input, right or wrong (demo only).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Config } from '../config/types.ts';
import { loadConfig } from '../config.ts';
import { audienceOf, DEMO_TOKEN_LIFE, issuerOf, maxTokenLife } from './contract.ts';
import { DEMO_IDENTITIES, demoClaims } from './identities.ts';
import { openKeys, type SigningKey } from './keys.ts';
import { signAccess, signAnything } from './sign.ts';

const UNIT: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600 };

function ttlSeconds(text: string | undefined): number {
  if (text === undefined) return DEMO_TOKEN_LIFE;
  const match = /^([1-9]\d{0,5})([smh]?)$/.exec(text);
  const seconds = match ? Number(match[1]) * (UNIT[match[2] ?? ''] ?? 1) : Number.NaN;
  if (seconds <= DEMO_TOKEN_LIFE) return seconds;
  throw new Error('--ttl takes seconds, or a number with s, m or h, up to 8h.');
}

function issuerFrom(base: string | undefined, config: Config): string {
  if (base === undefined) return issuerOf(config);
  const parsed = URL.parse(base);
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:') throw new Error('--base takes an http address.');
  return base.replace(/\/+$/, '').replace(/\/fhir\/R4$/, '');
}

function rawToken(key: SigningKey, input: string): string {
  let given: unknown;
  try {
    given = JSON.parse(input);
  } catch {
    given = null;
  }
  if (typeof given !== 'object' || given === null || !('claims' in given)) {
    throw new Error('--raw reads {"header": ..., "claims": ...} from standard input.');
  }
  const header = 'header' in given ? given.header : {};
  const whole = { alg: key.alg, typ: 'at+jwt', kid: key.kid };
  // null takes a default out of the header: JSON.stringify leaves undefined out
  const merged =
    typeof header === 'object' && header !== null
      ? Object.fromEntries(Object.entries({ ...whole, ...header }).map(([name, value]) => [name, value ?? undefined]))
      : header;
  return signAnything(key, merged, given.claims);
}

/**
 * The token for these arguments. Throws an Error with one plain sentence for people: production, unknown identity, bad
 * option, unreadable key folder. `input` is asked for only with `--raw`.
 */
export function tokenFor(args: readonly string[], config: Config, input: () => string, now: Date): string {
  if (config.mode === 'production')
    throw new Error('In production there are no demo identities and no tokens to print.');
  const options = { ttl: { type: 'string' }, base: { type: 'string' }, raw: { type: 'boolean' } } as const;
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const ring = openKeys({ folder: join(config.dataDir, 'keys'), maxLife: maxTokenLife(config.mode) }, now);
  if (values.raw === true) {
    if (config.mode !== 'demo') throw new Error('--raw signs anything and therefore exists in demo mode only.');
    return rawToken(ring.current(now), input());
  }
  const identity = DEMO_IDENTITIES.get(positionals[0] ?? '');
  if (!identity || positionals.length > 1) {
    throw new Error(`Name one identity: ${[...DEMO_IDENTITIES.keys()].join(', ')}.`);
  }
  if (identity.role === 'steward' && config.mode !== 'demo') throw new Error('The steward exists in demo mode only.');
  const issuer = issuerFrom(values.base, config);
  const claims = demoClaims(identity, issuer, audienceOf(issuer));
  return signAccess(ring.current(now), claims, ttlSeconds(values.ttl), now).token;
}

function main(): void {
  try {
    const token = tokenFor(process.argv.slice(2), loadConfig(process.env), () => readFileSync(0, 'utf8'), new Date());
    process.stdout.write(`${token}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) main();
