/** Invariants of Bundle and Parameters, as direct code: every transaction meets them. */
import type { JsonObject } from '../fhir/types.ts';
import { distinct, has, hasChoice, object, objects, text } from './reading.ts';
import type { Run } from './run.ts';

type DirectRule = (value: JsonObject, run: Run) => boolean;

const COUNTED = new Set(['searchset', 'history']);
const REQUESTS = new Set(['batch', 'transaction', 'history']);
const RESPONSES = new Set(['batch-response', 'transaction-response', 'history']);

/** A rule for one Bundle.type only. */
function whenType(type: string, rule: (bundle: JsonObject) => boolean): DirectRule {
  return (value) => value.type !== type || rule(value);
}

function firstIs(type: string): (bundle: JsonObject) => boolean {
  return (bundle) => object(objects(bundle, 'entry')[0] ?? {}, 'resource')?.resourceType === type;
}

/** bdl-3 and bdl-4: an entry has the part exactly when the type asks for it. */
function entriesHave(name: string, types: ReadonlySet<string>): DirectRule {
  return (value) => {
    const type = text(value, 'type');
    return type === undefined || objects(value, 'entry').every((entry) => has(entry, name) === types.has(type));
  };
}

function distinctAddresses(bundle: JsonObject): boolean {
  if ((text(bundle, 'type') ?? 'history') === 'history') return true;
  const named = objects(bundle, 'entry').filter((entry) => has(entry, 'fullUrl'));
  const version = (entry: JsonObject): string =>
    text(object(object(entry, 'resource') ?? {}, 'meta') ?? {}, 'versionId') ?? '';
  return distinct(named.map((entry) => (text(entry, 'fullUrl') ?? '') + version(entry)));
}

export const BUNDLE_RULES: Readonly<Record<string, DirectRule>> = {
  'bdl-1': (v) => !has(v, 'total') || COUNTED.has(text(v, 'type') ?? 'searchset'),
  'bdl-2': (v) =>
    (text(v, 'type') ?? 'searchset') === 'searchset' || objects(v, 'entry').every((entry) => !has(entry, 'search')),
  'bdl-3': entriesHave('request', REQUESTS),
  'bdl-4': entriesHave('response', RESPONSES),
  'bdl-5': (v) => has(v, 'resource') || has(v, 'request') || has(v, 'response'),
  'bdl-7': distinctAddresses,
  'bdl-8': (v) => !(text(v, 'fullUrl') ?? '').includes('/_history/'),
  'bdl-9': whenType('document', (v) => {
    const identifier = object(v, 'identifier') ?? {};
    return has(identifier, 'system') && has(identifier, 'value');
  }),
  'bdl-10': whenType('document', (v) => text(v, 'timestamp') !== undefined),
  'bdl-11': whenType('document', firstIs('Composition')),
  'bdl-12': whenType('message', firstIs('MessageHeader')),
  'Parameters:inv-1': (v) => {
    const [part, value, resource] = [has(v, 'part'), hasChoice(v, 'value'), has(v, 'resource')];
    return part ? !value && !resource : value !== resource;
  },
};
