/** Answer Bundles as text, put together around resource texts that are already serialised: no body is parsed again. */

export type AnswerType =
  | 'searchset'
  | 'history'
  | 'batch-response'
  | 'transaction-response'
  | 'collection'
  | 'document';

export interface AnswerEntry {
  fullUrl?: string;
  /** The resource as JSON text, put in as it is. */
  resourceText?: string;
  search?: { mode: 'match' | 'include' | 'outcome'; score?: number };
  request?: { method: string; url: string };
  response?: {
    /** e.g. `201 Created` or `201`. */
    status: string;
    location?: string;
    /** Weak validator, `W/"3"`. */
    etag?: string;
    /** Instant. */
    lastModified?: string;
    /** OperationOutcome as JSON text. */
    outcomeText?: string;
  };
}

export interface AnswerBundle {
  type: AnswerType;
  id?: string;
  /** Bundle.meta as a plain object, e.g. `{ lastUpdated }`. */
  meta?: Readonly<Record<string, unknown>>;
  /** Instant. */
  timestamp?: string;
  total?: number;
  links?: readonly { relation: string; url: string }[];
  entries: readonly AnswerEntry[];
}

const text = (value: unknown): string => JSON.stringify(value);

function responseText({
  status,
  location,
  etag,
  lastModified,
  outcomeText,
}: NonNullable<AnswerEntry['response']>): string {
  let out = `{"status":${text(status)}`;
  if (location !== undefined) out += `,"location":${text(location)}`;
  if (etag !== undefined) out += `,"etag":${text(etag)}`;
  if (lastModified !== undefined) out += `,"lastModified":${text(lastModified)}`;
  if (outcomeText !== undefined) out += `,"outcome":${outcomeText}`;
  return `${out}}`;
}

function entryText({ fullUrl, resourceText, search, request, response }: AnswerEntry): string {
  let out = '';
  if (fullUrl !== undefined) out += `,"fullUrl":${text(fullUrl)}`;
  if (resourceText !== undefined) out += `,"resource":${resourceText}`;
  if (search !== undefined) out += `,"search":${text(search)}`;
  if (request !== undefined) out += `,"request":${text({ method: request.method, url: request.url })}`;
  if (response !== undefined) out += `,"response":${responseText(response)}`;
  return `{${out.slice(1)}}`;
}

/**
 * A Bundle as JSON text, elements in the order of the specification; `link` and `entry` left out when empty (FHIR has
 * no empty arrays). `resourceText` and `outcomeText` must be JSON objects.
 */
export function bundleText(bundle: AnswerBundle): string {
  const { type, id, meta, timestamp, total, links = [], entries } = bundle;
  let out = '{"resourceType":"Bundle"';
  if (id !== undefined) out += `,"id":${text(id)}`;
  if (meta !== undefined) out += `,"meta":${text(meta)}`;
  out += `,"type":"${type}"`;
  if (timestamp !== undefined) out += `,"timestamp":${text(timestamp)}`;
  if (total !== undefined) out += `,"total":${total}`;
  if (links.length > 0) out += `,"link":${text(links)}`;
  if (entries.length > 0) out += `,"entry":[${entries.map(entryText).join(',')}]`;
  return `${out}}`;
}
