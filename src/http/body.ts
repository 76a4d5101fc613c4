/** Reads a request body within a size and a time; bodies that never end are cut off (H19). */
import type { IncomingMessage } from 'node:http';
import { refuse } from '../fhir/outcome.ts';
import { unpack } from './compress.ts';

export interface BodyLimits {
  /** Bytes; above it 413. */
  maxBytes: number;
  /** Milliseconds until the last byte must have arrived; above it 408. */
  timeout: number;
}

/**
 * The whole body, unpacked when it came as gzip, or an Outcome: 408 too slow, 413 too large (also when unpacked), 415
 * another Content-Encoding, 400 cut off. After 408 and 413 the connection is closed by the answer
 * (`Connection: close`), so the rest is never read.
 */
export async function readBody(request: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return readBytes(request, limits);
  if (encoding === 'gzip' || encoding === 'x-gzip') return unpack(await readBytes(request, limits), limits.maxBytes);
  throw refuse(
    415,
    'not-supported',
    `Content-Encoding ${encoding.slice(0, 20)} is not supported; send the body as it is, or as gzip`,
  );
}

function readBytes(request: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > limits.maxBytes) throw tooLarge(limits.maxBytes);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => {
      finish();
      reject(refuse(408, 'timeout', `The body did not arrive within ${Math.round(limits.timeout / 1000)} seconds`));
    }, limits.timeout);
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > limits.maxBytes) {
        finish();
        reject(tooLarge(limits.maxBytes));
        return;
      }
      chunks.push(chunk);
    };
    const onEnd = () => {
      finish();
      const only = chunks[0];
      resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, size));
    };
    const onAbort = () => {
      finish();
      reject(refuse(400, 'structure', 'The connection ended before the whole body had arrived'));
    };
    const finish = () => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('error', onAbort).off('close', onAbort);
    };
    request.on('data', onData).on('end', onEnd).on('error', onAbort).on('close', onAbort);
  });
}

function tooLarge(maxBytes: number) {
  return refuse(413, 'too-long', `The body is larger than ${maxBytes} bytes; send less, or split the Bundle`);
}
