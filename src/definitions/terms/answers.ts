/** What each terminology operation answers. Pure, over one source. */
import { refuse } from '../../fhir/outcome.ts';
import type { JsonObject, Resource } from '../../fhir/types.ts';
import { text } from '../reading.ts';
import { type Arguments, codingsOf, type GivenCode, givenCodes } from './arguments.ts';
import {
  type CodeOptions,
  lookup,
  requireSystem,
  subsumes,
  usable,
  type Verdict,
  validateInSystem,
  withDisplay,
} from './codes.ts';
import { EXPAND_DEFAULTS, expand } from './expand.ts';
import { shortened } from './faults.ts';
import type { TermSource } from './source.ts';
import { translate, translation } from './translate.ts';
import { memberOf } from './value-set.ts';

export interface Question {
  args: Arguments;
  source: TermSource;
  /** The resource asked about: of the address, of the body, or by its canonical; null = the operation has none. */
  subject: Resource | null;
  /** Maps to look through when $translate names none. */
  maps: readonly Resource[];
}

const parameters = (parameter: readonly JsonObject[]): Resource => ({
  resourceType: 'Parameters',
  parameter: [...parameter],
});

const codeOptions = (args: Arguments): CodeOptions => ({
  abstract: args.flag('abstract'),
  displayLanguage: args.text('displayLanguage'),
});

/** The code system of a subject, for questions that give only a code. */
const urlOf = (subject: Resource | null): string | null => (subject === null ? null : (text(subject, 'url') ?? null));

/** @throws TermFault, Outcome 400 */
export function lookupAnswer({ args, source, subject }: Question): Resource {
  const [given] = givenCodes(args, args.text('system') ?? urlOf(subject), args.text('version'));
  if (given?.system === undefined) throw refuse(400, 'required', 'Give the system of the code');
  const system = requireSystem(source, given.system, given.version);
  const options = { properties: args.texts('property'), displayLanguage: args.text('displayLanguage') };
  return parameters(lookup(system, given.code, options));
}

/** The first verdict that is right; else the first that is undecided, so that elsewhere can be asked; else the first. */
function bestOf(verdicts: readonly Verdict[]): Verdict {
  const [first] = verdicts;
  if (first === undefined) throw refuse(400, 'required', 'Give a code');
  return verdicts.find(({ result }) => result === true) ?? verdicts.find(({ result }) => result === null) ?? first;
}

/** What $validate-code answers; `result` is absent while nobody could decide it. */
export function verdictParameters({ result, message, display }: Verdict): Resource {
  return parameters([
    ...(result === null ? [] : [{ name: 'result', valueBoolean: result }]),
    ...(message === null ? [] : [{ name: 'message', valueString: message }]),
    ...(display === null ? [] : [{ name: 'display', valueString: display }]),
  ]);
}

/** @throws TermFault, Outcome 400 */
export function validateInSystemAnswer({ args, source, subject }: Question): Resource {
  const url = args.text('url') ?? urlOf(subject);
  const given = givenCodes(args, url, args.text('version'));
  const verdicts = given.map((one) => {
    const system = one.system ?? url ?? undefined;
    if (system === undefined) throw refuse(400, 'required', 'Give the url of the code system');
    if (url !== null && system !== url)
      return { result: false, message: `The coding is not of ${shortened(url)}.`, display: null };
    return validateInSystem(source, { ...one, system }, codeOptions(args));
  });
  return verdictParameters(bestOf(verdicts));
}

/** @throws TermFault, Outcome 400 */
export function validateInSetAnswer({ args, source, subject }: Question): Resource {
  if (subject === null) throw refuse(400, 'required', 'Give url or valueSet');
  const given = givenCodes(args, args.text('system'), args.text('systemVersion'));
  return verdictParameters(bestOf(given.map((one) => verdictInSet(subject, source, one, codeOptions(args)))));
}

function verdictInSet(valueSet: Resource, source: TermSource, given: GivenCode, options: CodeOptions): Verdict {
  const member = memberOf(valueSet, { source, system: given.system, code: given.code });
  const where = shortened(text(valueSet, 'url') ?? 'the value set');
  const code = shortened(given.system === undefined ? given.code : `${given.system}#${given.code}`);
  if (member === null)
    return { result: null, message: `Whether ${code} is in ${where} cannot be decided here.`, display: null };
  if (member === false) return { result: false, message: `${code} is not in ${where}.`, display: null };
  return usable(member.concept, options) ?? withDisplay(member.concept, given.display, options.displayLanguage);
}

/** @throws TermFault, Outcome 400 */
export function subsumesAnswer({ args, source, subject }: Question): Resource {
  const a = codeOf(args, 'A', urlOf(subject));
  const b = codeOf(args, 'B', urlOf(subject));
  if (a.system === undefined || b.system === undefined) throw refuse(400, 'required', 'Give the system of the codes');
  if (a.system !== b.system) throw refuse(400, 'invalid', 'The two codes are of different systems');
  const system = requireSystem(source, a.system, args.text('version') ?? a.version);
  return parameters([{ name: 'outcome', valueCode: subsumes(system, a.code, b.code) }]);
}

function codeOf(args: Arguments, which: 'A' | 'B', url: string | null): GivenCode {
  const code = args.text(`code${which}`);
  const coding = args.object(`coding${which}`);
  if ((code === null) === (coding === null)) throw refuse(400, 'invalid', `Give code${which} or coding${which}`);
  const system = args.text('system') ?? url ?? undefined;
  if (code !== null) return { code, system, version: null, display: null };
  const [given] = codingsOf({ coding: coding === null ? [] : [coding] });
  if (given === undefined) throw refuse(400, 'required', `coding${which} has no code`);
  return { ...given, system: given.system ?? system };
}

/** @throws TermFault, Outcome 400 */
export function expandAnswer({ args, source, subject }: Question): Resource {
  if (subject === null) throw refuse(400, 'required', 'Give url or valueSet');
  const offset = args.whole('offset') ?? 0;
  const count = args.whole('count');
  if (offset < 0 || (count ?? 0) < 0) throw refuse(400, 'value', 'offset and count are not negative');
  const isSet = (name: string): boolean => args.flag(name) === true;
  return expand(subject, source, {
    ...EXPAND_DEFAULTS,
    offset,
    count,
    filter: args.text('filter'),
    includeDesignations: isSet('includeDesignations'),
    designations: args.texts('designation'),
    includeDefinition: isSet('includeDefinition'),
    activeOnly: isSet('activeOnly'),
    excludeNested: isSet('excludeNested'),
    excludeNotForUI: isSet('excludeNotForUI'),
    displayLanguage: args.text('displayLanguage'),
    excludeSystems: args.texts('exclude-system'),
    systemVersions: ['system-version', 'check-system-version', 'force-system-version'].flatMap(args.texts),
  });
}

/** @throws TermFault, Outcome 400 */
export function translateAnswer({ args, source, subject, maps }: Question): Resource {
  const given = givenCodes(args, args.text('system'), args.text('version'));
  const options = {
    targetSystem: args.text('targetsystem'),
    reverse: args.flag('reverse') === true,
    dependencies: args.parts('dependency'),
  };
  const [from, to] = [args.text('source'), args.text('target')];
  if (subject === null && from === null && to === null && options.targetSystem === null) {
    throw refuse(400, 'required', 'Give url or conceptMap, or what to translate to: target or targetsystem');
  }
  const chosen =
    subject === null ? maps.filter((map) => isBetween(map, options.reverse ? [to, from] : [from, to])) : [subject];
  return parameters(translation(chosen.flatMap((map) => given.flatMap((one) => translate(map, one, options, source)))));
}

/** A map between these value sets; null = whatever it is. */
function isBetween(map: Resource, [from, to]: readonly [string | null, string | null] | (string | null)[]): boolean {
  const end = (name: 'source' | 'target'): string =>
    (text(map, `${name}Uri`) ?? text(map, `${name}Canonical`) ?? '').split('|')[0] ?? '';
  return (
    (from === null || from === undefined || end('source') === from) &&
    (to === null || to === undefined || end('target') === to)
  );
}
