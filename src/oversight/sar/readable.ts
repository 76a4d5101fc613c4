/**
 * A resource as a person reads it: a title with its date, and lines of label and value in the order of the resource. Made
 * from what leaves alone, so nothing can stand here that does not stand in the FHIR file. Pure.
 */
import { londonDate } from '../../fhir/london.ts';
import { isObject } from '../../fhir/resource.ts';
import type { Json, JsonObject, Resource } from '../../fhir/types.ts';
import { filesOf, leavingName } from './file-content.ts';

export interface Line {
  label: string;
  value: string;
}

export interface Readable {
  title: string;
  lines: Line[];
}

const LONG = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'long', year: 'numeric' });
const CLOCK = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/London', hour: '2-digit', minute: '2-digit' });
const DATES = [
  'effectiveDateTime',
  'authoredOn',
  'authored',
  'recordedDate',
  'date',
  'dateTime',
  'created',
  'start',
  'sent',
];
/** Elements that say how a resource is built, not what it says about her. */
const SILENT = new Set([
  'resourceType',
  'id',
  'meta',
  'text',
  'system',
  'profile',
  'linkId',
  'implicitRules',
  'definition',
]);

/** Names of what references lead to, by `Type/id`. */
export type Names = ReadonlyMap<string, string>;

export function readableOf(resource: Resource, names: Names = new Map()): Readable {
  const lines: Line[] = [];
  if (typeof resource.data === 'string')
    return {
      title: titleOf(resource),
      lines: [{ label: 'File', value: fileLine(resource, '', String(resource.contentType ?? 'unknown')) }],
    };
  for (const [name, value] of Object.entries(resource))
    if (!SILENT.has(name)) push({ lines, names }, words(name), value);
  push({ lines, names }, 'Text', resource.text);
  return { title: titleOf(resource), lines };
}

function titleOf(resource: Resource): string {
  const period = isObject(resource.period) ? resource.period.start : undefined;
  const date = DATES.map((name) => resource[name]).find((one) => typeof one === 'string') ?? period;
  const when = typeof date === 'string' ? dateWords(date) : null;
  return [words(resource.resourceType), ...(when === null ? [] : [when])].join(', ');
}

/** `Birth date` of `birthDate`; `valueCodeableConcept` is just `Value`. */
function words(name: string): string {
  const plain = /^value[A-Z]/.test(name) ? 'value' : name;
  const spaced = plain.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

interface Page {
  lines: Line[];
  names: Names;
}

function push(page: Page, label: string, value: Json | undefined): void {
  const { lines, names } = page;
  if (value === undefined || value === null) return;
  if (Array.isArray(value)) {
    for (const one of value) push(page, label, one);
    return;
  }
  if (!isObject(value)) {
    lines.push({ label, value: primitive(value) });
    return;
  }
  const whole = named(value, names) ?? wholeOf(value);
  if (whole !== null) {
    if (whole !== '') lines.push({ label, value: whole });
    return;
  }
  if (typeof value.url === 'string' && label === 'Extension') {
    const [own = ''] = /[^/#]*$/.exec(value.url) ?? [];
    for (const [name, one] of Object.entries(value))
      if (name !== 'url') push(page, words(own.replace(/-(\w)/g, (_, first: string) => first.toUpperCase())), one);
    return;
  }
  const question = typeof value.linkId === 'string' && typeof value.text === 'string' ? value.text : null;
  for (const [name, one] of Object.entries(value)) {
    if (SILENT.has(name) && !(name === 'text' && question === null)) continue;
    push(
      page,
      question === null ? `${label}: ${words(name)}` : name === 'answer' ? question : `${question}: ${words(name)}`,
      one,
    );
  }
}

function primitive(value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? 'Yes' : 'No';
  return typeof value === 'string' ? (dateWords(value) ?? value) : String(value);
}

/** `3 March 2026` of a date, with the London time of an instant; null for any other text. */
export function dateWords(value: string): string | null {
  if (/^\d{4}-\d{2}-\d{2}$/.test(value)) return LONG.format(new Date(`${value}T12:00:00Z`));
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(value) || Number.isNaN(Date.parse(value))) return null;
  return `${LONG.format(new Date(`${londonDate(value)}T12:00:00Z`))}, ${CLOCK.format(new Date(value))}`;
}

/** The name of what a reference leads to, when it brings none itself. */
function named({ reference, display }: JsonObject, names: Names): string | null {
  if (typeof reference !== 'string' || typeof display === 'string') return null;
  return names.get(reference) ?? null;
}

/** Data types that are one thing to a reader; '' = nothing to say; null = look inside. */
function wholeOf(value: JsonObject): string | null {
  const text = (name: string): string => (typeof value[name] === 'string' ? String(value[name]) : '');
  const list = (name: string): string[] =>
    Array.isArray(value[name]) ? value[name].filter((one) => typeof one === 'string') : [];
  if (typeof value.linkId === 'string') return null;
  if (typeof value.div === 'string') return plain(value.div);
  if (Array.isArray(value.coding)) {
    if (text('text') !== '') return text('text');
    return value.coding.flatMap((one) => (isObject(one) ? [String(one.display ?? one.code ?? '')] : [])).join(', ');
  }
  if (typeof value.reference === 'string') return text('display') || words(value.reference.split('/')[0] ?? '');
  if (typeof value.system === 'string' && typeof value.code === 'string' && value.value === undefined)
    return text('display') || text('code');
  if (typeof value.family === 'string' || Array.isArray(value.given))
    return text('text') || [...list('prefix'), ...list('given'), text('family')].filter((one) => one !== '').join(' ');
  if (Array.isArray(value.line) || typeof value.postalCode === 'string')
    return (
      text('text') ||
      [...list('line'), text('city'), text('district'), text('postalCode')].filter((one) => one !== '').join(', ')
    );
  if (typeof value.contentType === 'string') return fileLine(value, text('title'), text('contentType'));
  if (typeof value.value === 'number') return `${value.value} ${text('unit') || text('code')}`.trim();
  if (
    typeof value.value === 'string' &&
    Object.keys(value).every((name) => ['system', 'value', 'use', 'type', 'rank', 'period', 'extension'].includes(name))
  )
    return text('value');
  if (isPeriod(value))
    return [value.start, value.end].map((one) => (typeof one === 'string' ? primitive(one) : '…')).join(' to ');
  return null;
}

/** A file of its own, or a link to one. */
function fileLine(value: JsonObject, title: string, type: string): string {
  const [file] = filesOf({ resourceType: '', attachment: value });
  const where = file === undefined ? String(value.url ?? '') : `attached to this document as ${leavingName(file)}`;
  return [title, `a file of type ${type}`, where].filter((one) => one !== '').join(', ');
}

/** The words of a narrative, without its marks. */
function plain(div: string): string {
  return div
    .replace(/<[^>]*>/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;|&apos;/g, "'")
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ')
    .trim();
}

function isPeriod(value: JsonObject): boolean {
  const names = Object.keys(value);
  return names.length > 0 && names.every((name) => name === 'start' || name === 'end');
}
