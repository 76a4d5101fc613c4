/** Canonicals of the OperationDefinitions behind the route table, for the CapabilityStatement. */

import type { OperationCapability } from '../../definitions/capability.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Operation } from './dispatch.ts';

const R4 = 'http://hl7.org/fhir/OperationDefinition';
const BACKPORT = 'http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition';
const OURS = 'https://tandem.example/fhir/OperationDefinition';

/** Defined elsewhere, or by us for every type; all others are `Type-name` of ours. */
const DEFINED: Readonly<Record<string, string>> = {
  'Patient $everything': `${R4}/Patient-everything`,
  'Encounter $everything': `${R4}/Encounter-everything`,
  'Subscription $status': `${BACKPORT}/backport-subscription-status`,
  'Subscription $events': `${BACKPORT}/backport-subscription-events`,
  $validate: `${R4}/Resource-validate`,
  $meta: `${R4}/Resource-meta`,
  '$meta-add': `${R4}/Resource-meta-add`,
  '$meta-delete': `${R4}/Resource-meta-delete`,
  $versions: `${R4}/CapabilityStatement-versions`,
  $diff: `${OURS}/Resource-diff`,
  $rectify: `${OURS}/Resource-rectify`,
  '$attach-statement': `${OURS}/Resource-attach-statement`,
  '$move-to-patient': `${OURS}/Resource-move-to-patient`,
};

/** What the statement says about the operations of a type (null: of the system), each name once. */
export function operationCapabilities(operations: readonly Operation[], type: string | null): OperationCapability[] {
  const own = operations.filter(
    (one) => one.type === type || (one.type === '*' && type !== null && type !== 'AuditEvent'),
  );
  const named = [...new Map(own.map((one) => [one.name, one])).values()];
  return named.map((one) => ({ name: one.name.slice(1), definition: canonicalOf(one, type) }));
}

function canonicalOf({ name, definition }: Pick<Operation, 'name' | 'definition'>, type: string | null): string {
  return definition ?? DEFINED[`${type} ${name}`] ?? DEFINED[name] ?? `${OURS}/${type ?? 'System'}-${name.slice(1)}`;
}

/** `joint-visit` -> `JointVisit`: a name that programs can use. */
function machineName(id: string): string {
  return id.replace(/(?:^|-)([a-z])/gi, (_, letter: string) => letter.toUpperCase()).replace(/[^A-Za-z0-9]/g, '');
}

/**
 * The OperationDefinitions of what is really offered and defined by nobody else, one for each canonical: where it is
 * called and how. Its parameters are told by the documentation and by its refusals.
 */
export function operationResources(operations: readonly Operation[]): Resource[] {
  const byCanonical = new Map<string, Operation[]>();
  for (const one of operations) {
    const canonical = canonicalOf(one, one.type === '*' ? 'Resource' : one.type);
    if (canonical.startsWith(OURS)) byCanonical.set(canonical, [...(byCanonical.get(canonical) ?? []), one]);
  }
  return [...byCanonical].map(([url, same]): Resource => {
    const id = url.slice(OURS.length + 1);
    const types = [...new Set(same.map(({ type }) => (type === '*' ? 'Resource' : type)))].filter(
      (type) => type !== null,
    );
    return {
      resourceType: 'OperationDefinition',
      id,
      url,
      name: machineName(id),
      status: 'active',
      kind: 'operation',
      affectsState: !same.some(({ methods }) => methods.includes('GET')),
      code: (same[0]?.name ?? '$').slice(1),
      ...(types.length === 0 ? {} : { resource: types }),
      system: same.some(({ level }) => level === 'system'),
      type: same.some(({ level }) => level === 'type'),
      instance: same.some(({ level }) => level === 'instance'),
    };
  });
}
