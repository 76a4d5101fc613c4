/**
 * Checkpoints to a log collector: RFC 5424 messages over UDP, TCP or TLS (RFC 6587 and 5425: each with its length before
 * it). Nothing can be read back from here; `npm run audit:verify -- --against FILE` compares with what the collector kept.
 */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { hostname } from 'node:os';
import { connect as connectTls } from 'node:tls';
import type { CheckpointPlace } from './checkpoint-places.ts';

export interface SyslogSettings {
  /** `udp://host:514`, `tcp://host:601` or `tls://host:6514`. */
  url: string;
  /** File of certificates that a TLS collector is trusted by; undefined = those of the system. */
  caFile: string | undefined;
}

const SEND_MS = 5_000;
const PORTS: Readonly<Record<string, number>> = { 'udp:': 514, 'tcp:': 601, 'tls:': 6514 };
/** Facility 13 (log audit), severity 5 (notice). */
const PRIORITY = 13 * 8 + 5;

export function syslogPlace(settings: SyslogSettings, clock: () => Date): CheckpointPlace {
  const { protocol, hostname: host, port } = new URL(settings.url);
  const target = { protocol, host: host.replace(/^\[|\]$/g, ''), port: Number(port) || (PORTS[protocol] ?? 514) };
  const kept = new Set<string>();
  const send = (id: string, text: string): Promise<void> => {
    const message = syslogMessage(id, text, clock());
    return protocol === 'udp:' ? sendDatagram(target, message) : sendFramed(target, message, settings.caFile);
  };
  return {
    name: `syslog ${target.host}`,
    keepKey: async (kid, jwk) => {
      if (!kept.has(kid)) await send('checkpoint-key', jwk);
      kept.add(kid);
    },
    append: (_mark, line) => send('checkpoint', line),
    read: async () => null,
  };
}

/** One RFC 5424 message without a frame: `<PRI>1 time host tandem pid MSGID - text`. */
export function syslogMessage(id: string, text: string, now: Date): Buffer {
  const host =
    hostname()
      .replace(/[^\x21-\x7e]/g, '')
      .slice(0, 255) || '-';
  return Buffer.from(`<${PRIORITY}>1 ${now.toISOString()} ${host} tandem ${process.pid} ${id} - ${text}`);
}

interface Target {
  protocol: string;
  host: string;
  port: number;
}

function sendDatagram({ host, port }: Target, message: Buffer): Promise<void> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  return new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.send(message, port, host, (error) => (error === null ? resolve() : reject(error)));
  }).finally(() => socket.close());
}

/** Resolves when everything was handed over and the collector's side of the connection was told that it ends. */
function sendFramed(target: Target, message: Buffer, caFile: string | undefined): Promise<void> {
  const { protocol, host, port } = target;
  const ca = caFile === undefined ? {} : { ca: readFileSync(caFile) };
  const socket = protocol === 'tls:' ? connectTls({ host, port, servername: host, ...ca }) : connectTcp({ host, port });
  return new Promise<void>((resolve, reject) => {
    socket.setTimeout(SEND_MS, () => socket.destroy(new Error('the log collector does not answer')));
    socket.on('error', reject);
    socket.on(protocol === 'tls:' ? 'secureConnect' : 'connect', () => {
      socket.end(Buffer.concat([Buffer.from(`${message.length} `), message]), () => resolve());
    });
  }).finally(() => socket.destroySoon());
}
