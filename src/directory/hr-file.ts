/** The HR file (domain.md 1.8): who is employed, and what may make staff kin or neighbours of a family. Pure. */
import { isNhsNumber } from '../definitions/nhs-number.ts';
import type { Column } from './columns.ts';
import { type ImportFault, recordsIn } from './records.ts';
import { dayOf } from './times.ts';

export interface HrLine {
  staffNumber: string;
  familyNames: string[];
  /** `YYYY-MM-DD`; null = not in the file, as all that follow. */
  birthDate: string | null;
  nhsNumber: string | null;
  postcode: string | null;
  /** House and street, without town and postcode. */
  address: string | null;
  lastDay: string | null;
}

const free = (name: string, words: string): Column => ({ name, required: false, words });
export const HR_COLUMNS: readonly Column[] = [
  { name: 'staff_number', required: true, words: 'staff number, as in the directory' },
  free('family_names', 'family name; earlier ones behind semicolons'),
  free('birth_date', 'date of birth'),
  free('nhs_number', 'her own NHS number'),
  free('postcode', 'postcode at home'),
  free('address', 'house and street at home, without town and postcode'),
  free('last_day', 'last day of employment'),
];

/** A header that is wrong gives no people; a line that is wrong is left out and told. */
export function readHrFile(text: string): { people: HrLine[]; faults: ImportFault[]; usable: boolean } {
  const { records, faults } = recordsIn('HR file', HR_COLUMNS, text);
  const seen = new Set<string>();
  const people = records.flatMap(({ line, values }): HrLine[] => {
    const at = (name: string) => values.get(name) ?? '';
    const given = (name: string) => (at(name) === '' ? null : at(name));
    const wrong = (column: string, words: string): null => {
      faults.push({ where: `HR file line ${line}`, column, text: words });
      return null;
    };
    const day = (name: string) => {
      const value = given(name);
      return value === null ? null : (dayOf(value) ?? wrong(name, 'This is no day. Write it as 2026-12-01.'));
    };
    const staffNumber = at('staff_number');
    if (seen.has(staffNumber)) {
      wrong('staff_number', 'The same person stands on an earlier line. Keep one of the two.');
      return [];
    }
    seen.add(staffNumber);
    const number = given('nhs_number')?.replaceAll(/[ -]/g, '') ?? null;
    const isNumber = number === null || isNhsNumber(number);
    if (!isNumber) wrong('nhs_number', 'This is no NHS number.');
    return [
      {
        staffNumber,
        familyNames: at('family_names')
          .split(';')
          .map((name) => name.trim())
          .filter((name) => name !== ''),
        birthDate: day('birth_date'),
        nhsNumber: isNumber ? number : null,
        postcode: given('postcode'),
        address: given('address'),
        lastDay: day('last_day'),
      },
    ];
  });
  return { people, faults, usable: people.length > 0 };
}
