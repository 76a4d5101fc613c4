/**
 * Invented people: surnames that no register holds, NHS numbers of the 999 test range with a valid check digit, phone
 * numbers of the ranges kept for drama, postcodes of an area (ZZ) that does not exist (domain.md 7.3).
 */
import type { PersonName } from '../src/care/family.ts';
import { nhsCheckDigit } from './nhs-numbers.ts';
import type { Dice } from './random.ts';

const SURNAME_STARTS = [
  ...['Sample', 'Test', 'Mock', 'Demo', 'Trial', 'Fixture', 'Specimen', 'Pretend', 'Example', 'Invented', 'Model'],
  ...['Draft', 'Placeholder', 'Dummy'],
] as const;
const SURNAME_ENDS = [
  ...['ford', 'wood', 'field', 'ton', 'ley', 'worth', 'dale', 'shaw', 'well', 'son', 'by', 'ham', 'thwaite', 'kirk'],
  ...['-Khan', '-Ahmed', '-Nowak', '-Okafor', '-Silva', '-Chen', '-Kaur', '-Ali'],
] as const;
const WOMEN = [
  ...['Amelia', 'Beth', 'Chloe', 'Daisy', 'Ellie', 'Faith', 'Grace', 'Hannah', 'Isla', 'Jess', 'Kayleigh', 'Lauren'],
  ...['Megan', 'Niamh', 'Olivia', 'Poppy', 'Rosie', 'Sophie', 'Tanya', 'Zoe', 'Fatima', 'Ayesha', 'Noor', 'Zainab'],
  ...['Agnieszka', 'Magda', 'Adaeze', 'Ngozi', 'Mei', 'Simran', 'Harpreet', 'Ines', 'Yasmin', 'Blessing', 'Oksana'],
] as const;
const PARTNERS = [
  ...['Adam', 'Ben', 'Callum', 'Dean', 'Ethan', 'Finn', 'George', 'Harry', 'Imran', 'Jack', 'Kyle', 'Liam', 'Mohammed'],
  ...['Nathan', 'Oliver', 'Piotr', 'Ravi', 'Sam', 'Tom', 'Usman', 'Chidi', 'Wei', 'Alex', 'Jo', 'Charlie'],
] as const;
const STREETS = ['Sample Street', 'Fixture Lane', 'Mockup Road', 'Placeholder Avenue', 'Trial Close', 'Demo Drive'];

/** Languages of the area, most speak English; BCP 47. */
const LANGUAGES = ['en', 'en', 'en', 'en', 'en', 'en', 'en', 'en', 'ur', 'pl', 'pa', 'zh'];

export const surname = (from: Dice): string => from.pick(SURNAME_STARTS) + from.pick(SURNAME_ENDS);
export const woman = (from: Dice): PersonName => ({ family: surname(from), given: [from.pick(WOMEN)] });
export const partnerName = (from: Dice, family: string): PersonName => ({
  family: from.chance(0.6) ? family : surname(from),
  given: [from.pick(PARTNERS)],
});
export const language = (from: Dice): string => from.pick(LANGUAGES);

/** A home in a district of the invented postcode area. */
export function home(from: Dice, district: string): { line: string[]; city: string; postalCode: string } {
  const unit = `${from.between(1, 9)}${from.pick(['AA', 'AB', 'BA', 'BB'])}`;
  const line = [`${from.between(1, 199)} ${from.pick(STREETS)}`];
  return { line, city: 'Sampleport', postalCode: `${district} ${unit}` };
}

const suffix = (n: number): string => String(n % 1_000).padStart(3, '0');
/** Ofcom's ranges for drama: 07700 900000 to 900999, 01632 960000 to 960999. */
export const mobile = (n: number): string => `07700 900${suffix(n)}`;
export const landline = (n: number): string => `01632 960${suffix(n)}`;

const numbers: string[] = [];
let serial = 100;

/** The n-th NHS number of the seed, from 9990001006 on (domain.md 3.2); serials without a check digit are left out. */
export function nhsNumberAt(n: number): string {
  while (numbers.length <= n) {
    const nine = `999${String(serial).padStart(6, '0')}`;
    const check = nhsCheckDigit(nine);
    if (check !== null) numbers.push(nine + check);
    serial += 1;
  }
  const found = numbers[n];
  if (found === undefined) throw new Error('NHS numbers are counted from 0');
  return found;
}
