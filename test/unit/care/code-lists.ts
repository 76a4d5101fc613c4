/** Code lists of domain.md 2.8, written out by hand for the tests of this room. */
import { CANON } from '../../../src/care/canon.ts';

const lists: Record<string, string> = {
  shanarri: 'safe, healthy, achieving, nurtured, active, respected, responsible, included',
  'resilience-quadrant':
    'resilient-protective, resilient-adverse, vulnerable-protective, vulnerable-adverse, not-plotted',
  discussed: 'yes, not-this-time, not-relevant',
  balance: 'mostly-strength, mixed, mostly-challenge',
  'level-of-need': 'community, universal, targeted, specialist, safeguarding-advice-sought',
  present: 'mother, partner, sibling, grandparent, other-adult, interpreter',
  'practitioner-role': 'midwife, health-visitor, family-nurse',
  'visit-mode': 'home, clinic, family-hub, video',
  'da-asked': 'yes, no-not-alone, no-declined, no-other',
  'da-outcome': 'none-disclosed, disclosed-past, disclosed-current, suspected',
  'asked-outcome': 'not-asked, no, yes, declined',
  'cpis-result': 'nothing-found, something-found, not-possible',
  'copy-choice': 'paper, app, none',
  agreed: 'yes, partly, no',
  objection: 'none, partial, full',
  'goal-lead': 'mother, partner, midwife, health-visitor, other',
  'plan-action-type': 'info, refer, visit, self',
};

/** The same lists as the checks of answers ask for them. */
export function inValueSet(url: string, system: string | undefined, code: string): boolean | null {
  const codes = codesOf(url);
  if (codes === null) return url.endsWith('/all-languages') ? true : null;
  const home = url.replace('/ValueSet/', '/CodeSystem/');
  return codes.includes(code) && (system === undefined || system === home);
}

export const codesOf = (url: string): string[] | null =>
  lists[url.slice(`${CANON}/ValueSet/`.length)]?.split(', ') ?? null;
