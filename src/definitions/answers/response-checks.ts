/**
 * QuestionnaireResponse answers against their Questionnaire (R4 questionnaireresponse.html; adversary H27), for any
 * questionnaire. Pure. A response that is `in-progress` or `stopped` may be incomplete, never wrong; `completed` and
 * `amended` must be complete as well; `entered-in-error` is let through, so that it can always be withdrawn. A required
 * child counts only when its group is present: an absent heading was not opened (our reading of R4, said in the form).
 */
import type { NumberTexts } from '../../fhir/json.ts';
import type { JsonObject, Resource } from '../../fhir/types.ts';
import { type ForeignWork, foreignWork } from '../foreign-work.ts';
import { evaluateRule } from '../path-rules.ts';
import { object, objects, text } from '../reading.ts';
import type { Issue, Severity } from '../types.ts';
import { type AnswerFault, type AnswerTools, answerFault, hasValue, type InValueSet } from './answer-checks.ts';
import { directConstraint } from './constraint-code.ts';
import { type AnswerIndex, indexAnswers, isEnabled } from './enabled.ts';
import { type Constraint, type Form, type FormItem, optionKey } from './form.ts';

/** An issue of one answer; `expression` is its FHIRPath, the words name the linkId, never the content. */
export interface ResponseIssue extends Issue {
  linkId: string;
}

export interface ResponseTools {
  inValueSet: InValueSet;
  /** How the response's numbers were spelt: decimal places count as written. */
  numbers?: NumberTexts | undefined;
  /** One of our own instruments: its expressions are ours and are decided however busy the machine is. */
  own?: boolean | undefined;
}

interface Check {
  response: Resource;
  form: Form;
  complete: boolean;
  tools: AnswerTools;
  index: AnswerIndex;
  issues: ResponseIssue[];
  errors: number;
}

/** One place in the response: its holder (response, group item or answer), its FHIRPath and the scopes around it. */
interface Place {
  holder: JsonObject;
  path: string;
  scopes: readonly JsonObject[];
  /** linkId of the group or question that holds this place; null at the top. */
  within: string | null;
}

/** Findings beyond this are not listed: nobody reads them. */
const MOST_ISSUES = 100;
/** Characters of a constraint that is looked at. */
const LONGEST_EXPRESSION = 4_000;

/** Without a limit; what throws is undecided, as with foreign work. */
const ownWork: ForeignWork = (work) => {
  try {
    return work();
  } catch {
    return undefined;
  }
};

/** Whether a response of this status must be complete. */
export const mustBeComplete = (status: string | undefined): boolean => status === 'completed' || status === 'amended';

/** Everything wrong with a response's answers; empty when they fit. Never throws for bad answers. */
export function checkResponse(response: Resource, form: Form, tools: ResponseTools): ResponseIssue[] {
  const status = text(response, 'status');
  if (status === 'entered-in-error') return [];
  const check: Check = {
    response,
    form,
    complete: mustBeComplete(status),
    tools: { inValueSet: tools.inValueSet, numbers: tools.numbers, foreign: tools.own ? ownWork : foreignWork() },
    index: indexAnswers(response),
    issues: [],
    errors: 0,
  };
  const path = 'QuestionnaireResponse';
  checkSubject(check);
  checkPlace(check, form, { holder: response, path, scopes: [response], within: null });
  checkConstraints(check, form.constraints, response, { linkId: '', path });
  return check.issues;
}

interface Finding {
  linkId: string;
  path: string;
  code: string;
  words: string;
  severity?: Severity;
}

function found(check: Check, { linkId, path, code, words, severity = 'error' }: Finding): void {
  if (severity === 'error') check.errors += 1;
  if (check.issues.length >= MOST_ISSUES) return;
  const diagnostics = linkId === '' ? words : `${linkId.slice(0, 64)}: ${words}`;
  check.issues.push({ severity, code, expression: path, linkId, diagnostics });
}

/** A form says about whom it may be answered; R4 does not make it a rule, so a stranger is only noticed. */
function checkSubject(check: Check): void {
  const { form, response } = check;
  const reference = text(object(response, 'subject') ?? {}, 'reference');
  const type = /(?:^|\/)([A-Z][A-Za-z]+)\/[^/]+$/.exec(reference ?? '')?.[1];
  if (form.subjectTypes.length === 0 || type === undefined || form.subjectTypes.includes(type)) return;
  const words = `the questionnaire is answered about ${form.subjectTypes.join(' or ')}, not ${type.slice(0, 64)}`;
  found(check, { linkId: '', path: 'QuestionnaireResponse.subject', code: 'value', words, severity: 'warning' });
}

type Level = Pick<FormItem, 'children' | 'order'>;

function checkPlace(check: Check, level: Level, place: Place): void {
  const given = objects(place.holder, 'item');
  if (given.length === 0 && level.children.length === 0) return;
  const seen = new Map<string, JsonObject[]>();
  let last = -1;
  for (const [index, item] of given.entries()) {
    const linkId = text(item, 'linkId') ?? '';
    const path = `${place.path}.item[${index}]`;
    const position = level.order.get(linkId);
    const definition = position === undefined ? undefined : level.children[position];
    if (position === undefined || definition === undefined) {
      stray(check, linkId, path, place.within);
      continue;
    }
    const before = seen.get(linkId);
    if (before === undefined) seen.set(linkId, [item]);
    else before.push(item);
    if (before !== undefined && definition.type !== 'group') {
      found(check, { linkId, path, code: 'business-rule', words: 'this item may stand only once here' });
    }
    // R4 makes no rule of the order, though answers that are shown without their form are read in it
    if (position < last) {
      const words = 'stands after items that come later in the questionnaire';
      found(check, { linkId, path, code: 'structure', words, severity: 'warning' });
    }
    last = Math.max(last, position);
    checkItem(check, definition, { ...place, holder: item, path });
  }
  for (const definition of level.children) checkPresence(check, definition, seen.get(definition.linkId) ?? [], place);
}

function stray(check: Check, linkId: string, path: string, within: string | null): void {
  const home = check.form.homes.get(linkId);
  if (home === undefined) {
    found(check, { linkId, path, code: 'not-found', words: 'no such linkId in the questionnaire' });
    return;
  }
  const words = `belongs inside ${home ?? 'the top'}, not inside ${within ?? 'the top'}`;
  found(check, { linkId, path, code: 'structure', words });
}

function checkItem(check: Check, definition: FormItem, place: Place): void {
  const { holder: item, path, scopes } = place;
  const { linkId, type } = definition;
  const answers = objects(item, 'answer');
  if (!isEnabled(definition, check.index, scopes)) {
    const words = 'not asked, because of an earlier answer: leave it out';
    found(check, { linkId, path, code: 'business-rule', words });
    return;
  }
  if (type === 'group' || type === 'display') {
    if (answers.length > 0) {
      found(check, { linkId, path: `${path}.answer`, code: 'structure', words: `a ${type} has no answer` });
    }
    checkPlace(check, definition, { holder: item, path, scopes: [...scopes, item], within: linkId });
  } else checkQuestion(check, definition, answers, place);
  checkConstraints(check, definition.constraints, item, { linkId, path });
}

function checkQuestion(check: Check, definition: FormItem, answers: readonly JsonObject[], place: Place): void {
  const { holder: item, path, scopes } = place;
  const { linkId } = definition;
  if (item.item !== undefined) {
    const words = 'nested items stand inside the answer';
    found(check, { linkId, path: `${path}.item`, code: 'structure', words });
  }
  answers.forEach((answer, index) => {
    const at = `${path}.answer[${index}]`;
    const fault = answerFault(definition, answer, check.tools);
    if (fault !== null) found(check, { linkId, path: at, ...severityOf(fault) });
    if (definition.children.length === 0 && answer.item === undefined) return;
    checkPlace(check, definition, { holder: answer, path: at, scopes: [...scopes, answer], within: linkId });
  });
  const most = definition.maxOccurs;
  if (answers.length > most) {
    found(check, { linkId, path: `${path}.answer`, code: 'business-rule', words: `at most ${most} answers` });
  }
  if (answers.length > 1 && definition.exclusive.size > 0) {
    if (answers.some((answer) => definition.exclusive.has(optionKey(answer)))) {
      const words = 'one of these answers may only be given alone';
      found(check, { linkId, path: `${path}.answer`, code: 'business-rule', words });
    }
  }
}

const severityOf = ({ words, code, unsure }: AnswerFault): Pick<Finding, 'words' | 'code' | 'severity'> => ({
  words,
  code,
  severity: unsure === true ? 'warning' : 'error',
});

/** Required and minOccurs, only when complete, only for what is enabled, only inside a group that is present. */
function checkPresence(check: Check, definition: FormItem, items: readonly JsonObject[], place: Place): void {
  const { linkId, type, maxOccurs, minOccurs, required } = definition;
  const path = `${place.path}.item`;
  if (type === 'group' && items.length > maxOccurs) {
    found(check, { linkId, path, code: 'business-rule', words: `at most ${maxOccurs} times` });
  }
  if (!check.complete || !(required || minOccurs > 0)) return;
  if (!isEnabled(definition, check.index, place.scopes)) return;
  const count = type === 'group' ? filledGroups(items) : answerCount(items);
  const least = Math.max(minOccurs, required ? 1 : 0);
  // minOccurs says how often when there is any; whether there must be one is said by required (R4 questionnaire-minOccurs)
  const given = type === 'group' ? items.length : count;
  if (count >= least || (given === 0 && !required)) return;
  const words = least > 1 ? `needed at least ${least} times` : 'an answer is required';
  found(check, { linkId, path, code: 'required', words });
}

/** A required group holds at least one item (R4 Questionnaire.item.required). */
const filledGroups = (items: readonly JsonObject[]): number =>
  items.filter((item) => objects(item, 'item').length > 0).length;

const answerCount = (items: readonly JsonObject[]): number =>
  items.reduce((count, item) => count + objects(item, 'answer').filter(hasValue).length, 0);

/** Constraints are for the complete response (R4 questionnaire-constraint: before it can be considered complete). */
function checkConstraints(
  check: Check,
  constraints: readonly Constraint[],
  value: JsonObject,
  place: { linkId: string; path: string },
): void {
  if (!check.complete || constraints.length === 0) return;
  const base = place.linkId === '' ? 'QuestionnaireResponse' : 'QuestionnaireResponse.item';
  for (const { expression, human, severity, key } of constraints) {
    const kept = keeps(check, { base, expression }, value);
    if (kept === false) found(check, { ...place, code: 'invariant', words: human, severity });
    if (kept === null) {
      const words = `constraint ${key.slice(0, 64)} could not be checked here`;
      found(check, { ...place, code: 'incomplete', words, severity: 'warning' });
    }
  }
}

/** Null when it cannot be decided here, or not in time. */
function keeps(check: Check, rule: { base: string; expression: string }, value: JsonObject): boolean | null {
  if (rule.expression.length > LONGEST_EXPRESSION) return null;
  const direct = directConstraint(rule.expression);
  if (direct !== null) return direct(value) !== false;
  const around = { resource: check.response, root: check.response };
  return check.tools.foreign(() => evaluateRule(rule, value, around)) ?? null;
}
