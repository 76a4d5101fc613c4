/** Constraints of our own profiles that every record meets, as direct code; a property test holds them to fhirpath. */
import type { JsonObject } from '../fhir/types.ts';
import { isNhsNumber } from './nhs-number.ts';
import { objects, text } from './reading.ts';

const STATUS = 'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus';

/** By key; `value` is the element the constraint stands on. Ten equal digits are refused before (checkIdentifier). */
export const PROFILE_RULES: ReadonlyMap<string, (value: JsonObject) => boolean> = new Map([
  ['jv-nhs-1', (value) => text(value, 'value') === undefined || isNhsNumber(text(value, 'value') ?? '')],
  ['jv-nhs-2', (value) => objects(value, 'extension').some(({ url }) => url === STATUS)],
]);
