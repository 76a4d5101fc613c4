/** POST [base]: batch and transaction (R4 http.html#transaction). A batch entry is served by the handler of its own URL. */
import { type BundleEntry, JSON_PATCH, jsonPatchOf, parseBundle, readyEntries } from '../../fhir/bundle.ts';
import { type AnswerEntry, bundleText } from '../../fhir/bundle-text.ts';
import { parseJson, stringifyJson } from '../../fhir/json.ts';
import { Outcome, refuse } from '../../fhir/outcome.ts';
import { asResource } from '../../fhir/resource.ts';
import type { Json } from '../../fhir/types.ts';
import { batchRecord, failedBatch } from '../../record/batch.ts';
import { relativise } from '../../record/document.ts';
import { read } from '../../record/read.ts';
import { type EntryResult, transaction } from '../../record/transaction.ts';
import { type Door, StaleStanding } from '../../record/types.ts';
import { type Answer, answerOf } from '../answer.ts';
import { JSON_BODIES, requireContentType } from '../negotiate.ts';
import { atOnce, ENTRIES_AT_ONCE, runsOf } from './batch-runs.ts';
import { dispatch } from './dispatch.ts';
import { type FhirHandler, type FhirRequest, versionHeaders } from './request.ts';
import { outcomeText } from './write-answer.ts';

export const bundle: FhirHandler = async (door, request) => {
  requireContentType(request.headers, JSON_BODIES);
  const body = await request.body();
  const { document, parsed } = await failedBatch(door, request.context, async () => {
    const document = parseJson(body);
    if (body.includes(door.base)) relativise(asResource(document.root), door.base);
    return { document, parsed: parseBundle(document.root, { ownBases: [door.base] }) };
  });
  const entries: AnswerEntry[] = [];
  if (parsed.type === 'transaction') {
    const ready = readyEntries(parsed.entries);
    const results = await transaction(door, request.context, { entries: ready, numbers: document.numbers });
    for (const entry of ready) {
      entries.push(await goingOn(request, (now) => transactionEntry(door, now, entry, results.get(entry.index))));
    }
  } else {
    await batchRecord(door, request.context, parsed.entries.length);
    const text = (root: Json): string => stringifyJson(root, document.numbers);
    for (const run of runsOf(parsed.entries)) entries.push(...(await batchRun(door, request, run, text)));
  }
  return { status: 200, body: bundleText({ type: `${parsed.type}-response`, entries }) };
};

type BatchEntry = BundleEntry | { refusal: Outcome };

/**
 * Entries that are done at once. Those that change the directory make the standing of the others stale: they are repeated one
 * by one.
 */
async function batchRun(
  door: Door,
  request: FhirRequest,
  run: readonly BatchEntry[],
  text: (root: Json) => string,
): Promise<AnswerEntry[]> {
  const first = (entry: BatchEntry): Promise<Answer | null> =>
    'refusal' in entry
      ? Promise.resolve(answerOf(entry.refusal, request.context.requestId, door.log))
      : perform(door, request, entry, text).catch((error: unknown) => {
          if (error instanceof StaleStanding) return null;
          throw error;
        });
  const answers = await atOnce(run, ENTRIES_AT_ONCE, first);
  const entries: AnswerEntry[] = [];
  for (const [i, entry] of run.entries()) {
    const answer = answers[i] ?? null;
    if (answer !== null) entries.push(entryOf(answer));
    else if (!('refusal' in entry)) {
      request.context = await request.renew();
      entries.push(entryOf(await goingOn(request, (now) => perform(door, now, entry, text))));
    }
  }
  return entries;
}

const MAX_REPEATS = 5;

/**
 * One step of a Bundle whose earlier steps are committed, perhaps with a change of the directory by this very Bundle:
 * when the caller's standing is stale the step alone is repeated, never the whole, which would write everything again.
 */
async function goingOn<T>(request: FhirRequest, step: (now: FhirRequest) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await step(request);
    } catch (error) {
      if (!(error instanceof StaleStanding)) throw error;
      if (attempt >= MAX_REPEATS)
        throw refuse(503, 'transient', 'The directory keeps changing; the writes before stand');
      request.context = await request.renew();
    }
  }
}

/** One entry as the request it describes, through the same handler as any request line. */
async function perform(
  door: Door,
  request: FhirRequest,
  entry: BundleEntry,
  text: (root: NonNullable<BundleEntry['resource']>) => string,
): Promise<Answer> {
  const jsonPatch = entry.method === 'PATCH' ? jsonPatchOf(entry.resource) : null;
  const headers: Record<string, string> = { 'content-type': jsonPatch === null ? 'application/fhir+json' : JSON_PATCH };
  if (entry.ifMatch !== null) headers['if-match'] = entry.ifMatch;
  if (entry.ifNoneMatch !== null) headers['if-none-match'] = entry.ifNoneMatch;
  if (entry.ifModifiedSince !== null) headers['if-modified-since'] = entry.ifModifiedSince;
  if (entry.ifNoneExist !== null) headers['if-none-exist'] = entry.ifNoneExist;
  const { resource } = entry;
  const inner: FhirRequest = {
    ...request,
    method: entry.method,
    url: entry.url,
    headers,
    prefer: request.prefer,
    body: async () => jsonPatch ?? (resource === null ? Buffer.alloc(0) : Buffer.from(text(resource), 'utf8')),
  };
  try {
    if (entry.url.type === null && entry.method === 'POST' && entry.url.operation === null) {
      throw new Outcome(400, [
        { severity: 'error', code: 'not-supported', diagnostics: 'A Bundle inside a Bundle is not carried out' },
      ]);
    }
    return await dispatch(entry.method, entry.url, request.operations)(door, inner);
  } catch (error) {
    if (error instanceof StaleStanding) throw error;
    return answerOf(error, request.context.requestId, door.log);
  }
}

async function transactionEntry(
  door: Door,
  request: FhirRequest,
  entry: BundleEntry,
  result: EntryResult | undefined,
): Promise<AnswerEntry> {
  if (result === undefined) return entryOf(await perform(door, request, entry, (root) => JSON.stringify(root)));
  if (result === null) return { response: { status: '204 No Content' } };
  if ('existing' in result) {
    const shown = await read(door, request.context, entry.url.type ?? '', result.existing);
    return entryOf(
      { status: 200, headers: versionHeaders(door, shown, true), body: wants(request) ? shown.text : '' },
      shown.updated,
    );
  }
  const { written } = result;
  const status = written.outcome === 'created' ? 201 : written.outcome === 'deleted' ? 204 : 200;
  const answered = entryOf(
    { status, headers: versionHeaders(door, written, status !== 204), body: wants(request) ? written.text : '' },
    written.updated,
  );
  if (request.prefer.return !== 'OperationOutcome' || answered.response === undefined) return answered;
  return { response: { ...answered.response, outcomeText: outcomeText(written) } };
}

/** Written resources come back only when asked for: a transaction answer is mostly read for its locations. */
function wants(request: FhirRequest): boolean {
  return request.prefer.return === 'representation';
}

const PHRASES: Record<number, string> = {
  200: '200 OK',
  201: '201 Created',
  204: '204 No Content',
  304: '304 Not Modified',
};

function entryOf(answer: Answer, modified?: Date): AnswerEntry {
  const { ETag, Location, 'Last-Modified': changed } = answer.headers ?? {};
  const lastModified = modified ?? (changed === undefined ? undefined : new Date(changed));
  const failed = answer.status >= 400;
  return {
    ...(answer.body === undefined || answer.body === '' || failed ? {} : { resourceText: answer.body }),
    response: {
      status: PHRASES[answer.status] ?? String(answer.status),
      ...(Location === undefined ? {} : { location: Location }),
      ...(ETag === undefined ? {} : { etag: ETag }),
      ...(lastModified === undefined ? {} : { lastModified: lastModified.toISOString() }),
      ...(failed && answer.body !== undefined ? { outcomeText: answer.body } : {}),
    },
  };
}
