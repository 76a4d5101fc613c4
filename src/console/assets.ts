/**
 * Style, script and icons under one address that changes with their content, so that browsers may keep them for a year.
 * NHS.UK frontend comes from its package as it is, but for its fonts: Frutiger is licensed to NHS websites and would be
 * fetched from assets.nhs.uk; without it the style falls back to Arial, as the NHS service manual says.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { RequestHandler } from 'express';

export interface Assets {
  /** Base of the addresses, without a trailing slash: `/console/assets/<hash>`. */
  base: string;
  /** Answers `GET /console/assets/<hash>/<name>`. */
  serve: RequestHandler;
}

interface Asset {
  type: string;
  bytes: Buffer;
  packed: Buffer | null;
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.ico': 'image/x-icon',
  '.png': 'image/png',
};

/** Folder of the package's `nhsuk` files. */
export const NHSUK = fileURLToPath(new URL('.', import.meta.resolve('nhsuk-frontend/package.json')));
const OWN = fileURLToPath(new URL('./assets/', import.meta.url));

/** Reads what the pages need, once. */
export function openAssets(): Assets {
  const dist = `${NHSUK}dist/nhsuk/`;
  const images = readdirSync(`${dist}assets/images`).filter((name) => /^(favicon|nhsuk-icon-[a-z-]+\.svg)/.test(name));
  const files = new Map<string, Buffer>([
    ['nhsuk.css', readFileSync(`${dist}nhsuk-frontend.min.css`)],
    ['nhsuk.js', readFileSync(`${dist}nhsuk-frontend.min.js`)],
    ...readdirSync(OWN).map((name): [string, Buffer] => [name, readFileSync(OWN + name)]),
    ...images.map((name): [string, Buffer] => [name, readFileSync(`${dist}assets/images/${name}`)]),
  ]);
  const hash = createHash('sha256');
  for (const bytes of files.values()) hash.update(bytes);
  const base = `/console/assets/${hash.digest('base64url').slice(0, 12)}`;
  const assets = new Map([...files].map(([name, bytes]) => [`${base}/${name}`, prepare(name, bytes, base)]));
  return { base, serve: serve(assets) };
}

function prepare(name: string, bytes: Buffer, base: string): Asset {
  const type = TYPES[extname(name)] ?? 'application/octet-stream';
  const text = type.includes('charset') || type.includes('svg');
  const ready = name === 'nhsuk.css' ? Buffer.from(localStyle(bytes.toString('utf8'), base)) : bytes;
  return { type, bytes: ready, packed: text ? gzipSync(ready) : null };
}

function localStyle(css: string, base: string): string {
  return css
    .replace(/@font-face\{[^}]*\}/g, '')
    .replaceAll('/assets/images/', `${base}/`)
    .replace(/\/\*# sourceMappingURL=[^*]*\*\//, '');
}

function serve(assets: ReadonlyMap<string, Asset>): RequestHandler {
  return (request, response, next) => {
    const asset = assets.get(request.originalUrl);
    if (asset === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) {
      next();
      return;
    }
    const packed = asset.packed !== null && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
    response.writeHead(200, {
      'Content-Type': asset.type,
      'Cache-Control': 'public, max-age=31536000, immutable',
      Vary: 'Accept-Encoding',
      'X-Content-Type-Options': 'nosniff',
      'Cross-Origin-Resource-Policy': 'same-origin',
      ...(packed ? { 'Content-Encoding': 'gzip' } : {}),
    });
    response.end(request.method === 'HEAD' ? undefined : packed ? asset.packed : asset.bytes);
  };
}
