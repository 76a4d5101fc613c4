/** From CSV text to records by column name, with every fault of every line. Pure. */
import { COLUMNS, type Column, type Kind } from './columns.ts';
import { type CsvRow, readCsv } from './csv.ts';

export interface FileRecord extends PlainRecord {
  kind: Kind;
}

/** A line of any file of ours. */
export interface PlainRecord {
  line: number;
  /** By column; a column that the file has not is missing here, an empty cell is ''. */
  values: ReadonlyMap<string, string>;
}

/** Where something is wrong, what it is, and what to do. */
export interface ImportFault {
  /** `roles line 4`, `entry 3`, or the file alone. */
  where: string;
  column: string | null;
  text: string;
}

/** Longest cell; nothing of a directory is longer. */
const LONGEST = 255;

export function recordsOf(kind: Kind, text: string): { records: FileRecord[]; faults: ImportFault[] } {
  const { records, faults } = recordsIn(kind, COLUMNS[kind], text);
  return { records: records.map((one) => ({ ...one, kind })), faults };
}

/** The same for any columns; `kind` names the file in what is said of it. */
export function recordsIn(
  kind: string,
  columns: readonly Column[],
  text: string,
): { records: PlainRecord[]; faults: ImportFault[] } {
  const { rows, faults: broken } = readCsv(text);
  const faults: ImportFault[] = broken.map(({ line, text: words }) => ({
    where: `${kind} line ${line}`,
    column: null,
    text: words,
  }));
  const [head, ...rest] = rows;
  if (head === undefined) {
    faults.push({
      where: kind,
      column: null,
      text: 'The file is empty. Send a first line with the names of the columns.',
    });
    return { records: [], faults };
  }
  const names = head.cells.map((cell) => cell.toLowerCase().replaceAll(' ', '_'));
  const wrong = headFaults(kind, columns, names);
  if (wrong.length > 0) return { records: [], faults: [...faults, ...wrong] };
  const records = rest.flatMap((row) => {
    const found = rowFaults(kind, { columns, names }, row);
    faults.push(...found);
    return found.length > 0
      ? []
      : [{ line: row.line, values: new Map(names.map((name, i) => [name, row.cells[i] ?? ''])) }];
  });
  if (rest.length === 0) faults.push({ where: kind, column: null, text: 'The file has no line below its first one.' });
  return { records, faults };
}

function headFaults(kind: string, columns: readonly Column[], names: readonly string[]): ImportFault[] {
  const where = `${kind} line 1`;
  const known = columns.map(({ name }) => name).join(', ');
  const missing = columns.filter(({ name, required }) => required && !names.includes(name));
  return [
    ...missing.map(({ name }) => ({ where, column: name, text: `The column is missing. The columns are: ${known}.` })),
    ...names
      .filter((name) => !columns.some((one) => one.name === name))
      .map((name) => ({
        where,
        column: name.slice(0, 40),
        text: `There is no such column; take it out. The columns are: ${known}.`,
      })),
    ...names
      .filter((name, i) => names.indexOf(name) !== i)
      .map((name) => ({ where, column: name, text: 'The column stands twice; keep one.' })),
  ];
}

function rowFaults(
  kind: string,
  { columns, names }: { columns: readonly Column[]; names: readonly string[] },
  row: CsvRow,
): ImportFault[] {
  const where = `${kind} line ${row.line}`;
  if (row.cells.length !== names.length) {
    const text = `The line has ${row.cells.length} fields, the first line has ${names.length}. Put fields with commas in quotation marks.`;
    return [{ where, column: null, text }];
  }
  return columns.flatMap((column) => cellFault(where, column, row.cells[names.indexOf(column.name)]));
}

function cellFault(where: string, { name, required, words }: Column, cell: string | undefined): ImportFault[] {
  if (cell === undefined) return [];
  if (cell === '') return required ? [{ where, column: name, text: `Nothing stands here; write the ${words}.` }] : [];
  if (cell.length > LONGEST)
    return [{ where, column: name, text: `This is longer than ${LONGEST} characters; shorten it.` }];
  // Cf: marks of no width, and those that turn the direction: two ids that look alike would be two people.
  return /[\p{Cc}\p{Cf}<>]/u.test(cell)
    ? [
        {
          where,
          column: name,
          text: 'Control and invisible characters, line breaks and < > are not taken; remove them.',
        },
      ]
    : [];
}
