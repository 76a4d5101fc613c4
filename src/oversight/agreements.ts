/**
 * The register of sharing agreements (R-04, 6.7 item 10): what is in force between which services, one agreement with its
 * versions and who agreed to them, and ending one at once. Agreements are resources: they are read through `record`.
 */
import { asResource, isObject } from '../fhir/resource.ts';
import type { Json, Resource } from '../fhir/types.ts';
import { claims } from '../governance/elements.ts';
import { SHARING_AGREEMENT } from '../governance/vocabulary.ts';
import { parseStored } from '../record/decide.ts';
import { history } from '../record/history.ts';
import { read } from '../record/read.ts';
import { audited, notFound } from '../record/refusal.ts';
import { search } from '../record/search.ts';
import type { Context, Door } from '../record/types.ts';
import { guardiansOf, type SideGuardian, servicesNamed, type Told, toldOf } from '../store/models/agreements.ts';
import { namesOf } from '../store/models/alerts.ts';
import { decidedAbout } from '../store/models/decided-changes.ts';
import { type AgreementView, agreementView } from './agreement-view.ts';
import { deskEntry } from './officer.ts';
import { propose } from './two-persons.ts';

/** Names of services by reference. */
export type ServiceNames = ReadonlyMap<string, string>;

const IN_REGISTER = 500;

/** Every agreement, those that need attention first. @throws Outcome 403 for roles that do not see agreements, 404 for families */
export async function readRegister(door: Door, context: Context): Promise<AgreementView[]> {
  // An empty register would tell a family that nothing is shared about it.
  const entry = deskEntry(context, 'agreements');
  if (context.principal.kind === 'family')
    return audited(door, entry, async () => {
      throw await notFound(door, entry);
    });
  const query = `_count=${IN_REGISTER}&_sort=-_lastUpdated`;
  const found = await search(door, context, { type: 'Contract', query, lenient: false });
  const views = resourcesIn(found)
    .filter((one) => claims(one, SHARING_AGREEMENT))
    .map((one) => agreementView(one, context.now));
  return views.sort(
    (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || (a.daysLeft ?? 1e9) - (b.daysLeft ?? 1e9),
  );
}

const ORDER: readonly AgreementView['state'][] = [
  ...(['faulty', 'lapsed', 'ending', 'in-force', 'not-yet', 'draft', 'ended', 'revoked'] as const),
];

export interface AgreementVersion extends AgreementView {
  proposer: string | null;
  decider: string | null;
  words: string | null;
}

/** One agreement, with its versions, newest first. @throws Outcome 404 for an id that is no agreement */
export async function readAgreement(door: Door, context: Context, id: string): Promise<AgreementVersion[]> {
  const target = `Contract/${id}`;
  const resources = resourcesIn(await history(door, context, { type: 'Contract', id, query: '_count=100' }));
  const decided = await decidedAbout(door.pool, target);
  const people = [...new Set(decided.flatMap(({ proposer, decider }) => [proposer, decider]))];
  const names = new Map((await namesOf(door.pool, people)).map((name, i) => [people[i] ?? '', name]));
  const versions = resources
    .filter((one) => claims(one, SHARING_AGREEMENT))
    .map((one): AgreementVersion => {
      const view = agreementView(one, context.now);
      const by = decided.find(({ written }) => written === view.version);
      const nameOf = (party: string | undefined) => (party === undefined ? null : (names.get(party) ?? party));
      return { ...view, proposer: nameOf(by?.proposer), decider: nameOf(by?.decider), words: by?.words ?? null };
    });
  if (versions.length > 0) return versions;
  throw await notFound(door, deskEntry(context, 'agreement', { entities: [target] }));
}

/** The agreement as it is stored, to be changed. @throws Outcome 404 */
export async function agreementResource(door: Door, context: Context, id: string): Promise<Resource> {
  return parseStored((await read(door, context, 'Contract', id)).text).resource;
}

/** Ends an agreement at once: what only narrows needs one person. */
export async function revokeAgreement(door: Door, context: Context, id: string, words: string): Promise<void> {
  const resource = await agreementResource(door, context, id);
  await propose(door, context, Buffer.from(JSON.stringify({ ...resource, status: 'revoked' })), words);
}

/** Services of the directory and of agreements, with their names. Nothing about a family, so nothing is recorded. */
export async function serviceNames(door: Door): Promise<ServiceNames> {
  return new Map((await servicesNamed(door.pool)).map(({ service, name }) => [service, name]));
}

function resourcesIn(bundle: string): Resource[] {
  const { entry }: { entry?: unknown } = JSON.parse(bundle);
  if (!Array.isArray(entry)) return [];
  return entry.flatMap((one: unknown) => {
    const resource: Json | undefined = isObject(one) ? one.resource : undefined;
    return isObject(resource) && resource.resourceType === 'Contract' ? [asResource(resource)] : [];
  });
}

/** Whom warnings about an agreement are addressed to, and those given so far. Its page was recorded before. */
export async function agreementWarnings(
  door: Door,
  { now }: Context,
  id: string,
): Promise<{ guardians: SideGuardian[]; told: Told[] }> {
  const contract = `Contract/${id}`;
  const [guardians, told] = await Promise.all([guardiansOf(door.pool, contract, now), toldOf(door.pool, contract)]);
  return { guardians, told };
}
