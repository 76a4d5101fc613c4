/** FHIR XML (R4 xml.html): what goes out comes back, whatever the resource; what is not FHIR XML is refused with its place. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { defaultSources } from '../../../src/definitions/sources.ts';
import { parseJson } from '../../../src/fhir/json.ts';
import { prettyJson } from '../../../src/fhir/json-pretty.ts';
import { Outcome } from '../../../src/fhir/outcome.ts';
import type { Json, JsonObject } from '../../../src/fhir/types.ts';
import { xmlEntities } from '../../../src/fhir/xhtml-entities.ts';
import { readXml } from '../../../src/fhir/xml-read.ts';
import { isAttribute, NUMBER_TYPES, nodeOf, type XmlNode, type XmlProp } from '../../../src/fhir/xml-shape.ts';
import { writeXml } from '../../../src/fhir/xml-write.ts';
import { ACCEPTED_BUNDLES } from '../definitions/accepted-bundles.ts';
import { ACCEPTED_CARE } from '../definitions/accepted-care.ts';
import { ACCEPTED_PEOPLE } from '../definitions/accepted-people.ts';
import { testDefinitions } from '../definitions/cache.ts';

const definitions = await testDefinitions();
const { shapes, resourceTypes } = definitions;
const read = (xml: string): string => readXml(Buffer.from(xml), shapes);
const back = (json: string, pretty = false): string => read(writeXml(json, shapes, pretty));
const NS = 'xmlns="http://hl7.org/fhir"';

/** Every number as the text it was written with. */
function spelt(json: string): unknown {
  return JSON.parse(json, (_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' ? `number ${context?.source}` : value,
  );
}

describe('what goes out comes back', () => {
  // Two things change in narrative, as XML 1.0 says: line ends become one character, and entities XML does not know
  // become character references. It is the same text for any reader of XHTML.
  const numeric = (json: string) => xmlEntities(json).replace(/\\r\\n|\\r/g, String.raw`\n`);

  test.each([...ACCEPTED_PEOPLE, ...ACCEPTED_BUNDLES, ...ACCEPTED_CARE])('%s', (_, text) => {
    const source = numeric(text);
    expect(spelt(numeric(back(text)))).toEqual(spelt(source));
    expect(spelt(numeric(back(text, true)))).toEqual(spelt(source));
  });

  test.each(['profiles-types.json', 'search-parameters.json', 'valuesets.json'])('all of R4’s own %s', (file) => {
    const bundle: { entry: { resource: JsonObject }[] } = JSON.parse(
      readFileSync(`${defaultSources().r4}/${file}`, 'utf8'),
    );
    const sample = bundle.entry.filter((_entry, i) => i % 7 === 0);
    expect(sample.length).toBeGreaterThan(5);
    for (const { resource } of sample) {
      expect(JSON.parse(numeric(back(JSON.stringify(resource))))).toEqual(
        JSON.parse(numeric(JSON.stringify(resource))),
      );
    }
  });

  test('generated resources of every type', () => {
    fc.assert(
      fc.property(generated(), (json) => {
        expect(spelt(back(json))).toEqual(spelt(json));
        expect(spelt(prettyJson(json))).toEqual(spelt(json));
      }),
      { numRuns: 400 },
    );
  });
});

/** JSON text of a random resource of a random type, every kind of element in it, not valid but well shaped. */
function generated(): fc.Arbitrary<string> {
  const text = fc.string({
    unit: fc.constantFrom('a', 'ß', '😀', '<', '&', '"', "'", '>', '\n', '\t', ' ', '\\'),
    minLength: 1,
    maxLength: 6,
  });
  const number = fc.constantFrom('0', '-1', '20.00', '1.0', '0.10', '3e2', '1.50E-3', '123456789012345678.90');
  const raw = (value: string): Json => parseJson(Buffer.from(JSON.stringify(value))).root;
  return fc.gen().map((g) => {
    const texts: string[] = [];
    const primitive = (type: string): Json => {
      if (type === 'boolean') return g(fc.boolean);
      if (!NUMBER_TYPES.has(type)) return raw(g(() => text));
      texts.push(g(() => number));
      return `#number${texts.length - 1}#`;
    };
    const value = (prop: XmlProp, depth: number): Json => {
      if (prop.kind === 'xhtml')
        return '<div xmlns="http://www.w3.org/1999/xhtml">a <b class="x">b</b> &amp;<br/></div>';
      if (prop.kind === 'resource') return object(shapes.node('Basic'), depth + 1, 'Basic');
      if (prop.kind === 'primitive') return primitive(prop.type);
      return object(nodeOf(shapes, prop), depth + 1);
    };
    const object = (node: XmlNode | null, depth: number, resourceType?: string): JsonObject => {
      const made: JsonObject = resourceType === undefined ? {} : { resourceType };
      for (const prop of node?.props.values() ?? []) {
        if (prop.kind === 'shadow' || prop.kind === 'type' || (depth > 3 && prop.kind !== 'primitive')) continue;
        if (g(fc.nat, { max: 6 }) !== 0) continue;
        if (node !== null && isAttribute(node, prop.key)) made[prop.key] = raw(g(() => text));
        else if (!prop.list) made[prop.key] = value(prop, depth);
        else made[prop.key] = Array.from({ length: g(fc.integer, { min: 1, max: 3 }) }, () => value(prop, depth));
        const twin: JsonObject = { extension: [{ url: 'http://e.org/x', valueCode: 'c' }] };
        if (prop.kind !== 'primitive' || (node !== null && isAttribute(node, prop.key)) || g(fc.nat, { max: 3 }) !== 0)
          continue;
        if (!(`_${prop.key}` in made) && !node?.props.has(`_${prop.key}`)) continue;
        made[`_${prop.key}`] = prop.list
          ? [twin, ...Array.from({ length: lengthOf(made[prop.key]) - 1 }, () => null)]
          : twin;
      }
      // An element without anything in it is no element of FHIR.
      if (resourceType === undefined && Object.keys(made).length === 0) made.id = 'x';
      return made;
    };
    const type = g(() => fc.constantFrom(...resourceTypes));
    const json = JSON.stringify(object(shapes.node(type), 0, type));
    return json.replaceAll(/"#number(\d+)#"/g, (_, i) => texts[Number(i)] ?? '0');
  });
}

const lengthOf = (value: Json | undefined): number => (Array.isArray(value) ? value.length : 0);

describe('as the specification writes it', () => {
  test('order of the definition, ids and urls as attributes, extensions of primitives inside them', () => {
    const json =
      '{"resourceType":"Patient","id":"p","birthDate":"1990-01-01","_birthDate":{"extension":[{"url":"http://e.org/t","valueDecimal":1.50}]},"name":[{"id":"n","given":["A",null],"_given":[null,{"extension":[{"url":"http://e.org/u","valueCode":"x"}]}],"family":"O\'X & <Y>"}],"contained":[{"resourceType":"Basic","id":"b","code":{"text":"c"}}]}';
    expect(writeXml(json, shapes)).toBe(
      `<?xml version="1.0" encoding="UTF-8"?><Patient ${NS}><id value="p"/><contained><Basic><id value="b"/><code><text value="c"/></code></Basic></contained><name id="n"><family value="O'X &amp; &lt;Y&gt;"/><given value="A"/><given><extension url="http://e.org/u"><valueCode value="x"/></extension></given></name><birthDate value="1990-01-01"><extension url="http://e.org/t"><valueDecimal value="1.50"/></extension></birthDate></Patient>`,
    );
  });

  test('declaration, comments, instructions, prefixes and schema locations are read past', () => {
    const xml = `\ufeff<?xml version="1.0" encoding="utf-8"?>\r\n<!-- one --><?x y?><f:Patient xmlns:f="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://hl7.org/fhir x.xsd">
      <f:active  value = 'true' /><!-- two --></f:Patient> <!-- end -->`;
    expect(JSON.parse(read(xml))).toEqual({ resourceType: 'Patient', active: true });
  });

  test('blanks of attributes as XML 1.0 reads them', () => {
    expect(JSON.parse(read(`<Basic ${NS}><code><text value="a\nb&#10;c&#x9;d"/></code></Basic>`))).toEqual({
      resourceType: 'Basic',
      code: { text: 'a b\nc\td' },
    });
  });
});

describe('what is not FHIR XML is refused, with its place', () => {
  const bomb = `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>`;
  test.each(
    [
      ['nothing', '', 'empty'],
      ['text', 'hello', 'text stands between'],
      ['JSON', '{"resourceType":"Patient"}', 'text stands between'],
      [
        'an external entity',
        `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><Patient ${NS}><language value="&e;"/></Patient>`,
        'no DTD',
      ],
      ['entities that expand', `${bomb}<Patient ${NS}><language value="&b;"/></Patient>`, 'no DTD'],
      ['an external DTD', `<!DOCTYPE Patient SYSTEM "http://x.example/x.dtd"><Patient ${NS}/>`, 'no DTD'],
      ['an unknown entity', `<Patient ${NS}><language value="&nbsp;"/></Patient>`, 'entity'],
      ['an inherited name as entity', `<Patient ${NS}><language value="&constructor;"/></Patient>`, 'entity'],
      ['a lone ampersand', `<Patient ${NS}><language value="a & b"/></Patient>`, 'entity'],
      ['a reference to no character', `<Patient ${NS}><language value="&#0;"/></Patient>`, 'entity'],
      ['CDATA', `<Patient ${NS}><![CDATA[x]]></Patient>`, 'CDATA'],
      ['another namespace', '<Patient xmlns="http://example.org"/>', 'namespace'],
      ['no namespace', '<Patient/>', 'namespace'],
      ['no such type', `<Unicorn ${NS}/>`, 'not a resource type'],
      ['a data type', `<HumanName ${NS}/>`, 'not a resource type'],
      ['an unknown element', `<Patient ${NS}><horn value="1"/></Patient>`, 'no element horn', 'Patient'],
      [
        'the JSON twin of a primitive',
        `<Patient ${NS}><_active value="1"/></Patient>`,
        'no element _active',
        'Patient',
      ],
      ['resourceType', `<Patient ${NS}><resourceType value="Group"/></Patient>`, 'no element resourceType', 'Patient'],
      [
        'an unknown attribute',
        `<Patient ${NS}><active value="true" x="1"/></Patient>`,
        'attribute x',
        'Patient.active',
      ],
      [
        'a wrong order',
        `<Patient ${NS}><gender value="female"/><active value="true"/></Patient>`,
        'order',
        'Patient.active',
      ],
      [
        'an element twice',
        `<Patient ${NS}><active value="true"/><active value="true"/></Patient>`,
        'repeat',
        'Patient.active',
      ],
      ['text as value', `<Patient ${NS}><active>true</active></Patient>`, 'text stands', 'Patient.active'],
      ['an empty primitive', `<Patient ${NS}><active/></Patient>`, 'neither a value', 'Patient.active'],
      ['a boolean that is none', `<Patient ${NS}><active value="1"/></Patient>`, 'true or false', 'Patient.active'],
      [
        'a number that is none',
        `<Patient ${NS}><multipleBirthInteger value="01"/></Patient>`,
        'not a number',
        'Patient.multipleBirthInteger',
      ],
      [
        'a div outside XHTML',
        `<Patient ${NS}><text><status value="empty"/><div/></text></Patient>`,
        'wrong namespace',
        'Patient.text.div',
      ],
      ['tags that cross', `<Patient ${NS}><name><family value="x"/></Patient></name>`, 'end of name'],
      ['no end', `<Patient ${NS}><name>`, 'end of name'],
      ['something behind it', `<Patient ${NS}/><Patient ${NS}/>`, 'follows'],
      ['an attribute twice', `<Patient ${NS}><active value="true" value="false"/></Patient>`, 'twice'],
      ['another encoding', `<?xml version="1.0" encoding="ISO-8859-1"?><Patient ${NS}/>`, 'UTF-8'],
      ['a control character', `<Patient ${NS}><language value="\u0001"/></Patient>`, 'character'],
      ['an empty contained', `<Patient ${NS}><contained/></Patient>`, 'resource was expected', 'Patient.contained'],
      ['nesting without end', `<Basic ${NS}>${'<extension url="x">'.repeat(100)}`, 'levels'],
    ].map(([name = '', xml = '', words = '', place = '']) => ({ name, xml, words, place })),
  )('$name', ({ xml, words, place }) => {
    const refusal = refusalOf(() => read(xml));
    expect(refusal.status).toBe(400);
    expect(refusal.issues[0]?.diagnostics).toContain(words);
    expect(refusal.issues[0]?.diagnostics).toMatch(/^XML line \d+, column \d+: /);
    if (place !== '') expect(refusal.issues[0]?.expression).toBe(place);
  });

  test('namespaces without end are refused at the first too many, not copied for each', () => {
    const many = Array.from({ length: 20_000 }, (_, i) => `xmlns:p${i}=""`).join(' ');
    const begun = performance.now();
    const refusal = refusalOf(() => read(`<Patient ${NS} ${many}/>`));
    expect(refusal.issues[0]?.diagnostics).toContain('more than 32 namespaces');
    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  test('any text at all gives a resource or a refusal, in time', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '/',
      '<Patient',
      ` ${NS}`,
      '<active value="true"/>',
      '<!--',
      '-->',
      '<?',
      '&lt;',
      '"',
      ' ',
      'x',
      '</Patient>',
      '<text>',
      '<div xmlns="http://www.w3.org/1999/xhtml">',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        try {
          JSON.parse(read(pieces.join('')));
        } catch (error) {
          if (!(error instanceof Outcome)) throw error;
        }
      }),
    );
  });
});

function refusalOf(work: () => unknown): Outcome {
  try {
    work();
  } catch (error) {
    if (error instanceof Outcome) return error;
    throw error;
  }
  throw new Error('it was taken');
}
