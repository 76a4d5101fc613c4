/**
 * The role matrix of domain.md 5.3 as one table: what each role may see and write of each data class. A cell is an upper
 * bound: relationship, labels, agreements and objections still apply. Total: a test fails for a missing cell.
 */
import { classesOfType } from './data-classes.ts';
import type { Action, DataClass, Role } from './types.ts';

/**
 * How a class is seen. `full`; `summary` = trimmed (R-24); `edd` = only what carries the EDD; `own` = what she wrote
 * herself; `exists` = that it is there and nothing it says; `copy` = what was extracted from the released copy; `summary-shared` = trimmed, and only with an override
 * or a consent (social worker); `summary-permitted` = trimmed, with the mother's permit (partner); `care-team`,
 * `attendance`, `supervision` = only through a relationship of that kind; `authors` = the authors' teams;
 * `case` = inside a case or job only; `none` also stands for counts and aggregates, which are not rows.
 */
export type View =
  | 'none'
  | 'full'
  | 'summary'
  | 'edd'
  | 'own'
  | 'copy'
  | 'summary-shared'
  | 'summary-permitted'
  | 'exists'
  | 'edd-permitted'
  | 'care-team'
  | 'attendance'
  | 'supervision'
  | 'authors'
  | 'case';

/**
 * How a class is written. `own` = what she wrote herself or creates; `assigned` = Tasks she owns; `responses` = only
 * QuestionnaireResponse; `override` = only safeguarding overrides; `two-person` = needs a second person, refused until that workflow asks.
 */
export type Write = 'none' | 'yes' | 'own' | 'assigned' | 'responses' | 'override' | 'two-person';

export interface Cell {
  view: View;
  write: Write;
}

const CELLS = {
  '-': { view: 'none', write: 'none' },
  V: { view: 'full', write: 'none' },
  VW: { view: 'full', write: 'yes' },
  'VW own': { view: 'full', write: 'own' },
  'VW assigned': { view: 'full', write: 'assigned' },
  'VW responses': { view: 'full', write: 'responses' },
  'V override': { view: 'full', write: 'override' },
  'VW two': { view: 'full', write: 'two-person' },
  S: { view: 'summary', write: 'none' },
  exists: { view: 'exists', write: 'none' },
  'S shared': { view: 'summary-shared', write: 'none' },
  'S permitted': { view: 'summary-permitted', write: 'none' },
  edd: { view: 'edd', write: 'none' },
  'edd permitted': { view: 'edd-permitted', write: 'none' },
  copy: { view: 'copy', write: 'none' },
  own: { view: 'own', write: 'none' },
  'own W': { view: 'own', write: 'own' },
  'V care-team': { view: 'care-team', write: 'none' },
  'VW care-team': { view: 'care-team', write: 'yes' },
  'V attendance': { view: 'attendance', write: 'none' },
  'V supervision': { view: 'supervision', write: 'none' },
  'V authors': { view: 'authors', write: 'none' },
  'VW authors': { view: 'authors', write: 'yes' },
  'S authors': { view: 'authors', write: 'none' },
  c: { view: 'case', write: 'none' },
} as const satisfies Record<string, Cell>;

type CellName = keyof typeof CELLS;

/** Column order of both tables below. */
const ROLES: readonly Role[] = [
  'midwife',
  'health-visitor',
  'hospital-midwife',
  'nursery-nurse',
  'perinatal-mental-health',
  'safeguarding',
  'gp',
  'social-worker',
  'student',
  'team-lead',
  'admin',
  'service-lead',
  'ig-officer',
  'caldicott-guardian',
  'sar-officer',
  'mother',
  'partner',
  'system',
  'sysadmin',
];

/**
 * Clinical and care roles, in the order of the domain's first table: midwife, HV, hospital midwife, nursery nurse,
 * perinatal mental health, safeguarding, GP, social worker, student, team lead.
 */
// biome-ignore format: a table is read by column
const CARE: Readonly<Record<DataClass, readonly CellName[]>> = {
  demographics:        ['VW', 'VW', 'VW', 'V', 'V', 'V', 'V', 'S shared', 'V', 'V'],
  referral:            ['VW', 'VW', 'V', 'V', 'V', 'V', 'S', '-', 'V', 'VW'],
  pregnancy:           ['VW', 'VW', 'VW', 'edd', 'V', 'V', 'V', 'edd', 'V', 'V'],
  schedule:            ['VW', 'VW', 'V', 'V', 'V', 'V', '-', '-', 'V', 'VW'],
  visit:               ['VW', 'VW', 'VW own', 'V', 'V', 'V', 'V', 'S', 'V', 'V'],
  'working-copy':      ['VW authors', 'VW authors', '-', '-', '-', 'V', '-', '-', '-', 'S authors'],
  'assessment-copy':   ['V', 'V', 'V', 'S', 'V', 'V', 'S', '-', 'V', 'V'],
  findings:            ['VW', 'VW', 'V', '-', 'V', 'V', '-', '-', 'V', 'V'],
  confidential:        ['VW care-team', 'VW care-team', 'V attendance', '-', 'V care-team', 'VW', '-', '-', '-', 'V supervision'],
  plan:                ['VW', 'VW', 'V', 'VW assigned', 'V', 'V', 'S', 'S shared', 'V', 'V'],
  'safeguarding-flag': ['V', 'V', 'V', 'exists', 'V', 'VW', 'S', 'V', '-', 'V'],
  'scene-safety':      ['VW', 'VW', 'V', 'V', 'V', 'VW', '-', 'V', 'V', 'VW'],
  'third-party':       ['V authors', 'V', '-', '-', '-', 'V', '-', '-', '-', '-'],
  consent:             ['VW', 'VW', 'V', 'V', 'V', 'V override', 'V', 'S', 'V', 'V'],
  // A GP sees the visit summary; until one is made, nothing tells it from other documents.
  documents:           ['VW', 'VW', 'V', 'S', 'V', 'V', '-', '-', 'V', 'V'],
  feedback:            ['own W', 'own W', '-', 'own W', '-', '-', '-', '-', '-', '-'],
  audit:               ['own W', 'own W', 'own W', 'own', 'own', 'own W', 'own', 'own', 'own', 'own W'],
  // The domain gives the care roles no cell for the directory; without names the record cannot be read.
  directory:           ['V', 'V', 'V', 'V', 'V', 'V', 'V', 'V', 'V', 'V'],
  agreements:          ['-', '-', '-', '-', '-', '-', '-', '-', '-', '-'],
  subscription:        ['-', '-', '-', '-', '-', '-', '-', '-', '-', '-'],
  conformance:         ['V', 'V', 'V', 'V', 'V', 'V', 'V', 'V', 'V', 'V'],
  // No row of the domain's table: read like findings.
  'other-clinical':    ['VW', 'VW', 'V', '-', 'V', 'V', '-', '-', 'V', 'V'],
  'not-served':        ['-', '-', '-', '-', '-', '-', '-', '-', '-', '-'],
};

/** Other roles: admin, service lead, IG officer, Caldicott Guardian, SAR officer, mother, partner, system, sysadmin. */
// biome-ignore format: a table is read by column
const OTHERS: Readonly<Record<DataClass, readonly CellName[]>> = {
  demographics:        ['VW', '-', 'c', 'c', 'c', 'V', 'S permitted', 'VW', '-'],
  referral:            ['S', '-', '-', 'c', 'c', 'S', '-', 'VW', '-'],
  pregnancy:           ['edd', '-', '-', 'c', 'c', 'V', 'edd permitted', 'VW', '-'],
  schedule:            ['VW', '-', '-', 'c', 'c', 'V', 'S permitted', 'VW', '-'],
  // 5.3 says V. A booking is posted by the maternity system itself (S1), so it writes the visits it authored; nobody
  // gets a relationship by that with a family that is already there (record/plan.ts).
  visit:               ['S', '-', '-', 'c', 'c', 'V', 'S permitted', 'VW own', '-'],
  // W with user claims: then it is the person who asks, under her own role.
  'working-copy':      ['-', '-', '-', 'c', 'c', '-', '-', '-', '-'],
  'assessment-copy':   ['-', '-', '-', 'c', 'c', 'V', 'S permitted', 'V', '-'],
  // W responses: the early need screen comes with the referral (2.5); findings themselves are extracted, not sent.
  findings:            ['-', '-', '-', 'c', 'c', 'copy', '-', 'VW responses', '-'],
  // A system sees R only through an agreement that names it (vector 25): the label rule, not the cell.
  confidential:        ['-', '-', '-', 'c', 'c', '-', '-', 'V', '-'],
  plan:                ['-', '-', '-', 'c', 'c', 'V', 'S permitted', 'V', '-'],
  // "Ask the clinician first": an admin learns that there is one, and no more.
  'safeguarding-flag': ['exists', '-', '-', 'c', 'c', '-', '-', 'S', '-'],
  'scene-safety':      ['V', '-', '-', 'c', 'c', '-', '-', 'V', '-'],
  'third-party':       ['-', '-', '-', 'c', 'c', '-', '-', '-', '-'],
  consent:             ['V', '-', 'V', 'V', 'V', 'V', '-', 'V', '-'],
  documents:           ['-', '-', '-', 'c', 'c', 'V', 'S permitted', 'VW', '-'],
  feedback:            ['-', '-', '-', '-', '-', 'own W', 'own W', '-', '-'],
  audit:               ['own', 'own', 'V', 'c', 'c', '-', '-', '-', '-'],
  directory:           ['V', 'V', 'VW two', 'VW two', 'V', '-', '-', 'V', 'VW two'],
  agreements:          ['-', 'V', 'VW two', 'VW two', 'V', '-', '-', '-', 'VW two'],
  subscription:        ['-', '-', '-', '-', '-', '-', '-', 'own W', '-'],
  conformance:         ['V', 'V', 'V', 'V', 'V', 'V', 'V', 'V', 'V'],
  // The first record of a booking comes from the maternity system: it writes its own service's rows only.
  'other-clinical':    ['-', '-', '-', 'c', 'c', '-', '-', 'VW', '-'],
  'not-served':        ['-', '-', '-', '-', '-', '-', '-', '-', '-'],
};

/** Every data class, in the order of the table. */
export const DATA_CLASSES: readonly DataClass[] = Object.keys(CARE) as DataClass[];

const MATRIX: ReadonlyMap<Role, ReadonlyMap<DataClass, Cell>> = new Map(
  ROLES.map((role, column) => [
    role,
    new Map(DATA_CLASSES.map((dataClass) => [dataClass, CELLS[cellName(dataClass, column)]])),
  ]),
);

function cellName(dataClass: DataClass, column: number): CellName {
  return [...CARE[dataClass], ...OTHERS[dataClass]][column] ?? '-';
}

/** The cell of a role and a class (5.3). The steward loads data in the demo and sees everything. */
export function cellOf(role: Role, dataClass: DataClass): Cell {
  if (role === 'steward') return CELLS.VW;
  return MATRIX.get(role)?.get(dataClass) ?? CELLS['-'];
}

/** True when the table names this cell; the totality test asks. */
export function hasCell(role: Role, dataClass: DataClass): boolean {
  return role === 'steward' || MATRIX.get(role)?.has(dataClass) === true;
}

/**
 * Standing of those whom the configuration names as authors of definitions (`DEFINITION_AUTHORS`): no role of 5.3 writes
 * conformance resources, so that nobody changes what records must look like by the way.
 */
export const DEFINER = 'definitions';

/** Conformance resources are written by named authors, besides whoever a cell lets. */
export function writesConformance({ flags }: { flags: readonly string[] }): boolean {
  return flags.includes(DEFINER);
}

/** True for actions that change the record. */
export function isWrite(action: Action): boolean {
  return action === 'create' || action === 'update' || action === 'patch' || action === 'delete';
}

/** whether a role could ever do this to any class of the type; row rules narrow it. */
export function isConceivable(role: Role, action: Action, type: string): boolean {
  return classesOfType(type).some((dataClass) => {
    const cell = cellOf(role, dataClass);
    if (!isWrite(action)) return cell.view !== 'none';
    return cell.write !== 'none' && cell.write !== 'two-person';
  });
}

/** Classes a role may see (or write) through a cell of one of these kinds. */
export function classesSeen(role: Role, ...views: readonly View[]): DataClass[] {
  return DATA_CLASSES.filter((one) => views.includes(cellOf(role, one).view));
}

/** Classes a role may write through a cell of one of these kinds. */
export function classesWritten(role: Role, ...writes: readonly Write[]): DataClass[] {
  return DATA_CLASSES.filter((one) => writes.includes(cellOf(role, one).write));
}
