/** A short way to write StructureDefinition differentials; the table of profiles is written in it. */
export const CANON = 'https://tandem.example/fhir';
const CORE = 'http://hl7.org/fhir/StructureDefinition/';

export interface Rule {
  key: string;
  human: string;
  expression: string;
  severity?: 'error' | 'warning';
}

/** One element: what it adds, under its path below the type (`participant.period`); '' is the type itself. */
export interface ElementRow {
  path: string;
  min?: number;
  max?: string;
  /** Reference targets. */
  targets?: readonly string[];
  /** Allowed types of a choice. */
  types?: readonly string[];
  fixed?: readonly [type: string, value: string | boolean];
  pattern?: readonly [type: string, value: object];
  binding?: string;
  /** Slices of a list are told apart by this child. */
  slicedBy?: string;
  rules?: readonly Rule[];
}

export interface ProfileRow {
  name: string;
  /** Somebody else's canonical that is restated here; ours when left out. */
  url?: string;
  type: string;
  title: string;
  description: string;
  elements: readonly ElementRow[];
}

/** `identifier:nhsNumber.system` -> `identifier.system`. */
function plainPath(path: string): string {
  return path.replace(/:[A-Za-z0-9]+/g, '');
}

function capital(type: string): string {
  return type.charAt(0).toUpperCase() + type.slice(1);
}

function typesOf(row: ElementRow): object {
  if (row.targets) return { type: [{ code: 'Reference', targetProfile: row.targets.map((target) => CORE + target) }] };
  return row.types ? { type: row.types.map((code) => ({ code })) } : {};
}

function element(type: string, row: ElementRow): object {
  const below = row.path === '' ? '' : `.${row.path}`;
  const slice = /:([A-Za-z0-9]+)$/.exec(row.path)?.[1];
  const constraint = row.rules?.map(({ severity = 'error', ...rule }) => ({ ...rule, severity }));
  return {
    id: type + below,
    path: type + plainPath(below),
    ...(slice === undefined ? {} : { sliceName: slice }),
    ...(row.slicedBy === undefined
      ? {}
      : { slicing: { discriminator: [{ type: 'value', path: row.slicedBy }], rules: 'open' } }),
    ...(row.min === undefined ? {} : { min: row.min }),
    ...(row.max === undefined ? {} : { max: row.max }),
    ...typesOf(row),
    ...(row.fixed ? { [`fixed${capital(row.fixed[0])}`]: row.fixed[1] } : {}),
    ...(row.pattern ? { [`pattern${row.pattern[0]}`]: row.pattern[1] } : {}),
    ...(row.binding === undefined ? {} : { binding: { strength: 'required', valueSet: row.binding } }),
    ...(constraint ? { constraint } : {}),
  };
}

const COMMON = { version: '0.1.0', status: 'active', publisher: 'Tandem', fhirVersion: '4.0.1' };

function machineName(name: string): string {
  return name.replace(/(?:^|[-.])([A-Za-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The StructureDefinition of a profile row. */
export function profileResource(row: ProfileRow): object {
  return {
    resourceType: 'StructureDefinition',
    id: row.name,
    url: row.url ?? `${CANON}/StructureDefinition/${row.name}`,
    ...COMMON,
    name: machineName(row.name),
    title: row.title,
    description: row.description,
    kind: 'resource',
    abstract: false,
    type: row.type,
    baseDefinition: CORE + row.type,
    derivation: 'constraint',
    differential: { element: row.elements.map((one) => element(row.type, one)) },
  };
}

export interface ExtensionRow {
  name: string;
  title: string;
  description: string;
  contexts: readonly string[];
  /** Value type and required value set, or the parts of a complex extension with theirs. */
  value?: { type: string; binding?: string };
  parts?: readonly { url: string; type: string; max: string }[];
}

function partElements(part: { url: string; type: string; max: string }): object[] {
  const id = `Extension.extension:${part.url}`;
  const path = 'Extension.extension';
  return [
    { id, path, sliceName: part.url, min: 0, max: part.max },
    { id: `${id}.extension`, path: `${path}.extension`, max: '0' },
    { id: `${id}.url`, path: `${path}.url`, fixedUri: part.url },
    { id: `${id}.value[x]`, path: `${path}.value[x]`, min: 1, type: [{ code: part.type }] },
  ];
}

function extensionElements(row: ExtensionRow): object[] {
  const url = { id: 'Extension.url', path: 'Extension.url', fixedUri: `${CANON}/StructureDefinition/${row.name}` };
  if (row.parts) {
    const value = { id: 'Extension.value[x]', path: 'Extension.value[x]', max: '0' };
    return [...row.parts.flatMap(partElements), url, value];
  }
  const { type = 'string', binding } = row.value ?? {};
  const bound = binding === undefined ? {} : { binding: { strength: 'required', valueSet: binding } };
  const value = { id: 'Extension.value[x]', path: 'Extension.value[x]', min: 1, type: [{ code: type }], ...bound };
  return [{ id: 'Extension.extension', path: 'Extension.extension', max: '0' }, url, value];
}

/** The StructureDefinition of an extension row. */
export function extensionResource(row: ExtensionRow): object {
  return {
    resourceType: 'StructureDefinition',
    id: row.name,
    url: `${CANON}/StructureDefinition/${row.name}`,
    ...COMMON,
    name: machineName(row.name),
    title: row.title,
    description: row.description,
    kind: 'complex-type',
    abstract: false,
    context: row.contexts.map((expression) => ({ type: 'element', expression })),
    type: 'Extension',
    baseDefinition: `${CORE}Extension`,
    derivation: 'constraint',
    differential: {
      element: [
        { id: 'Extension', path: 'Extension', short: row.title, definition: row.description },
        ...extensionElements(row),
      ],
    },
  };
}
