/** NHS number check (domain.md 3.2): ten digits, Modulus 11, weights 10 to 2; all-same digits refused by policy. */

/** Systems under which NHS numbers arrive: the current one, and the GP Connect form taken as an alias. */
export const NHS_NUMBER_SYSTEMS: ReadonlySet<string> = new Set([
  'https://fhir.nhs.uk/Id/nhs-number',
  'http://fhir.nhs.net/Id/nhs-number',
]);

/** True for a valid number, unspaced. The remainder that would need check digit 10 is never valid. */
export function isNhsNumber(value: string): boolean {
  if (!/^[0-9]{10}$/.test(value) || /^([0-9])\1{9}$/.test(value)) return false;
  let sum = 0;
  for (let i = 0; i < 9; i += 1) sum += (value.charCodeAt(i) - 48) * (10 - i);
  const check = (11 - (sum % 11)) % 11;
  return check === value.charCodeAt(9) - 48;
}
