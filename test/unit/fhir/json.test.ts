import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cloneJson, NO_NUMBERS, parseJson, stringifyJson } from '../../../src/fhir/json.ts';
import { Outcome } from '../../../src/fhir/outcome.ts';

const bytesOf = (text: string): Buffer => Buffer.from(text, 'utf8');

function refusal(
  bytes: Uint8Array,
  limits = {},
): { status: number; code: string; diagnostics: string; expression: string } {
  try {
    parseJson(bytes, limits);
  } catch (error) {
    if (!(error instanceof Outcome)) throw error;
    const { code = '', diagnostics = '', expression = '' } = error.issues[0] ?? {};
    return { status: error.status, code, diagnostics, expression };
  }
  throw new Error('was accepted');
}

/** What we refuse beyond JSON's grammar, written the slow and obvious way. */
function acceptable(text: string, maxDepth: number): boolean {
  let fine = true;
  let keys = 0;
  const root: unknown = JSON.parse(text);
  const walk = (value: unknown, depth: number): void => {
    if (typeof value === 'string' && !value.isWellFormed()) fine = false;
    if (typeof value === 'number' && !Number.isFinite(value)) fine = false;
    if (typeof value !== 'object' || value === null) return;
    if (depth >= maxDepth) fine = false;
    for (const [key, item] of Object.entries(value)) {
      if (!Array.isArray(value)) keys += 1;
      if (['__proto__', 'constructor', 'prototype'].includes(key) || !key.isWellFormed()) fine = false;
      walk(item, depth + 1);
    }
  };
  walk(root, 0);
  const colons = text.replace(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1;
  return fine && colons === keys;
}

describe('what is taken', () => {
  test.each([
    '{}',
    '[]',
    'null',
    '"x"',
    ' {"a":[1,2,{"b":null}]}\n',
    '{"a":"\\ud83d\\ude00"}',
    '{"a":{"a":1}}',
    '{"é":"ü"}',
  ])('%s', (text) => {
    expect(parseJson(bytesOf(text))).toEqual({ root: JSON.parse(text), numbers: NO_NUMBERS });
  });

  test('a byte order mark in front', () => {
    expect(parseJson(Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d])).root).toEqual({});
  });

  test('a view into a larger buffer', () => {
    expect(parseJson(new Uint8Array(bytesOf('xx{"a":1}yy')).subarray(2, 9)).root).toEqual({ a: 1 });
  });

  test('forbidden names as values', () => {
    expect(parseJson(bytesOf('{"code":"constructor","x":["__proto__"]}')).root).toEqual({
      code: 'constructor',
      x: ['__proto__'],
    });
  });
});

describe('what is refused, and where', () => {
  test.each([
    ['', 'the text ends where a value is missing', 1, 1, ''],
    ['{"a":1,}', 'a property name in double quotes', 1, 8, ''],
    ['{"a":\n  [1 2]}', 'a comma or closing bracket', 2, 6, 'a[0]'],
    ['{"a":01}', 'a comma or closing brace', 1, 7, 'a'],
    ['{"a":+1}', 'a value is missing', 1, 6, 'a'],
    ['{"a":1.}', 'a comma or closing brace', 1, 7, 'a'],
    ['{"a":-}', 'a number that JSON does not know', 1, 6, 'a'],
    ['{"a":"\t"}', 'a control character', 1, 7, 'a'],
    ['{"a":"\\x"}', 'a backslash escape', 1, 7, 'a'],
    ['{} {}', 'something follows', 1, 4, ''],
    ["{'a':1}", 'a property name in double quotes', 1, 2, ''],
    ['{"a":"b', 'the text ends inside a string', 1, 8, 'a'],
    ['{"name":[{"given":1},{"family":"x","family":"y"}]}', 'the same property twice', 1, 36, 'name[1].family'],
    ['{"a":1,"\\u0061":2}', 'the same property twice', 1, 8, 'a'],
    ['{"a":{"__proto__":{}}}', 'not allowed', 1, 7, 'a.__proto__'],
    ['{"\\u005f_proto__":{}}', 'not allowed', 1, 2, '__proto__'],
    ['{"constructor":1}', 'not allowed', 1, 2, 'constructor'],
    ['{"prototype":1}', 'not allowed', 1, 2, 'prototype'],
    ['{"a":"\\ud83d"}', 'half of a surrogate pair', 1, 6, 'a'],
    ['{"a":"\\ude00\\ud83d"}', 'half of a surrogate pair', 1, 6, 'a'],
    ['{"a":"\\\\ud83d\\ude00"}', 'half of a surrogate pair', 1, 6, 'a'],
    ['{"a":"\\ud83d\\ude00\\ude00"}', 'half of a surrogate pair', 1, 6, 'a'],
    ['{"a":1e999}', 'too large', 1, 6, 'a'],
    [`{"a":${'1'.repeat(129)}}`, 'longer than 128', 1, 6, 'a'],
    ['\ufeff\ufeff{}', 'a value is missing', 1, 1, ''],
  ])('%j', (text, why, line, column, where) => {
    const { status, code, diagnostics, expression } = refusal(bytesOf(text));
    expect({ status, code, expression }).toEqual({ status: 400, code: 'structure', expression: where });
    expect(diagnostics).toContain(why);
    expect(diagnostics).toContain(`line ${line}, column ${column}`);
  });

  test('depth: 64 levels pass, 65 do not', () => {
    const nested = (levels: number): Buffer => bytesOf('['.repeat(levels) + ']'.repeat(levels));
    expect(parseJson(nested(64)).root).toBeInstanceOf(Array);
    expect(refusal(nested(65)).diagnostics).toContain('nested deeper than 64 levels');
    expect(refusal(bytesOf('{"a":{"b":1}}'), { maxDepth: 1 }).expression).toBe('a');
    expect(refusal(nested(2_000_000)).status).toBe(400);
  });

  test('size is 413', () => {
    expect(parseJson(bytesOf('{}'), { maxBytes: 2 }).root).toEqual({});
    expect(refusal(bytesOf('{} '), { maxBytes: 2 })).toMatchObject({ status: 413, code: 'too-long' });
  });

  test.each([
    ['stray continuation', [0x80]],
    ['overlong slash', [0xc0, 0xaf]],
    ['cut sequence', [0xe2, 0x82]],
    ['surrogate', [0xed, 0xa0, 0x80]],
    ['above U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
    ['latin-1', [0xe9]],
  ])('bytes that are not UTF-8: %s', (_name, bad) => {
    const bytes = Buffer.concat([bytesOf('{"é":"ü",\n"name":"'), Buffer.from(bad), bytesOf('"}')]);
    expect(refusal(bytes)).toEqual({
      status: 400,
      code: 'invalid',
      diagnostics: 'The body is not UTF-8: a byte that cannot stand at line 2, column 9 (name).',
      expression: 'name',
    });
  });

  test('no value and no odd key is repeated', () => {
    const { diagnostics } = refusal(bytesOf('{"Mary Smith 9990001006":{"a":"SECRET" "b"}}'));
    expect(diagnostics).not.toMatch(/SECRET|Mary/);
  });
});

describe('against JSON.parse', () => {
  test('accepts what it accepts, minus the refusals, with an equal tree', () => {
    const key = fc.oneof(
      fc.constantFrom('a', 'b', '__proto__', 'constructor', '1', '\ud800'),
      fc.string({ unit: 'binary', maxLength: 3 }),
    );
    const tree = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 6 },
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 6 }),
          fc.double(),
          fc.integer(),
          fc.boolean(),
          fc.constant(null),
        ),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4 }),
      ),
    })).value;
    fc.assert(
      fc.property(tree, fc.integer({ min: 0, max: 2 }), fc.integer({ min: 2, max: 6 }), (value, indent, maxDepth) => {
        const text = JSON.stringify(value, null, indent);
        const bytes = bytesOf(text);
        if (!acceptable(text, maxDepth)) expect(refusal(bytes, { maxDepth }).status).toBe(400);
        else {
          const parsed = parseJson(bytes, { maxDepth });
          expect(parsed.root).toEqual(JSON.parse(text));
          expect(stringifyJson(parsed.root, parsed.numbers)).toBe(JSON.stringify(JSON.parse(text)));
        }
      }),
      { numRuns: 400 },
    );
  });

  test('damaged texts: same verdict on the grammar', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"b":',
      '1',
      '-0',
      '2.50',
      '1e3',
      'true',
      'nul',
      '"',
      '\\',
      ' ',
      '\n',
      '\\u00',
      'é',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
        const text = pieces.join('');
        let native = true;
        try {
          native = acceptable(text, 64);
        } catch {
          native = false;
        }
        if (native) expect(parseJson(bytesOf(text)).root).toEqual(JSON.parse(text));
        else expect(refusal(bytesOf(text))).toMatchObject({ status: 400, code: 'structure' });
      }),
      { numRuns: 3000 },
    );
  });

  test('any bytes at all: an Outcome or a tree, never another error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          parseJson(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Outcome);
        }
      }),
    );
  });
});

describe('number texts', () => {
  const digits = fc.stringMatching(/^[0-9]{1,18}$/);
  const number = fc
    .tuple(
      fc.constantFrom('', '-'),
      fc.oneof(fc.constant('0'), fc.stringMatching(/^[1-9][0-9]{0,19}$/)),
      fc.option(digits),
      fc.option(fc.constantFrom('e3', 'E-2', 'e+05')),
    )
    .map(
      ([sign, whole, fraction, exponent]) =>
        sign + whole + (fraction === null ? '' : `.${fraction}`) + (exponent ?? ''),
    );

  test.each(['20.00', '1e3', '-0', '0.0', '9007199254740993', '1E+2', '0.0000001', '1.10', '100000000000000000000000'])(
    '%s stays',
    (text) => {
      const body = `{"valueQuantity":{"value":${text},"n":7},"list":[1,${text},2.5]}`;
      const { root, numbers } = parseJson(bytesOf(body));
      expect(numbers.size).toBe(2);
      expect(stringifyJson(root, numbers)).toBe(body);
    },
  );

  test('canonical numbers cost nothing', () => {
    expect(parseJson(bytesOf('[0,-1,2.5,0.1,123456789012345,1e-7]')).numbers.size).toBe(0);
  });

  test('any tree of numbers comes back as it came, also with index-like and escaped keys', () => {
    const item = fc.oneof(
      number,
      fc.array(number, { maxLength: 3 }).map((list) => `[${list.join(',')}]`),
    );
    const key = fc.constantFrom('a', 'b', '10', '2', '\\u0031', 'value', '01');
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(key, item), { selector: ([k]) => k }), (entries) => {
        const text = `{${entries.map(([k, v]) => `"${k}":${v}`).join(',')}}`;
        const { root, numbers } = parseJson(bytesOf(text));
        const again = stringifyJson(root, numbers);
        expect(JSON.parse(again)).toEqual(JSON.parse(text));
        if (!/"(10|2|\\u0031)"/.test(text)) expect(again).toBe(text);
        for (const [k, v] of entries) expect(again).toContain(`${JSON.stringify(JSON.parse(`"${k}"`))}:${v}`);
        const copy = cloneJson(root, numbers);
        expect(stringifyJson(copy.root, copy.numbers)).toBe(again);
      }),
    );
  });

  test('a changed number never shows its old text; a clone is independent', () => {
    const { root, numbers } = parseJson(bytesOf('{"a":20.00,"b":{"c":1.0}}'));
    const copy = cloneJson(root, numbers);
    Object.assign(Object(root), { a: 5 });
    expect(stringifyJson(root, numbers)).toBe('{"a":5,"b":{"c":1.0}}');
    expect(stringifyJson(copy.root, copy.numbers)).toBe('{"a":20.00,"b":{"c":1.0}}');
  });

  test('undefined members are left out, as JSON.stringify does', () => {
    const { root, numbers } = parseJson(bytesOf('{"a":20.00}'));
    Object.assign(Object(root), { gone: undefined });
    expect(stringifyJson(root, numbers)).toBe('{"a":20.00}');
    expect(cloneJson({ a: undefined, b: 1 }).root).toEqual({ b: 1 });
  });
});
