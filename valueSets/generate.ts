/** CodeSystem and ValueSet resources of the tables. */
import { CODE_TABLE, type CodeRow, SNOMED_COPYRIGHT, SNOMED_TABLE, type SnomedRow } from './table.ts';

const CANON = 'https://tandem.example/fhir';

/** `wrong-area` -> `Wrong area`. */
function readable(code: string): string {
  const words = code.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `visit-outcome` -> `VisitOutcome`, a computer-friendly name. */
function machineName(name: string): string {
  return name.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

const COMMON = { version: '0.1.0', status: 'active', experimental: false, publisher: 'Tandem' };

interface Concept {
  code: string;
  display: string;
  concept?: Concept[];
}

/** Numbered codes (`grow-1`) stand under their parent (`grow`) where the row has one. */
function concepts(row: CodeRow): Concept[] {
  const all = row.codes.map(
    (code): Concept =>
      typeof code === 'string' ? { code, display: readable(code) } : { code: code[0], display: code[1] },
  );
  const parentOf = (one: Concept): Concept | undefined =>
    all.find((other) => one.code.startsWith(`${other.code}-`) && /-[0-9]$/.test(one.code));
  for (const one of all) {
    const parent = parentOf(one);
    if (parent) parent.concept = [...(parent.concept ?? []), one];
  }
  return all.filter((one) => parentOf(one) === undefined);
}

function codeSystem(row: CodeRow): object {
  const concept = concepts(row);
  return {
    resourceType: 'CodeSystem',
    id: row.name,
    url: `${CANON}/CodeSystem/${row.name}`,
    ...COMMON,
    name: machineName(row.name),
    title: readable(row.name),
    ...(row.copyright === undefined ? {} : { copyright: row.copyright }),
    caseSensitive: true,
    valueSet: `${CANON}/ValueSet/${row.name}`,
    ...(concept.length === row.codes.length ? {} : { hierarchyMeaning: 'grouped-by' }),
    content: 'complete',
    count: row.codes.length,
    concept,
  };
}

function valueSet(row: CodeRow): object {
  return {
    resourceType: 'ValueSet',
    id: row.name,
    url: `${CANON}/ValueSet/${row.name}`,
    ...COMMON,
    name: `${machineName(row.name)}Codes`,
    title: readable(row.name),
    ...(row.copyright === undefined ? {} : { copyright: row.copyright }),
    compose: { include: [{ system: `${CANON}/CodeSystem/${row.name}` }] },
  };
}

function snomedSet(row: SnomedRow): object {
  return {
    resourceType: 'ValueSet',
    id: row.name,
    url: `${CANON}/ValueSet/${row.name}`,
    ...COMMON,
    name: machineName(row.name),
    title: row.title,
    copyright: SNOMED_COPYRIGHT,
    compose: {
      include: [{ system: 'http://snomed.info/sct', concept: row.codes.map(([code, display]) => ({ code, display })) }],
    },
  };
}

/**
 * The concepts of all subsets as a fragment of SNOMED CT: what is not in it is unknown here, not wrong, and nothing is
 * said of how its concepts lie to each other.
 */
function snomedFragment(): object {
  const codes = new Map(SNOMED_TABLE.flatMap((row) => row.codes));
  return {
    resourceType: 'CodeSystem',
    id: 'snomed-fragment',
    url: 'http://snomed.info/sct',
    status: 'active',
    experimental: false,
    publisher: 'SNOMED International',
    name: 'SnomedFragment',
    title: 'SNOMED CT: the concepts this record names',
    copyright: SNOMED_COPYRIGHT,
    caseSensitive: true,
    content: 'fragment',
    concept: [...codes].map(([code, display]) => ({ code, display })),
  };
}

/** File texts by name: two per local code system, one per SNOMED subset, and their concepts. */
export function valueSetFiles(): Map<string, string> {
  const text = (resource: object): string => `${JSON.stringify(resource, null, 2)}\n`;
  const files = new Map<string, string>();
  for (const row of CODE_TABLE) {
    files.set(`CodeSystem-${row.name}.json`, text(codeSystem(row)));
    files.set(`ValueSet-${row.name}.json`, text(valueSet(row)));
  }
  files.set('CodeSystem-snomed-fragment.json', text(snomedFragment()));
  for (const row of SNOMED_TABLE) files.set(`ValueSet-${row.name}.json`, text(snomedSet(row)));
  return files;
}
