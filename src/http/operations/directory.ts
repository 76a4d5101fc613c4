/** `$import` over HTTP: Parameters with files or a Bundle, or one file as text/csv. */

import { OperationInput, valueText } from '../../care/parameters.ts';
import { COLUMNS, KINDS, type Kind } from '../../directory/columns.ts';
import { decodeUtf8 } from '../../directory/csv.ts';
import { countsOf, faultsOutcome, type Imported, type ImportRequest, importDirectory } from '../../directory/import.ts';
import type { PlannedChange } from '../../directory/plan.ts';
import { refuse } from '../../fhir/outcome.ts';
import { isObject } from '../../fhir/resource.ts';
import type { JsonObject, Resource } from '../../fhir/types.ts';
import { parseBody } from '../../record/document.ts';
import type { Door } from '../../record/types.ts';
import type { Operation } from '../fhir/dispatch.ts';
import type { FhirRequest } from '../fhir/request.ts';
import { JSON_BODIES, requireContentType } from '../negotiate.ts';
import { CLIENT_OPERATIONS } from './clients.ts';
import { parametersAnswer, systemLevel } from './parameters.ts';

const KNOWN = ['file', 'bundle', 'dryRun', 'endMissing', 'reason'];

export const DIRECTORY_OPERATIONS: readonly Operation[] = [
  systemLevel('$import', async (door, request) => {
    const isCsv = /^text\/csv\b/i.test(request.headers['content-type'] ?? '');
    const asked = isCsv ? await csvRequest(request) : await parametersRequest(door, request);
    const done = await importDirectory(door, request.context, asked);
    if (done.status === 'faulty') throw faultsOutcome(done);
    return parametersAnswer(done.status === 'proposed' ? 202 : 200, told(done));
  }),
  ...CLIENT_OPERATIONS,
];

/** `$import?kind=roles&dryRun=false&reason=...` with the file for a body. */
async function csvRequest(request: FhirRequest): Promise<ImportRequest> {
  const query = new URLSearchParams(request.url.query);
  const known = ['kind', 'dryRun', 'endMissing', 'reason', '_format', '_pretty'];
  for (const name of query.keys())
    if (!known.includes(name)) throw refuse(400, 'not-supported', `$import knows no parameter ${name.slice(0, 40)}`);
  const file = { kind: kindOf(query.get('kind') ?? ''), text: textOf(await request.body()) };
  return {
    files: [file],
    bundle: null,
    dryRun: flagOf(query.get('dryRun'), true),
    endMissing: flagOf(query.get('endMissing'), false),
    reason: query.get('reason') ?? '',
  };
}

async function parametersRequest(door: Door, request: FhirRequest): Promise<ImportRequest> {
  if (request.url.query !== '') throw refuse(400, 'not-supported', 'The parameters of $import go in the body');
  requireContentType(request.headers, JSON_BODIES);
  const { resource } = parseBody(door, await request.body());
  const input = new OperationInput(resource, KNOWN);
  const parts = input.parts('file');
  const bundle = bundleIn(resource);
  if ((parts.length === 0) === (bundle === null))
    throw refuse(400, 'required', 'Send one or more file, or one bundle', 'Parameters.parameter');
  const endMissing = input.flag('endMissing');
  if (endMissing && bundle !== null)
    throw refuse(400, 'not-supported', 'endMissing is for files: a Bundle ends what it names by its own elements');
  const files = parts.map(fileOf);
  if (new Set(files.map(({ kind }) => kind)).size !== files.length)
    throw refuse(400, 'invalid', 'One file of each kind', 'Parameters.parameter');
  return { files, bundle, endMissing, dryRun: dryRunOf(resource), reason: input.optional('reason') ?? '' };
}

function bundleIn({ parameter }: Resource): Resource | null {
  const list = Array.isArray(parameter) ? parameter.filter(isObject) : [];
  const given = list.filter(({ name }) => name === 'bundle');
  if (given.length === 0) return null;
  const [resource] = given.map((one) => one.resource);
  if (given.length > 1 || !isObject(resource) || resource.resourceType !== 'Bundle')
    throw refuse(400, 'invalid', 'bundle holds one Bundle', 'Parameters.parameter');
  return { ...resource, resourceType: 'Bundle' };
}

/** Nothing happens by accident: without a word it is a dry run. */
function dryRunOf({ parameter }: Resource): boolean {
  const list = Array.isArray(parameter) ? parameter.filter(isObject) : [];
  return list.find(({ name }) => name === 'dryRun')?.valueBoolean !== false;
}

function fileOf(parts: readonly JsonObject[]): { kind: Kind; text: string } {
  const part = (name: string) => parts.find((one) => one.name === name);
  const kind = part('kind');
  const [csv, content] = [part('csv'), part('content')];
  const bytes = content?.valueBase64Binary;
  const text = csv === undefined ? undefined : valueText(csv);
  if (typeof bytes === 'string')
    return { kind: kindOf(valueText(kind ?? {}) ?? ''), text: textOf(Buffer.from(bytes, 'base64')) };
  if (text === undefined)
    throw refuse(
      400,
      'required',
      'A file has kind, and csv (valueString) or content (valueBase64Binary)',
      'Parameters.parameter',
    );
  return { kind: kindOf(valueText(kind ?? {}) ?? ''), text };
}

function textOf(bytes: Uint8Array): string {
  const text = decodeUtf8(bytes);
  if (text === null) throw refuse(400, 'structure', 'The file is not UTF-8; save it as "CSV UTF-8"');
  return text;
}

function kindOf(word: string): Kind {
  const kind = KINDS.find((one) => one === word);
  if (kind !== undefined) return kind;
  throw refuse(400, 'value', `kind is one of: ${Object.keys(COLUMNS).join(', ')}`, 'Parameters.parameter');
}

function flagOf(text: string | null, otherwise: boolean): boolean {
  if (text === null) return otherwise;
  if (text === 'true' || text === 'false') return text === 'true';
  throw refuse(400, 'value', 'dryRun and endMissing are true or false');
}

function told({ status, pending, changes }: Imported): JsonObject[] {
  const counts = Object.entries(countsOf(changes)).map(([name, valueInteger]): JsonObject => ({ name, valueInteger }));
  return [
    { name: 'status', valueCode: status },
    ...(pending === null ? [] : [{ name: 'pending', valueString: pending }]),
    { name: 'counts', part: counts },
    ...changes.map(changeTold),
  ];
}

function changeTold({ action, name, type, id, version, where, fields }: PlannedChange): JsonObject {
  const value = (key: string, text: string | null): JsonObject[] =>
    text === null || text === '' ? [] : [{ name: key, valueString: text }];
  return {
    name: 'change',
    part: [
      { name: 'action', valueCode: action },
      { name: 'name', valueString: name },
      ...(version === null ? [] : [{ name: 'resource', valueReference: { reference: `${type}/${id}` } }]),
      ...where.map((one): JsonObject => ({ name: 'where', valueString: one })),
      ...fields.map(
        ({ path, before, after }): JsonObject => ({
          name: 'field',
          part: [{ name: 'path', valueString: path }, ...value('before', before), ...value('after', after)],
        }),
      ),
    ],
  };
}
