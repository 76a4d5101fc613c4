/**
 * QuestionnaireResponse answers against their Questionnaire (R4 QuestionnaireResponse; adversary H27). Pure. A draft
 * (`in-progress`) may be incomplete, never wrong; `completed` and `amended` must be complete as well. A required child
 * counts only when its group is present: an absent heading was not opened (domain.md 2.5, our reading of R4).
 */
import fhirpath from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4';
import type { Issue } from '../definitions/types.ts';
import type { JsonObject, Resource } from '../fhir/types.ts';
import { answerFault, type CodesOf } from './answer-checks.ts';
import { isEnabled } from './enabled.ts';
import { type InstrumentItem, instrument } from './instrument.ts';
import { objectsAt, textAt } from './shape.ts';

/** An issue of one answer; `expression` is its FHIRPath, the words name the linkId, never the content. */
export interface ResponseIssue extends Issue {
  linkId: string;
}

interface Check {
  response: Resource;
  complete: boolean;
  codesOf: CodesOf;
  parents: ReadonlyMap<string, readonly string[]>;
  issues: ResponseIssue[];
}

/** One place in the response: its holder (response, group item or answer), its FHIRPath and the scopes around it. */
interface Place {
  holder: JsonObject;
  path: string;
  scopes: readonly JsonObject[];
  /** linkId of the group or question that holds this place; null at the top. */
  within: string | null;
}

/**
 * Everything wrong with a response's answers; empty when it may be stored. Never throws for bad answers.
 * @param codesOf codes of a value set, null when it cannot be decided here
 */
export function checkResponse(response: Resource, questionnaire: Resource, codesOf: CodesOf): ResponseIssue[] {
  const form = instrument(questionnaire);
  if (textAt(response, 'questionnaire')?.split('|')[0] !== form.url) {
    return [issueOf('', 'QuestionnaireResponse.questionnaire', 'value', `the response does not answer ${form.url}`)];
  }
  const status = textAt(response, 'status');
  if (status === 'entered-in-error') return [];
  const check: Check = {
    response,
    complete: status === 'completed' || status === 'amended',
    codesOf,
    parents: form.parents,
    issues: [],
  };
  checkPlace(check, form.children, {
    holder: response,
    path: 'QuestionnaireResponse',
    scopes: [response],
    within: null,
  });
  return check.issues;
}

const issueOf = (linkId: string, expression: string, code: string, words: string): ResponseIssue => ({
  severity: 'error',
  code,
  expression,
  linkId,
  diagnostics: linkId === '' ? words : `${linkId.slice(0, 64)}: ${words}`,
});

function checkPlace(check: Check, known: readonly InstrumentItem[], place: Place): void {
  const given = objectsAt(place.holder, 'item');
  const seen = new Map<string, number>();
  for (const [index, item] of given.entries()) {
    const linkId = textAt(item, 'linkId') ?? '';
    const path = `${place.path}.item[${index}]`;
    const definition = known.find((candidate) => candidate.linkId === linkId);
    if (!definition) {
      check.issues.push(strayIssue(check, linkId, path, place.within));
      continue;
    }
    const before = seen.get(linkId) ?? 0;
    seen.set(linkId, before + 1);
    if (before > 0 && definition.type !== 'group') {
      check.issues.push(issueOf(linkId, path, 'business-rule', 'this item may stand only once here'));
    }
    checkItem(check, definition, { ...place, holder: item, path });
  }
  for (const definition of known) checkPresence(check, definition, seen.get(definition.linkId) ?? 0, place);
}

function strayIssue(check: Check, linkId: string, path: string, within: string | null): ResponseIssue {
  const chain = check.parents.get(linkId);
  if (chain === undefined) return issueOf(linkId, path, 'not-found', 'no such linkId in the questionnaire');
  const home = chain.at(-1) ?? 'the top';
  return issueOf(linkId, path, 'structure', `belongs inside ${home}, not inside ${within ?? 'the top'}`);
}

function checkItem(check: Check, definition: InstrumentItem, place: Place): void {
  const { holder: item, path, scopes } = place;
  const { linkId } = definition;
  const answers = objectsAt(item, 'answer');
  if (!isEnabled(definition, scopes)) {
    check.issues.push(issueOf(linkId, path, 'business-rule', 'not asked, because of an earlier answer: leave it out'));
    return;
  }
  if (definition.type === 'group' || definition.type === 'display') {
    if (answers.length > 0) check.issues.push(issueOf(linkId, path, 'structure', `a ${definition.type} has no answer`));
    checkPlace(check, definition.children, { holder: item, path, scopes: [...scopes, item], within: linkId });
    checkConstraints(check, definition, item, path);
    return;
  }
  if (objectsAt(item, 'item').length > 0) {
    check.issues.push(issueOf(linkId, `${path}.item`, 'structure', 'nested items stand inside the answer'));
  }
  answers.forEach((answer, index) => {
    const at = `${path}.answer[${index}]`;
    const fault = answerFault(definition, answer, check.codesOf);
    if (fault !== null) check.issues.push(issueOf(linkId, at, 'value', fault));
    checkPlace(check, definition.children, { holder: answer, path: at, scopes: [...scopes, answer], within: linkId });
  });
  const most = definition.maxOccurs;
  if (answers.length > most) {
    check.issues.push(issueOf(linkId, `${path}.answer`, 'business-rule', `at most ${most} answers`));
  }
}

/** Required and minOccurs, only when complete, only for what is enabled, only inside a group that is present. */
function checkPresence(check: Check, definition: InstrumentItem, groups: number, place: Place): void {
  const { linkId, type } = definition;
  if (type === 'group' && groups > definition.maxOccurs) {
    check.issues.push(issueOf(linkId, `${place.path}.item`, 'business-rule', `at most ${definition.maxOccurs} times`));
  }
  const wanted = definition.required || definition.minOccurs > 0;
  if (!check.complete || !wanted || !isEnabled(definition, place.scopes)) return;
  const count = type === 'group' ? groups : answerCount(place.holder, linkId);
  const least = Math.max(definition.minOccurs, definition.required ? 1 : 0);
  const absent = count === 0 && !definition.required;
  if (count < least && !absent) {
    const words = least > 1 ? `needed at least ${least} times` : 'an answer is required';
    check.issues.push(issueOf(linkId, `${place.path}.item`, 'required', words));
  }
}

function answerCount(holder: JsonObject, linkId: string): number {
  return objectsAt(holder, 'item')
    .filter((item) => item.linkId === linkId)
    .reduce((count, item) => count + objectsAt(item, 'answer').length, 0);
}

type Test = (item: JsonObject, environment: Record<string, unknown>) => unknown[];
const tests = new Map<string, Test>();

/** A constraint compiled once; `trace()` is given a silent function, because the default one prints content. */
function testOf(expression: string): Test {
  const known = tests.get(expression);
  if (known) return known;
  const compiled = fhirpath.compile({ base: 'QuestionnaireResponse.item', expression }, r4, {
    traceFn: () => undefined,
  });
  const test: Test = (item, environment) => compiled(item, environment);
  tests.set(expression, test);
  return test;
}

function checkConstraints(check: Check, definition: InstrumentItem, item: JsonObject, path: string): void {
  if (!check.complete) return;
  for (const { expression, human } of definition.constraints) {
    const [holds] = testOf(expression)(item, { resource: check.response });
    if (holds === false) check.issues.push(issueOf(definition.linkId, path, 'invariant', human));
  }
}
