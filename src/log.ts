/**
 * The service's own log: one line per event on stderr, JSON for machines, plain for a person in demo mode.
 * A line is a constant message and ids; content of the record never reaches it (promise of house.md, tested by canaries).
 */
import winston from 'winston';

/** What may stand beside a message: ids, counts, codes, durations. Never names, NHS numbers, bodies or query text. */
export type LogIds = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  debug(message: string, ids?: LogIds): void;
  info(message: string, ids?: LogIds): void;
  warn(message: string, ids?: LogIds): void;
  error(message: string, ids?: LogIds): void;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

const { combine, printf, timestamp, json } = winston.format;

/** `12:04:01 info  message key=value`: for the person in front of a demo. */
const forPeople = combine(
  timestamp({ format: 'HH:mm:ss' }),
  printf(({ timestamp: at, level, message, ...ids }) => {
    const words = Object.entries(ids)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => `${key}=${String(value)}`);
    return [String(at), level.padEnd(5), String(message), ...words].join(' ');
  }),
);

/** JSON lines with `timestamp` in UTC, ISO 8601. */
const forMachines = combine(timestamp(), json());

/** A log on stderr (standard output belongs to commands that print a result). */
export function createLog(level: LogLevel, mode: 'demo' | 'training' | 'production'): Log {
  const logger = winston.createLogger({
    level: level === 'silent' ? 'error' : level,
    silent: level === 'silent',
    format: mode === 'demo' ? forPeople : forMachines,
    transports: [new winston.transports.Console({ stderrLevels: ['error', 'warn', 'info', 'debug'] })],
  });
  return {
    debug: (message, ids) => void logger.debug(message, { ...ids }),
    info: (message, ids) => void logger.info(message, { ...ids }),
    warn: (message, ids) => void logger.warn(message, { ...ids }),
    error: (message, ids) => void logger.error(message, { ...ids }),
  };
}

/** A log that says nothing, for tests. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
