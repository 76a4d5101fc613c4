/** Elements of directory resources in the words of those who keep it. What has no word here is shown by its path, never hidden. */
import type { FieldChange } from '../../directory/differences.ts';
import { NMC_NUMBER, ODS_ORGANIZATION, SDS_ROLE_PROFILE, SDS_USER } from '../../fhir/identifiers.ts';

const WORDS: Readonly<Record<string, string>> = {
  active: 'In use',
  status: 'State',
  name: 'Name',
  'name.text': 'Name',
  'name.family': 'Family name',
  'name.given': 'Given name',
  'telecom.value': 'Phone or mail',
  'period.start': 'First day',
  'period.end': 'Last day',
  'practitioner.reference': 'Person',
  'practitioner.display': 'Person',
  'organization.reference': 'Service',
  'organization.display': 'Service',
  'healthcareService.reference': 'Listed as',
  'code.coding.display': 'Role',
  'code.text': 'Role',
  'specialty.coding.display': 'Field',
  'partOf.reference': 'Part of',
  'providedBy.reference': 'Provided by',
  'managingOrganization.reference': 'Service',
  'type.coding.display': 'Kind',
  'physicalType.coding.code': 'Kind of place',
  'participant.member.reference': 'Member',
  'participant.period.start': 'Member from',
  'participant.period.end': 'Member until',
  'extension.valueReference.reference': 'Supervisor or team',
  'schedule.reference': 'List',
  'actor.reference': 'Person',
  start: 'Begins',
  end: 'Ends',
};

const NUMBERS: Readonly<Record<string, string>> = {
  [ODS_ORGANIZATION]: 'ODS code',
  [SDS_USER]: 'SDS user id',
  [SDS_ROLE_PROFILE]: 'SDS role profile id',
  [NMC_NUMBER]: 'NMC PIN',
  'https://tandem.example/fhir/Id/staff-number': 'Staff number',
  'https://tandem.example/fhir/Id/service': 'Id of the service',
  'https://tandem.example/fhir/Id/team': 'Id of the team',
  'https://tandem.example/fhir/Id/location': 'Id of the place',
  'https://tandem.example/fhir/Id/role': 'Id of the role',
};

const PLAIN = /\[\d+\]/g;

/** `participant[2].member.reference` -> `Member 2`. `systems`: the system of each identifier, by the path of its value. */
export function elementWord(path: string, systems: ReadonlyMap<string, string> = new Map()): string {
  const plain = path.replace(PLAIN, '');
  const word = plain === 'identifier.value' ? NUMBERS[systems.get(path) ?? ''] : WORDS[plain];
  if (word === undefined) return path;
  const place = /\[(\d+)\]/.exec(path)?.[1] ?? '1';
  return place === '1' || plain === 'identifier.value' ? word : `${word} ${place}`;
}

interface Valued {
  path: string;
  /** What stands in it, afterwards or before. */
  value: string;
}

/** The system beside each identifier's value. */
export function systemsIn(all: readonly Valued[]): Map<string, string> {
  return new Map(
    all.flatMap(({ path, value }) =>
      /^identifier(\[\d+\])?\.system$/.test(path) ? [[path.replace(/system$/, 'value'), value] as const] : [],
    ),
  );
}

/** Elements that only say how to read the one beside them: left out where that one stands too. */
const BESIDE: readonly (readonly [is: RegExp, beside: string])[] = [
  [/^(identifier|telecom)(\[\d+\])?\.(system|use)$/, 'value'],
  [/^(.*coding)(\[\d+\])?\.(system|code)$/, 'display'],
  [/^(name)(\[\d+\])?\.(use)$/, 'family'],
  [/^(extension)(\[\d+\])?\.(url)$/, 'valueReference.reference'],
  [/^(practitioner|organization)()\.(display)$/, 'reference'],
];

export function isBeside(path: string, paths: ReadonlySet<string>): boolean {
  return BESIDE.some(([is, beside]) => {
    const match = is.exec(path);
    return match !== null && paths.has(`${match[1]}${match[2] ?? ''}.${beside}`);
  });
}

/** Differences as rows of a page; `names` of what references lead to. */
export function differenceRows(
  fields: readonly FieldChange[],
  action: 'added' | 'changed' | 'ended' | 'unchanged',
  names: ReadonlyMap<string, string>,
): { what: string; before: string; after: string }[] {
  const paths = new Set(fields.map(({ path }) => path));
  const systems = systemsIn(fields.map(({ path, before, after }) => ({ path, value: after ?? before ?? '' })));
  const shown = (value: string | null) => (value === null ? 'nothing' : (names.get(value) ?? value));
  return fields
    .filter(({ path }) => !isBeside(path, paths) && !(action === 'added' && (path === 'active' || path === 'status')))
    .map(({ path, before, after }) => ({
      what: elementWord(path, systems),
      before: shown(before),
      after: shown(after),
    }));
}
