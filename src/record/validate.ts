/**
 * $validate at system, type and instance level (R4 resource-operation-validate): errors, warnings and information told
 * apart, an OperationOutcome even when all is well. Nothing is stored, and no reference is looked up: what is said about
 * a body never depends on what the record holds. Only an instance named in the URL is read, under the rules of a read.
 */
import { markUntraced } from '../fhir/identifiers.ts';
import { type OutcomeIssue, operationOutcome, refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import { decide } from '../governance/decide.ts';
import { gate } from '../governance/gates.ts';
import { readCurrent } from '../store/reads.ts';
import type { DecidableRow } from '../store/rows.ts';
import { answerIssues } from './answers.ts';
import type { Asking } from './canonical.ts';
import { ask, decideWrite, parseStored, reach, show } from './decide.ts';
import { findingsOf, parseBody } from './document.ts';
import { entryOf, withDecision, withRows } from './entry.ts';
import { mayReadHistory } from './family-group.ts';
import { audited, checkGeneration, notFound, refused } from './refusal.ts';
import type { Context, Door, ResourceDocument } from './types.ts';
import { type Asked, readAsked } from './validate-request.ts';

export interface ValidateRequest {
  type: string | null;
  id: string | null;
  /** Empty when the request has none, which only an instance allows. */
  body: Buffer;
  query: string;
}

/** The OperationOutcome's text. @throws Outcome 400 for a request that is not understood, 403, 404, 410, 503 */
export function validate(door: Door, context: Context, request: ValidateRequest): Promise<string> {
  const { type, id } = request;
  const place = type === null ? '' : id === null ? type : `${type}/${id}`;
  const entry = { ...entryOf(context, 'operation'), entities: [place], detail: '$validate' };
  return audited(door, entry, async () => {
    await door.live.refresh();
    const document = request.body.length === 0 && id !== null ? null : parseBody(door, request.body);
    const asked = readAsked(document?.resource ?? null, request.query, type);
    requireSense(asked, request);
    const issues: OutcomeIssue[] =
      id === null || type === null
        ? await wholeFindings({ door, context, db: door.pool }, numbered(asked, document), { asked, type })
        : await instanceFindings({ door, context }, { type, id }, { asked, document });
    if (id === null) await door.audit.write(entry);
    return outcomeText(issues, asked.resource?.resourceType ?? type);
  });
}

function numbered(asked: Asked, document: ResourceDocument | null): ResourceDocument {
  if (asked.resource === null || document === null) {
    throw refuse(400, 'required', 'Send the resource to validate: bare, or as the part `resource` of Parameters');
  }
  return { resource: asked.resource, numbers: document.numbers };
}

/** Modes that mean nothing at this address. */
function requireSense({ mode, profile, resource }: Asked, { id }: ValidateRequest): void {
  if (mode === 'profile' && profile === null) throw refuse(400, 'required', 'mode=profile needs a profile');
  if (mode === 'delete' && id === null) {
    throw refuse(400, 'invalid', 'mode=delete is about one resource: /[type]/[id]/$validate?mode=delete');
  }
  if (mode === 'create' && id !== null) {
    throw refuse(400, 'invalid', 'mode=create is about a resource that is not there yet: /[type]/$validate');
  }
  if (mode === 'update' && id !== null && resource === null) {
    throw refuse(400, 'required', 'mode=update needs the resource as it is to become');
  }
}

function outcomeText(issues: readonly OutcomeIssue[], type: string | null): string {
  const fine: OutcomeIssue = {
    severity: 'information',
    code: 'informational',
    diagnostics: 'No issues found',
    ...(type === null ? {} : { expression: type }),
  };
  return JSON.stringify(operationOutcome(issues.length === 0 ? [fine] : issues));
}

async function wholeFindings(
  asking: Asking,
  document: ResourceDocument,
  { asked, type }: { asked: Asked; type: string | null },
): Promise<OutcomeIssue[]> {
  if (type !== null && document.resource.resourceType !== type) return [otherType(type)];
  return findings(asking, document, asked.profile);
}

function otherType(type: string): OutcomeIssue {
  return { severity: 'error', code: 'invalid', diagnostics: `This is not a ${type}`, expression: 'resourceType' };
}

/** The definitions' findings, and when these leave it sound, those about a response's answers. */
async function findings(asking: Asking, document: ResourceDocument, profile: string | null): Promise<OutcomeIssue[]> {
  const { resource } = document;
  // a write would add it, so its absence is no fault of what is to be written
  if (profile === null) markUntraced(resource);
  const issues = await findingsOf(asking.door, document, profile === null ? [] : [profile]);
  if (issues.some(({ severity }) => severity === 'error' || severity === 'fatal')) return issues;
  const answers = await answerIssues(asking, document);
  return [...issues, ...answers, ...draftNote(resource, answers.length)];
}

/** A draft may be incomplete: whoever validates one is told what was left out. */
function draftNote(resource: Resource, found: number): OutcomeIssue[] {
  if (resource.resourceType !== 'QuestionnaireResponse' || resource.questionnaire === undefined) return [];
  if (found > 0 || (resource.status !== 'in-progress' && resource.status !== 'stopped')) return [];
  const diagnostics = `Required answers, occurrences and constraints are not asked of a response that is ${resource.status}.`;
  return [{ severity: 'information', code: 'informational', diagnostics, expression: 'QuestionnaireResponse.status' }];
}

interface Asker {
  door: Door;
  context: Context;
}

/** The instance as this caller may read it; hidden and unknown ones are told alike, whatever the mode. */
async function readable(
  { door, context }: Asker,
  type: string,
  id: string,
): Promise<{ found: DecidableRow; document: ResourceDocument; partly: boolean }> {
  const entry = { ...entryOf(context, 'operation'), entities: [`${type}/${id}`], detail: '$validate' };
  const asked = ask(door, context, 'read', type);
  const closed = gate(context.principal, asked);
  if (closed !== null) throw await refused(door, entry, closed);
  const { found, generation } = await readCurrent(door.pool, type, id, reach(context));
  checkGeneration(context, generation);
  if (found === null) throw await notFound(door, entry);
  const decision = decide(context.principal, asked, { ...found, now: context.now });
  const seen = withDecision(withRows(entry, [found.row]), decision);
  if (!decision.permit) throw await refused(door, seen, decision);
  if (found.row.deleted) throw refuse(410, 'deleted', 'This resource was deleted; its history is kept');
  await door.audit.write(seen);
  const partly = decision.masks.length > 0 || !mayReadHistory(context, found.row);
  return { found, document: parseStored(show(found.row, decision.masks).text), partly };
}

async function instanceFindings(
  asker: Asker,
  { type, id }: { type: string; id: string },
  { asked, document }: { asked: Asked; document: ResourceDocument | null },
): Promise<OutcomeIssue[]> {
  const stored = await readable(asker, type, id);
  if (asked.mode === 'delete') return deleteFindings(asker, type, stored.found);
  const asking: Asking = { ...asker, db: asker.door.pool };
  if (asked.resource === null) {
    if (stored.partly) return [partlyShown(type)];
    return findings(asking, stored.document, asked.profile);
  }
  const sent = numbered(asked, document);
  const issues = await wholeFindings(asking, sent, { asked, type });
  return asked.mode === 'update' && sent.resource.id !== id ? [otherId(type), ...issues] : issues;
}

/** Findings about what is left out would be false, or would tell what is masked. */
function partlyShown(type: string): OutcomeIssue {
  const diagnostics = 'Only part of this resource is shown to you, so it cannot be validated as it is stored';
  return { severity: 'warning', code: 'incomplete', diagnostics, expression: type };
}

function otherId(type: string): OutcomeIssue {
  const diagnostics = 'An update carries the id of its URL';
  return { severity: 'error', code: 'invalid', diagnostics, expression: `${type}.id` };
}

/** Whether this caller could delete it now. */
function deleteFindings({ door, context }: Asker, type: string, found: DecidableRow): OutcomeIssue[] {
  const asked = ask(door, context, 'delete', type);
  const closed = gate(context.principal, asked);
  const decision = closed ?? decideWrite(context, asked, { ...found, now: context.now });
  if (closed === null && decision.permit) return [];
  const diagnostics = `You may not delete this ${type}; a mistake is marked entered-in-error instead`;
  return [{ severity: 'error', code: 'forbidden', diagnostics, expression: type }];
}
