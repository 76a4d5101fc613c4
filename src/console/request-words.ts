/** Requests for a record in words. */
import type { Clock } from '../oversight/sar/clock.ts';
import type { News } from '../oversight/sar/letter.ts';
import type { Exclusion, ItemState, Verdict } from '../oversight/sar/queue.ts';
import type { SarJob } from '../oversight/sar/requests.ts';

export const ASKERS: readonly { value: SarJob['asker']; text: string }[] = [
  { value: 'self', text: 'The person herself' },
  { value: 'parent', text: 'A parent, for a child' },
  { value: 'representative', text: 'Somebody who acts for her' },
];

const LINES: Readonly<Record<string, string>> = {
  open: 'opened the request',
  verify: 'verified who asks',
  authority: 'saw what lets them ask for another person',
  pause: 'stopped the clock until she says what she means',
  resume: 'started the clock again',
  extend: 'extended it by two months, because it is complex',
  name: 'asked for the opinion of',
  collect: 'collected what is there',
  interest: 'checked that it is in her interest',
  opinion: 'gave the opinion on serious harm',
  note: 'noted',
  refuse: 'refused the request',
  withdraw: 'closed it: it was withdrawn',
  release: 'released it',
  'hand-over': 'handed it over',
  restore: 'let it go on',
  recheck: 'looked again at what became stricter since',
};
export const lineWords = (kind: string): string => LINES[kind] ?? kind;

const ENDINGS: Readonly<Record<NonNullable<SarJob['ending']>, string>> = {
  released: 'Released',
  refused: 'Refused',
  withdrawn: 'Withdrawn',
};
export const endingWords = (ending: SarJob['ending']): string | null => (ending === null ? null : ENDINGS[ending]);

/** Letters on the way, on their buttons. */
export const NEWS_WORDS: Readonly<Record<News, string>> = {
  extend: 'Save the letter about the extension',
  pause: 'Save the letter that asks what is meant',
  refuse: 'Save the letter about the refusal',
};

export function clockWords({ paused, left }: Clock): string {
  if (paused) return 'The clock stands still';
  if (left < 0) return left === -1 ? 'One day late' : `${-left} days late`;
  return left === 1 ? 'One day left' : `${left} days left`;
}

/** What is missing before anything may leave. */
export function pointWords(point: string, n: number): string {
  const items = n === 1 ? 'One item' : `${n} items`;
  switch (point) {
    case 'verify':
      return 'Verify who asks.';
    case 'authority':
      return 'See what lets this person ask for another one.';
    case 'collect':
      return 'Collect what is there.';
    case 'changed':
      return `The record has changed since it was collected (${items.toLowerCase()}): collect again.`;
    case 'decide':
      return `${items} wait for a decision.`;
    case 'review':
      return `${items} wait for a second person.`;
    case 'opinion':
      return 'The health professional this request names has not given an opinion on serious harm yet.';
    case 'interest':
      return 'Check that it is in the interest of the person the record is about. Where there are signs of danger at home, a safeguarding nurse or the Caldicott Guardian does it.';
    default:
      return point;
  }
}

export const EXCLUSION_WORDS: Readonly<Record<Exclusion, string>> = {
  'third-party': 'About somebody else',
  'serious-harm': 'Serious harm to her or somebody else',
  'child-abuse-data': 'Child abuse data',
  'other-exemption': 'Another exemption',
};

const VERDICTS: Readonly<Record<Verdict, string>> = {
  release: 'leaves as it is',
  redact: 'leaves without some elements',
  withhold: 'does not leave',
};

const STATES: Readonly<Record<ItemState, string>> = {
  open: 'No decision',
  second: 'Waits for a second person',
  returned: 'Given back',
  done: 'Agreed by two',
};
export const STATE_FILTERS: readonly { value: ItemState; text: string }[] = [
  { value: 'open', text: STATES.open },
  { value: 'second', text: STATES.second },
  { value: 'returned', text: STATES.returned },
  { value: 'done', text: STATES.done },
];

export function itemWords(item: { state: ItemState; verdict: Verdict | null; code: string | null }): string {
  if (item.verdict === null) return STATES[item.state];
  const code = item.code === null ? '' : ` (${item.code})`;
  return `${STATES[item.state]}: ${VERDICTS[item.verdict]}${code}`;
}
