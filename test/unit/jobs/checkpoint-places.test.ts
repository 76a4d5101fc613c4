/** Checkpoints in a second place: a bucket and a log collector, each a small real server here. */
import { createSocket } from 'node:dgram';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcp, type Server as TcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { signedHeaders } from '../../../src/jobs/aws-signature.ts';
import { readCheckpoints } from '../../../src/jobs/checkpoint-book.ts';
import { filePlace } from '../../../src/jobs/checkpoint-places.ts';
import { s3Place } from '../../../src/jobs/checkpoint-s3.ts';
import { syslogPlace } from '../../../src/jobs/checkpoint-syslog.ts';
import { openBook } from '../../../src/wiring/audit.ts';
import { selfSigned } from '../../harness/self-signed.ts';

const scratch = mkdtempSync(join(tmpdir(), 'tandem-places-'));
const AT = new Date('2026-03-23T09:00:00Z');
const clock = () => AT;

describe('the signature of a request', () => {
  // The examples of Amazon's own description of Signature Version 4 for S3.
  const key = {
    keyId: 'AKIAIOSFODNN7EXAMPLE',
    secret: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    region: 'us-east-1',
  };
  const now = new Date('2013-05-24T00:00:00Z');
  const host = 'https://examplebucket.s3.amazonaws.com';
  test.each([
    [
      'GET',
      '/test.txt',
      { range: 'bytes=0-9' },
      '',
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    ['GET', '/?max-keys=2&prefix=J', {}, '', '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'],
    [
      'PUT',
      '/test%24file.text',
      { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
      'Welcome to Amazon S3.',
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ],
  ] as const)('%s %s', (method, path, headers, body, signature) => {
    const sent = signedHeaders({ method, url: new URL(host + path), headers, body }, key, now);
    expect(sent.authorization).toContain(`Signature=${signature}`);
  });
});

/** A bucket of one's own: objects in memory, requests signed by the one key it knows. */
function bucketServer() {
  const objects = new Map<string, string>();
  const locks: (string | undefined)[] = [];
  const key = { keyId: 'tandem', secret: 's3cret', region: 'eu-west-2' };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => {
      body += part.toString('utf8');
    });
    request.on('end', () => {
      const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
      const names = /SignedHeaders=([^,]+)/.exec(request.headers.authorization ?? '')?.[1]?.split(';') ?? [];
      const headers = Object.fromEntries(
        names
          .filter((name) => !['host', 'x-amz-date', 'x-amz-content-sha256'].includes(name))
          .map((name) => [name, String(request.headers[name])]),
      );
      const method = request.method === 'PUT' ? 'PUT' : 'GET';
      const expected = signedHeaders({ method, url, headers, body }, key, AT);
      if (expected.authorization !== request.headers.authorization) {
        response.writeHead(403).end();
        return;
      }
      if (method === 'PUT') {
        locks.push(request.headers['x-amz-object-lock-retain-until-date']?.toString());
        objects.set(url.pathname.replace('/bucket/', ''), body);
        response.end();
        return;
      }
      if (url.searchParams.get('list-type') !== '2') {
        const found = objects.get(url.pathname.replace('/bucket/', ''));
        response.writeHead(found === undefined ? 404 : 200).end(found ?? '');
        return;
      }
      const after = url.searchParams.get('start-after') ?? '';
      const all = [...objects.keys()]
        .sort()
        .filter((one) => one.startsWith(url.searchParams.get('prefix') ?? '') && one > after);
      const page = all.slice(0, 2).map((one) => `<Contents><Key>${one}</Key></Contents>`);
      response.end(`<ListBucketResult><IsTruncated>${all.length > 2}</IsTruncated>${page.join('')}</ListBucketResult>`);
    });
  });
  return { server, objects, locks, key };
}

describe('a bucket', () => {
  const bucket = bucketServer();
  let url: string;
  beforeAll(async () => {
    await new Promise<void>((resolve) => bucket.server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${portOf(bucket.server)}/bucket/tandem`;
    writeFileSync(join(scratch, 'secret'), 's3cret\n');
  });
  afterAll(() => new Promise((resolve) => bucket.server.close(resolve)));

  const book = (secretFile = join(scratch, 'secret'), name = 'a') =>
    openBook(
      {
        dataDir: join(scratch, name),
        checkpointCopy: undefined,
        checkpointS3: { url, region: 'eu-west-2', keyId: 'tandem', secretFile, lockDays: 10 },
        checkpointSyslog: null,
      },
      clock,
    );

  test('gets each checkpoint by number and hash, locked, and gives them back with their keys', async () => {
    const kept = book();
    for (let seq = 1; seq <= 5; seq += 1) await kept.append({ seq, hash: String(seq).repeat(64) });
    const names = [...bucket.objects.keys()].filter((one) => one.startsWith('tandem/checkpoints/'));
    expect(names).toHaveLength(5);
    expect(names[0]).toBe(`tandem/checkpoints/0000000000000001-${'1'.repeat(64)}.jws`);
    expect(new Set(bucket.locks)).toEqual(new Set(['2026-04-02T09:00:00.000Z']));
    // A part of the bucket's own file is enough: the local one is gone.
    const settings = { ...bucket.key, url, lockDays: 0 };
    const { marks, signed, faults } = await readCheckpoints([s3Place(settings, clock)]);
    expect([marks.map(({ seq }) => seq), signed, faults]).toEqual([[1, 2, 3, 4, 5], 5, []]);
    const name = names[2] ?? '';
    const line = bucket.objects.get(name) ?? '';
    bucket.objects.set(name, `${line.slice(0, -3)}AAA`);
    expect((await readCheckpoints([s3Place(settings, clock)])).faults).toEqual([
      'bucket bucket: line 3 has a signature that does not fit',
    ]);
    bucket.objects.set(name, line);
  });

  test('that refuses or is away is told by its name, and is a fault of every proof', async () => {
    writeFileSync(join(scratch, 'wrong'), 'other');
    const wrong = book(join(scratch, 'wrong'), 'b');
    await expect(wrong.append({ seq: 9, hash: '9'.repeat(64) })).rejects.toThrow('could not be kept in: bucket bucket');
    const known = await wrong.read();
    // Our own file has it all the same.
    expect([known.marks.map(({ seq }) => seq), known.faults]).toEqual([[9], ['bucket bucket could not be read']]);
  });
});

describe('a log collector', () => {
  const mark = { seq: 7, hash: '7'.repeat(64), at: AT.toISOString() };
  const FRAME = /^(\d+) (<109>1 2026-03-23T09:00:00\.000Z \S+ tandem \d+ (checkpoint(?:-key)?) - (.*))$/s;

  async function framed(server: TcpServer, url: (port: number) => string, caFile?: string): Promise<void> {
    const got: string[] = [];
    server.on(caFile === undefined ? 'connection' : 'secureConnection', (socket) => {
      let text = '';
      socket.on('data', (part: Buffer) => {
        text += part.toString('utf8');
      });
      socket.on('end', () => {
        got.push(text);
        socket.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const place = syslogPlace({ url: url(portOf(server)), caFile }, clock);
      for (const kid of ['k1', 'k1']) {
        await place.keepKey(kid, '{"kid":"k1"}');
        await place.append(mark, 'signed.line.here');
      }
      await until(() => got.length === 3);
      const read = got.map((one) => FRAME.exec(one) ?? []);
      expect(read.map(([, length, message]) => Number(length) === Buffer.byteLength(message ?? ''))).toEqual([
        true,
        true,
        true,
      ]);
      expect(read.map(([, , , id, text]) => [id, text])).toEqual([
        ['checkpoint-key', '{"kid":"k1"}'],
        ['checkpoint', 'signed.line.here'],
        ['checkpoint', 'signed.line.here'],
      ]);
      expect(await place.read()).toBeNull();
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  }

  test('over TCP', () => framed(createTcp(), (port) => `tcp://127.0.0.1:${port}`));

  test('over TLS, trusted by its certificate alone', async () => {
    const own = selfSigned();
    const caFile = join(scratch, 'ca.pem');
    writeFileSync(caFile, own.cert);
    await framed(createTls(own), (port) => `tls://localhost:${port}`, caFile);
    const server = createTls(own);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const stranger = syslogPlace({ url: `tls://localhost:${portOf(server)}`, caFile: undefined }, clock);
    await expect(stranger.append(mark, 'line')).rejects.toThrow(/certificate/);
    await new Promise((resolve) => server.close(resolve));
  });

  test('over UDP', async () => {
    const socket = createSocket('udp4');
    const got: string[] = [];
    socket.on('message', (message) => got.push(message.toString('utf8')));
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    await syslogPlace({ url: `udp://127.0.0.1:${socket.address().port}`, caFile: undefined }, clock).append(
      mark,
      'line',
    );
    await until(() => got.length === 1);
    expect(got[0]).toMatch(/^<109>1 2026-03-23T09:00:00\.000Z \S+ tandem \d+ checkpoint - line$/);
    socket.close();
  });

  test('that is away is told', async () => {
    const place = syslogPlace({ url: 'tcp://127.0.0.1:9', caFile: undefined }, clock);
    await expect(place.append(mark, 'line')).rejects.toThrow(/ECONNREFUSED/);
    const kept = filePlace(join(scratch, 'file'));
    await kept.append(mark, 'line');
    expect((await readCheckpoints([kept, place])).faults).toEqual([expect.stringContaining('line 1')]);
  });
});

function portOf(server: Server | TcpServer): number {
  return (server.address() as AddressInfo).port;
}

async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; Date.now() < end; ) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('it did not happen');
}
