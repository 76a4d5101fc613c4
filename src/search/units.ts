/**
 * The UCUM units that compare with one another (ucum.org, tables 1 to 4): each group is one kind of measure, each unit
 * its size in the group's base unit. A search in one unit is asked in every unit of its group (ADR on numbers), so the
 * index holds what was written, and a new unit needs no new index. Units that are not here compare only with themselves.
 */
import { minus, over, parseDecimal, plus, type Rational, times } from './decimal.ts';

export const UCUM = 'http://unitsofmeasure.org';

interface Unit {
  code: string;
  factor: Rational;
  /** What zero of this unit is in the base unit: only temperatures have one. */
  offset: Rational;
}

const ZERO: Rational = { n: 0n, d: 1n };

/** Code, size in the base unit, for temperatures the base value of zero. A size may be a fraction, `5/9`. */
type Row = readonly [code: string, size: string, offset?: string];

const GROUPS: readonly (readonly Row[])[] = [
  // mass, in g
  [
    ['g', '1'],
    ['kg', '1000'],
    ['mg', '1e-3'],
    ['ug', '1e-6'],
    ['ng', '1e-9'],
    ['pg', '1e-12'],
    ['t', '1e6'],
    ['[lb_av]', '453.59237'],
    ['[oz_av]', '28.349523125'],
    ['[stone_av]', '6350.29318'],
  ],
  // length, in m
  [
    ['m', '1'],
    ['km', '1000'],
    ['dm', '0.1'],
    ['cm', '0.01'],
    ['mm', '1e-3'],
    ['um', '1e-6'],
    ['nm', '1e-9'],
    ['[in_i]', '0.0254'],
    ['[ft_i]', '0.3048'],
    ['[yd_i]', '0.9144'],
    ['[mi_i]', '1609.344'],
  ],
  // time, in s; UCUM's month and year are the Julian ones
  [
    ['s', '1'],
    ['ms', '1e-3'],
    ['us', '1e-6'],
    ['ns', '1e-9'],
    ['min', '60'],
    ['h', '3600'],
    ['d', '86400'],
    ['wk', '604800'],
    ['mo', '2629800'],
    ['a', '31557600'],
  ],
  // volume, in L
  [
    ['L', '1'],
    ['l', '1'],
    ['dL', '0.1'],
    ['dl', '0.1'],
    ['cL', '0.01'],
    ['cl', '0.01'],
    ['mL', '1e-3'],
    ['ml', '1e-3'],
    ['uL', '1e-6'],
    ['ul', '1e-6'],
    ['fL', '1e-15'],
    ['fl', '1e-15'],
    ['m3', '1000'],
    ['dm3', '1'],
    ['cm3', '1e-3'],
    ['mm3', '1e-6'],
  ],
  // temperature, in K
  [
    ['K', '1'],
    ['Cel', '1', '273.15'],
    ['[degF]', '5/9', '45967/180'],
  ],
  // pressure, in Pa
  [
    ['Pa', '1'],
    ['hPa', '100'],
    ['kPa', '1000'],
    ['bar', '1e5'],
    ['mbar', '100'],
    ['atm', '101325'],
    ['mm[Hg]', '133.322'],
    ['cm[Hg]', '1333.22'],
    ['m[Hg]', '133322'],
    ['cm[H2O]', '98.0665'],
    ['mm[H2O]', '9.80665'],
  ],
  // mass concentration, in g/L
  [
    ['g/L', '1'],
    ['g/l', '1'],
    ['g/dL', '10'],
    ['g/dl', '10'],
    ['g/mL', '1000'],
    ['g/ml', '1000'],
    ['mg/L', '1e-3'],
    ['mg/l', '1e-3'],
    ['mg/dL', '0.01'],
    ['mg/dl', '0.01'],
    ['mg/mL', '1'],
    ['mg/ml', '1'],
    ['ug/L', '1e-6'],
    ['ug/l', '1e-6'],
    ['ug/dL', '1e-5'],
    ['ug/dl', '1e-5'],
    ['ug/mL', '1e-3'],
    ['ug/ml', '1e-3'],
    ['ng/L', '1e-9'],
    ['ng/l', '1e-9'],
    ['ng/dL', '1e-8'],
    ['ng/dl', '1e-8'],
    ['ng/mL', '1e-6'],
    ['ng/ml', '1e-6'],
    ['pg/mL', '1e-9'],
    ['pg/ml', '1e-9'],
    ['kg/m3', '1'],
    ['kg/L', '1000'],
  ],
  // amount concentration, in mol/L
  [
    ['mol/L', '1'],
    ['mol/l', '1'],
    ['mmol/L', '1e-3'],
    ['mmol/l', '1e-3'],
    ['umol/L', '1e-6'],
    ['umol/l', '1e-6'],
    ['nmol/L', '1e-9'],
    ['nmol/l', '1e-9'],
    ['pmol/L', '1e-12'],
    ['pmol/l', '1e-12'],
    ['mol/m3', '1e-3'],
  ],
  // amount of substance, in mol
  [
    ['mol', '1'],
    ['mmol', '1e-3'],
    ['umol', '1e-6'],
    ['nmol', '1e-9'],
    ['pmol', '1e-12'],
  ],
  // energy, in J
  [
    ['J', '1'],
    ['kJ', '1000'],
    ['cal', '4.184'],
    ['kcal', '4184'],
  ],
  // cells in a volume, in 1/L
  [
    ['/L', '1'],
    ['/l', '1'],
    ['/mL', '1e3'],
    ['/uL', '1e6'],
    ['/mm3', '1e6'],
    ['10*3/uL', '1e9'],
    ['10*6/uL', '1e12'],
    ['10*3/mm3', '1e9'],
    ['10*6/mm3', '1e12'],
    ['10*6/L', '1e6'],
    ['10*9/L', '1e9'],
    ['10*12/L', '1e12'],
  ],
  // rate, in 1/s: what is in braces is a note and changes nothing (UCUM, section 12)
  [
    ['/s', '1'],
    ['1/s', '1'],
    ['Hz', '1'],
    ['/min', '1/60'],
    ['1/min', '1/60'],
    ['{beats}/min', '1/60'],
    ['{Beats}/min', '1/60'],
    ['{breaths}/min', '1/60'],
    ['/h', '1/3600'],
    ['/d', '1/86400'],
  ],
  // flow, in L/s
  [
    ['L/s', '1'],
    ['L/min', '1/60'],
    ['L/h', '1/3600'],
    ['mL/s', '1e-3'],
    ['mL/min', '1/60000'],
    ['mL/h', '1/3600000'],
  ],
];

const BY_CODE: ReadonlyMap<string, readonly Unit[]> = new Map(
  GROUPS.flatMap((rows) => {
    const group = rows.map(unitOf);
    return group.map((unit): [string, readonly Unit[]] => [unit.code, group]);
  }),
);

function unitOf([code, size, offset]: Row): Unit {
  return { code, factor: fraction(size), offset: offset === undefined ? ZERO : fraction(offset) };
}

function fraction(text: string): Rational {
  const [above = '', below = '1'] = text.split('/');
  const n = parseDecimal(above);
  const d = parseDecimal(below);
  if (n === null || d === null) throw new Error(`unit table: "${text}" is no number`);
  return over(n.value, d.value);
}

/** A unit that measures the same, and how a value of the asked unit is written in it. */
export interface Comparable {
  code: string;
  convert(value: Rational): Rational;
}

/** The UCUM units comparable with this one, itself among them; empty when the table does not know it. */
export function comparableUnits(code: string): Comparable[] {
  const group = BY_CODE.get(code) ?? [];
  const from = group.find((unit) => unit.code === code);
  if (from === undefined) return [];
  return group.map((to) => ({
    code: to.code,
    convert: (value) => over(minus(plus(times(value, from.factor), from.offset), to.offset), to.factor),
  }));
}
