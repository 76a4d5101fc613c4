/** People, places and narrative: name and JSON text. */

const ABSENT =
  '{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]}';

function narrative(inner: string): string {
  const div = `<div xmlns="http://www.w3.org/1999/xhtml">${inner}</div>`;
  return `{"resourceType":"Patient","text":{"status":"generated","div":${JSON.stringify(div)}}}`;
}

function visit(start: string, end: string): string {
  return `{"resourceType":"Encounter","status":"finished","class":{"code":"HH"},"period":{"start":"${start}","end":"${end}"}}`;
}

export const ACCEPTED_PEOPLE: readonly (readonly [string, string])[] = [
  ['a day that ends just past midnight in summer time', visit('2026-06-08', '2026-06-08T00:15:00+01:00')],
  ['an instant that is another day in UTC', visit('2026-11-24T00:30:00+01:00', '2026-11-23')],
  ['an evening in the west, of a day', visit('2026-11-23', '2026-11-22T23:30:00-05:00')],
  ['a month that ends on its first day', visit('2026-11', '2026-11-01')],
  ['one instant with and without fractions', visit('2026-11-23T10:00:00Z', '2026-11-23T10:00:00.000Z')],
  [
    'a language in words alone, of a preferred value set',
    '{"resourceType":"Patient","communication":[{"language":{"text":"Welsh, signed"},"preferred":true}]}',
  ],
  [
    'a birth date with the time of birth, and only a reason in place of a sex',
    `{"resourceType":"Patient","birthDate":"2026-11-23","_birthDate":{"id":"b","extension":[{"url":
    "http://hl7.org/fhir/StructureDefinition/patient-birthTime","valueDateTime":"2026-11-23T04:05:06+00:00"}]},
    "_gender":${ABSENT}}`,
  ],
  [
    'lists of primitives with gaps on both sides',
    `{"resourceType":"Patient","name":[{"given":["A",null,"C"],"_given":[null,${ABSENT},{"id":"c"}]},
    {"_given":[${ABSENT}]},{"given":["A","B"],"_given":[null,{"id":"x"}]}]}`,
  ],
  [
    'names and addresses of the world',
    `{"resourceType":"Patient","name":[{"use":"official","text":"Nguyễn Thị Minh Khai","family":"Nguyễn"},
    {"use":"maiden","family":"O'Brien-Łukasiewicz","given":["Zoë","Μαρία","محمد"],"prefix":["Dr."],"suffix":["MBE"]},
    {"use":"nickname","text":"👶🏽 \\"Bee\\""}],"address":[{"use":"old","type":"both","text":"Line one\\nLine two\\r\\n\\tLine 3",
    "line":["1 High St"],"period":{"end":"2020"}}]}`,
  ],
  [
    'links, contacts, contained organisation and every kind of date',
    `{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"gp","name":"GP"}],
    "managingOrganization":{"reference":"#gp"},"deceasedDateTime":"2026-11","multipleBirthInteger":2,
    "link":[{"other":{"reference":"Patient/old/_history/2"},"type":"replaces"}],
    "contact":[{"relationship":[{"text":"aunt"}],"organization":{"display":"Council"},"period":{"start":"2026-11-23T10:00:00.123456789+14:00"}}],
    "communication":[{"language":{"coding":[{"system":"urn:ietf:bcp:47","code":"cy"}]},"preferred":true}],
    "photo":[{"contentType":"image/png","data":"iVBORw0KGgo=","size":8,"hash":"2jmj7l5rSw0yVb/vlWAYkK/YBwk=","creation":"2026"}]}`,
  ],
  [
    'references by identifier, by display, absolute, versioned, conditional, urn:oid, with extensions only',
    `{"resourceType":"Patient","generalPractitioner":[
    {"type":"Organization","identifier":{"use":"official","type":{"text":"ODS"},"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"A1001","assigner":{"display":"ODS"}}},
    {"display":"Dr Who"},{"reference":"https://a.example/base/v/r4/Practitioner/1/_history/3"},{"reference":"Practitioner?identifier=urn:x|1"},
    {"reference":"urn:oid:1.2.3.4"},{"reference":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"},
    {"type":"http://example.org/StructureDefinition/Own","display":"own"},${ABSENT}]}`,
  ],
  [
    'meta, language and rules',
    `{"resourceType":"Patient","id":"A-1.b","meta":{"versionId":"1","lastUpdated":"2016-12-31T23:59:60Z","source":"urn:a#b",
    "profile":["http://hl7.org/fhir/StructureDefinition/Patient|4.0.1"],"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}],
    "tag":[{"system":"urn:t","code":"with space","display":"x","userSelected":false,"version":"1"}]},"language":"en-GB"}`,
  ],
  [
    'narrative with entities, comment, table, image and links',
    narrative(
      '<p>A &amp; B &lt; C&nbsp;&eacute; &#233;&#x2014; "quoted" \'so\' &gt; ></p><!-- note - to self --><hr/><br />' +
        '<table class="grid" border="1"><caption>c</caption><thead><tr><th colspan="2">h</th></tr></thead>' +
        '<tbody><tr><td style="color: red; width: 10%">1</td><td>2</td></tr></tbody></table><ol start="3"><li><b><i>x</i></b></li></ol>' +
        '<img src="#pic" alt="a"/><img src="data:image/png;base64,AA==" alt="a"/>' +
        '<a name="x" href="#x">in</a><a href="https://a.example/?a=1&amp;b=2" title="t">out</a><a href="mailto:a@b.example">m</a>' +
        '<a href="tel:01632960001">t</a><a href="ftp://a.example/b">f</a><a href="Patient/1">p</a><blockquote cite="x"><pre>\n  a</pre></blockquote>',
    ),
  ],
  ['narrative with language and white space around', narrative('\n <p lang="cy" xml:lang="cy" dir="ltr">Helo</p>\n ')],
  [
    'narrative in single quotes',
    '{"resourceType":"Patient","text":{"status":"additional","div":"<div lang=\'en\' xmlns=\'http://www.w3.org/1999/xhtml\'>x</div>"}}',
  ],
  ['narrative of an image alone', narrative('<img src="#a" alt=""/>')],
  [
    'a role with hours, a service open all day, a place with a position',
    `{"resourceType":"PractitionerRole","active":true,"availableTime":[{"daysOfWeek":["mon","fri"],"availableStartTime":"08:30:00","availableEndTime":"17:00:00.5"}],
    "notAvailable":[{"description":"Christmas","during":{"start":"2026-12-25","end":"2026-12-25"}}],"contained":[
    {"resourceType":"HealthcareService","id":"s","availableTime":[{"allDay":true}],"providedBy":{"reference":"#o"}},
    {"resourceType":"Organization","id":"o","identifier":[{"value":"1"}],"telecom":[{"system":"phone","value":"1","use":"work","rank":1}]},
    {"resourceType":"Location","id":"l","status":"active","mode":"kind","position":{"longitude":-2.24,"latitude":53.480,"altitude":-0.0},
    "hoursOfOperation":[{"daysOfWeek":["sun"],"openingTime":"00:00:00","closingTime":"23:59:59"}]}],
    "healthcareService":[{"reference":"#s"}],"location":[{"reference":"#l"}]}`,
  ],
  [
    'a related person and a person linked with assurance',
    `{"resourceType":"RelatedPerson","patient":{"reference":"Patient/1"},"relationship":[{"coding":[{"system":
    "http://terminology.hl7.org/CodeSystem/v3-RoleCode","code":"FTH"}],"text":"father"}],"_birthDate":${ABSENT},"period":{"start":"2026-11-23T10:00:00Z","end":"2026-11-23"}}`,
  ],
  [
    'a group by characteristic, without members',
    `{"resourceType":"Group","type":"person","actual":false,"quantity":0,"characteristic":[{"code":{"text":"age"},"valueRange":
    {"low":{"value":18,"unit":"a"},"high":{"value":40,"unit":"a"}},"exclude":false},{"code":{"text":"x"},"valueBoolean":false,"exclude":true}]}`,
  ],
  [
    'a device with carriers in base64 over several lines',
    `{"resourceType":"Device","udiCarrier":[{"deviceIdentifier":"1","carrierAIDC":"AAAA\\nBBBB","entryType":"barcode"}],
    "deviceName":[{"name":"x","type":"user-friendly-name"}],"url":"urn:oid:2.16.840.1.113883","property":[{"type":{"text":"a"},"valueQuantity":[{"value":1}]}]}`,
  ],
];
