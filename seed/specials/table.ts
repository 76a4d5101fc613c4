/** What a special family is: what it shows, how it differs from a plain one, and what is changed or added. */
import type { Resource } from '../../src/fhir/types.ts';
import type { Family, FamilySpec } from '../family/model.ts';

/** One or more transactions, in order: the later ones are what happened later. */
export type Steps = Resource[][];

export interface Special {
  /** `fam-001`..: an id says nothing about a family; the README says what it shows. */
  id: string;
  shows: string;
  spec: Omit<FamilySpec, 'id' | 'number'>;
  /** What the plain resources become; default: they stay. */
  steps?: (family: Family, plain: Resource[]) => Steps;
}

/** The resources with one of them changed. @throws Error when it is not among them */
export function changing(
  resources: readonly Resource[],
  address: string,
  change: (one: Resource) => Resource,
): Resource[] {
  if (!resources.some((one) => addressOf(one) === address)) throw new Error(`no ${address} to change`);
  return resources.map((one) => (addressOf(one) === address ? change(one) : one));
}

/** One of them. @throws Error when it is not there */
export function the(resources: readonly Resource[], address: string): Resource {
  const found = resources.find((one) => addressOf(one) === address);
  if (found === undefined) throw new Error(`no ${address}`);
  return found;
}

export const addressOf = (one: Resource): string => `${one.resourceType}/${one.id}`;
