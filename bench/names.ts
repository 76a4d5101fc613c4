/** Synthetic people: names from syllables, NHS numbers of the 999 test range with a right check digit. All by number. */

const STARTS = ['Ash', 'Bel', 'Car', 'Dun', 'El', 'Far', 'Gar', 'Hal', 'Ing', 'Kel', 'Lan', 'Mar', 'Nor', 'Os', 'Pel'];
const MIDDLES = ['ber', 'den', 'ing', 'ker', 'lo', 'min', 'ra', 'ster', 'ta', 'wi'];
const ENDS = ['by', 'croft', 'field', 'ham', 'ley', 'shaw', 'ton', 'worth'];
const GIVEN = [
  ...['Aisha', 'Amber', 'Bea', 'Carys', 'Dana', 'Efua', 'Freya', 'Gwen', 'Hana', 'Iris', 'Jaya', 'Keira', 'Leila', 'Maya'],
  ...['Nadia', 'Orla', 'Petra', 'Rosa', 'Sana', 'Tara', 'Uma', 'Vera', 'Wanda', 'Yara', 'Zoe', 'Anya', 'Beth', 'Cleo'],
]; // biome-ignore format: a list of names

export interface Person {
  family: string;
  given: string;
}

/** One of 1,200 surnames and 28 given names; every pair occurs about once in 33,600 families. */
export function personOf(index: number): Person {
  const spread = (index * 7_919 + 13) % (STARTS.length * MIDDLES.length * ENDS.length);
  const start = STARTS[spread % STARTS.length] ?? '';
  const middle = MIDDLES[Math.floor(spread / STARTS.length) % MIDDLES.length] ?? '';
  const end = ENDS[Math.floor(spread / (STARTS.length * MIDDLES.length)) % ENDS.length] ?? '';
  return {
    family: `${start}${middle}${end}`,
    given: GIVEN[(index * 31 + Math.floor(index / 1_200)) % GIVEN.length] ?? '',
  };
}

/**
 * The NHS number of an index below 900,000, each its own. Of ten numbers that differ in the ninth digit at most one has
 * no check digit (the digit weighs 2, and 2 has an inverse modulo 11), so nine of every ten are used.
 */
export function nhsNumberOf(index: number): string {
  const eight = `999${String(Math.floor(index / 9)).padStart(5, '0')}`;
  let sum = 0;
  for (let i = 0; i < 8; i += 1) sum += Number(eight[i]) * (10 - i);
  let left = index % 9;
  for (let digit = 0; ; digit += 1) {
    const check = (11 - ((sum + 2 * digit) % 11)) % 11;
    if (check === 10) continue;
    if (left === 0) return `${eight}${digit}${check}`;
    left -= 1;
  }
}
