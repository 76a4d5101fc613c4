/** Canonicals of the OperationDefinitions behind the route table, for the CapabilityStatement. */
import type { OperationCapability } from '../../definitions/capability.ts';
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
};

/** What the statement says about the operations of a type (null: of the system), each name once. */
export function operationCapabilities(operations: readonly Operation[], type: string | null): OperationCapability[] {
  const own = operations.filter(
    (one) => one.type === type || (one.type === '*' && type !== null && type !== 'AuditEvent'),
  );
  const named = [...new Map(own.map((one) => [one.name, one])).values()];
  return named.map(({ name, definition }) => ({
    name: name.slice(1),
    definition:
      definition ?? DEFINED[`${type} ${name}`] ?? DEFINED[name] ?? `${OURS}/${type ?? 'System'}-${name.slice(1)}`,
  }));
}
