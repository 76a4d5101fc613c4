/** What families of the seed said at their joint visits. Invented sentences; nobody said them. */
import type { Dice } from '../random.ts';

export const PRIORITIES = [
  'A cot that fits beside my bed',
  'Knowing who to ring at night',
  'Getting more sleep before the baby comes',
  'Somewhere to go on Tuesdays with other mums',
  'My mum lives far away and I would like some company',
  'Understanding what happens at the hospital',
];
export const VOICES = [
  'I hear you sing in the car and I turn towards it',
  'I like it when you put your feet up and your hand on me',
  'I wake up when you lie down, I am saying hello',
  'I know two voices already and I like both',
];
export const STRENGTHS = [
  'walks every day',
  'plans ahead',
  'has a friend next door',
  'asks when unsure',
  'cooks at home',
];
export const CHALLENGES = [
  'damp in the bedroom',
  'sleeps badly',
  'long way to the clinic',
  'money is short this month',
];
export const PARENT_WORDS = ['I feel well most days', 'It is going better than last time', 'I want to do this my way'];
export const GOALS = [
  'Sleep through until five at least twice a week',
  'Have the cot up before thirty weeks',
  'Go to the hub group three times',
  'Talk to the landlord about the damp',
  'Meet both of you once more before the birth',
];
export const ACTIONS = [
  'Ask the hub for a cot on loan',
  'Send the list of groups',
  'Write to the landlord together',
  'Arrange a visit to the birth unit',
];
export const RATIONALES = [
  'Strong wish to prepare, some worries about housing',
  'Good support at home, little sleep',
  'New to the area, asks for contact',
];

/** Some of a list, without repeating, in its order. */
export function some<T>(from: Dice, list: readonly T[], count: number): T[] {
  const start = from.below(list.length);
  return Array.from({ length: Math.min(count, list.length) }, (_v, n) => list[(start + n) % list.length]).flatMap(
    (one) => (one === undefined ? [] : [one]),
  );
}
