/** A form with a file: the browser's multipart body as plain fields, the file as its text. */
import express, { type RequestHandler } from 'express';
import { decodeUtf8 } from '../directory/csv.ts';

/** Bytes of a form with its file. */
const LIMIT = 1_500_000;
/** Fields of a form with its file; more are not read: taking apart a million empty ones holds everybody up. */
const MOST_FIELDS = 60;
/** Stands for a file that is not UTF-8; no file can hold it, for it is no character. */
export const NOT_UTF8 = '\uFFFF';

/** Reads multipart forms; other bodies pass on. A field that stands twice counts as not given, as in every form here. */
export function uploads(): RequestHandler[] {
  return [
    express.raw({ type: 'multipart/form-data', limit: LIMIT }),
    async (request, _response, next) => {
      const body: unknown = request.body;
      if (!Buffer.isBuffer(body)) {
        next();
        return;
      }
      const type = request.headers['content-type'] ?? '';
      request.body = hasFew(body, type) ? await fieldsOf(body, type).catch(() => ({})) : {};
      next();
    },
  ];
}

function hasFew(body: Buffer, type: string): boolean {
  const boundary = /boundary="?([^";]+)/i.exec(type)?.[1] ?? '';
  let count = 0;
  if (boundary === '') return false;
  for (let at = body.indexOf(boundary); at !== -1; at = body.indexOf(boundary, at + boundary.length)) count += 1;
  return count <= MOST_FIELDS + 1;
}

async function fieldsOf(body: Buffer, type: string): Promise<Record<string, string | string[]>> {
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
  const fields: Record<string, string | string[]> = {};
  for (const [name, value] of form) {
    const text =
      typeof value === 'string' ? value : (decodeUtf8(new Uint8Array(await value.arrayBuffer())) ?? NOT_UTF8);
    fields[name] = Object.hasOwn(fields, name) ? [] : text;
  }
  return fields;
}
