/** AWS Signature Version 4 (as S3 and everything compatible with it asks for it), for one request with its body at hand. Pure. */
import { createHash, createHmac } from 'node:crypto';

export interface AwsRequest {
  method: 'GET' | 'PUT';
  url: URL;
  /** Lower-case names; all of them are signed. */
  headers: Readonly<Record<string, string>>;
  body: string;
}

export interface AwsKey {
  keyId: string;
  secret: string;
  region: string;
}

/** The headers to send: those given, the hash of the body, the date, and the signature over all of them. */
export function signedHeaders(request: AwsRequest, key: AwsKey, now: Date): Record<string, string> {
  const date = now.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = date.slice(0, 8);
  const hash = sha256(request.body);
  const headers: Record<string, string> = { ...request.headers, 'x-amz-content-sha256': hash, 'x-amz-date': date };
  const signed = { ...headers, host: request.url.host };
  const names = Object.keys(signed).sort();
  const canonical = [
    request.method,
    request.url.pathname.split('/').map(encoded).join('/'),
    [...request.url.searchParams]
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join('&'),
    ...Object.entries(signed)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}:${value.trim()}`),
    '',
    names.join(';'),
    hash,
  ].join('\n');
  const scope = `${day}/${key.region}/s3/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n');
  const secret = [day, key.region, 's3', 'aws4_request'].reduce<Buffer | string>(
    (before, part) => createHmac('sha256', before).update(part).digest(),
    `AWS4${key.secret}`,
  );
  const signature = createHmac('sha256', secret).update(text).digest('hex');
  const credential = `Credential=${key.keyId}/${scope}`;
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** RFC 3986 unreserved letters alone stay. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** A part of a path as the URL holds it, encoded the way the signature wants. */
function encoded(part: string): string {
  return encode(decodeURIComponent(part));
}
