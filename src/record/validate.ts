/** $validate at type level: errors, warnings and information told apart; an OperationOutcome even when all is well. */
import { type OutcomeIssue, operationOutcome, refuse } from '../fhir/outcome.ts';
import { asResource, isObject } from '../fhir/resource.ts';
import type { Resource } from '../fhir/types.ts';
import { answerIssues } from './answers.ts';
import type { Asking } from './canonical.ts';
import { parseBody } from './document.ts';
import { entryOf } from './entry.ts';
import { audited } from './refusal.ts';
import type { Context, Door, ResourceDocument } from './types.ts';

/** The OperationOutcome's text. The body is a bare resource or Parameters with `resource`, `mode`, `profile`. */
export function validate(
  door: Door,
  context: Context,
  type: string,
  request: { body: Buffer; query: string },
): Promise<string> {
  const entry = { ...entryOf(context, 'operation'), entities: [type], detail: '$validate' };
  return audited(door, entry, async () => {
    const { resource: body, numbers } = parseBody(door, request.body);
    const asked = unwrap(body, new URLSearchParams(request.query));
    const profiles = asked.profile === null ? [] : [asked.profile];
    const issues: OutcomeIssue[] =
      asked.resource.resourceType === type
        ? await findings({ door, context, db: door.pool }, { resource: asked.resource, numbers }, profiles)
        : [{ severity: 'error', code: 'invalid', diagnostics: `This is not a ${type}`, expression: 'resourceType' }];
    await door.audit.write(entry);
    const fine: OutcomeIssue = { severity: 'information', code: 'informational', diagnostics: 'No issues found' };
    return JSON.stringify(operationOutcome(issues.length === 0 ? [fine] : issues));
  });
}

/** The definitions' findings, and when these leave it sound, those about a response's answers. */
async function findings(asking: Asking, document: ResourceDocument, profiles: string[]): Promise<OutcomeIssue[]> {
  const { resource, numbers } = document;
  const issues = asking.door.definitions.validate(resource, { profiles, numbers });
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

function unwrap(body: Resource, query: URLSearchParams): { resource: Resource; profile: string | null } {
  let profile = query.get('profile');
  const mode = query.get('mode');
  if (mode !== null) requireMode(mode);
  if (body.resourceType !== 'Parameters') return { resource: body, profile };
  let resource: Resource | null = null;
  for (const part of Array.isArray(body.parameter) ? body.parameter : []) {
    if (!isObject(part)) continue;
    if (part.name === 'resource' && part.resource !== undefined) resource = asResource(part.resource);
    else if (part.name === 'profile' && typeof part.valueUri === 'string') profile = part.valueUri;
    else if (part.name === 'mode' && typeof part.valueCode === 'string') requireMode(part.valueCode);
  }
  if (resource === null) throw refuse(400, 'required', 'Parameters has no part named resource', 'Parameters.parameter');
  return { resource, profile };
}

function requireMode(mode: string): void {
  if (mode !== 'create' && mode !== 'update') {
    throw refuse(400, 'not-supported', 'mode must be create or update here; other modes need an instance');
  }
}
