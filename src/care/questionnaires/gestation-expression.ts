/**
 * Gestation as FHIRPath, for `visit.gestation` (domain.md 2.5: initialExpression computed `20+3`). FHIRPath N1 cannot
 * subtract dates, so both are turned into Julian day numbers by the usual integer formula; tested against clock.ts.
 */

/** Julian day number of a date whose text is `YYYY-MM-DD...`. */
function julianDay(text: string): string {
  const year = `${text}.substring(0,4).toInteger()`;
  const month = `${text}.substring(5,2).toInteger()`;
  const day = `${text}.substring(8,2).toInteger()`;
  const early = `((14 - ${month}) div 12)`;
  const y = `(${year} + 4800 - ${early})`;
  const m = `(${month} + 12 * ${early} - 3)`;
  return `(${day} + ((153 * ${m} + 2) div 5) + 365 * ${y} + (${y} div 4) - (${y} div 100) + (${y} div 400) - 32045)`;
}

/** Days of gestation `280 - (EDD - today)`. */
function days(eddText: string, todayText: string): string {
  return `(280 - (${julianDay(eddText)} - ${julianDay(todayText)}))`;
}

/**
 * FHIRPath giving `20+3`, or empty when no EDD is known.
 * @param edd FHIRPath of the EDD (date or dateTime), e.g. `%edd.entry.resource.value`
 * @param today FHIRPath of the day asked about, e.g. `today()`
 */
export function gestationExpression(edd: string, today = 'today()'): string {
  const gestation = days(`(${edd}).first().toString()`, `${today}.toString()`);
  return `iif((${edd}).exists(), (${gestation} div 7).toString() & '+' & (${gestation} mod 7).toString(), {})`;
}
