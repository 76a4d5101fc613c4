/** One variable of the environment at a time, with what is wrong about it. */
import { resolve } from 'node:path';

/** The environment as a plain map; unset and empty mean the same. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Names that `loadConfig` reads, for the README and for a message about misspelt ones. */
export const VARIABLES = [
  'MODE',
  'PORT',
  'HOST',
  'DATABASE_URL',
  'SERVICE_DATABASE_URL',
  'DATA_DIR',
  'PUBLIC_URL',
  'LOG_LEVEL',
  'SEED',
  'DISK_WATCH',
  'DISK_ALARM_MB',
  'DISK_STOP_MB',
  'BODY_LIMIT',
  'POOL_SIZE',
  'JOINT_WINDOW_EDGE',
  'NOTIFY_RULE',
  'SAFEGUARDING_CONTACT',
  'FRESH_SIGN_IN',
  'ASSURANCE',
  'WEBHOOK_ALLOW',
  'OIDC_ISSUER',
  'OIDC_CLIENT_ID',
  'OIDC_KEY_FILE',
  'OIDC_KEY_ID',
  'OIDC_SCOPE',
  'OIDC_LEAST_AAL',
  'OIDC_PERSON_CLAIM',
  'OIDC_ROLE_CLAIM',
  'OIDC_ASSURANCE_CLAIM',
  'CORS_ORIGINS',
  'CHECKPOINT_COPY',
  'CHECKPOINT_S3',
  'CHECKPOINT_S3_REGION',
  'CHECKPOINT_S3_KEY_ID',
  'CHECKPOINT_S3_SECRET_FILE',
  'CHECKPOINT_S3_LOCK_DAYS',
  'CHECKPOINT_SYSLOG',
  'CHECKPOINT_SYSLOG_CA',
  'PACKAGE_DIR',
  'DEFINITION_AUTHORS',
  'ALERT_RULES',
  'ALERT_WEBHOOK',
  'SAMPLE_SIZE',
  'HR_FILE',
  'TERMINOLOGY_URL',
  'TERMINOLOGY_TIMEOUT_MS',
  'TERMINOLOGY_CACHE_SECONDS',
] as const;

type Variable = (typeof VARIABLES)[number];

/** Every problem with the environment, one per line of the message. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The environment is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** Reads one variable at a time and collects what is wrong instead of stopping at the first. */
export interface Reader {
  text(name: Variable): string | undefined;
  choice<T extends string>(name: Variable, allowed: readonly T[]): T | undefined;
  integer(name: Variable, range: { min: number; max: number; default: number }): number;
  url(name: Variable, protocols: readonly string[]): string | undefined;
  problem(words: string): void;
}

/** True for addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

export function absolute(path: string | undefined, cwd: string): string | undefined {
  return path === undefined ? undefined : resolve(cwd, path);
}

/** Problems are added to the list, in the order of reading. */
export function reader(env: Environment, problems: string[]): Reader {
  const problem = (words: string): void => {
    problems.push(words);
  };
  const text = (name: Variable): string | undefined => {
    const value = env[name]?.trim();
    return value === '' ? undefined : value;
  };
  return {
    text,
    problem,
    choice: (name, allowed) => {
      const value = text(name);
      const found = allowed.find((one) => one === value);
      if (value !== undefined && found === undefined)
        problem(`${name} must be one of ${allowed.join(', ')}, not "${value}".`);
      return found;
    },
    integer: (name, range) => {
      const value = text(name);
      if (value === undefined) return range.default;
      const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
      if (number >= range.min && number <= range.max) return number;
      problem(`${name} must be a whole number from ${range.min} to ${range.max}, not "${value}".`);
      return range.default;
    },
    // The value is not repeated: connection strings hold passwords.
    url: (name, protocols) => {
      const value = text(name);
      if (value === undefined) return undefined;
      const parsed = URL.parse(value);
      if (parsed !== null && protocols.includes(parsed.protocol)) return value;
      problem(`${name} must be an address that starts with ${protocols.map((one) => `${one}//`).join(' or ')}.`);
      return undefined;
    },
  };
}
