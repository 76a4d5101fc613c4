/** Exact arithmetic on decimal texts: bounds of a search are rounded to a double once, at the end, and always alike. */

/** `n / d`, `d` above zero. */
export interface Rational {
  n: bigint;
  d: bigint;
}

const DECIMAL = /^([+-]?)(\d{1,40})(?:\.(\d{1,40}))?(?:[eE]([+-]?\d{1,3}))?$/;
const MAX_EXPONENT = 300;
/** Figures kept when a quotient does not end: more than twice those of a double. */
const FIGURES = 40;

export interface Decimal {
  value: Rational;
  /** Half a unit of the last figure written (R4 search, "number": 100 is [99.5, 100.5), 100.00 is [99.995, 100.005)). */
  half: Rational;
}

/** A decimal as searches write it (`-5.40`, `1e2`); null when it is none or beyond what a double can hold. */
export function parseDecimal(text: string): Decimal | null {
  const found: readonly (string | undefined)[] | null = DECIMAL.exec(text);
  if (found === null) return null;
  const [, sign, whole = '', fraction = '', written] = found;
  const exponent = Number(written ?? 0);
  if (Math.abs(exponent) > MAX_EXPONENT) return null;
  const digits = BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction}`);
  const last = exponent - fraction.length;
  // R4's own example reads 1e2 as [95, 105): with an exponent, one lone figure counts as two (1.0e2).
  const lone = written !== undefined && fraction === '' && whole.length === 1 ? 1 : 0;
  return { value: shifted(digits, last), half: shifted(5n, last - 1 - lone) };
}

/** `digits` times ten to the power of `exponent`. */
function shifted(digits: bigint, exponent: number): Rational {
  return exponent >= 0 ? { n: digits * 10n ** BigInt(exponent), d: 1n } : { n: digits, d: 10n ** BigInt(-exponent) };
}

export function plus(a: Rational, b: Rational): Rational {
  return { n: a.n * b.d + b.n * a.d, d: a.d * b.d };
}

export function minus(a: Rational, b: Rational): Rational {
  return plus(a, { n: -b.n, d: b.d });
}

export function times(a: Rational, b: Rational): Rational {
  return { n: a.n * b.n, d: a.d * b.d };
}

/** @param b above zero */
export function over(a: Rational, b: Rational): Rational {
  return { n: a.n * b.d, d: a.d * b.n };
}

export function magnitude({ n, d }: Rational): Rational {
  return { n: n < 0n ? -n : n, d };
}

/** The double of a rational. A decimal that ends gives the double of its text, so it equals what a resource holds. */
export function toNumber({ n, d }: Rational): number {
  if (n === 0n) return 0;
  const shift = FIGURES - (String(n < 0n ? -n : n).length - String(d).length);
  const scaled = shift >= 0 ? (n * 10n ** BigInt(shift)) / d : n / (d * 10n ** BigInt(-shift));
  return Number(`${scaled}e${-shift}`);
}
