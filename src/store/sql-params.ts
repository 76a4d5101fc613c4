/** Collects the values of one statement; arrays and other objects are sent once. */
export class SqlParams {
  readonly values: unknown[] = [];
  readonly #objects = new Map<object, string>();

  /** The placeholder of a value, `$n`. */
  add(value: unknown): string {
    if (typeof value !== 'object' || value === null) return `$${this.values.push(value)}`;
    const known = this.#objects.get(value);
    if (known !== undefined) return known;
    const placeholder = `$${this.values.push(value)}`;
    this.#objects.set(value, placeholder);
    return placeholder;
  }
}
