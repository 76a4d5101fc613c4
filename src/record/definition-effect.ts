/** Whether a definition that is about to be written takes effect: if not, its author is told why; if it cannot, it is refused. */
import { DEFINITION_TYPES, MOST_TEXT, type Posted } from '../definitions/posted/types.ts';
import { Outcome, type OutcomeIssue } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import { writesConformance } from '../governance/role-views.ts';
import type { Writing } from './prepare.ts';
import type { ResourceDocument } from './types.ts';

/**
 * Warnings about a definition that will be kept and shown and change nothing.
 * @throws Outcome 422 with the reason when it is meant to take effect and cannot
 */
export async function effectIssues(writing: Writing, { resource }: ResourceDocument): Promise<OutcomeIssue[]> {
  const { door, context } = writing;
  const { resourceType: type, status, url } = resource;
  // answers read all versions of the form they name
  if (type === 'Questionnaire') requireSize(resource);
  if (!DEFINITION_TYPES.has(type)) return [];
  if (!writesConformance(context.principal)) {
    return [without(type, 'you are not among those whose definitions count here')];
  }
  if (status !== 'active') return [without(type, 'definitions count while their status is active')];
  if (typeof url === 'string' && door.definitions.resolve(type, url) !== null) {
    return [without(type, 'its url is defined by what ships with this service, and that stands')];
  }
  if (url === undefined) return [without(type, 'it has no url by which anything could name it')];
  requireSize(resource);
  const reason = await door.live.trial(posted(resource), besides(writing, resource));
  if (reason !== null) throw refused(type, 'business-rule', reason);
  return [];
}

/** @throws Outcome 422 for what is too large to be held in memory beside others */
function requireSize(resource: Resource): void {
  if (JSON.stringify(resource).length <= MOST_TEXT) return;
  throw refused(resource.resourceType, 'too-costly', `a definition that counts has at most ${MOST_TEXT} characters`);
}

function posted(resource: Resource): Posted {
  return { place: `${resource.resourceType}/${resource.id ?? 'new'}`, resource };
}

/** Active definitions of the same transaction: one may build on the other. */
function besides({ beside = [] }: Writing, own: Resource): Posted[] {
  return beside
    .filter((one) => one !== own && DEFINITION_TYPES.has(one.resourceType) && one.status === 'active')
    .map((one, at) => ({ place: `${one.resourceType}/${one.id ?? `beside-${at}`}`, resource: one }));
}

function without(type: string, why: string): OutcomeIssue {
  const diagnostics = `Kept and shown, without effect: ${why}`;
  return { severity: 'warning', code: 'business-rule', diagnostics, expression: `${type}.status` };
}

function refused(type: string, code: string, reason: string): Outcome {
  const diagnostics = `This ${type} cannot take effect: ${reason}. Mend it, or send it as a draft`;
  return new Outcome(422, [{ severity: 'error', code, diagnostics, expression: type }]);
}
