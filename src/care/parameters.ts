/** Input of operations: a FHIR Parameters resource read strictly by name; an unknown or missing one is a 400. */
import { refuse } from '../fhir/outcome.ts';
import type { JsonObject, Resource } from '../fhir/types.ts';
import { objectsAt, textAt } from './shape.ts';

export class OperationInput {
  readonly #parameters: JsonObject[];

  /** Throws Outcome 400 for another resource than Parameters or a name the operation does not know. */
  constructor(body: Resource | undefined, known: readonly string[]) {
    if (body !== undefined && body.resourceType !== 'Parameters') {
      throw refuse(400, 'invalid', 'the body of an operation is a Parameters resource', 'resourceType');
    }
    this.#parameters = objectsAt(body, 'parameter');
    const stray = this.#parameters.find((one) => !known.includes(textAt(one, 'name') ?? ''));
    if (stray === undefined) return;
    const name = (textAt(stray, 'name') ?? '').slice(0, 40);
    throw refuse(
      400,
      'not-supported',
      `unknown parameter "${name}"; known: ${known.join(', ') || 'none'}`,
      'Parameters.parameter',
    );
  }

  /** All values of a name, as text: codes, strings, instants, references. */
  all(name: string): string[] {
    return this.#parameters.filter((one) => one.name === name).flatMap((one) => valueText(one) ?? []);
  }

  optional(name: string): string | undefined {
    return this.all(name)[0];
  }

  required(name: string): string {
    const value = this.optional(name);
    if (value === undefined) throw refuse(400, 'required', `parameter "${name}" is needed`, 'Parameters.parameter');
    return value;
  }

  flag(name: string): boolean {
    return this.#parameters.some((one) => one.name === name && one.valueBoolean === true);
  }

  /** Repeating parameters made of parts. */
  parts(name: string): JsonObject[][] {
    return this.#parameters.filter((one) => one.name === name).map((one) => objectsAt(one, 'part'));
  }
}

const TEXTS = ['valueCode', 'valueString', 'valueInstant', 'valueDateTime', 'valueDate', 'valueUri'];

/** The text of a parameter's value; undefined when it has none. */
export function valueText(parameter: JsonObject): string | undefined {
  const name = TEXTS.find((one) => typeof parameter[one] === 'string');
  return name === undefined ? textAt(parameter, 'valueReference', 'reference') : textAt(parameter, name);
}
