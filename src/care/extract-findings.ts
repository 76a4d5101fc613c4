/** Findings of a joint visit assessment: voice, priorities, headings, matrix, level of need (domain.md 2.6). */
import type { JsonObject } from '../fhir/types.ts';
import { answersOf, codeOf, codingsOf, groupAt, integerOf, itemsOf, referenceOf, textOf, textsOf } from './answers.ts';
import { local, localConcept, profile } from './canon.ts';
import { type ExtractBase, maybe, observation } from './extract-base.ts';
import { type Extracted, extracted, keyOf, toExtracted } from './extract-identity.ts';
import { FACTORS, HEADING_LINKS } from './questionnaires/headings.ts';
import { textAt } from './shape.ts';

/** One Observation per baby whose voice was written; its focus is that baby alone. */
export function voices(response: JsonObject, base: ExtractBase): Extracted[] {
  return itemsOf(response, 'baby').flatMap((baby, index) => {
    const valueString = textOf(baby, 'baby.voice');
    if (valueString === undefined) return [];
    const who = referenceOf(baby, 'baby.ref');
    const about = { code: localConcept('jv-observation', 'voice-of-unborn'), valueString };
    const key = keyOf(base.responseId, 'baby.voice', { item: baby, index });
    return [extracted(key, observation(base, about, who === undefined ? base.babies : [who]))];
  });
}

/** What matters to the parents, in their words: about them, so no focus. */
export function priorities(response: JsonObject, base: ExtractBase): Extracted[] {
  return answersOf(groupAt(response, 'priorities'), 'priorities.text').flatMap((item, index) => {
    const valueString = textAt(item, 'valueString');
    if (valueString === undefined) return [];
    const about = { code: localConcept('jv-observation', 'parent-priority'), valueString };
    return [extracted(keyOf(base.responseId, 'priorities.text', { item, index }), observation(base, about, []))];
  });
}

/** One Observation per heading that was talked about; `not-this-time` yields nothing. */
export function headings(response: JsonObject, base: ExtractBase): Extracted[] {
  return HEADING_LINKS.flatMap((linkId) => {
    const side = linkId.slice(0, linkId.lastIndexOf('.'));
    const group = groupAt(response, 'mwt', side, linkId);
    if (group === undefined || codeOf(group, `${linkId}.discussed`) !== 'yes') return [];
    const said = (code: string, part: string): JsonObject[] =>
      textsOf(group, `${linkId}.${part}`).map((valueString) => ({
        code: localConcept('jv-component', code),
        valueString,
      }));
    const indicators = codingsOf(group, `${linkId}.indicators`).map((coding) => ({
      code: localConcept('jv-component', 'indicator'),
      valueCodeableConcept: { coding: [coding] },
    }));
    const [balance] = codingsOf(group, `${linkId}.balance`);
    const about = {
      code: localConcept('my-world-triangle', linkId.slice('mwt.'.length).replace('.', '-')),
      ...maybe('valueCodeableConcept', balance && { coding: [balance] }),
      ...maybe('component', [
        ...said('strengths', 'strengths'),
        ...said('challenges', 'challenges'),
        ...said('parent-words', 'parent-words'),
        ...indicators,
      ]),
    };
    return [extracted(keyOf(base.responseId, linkId), observation(base, about))];
  });
}

/** Factors and positions of the matrix. A position is for drawing: two Observations, never summed. */
export function matrixFindings(response: JsonObject, base: ExtractBase): Extracted[] {
  const rm = groupAt(response, 'rm');
  const known = new Set(headings(response, base).map(({ key }) => key));
  const factors = FACTORS.flatMap(({ factor }) =>
    itemsOf(rm, `rm.${factor}`).flatMap((item, index) => {
      const valueString = textOf(item, `rm.${factor}.text`);
      if (valueString === undefined) return [];
      const from = keyOf(base.responseId, textOf(item, `rm.${factor}.from`) ?? '');
      const about = {
        code: { coding: [local('jv-observation', 'matrix-factor'), local('matrix-factor', factor)] },
        valueString,
        ...(known.has(from) ? { derivedFrom: [base.source, toExtracted(from)] } : {}),
      };
      return [extracted(keyOf(base.responseId, `rm.${factor}`, { item, index }), observation(base, about))];
    }),
  );
  const position = (linkId: string, code: string): Extracted[] => {
    const valueInteger = integerOf(rm, linkId);
    if (valueInteger === undefined) return [];
    const about = { code: localConcept('jv-observation', code), valueInteger };
    return [extracted(keyOf(base.responseId, linkId), observation(base, about))];
  };
  return [...factors, ...position('rm.x', 'resilience-position'), ...position('rm.y', 'environment-position')];
}

/**
 * The place on the matrix as a RiskAssessment: qualitative, in the family's terms, without score or probability.
 * `not-plotted` yields none. The babies are named through the focused Observations in `basis`.
 */
export function riskAssessment(response: JsonObject, base: ExtractBase, basis: readonly Extracted[]): Extracted[] {
  const rm = groupAt(response, 'rm');
  const [quadrant] = codingsOf(rm, 'rm.quadrant');
  if (quadrant === undefined || quadrant.code === 'not-plotted') return [];
  const resource = {
    resourceType: 'RiskAssessment',
    meta: { profile: [profile('JV-ResilienceMatrix')], security: base.security },
    status: 'final',
    method: localConcept('assessment-method', 'resilience-matrix'),
    subject: base.subject,
    ...maybe('encounter', base.encounter),
    occurrenceDateTime: base.effective,
    performer: base.author,
    basis: [base.source, ...basis.map(({ key }) => toExtracted(key))],
    prediction: [{ qualitativeRisk: { coding: [quadrant] }, ...maybe('rationale', textOf(rm, 'rm.rationale')) }],
  };
  return [extracted(keyOf(base.responseId, 'rm.quadrant'), resource)];
}

/** The level of need, a recorded human judgement with its rationale. */
export function levelOfNeed(response: JsonObject, base: ExtractBase): Extracted[] {
  const need = groupAt(response, 'need');
  const [level] = codingsOf(need, 'need.level');
  if (level === undefined) return [];
  const rationale = textOf(need, 'need.rationale');
  const about = {
    code: localConcept('jv-observation', 'level-of-need'),
    valueCodeableConcept: { coding: [level] },
    ...maybe('note', rationale === undefined ? undefined : [{ text: rationale }]),
  };
  return [extracted(keyOf(base.responseId, 'need.level'), observation(base, about, []))];
}
