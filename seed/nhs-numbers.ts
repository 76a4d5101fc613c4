/** Modulus 11 (domain.md 3.2): the check digit of nine digits, or null when they have none (remainder 1). */
export function nhsCheckDigit(nine: string): string | null {
  let sum = 0;
  for (let i = 0; i < 9; i += 1) sum += Number(nine[i]) * (10 - i);
  const check = (11 - (sum % 11)) % 11;
  return check === 10 ? null : String(check);
}
