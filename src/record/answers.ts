/** Answers against the questionnaire they name, on write and in $validate (H27): ours, or one that is stored here. */
import { formOf } from '../definitions/answers/form.ts';
import { checkResponse } from '../definitions/answers/response-checks.ts';
import type { Issue } from '../definitions/types.ts';
import { Outcome } from '../fhir/outcome.ts';
import { isObject } from '../fhir/resource.ts';
import type { Resource } from '../fhir/types.ts';
import { writesConformance } from '../governance/role-views.ts';
import { idsByAuthors } from '../store/definitions.ts';
import { withTerms } from './answer-terms.ts';
import { type Asking, canonicalParts, chosen, storedByUrl } from './canonical.ts';
import type { ResourceDocument } from './types.ts';

export interface AskingAnswers extends Asking {
  /** What the same transaction is about to write: a questionnaire and answers to it may arrive together. */
  beside?: readonly Resource[];
}

/** The findings about a response's answers; empty for any other type. */
export async function answerIssues(asking: AskingAnswers, document: ResourceDocument): Promise<Issue[]> {
  const { resource, numbers } = document;
  if (resource.resourceType !== 'QuestionnaireResponse' || typeof resource.questionnaire !== 'string') return [];
  const { definitions } = asking.door;
  const held = await questionnaireOf(asking, resource, resource.questionnaire);
  if (held === null) {
    return [
      warning(
        'not-found',
        'The questionnaire is not held here, so the answers were checked against R4 alone, not against it.',
      ),
    ];
  }
  const form = formOf(held.questionnaire, definitions.elementOf);
  const issues = await withTerms(asking, held.questionnaire, form, (inValueSet) =>
    checkResponse(resource, form, { inValueSet, numbers, own: held.own }),
  );
  if (!held.counts) return [withoutEffect(), ...issues.map(softened)];
  const other = `This service holds version ${form.version ?? 'none'} of the questionnaire; the answers were checked against that.`;
  return held.exact ? issues : [warning('business-rule', other), ...issues];
}

/**
 * The warnings, when the answers may be stored.
 * @throws Outcome 422 with every fault, each with its linkId and FHIRPath
 */
export async function requireAnswers(asking: AskingAnswers, document: ResourceDocument): Promise<Issue[]> {
  const issues = await answerIssues(asking, document);
  const errors = issues.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Outcome(422, errors.slice(0, 50));
  return issues;
}

interface Held {
  questionnaire: Resource;
  /** False when it is ours in another version than the response names. */
  exact: boolean;
  /** False when nobody named as an author wrote it: then it refuses nothing. */
  counts: boolean;
  /** One of our own instruments. */
  own?: true;
}

/** Our own instruments stand first: nobody replaces one by posting its url. */
async function questionnaireOf(asking: AskingAnswers, response: Resource, canonical: string): Promise<Held | null> {
  if (canonical.startsWith('#')) return containedForm(response, canonical.slice(1));
  const { url, version } = canonicalParts(canonical);
  const own = asking.door.definitions.published('Questionnaire').find((one) => one.url === url);
  if (own !== undefined)
    return { questionnaire: own, exact: version === null || version === own.version, counts: true, own: true };
  const beside = (asking.beside ?? []).filter((one) => one.resourceType === 'Questionnaire' && one.url === url);
  const replaced = new Set(beside.map(({ id }) => id));
  const stored = await storedByUrl(asking, 'Questionnaire', url);
  const found = chosen([...beside, ...stored.filter(({ id }) => !replaced.has(id))], version);
  return found === null ? null : { questionnaire: found, exact: true, counts: await counts(asking, beside, found) };
}

/** Of the same transaction: whoever sends it is its author. */
async function counts({ door, context, db }: Asking, beside: readonly Resource[], found: Resource): Promise<boolean> {
  if (beside.includes(found)) return writesConformance(context.principal);
  const { id = '', resourceType } = found;
  return (await idsByAuthors(db, resourceType, [id], door.live.authors)).has(id);
}

function containedForm(response: Resource, id: string): Held | null {
  const contained = Array.isArray(response.contained) ? response.contained.filter(isObject) : [];
  const found = contained.find((one) => one.id === id && one.resourceType === 'Questionnaire');
  return found === undefined
    ? null
    : { questionnaire: { ...found, resourceType: 'Questionnaire' }, exact: true, counts: true };
}

const withoutEffect = (): Issue =>
  warning(
    'business-rule',
    'The questionnaire was not written by somebody whose definitions count here: what the answers break of it is told, not refused.',
  );

const softened = (issue: Issue): Issue => (issue.severity === 'error' ? { ...issue, severity: 'warning' } : issue);

const warning = (code: string, diagnostics: string): Issue => ({
  severity: 'warning',
  code,
  expression: 'QuestionnaireResponse.questionnaire',
  diagnostics,
});
