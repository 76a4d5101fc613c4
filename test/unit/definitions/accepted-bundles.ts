/** Bundles, parameters, definitions and conformance: name and JSON text. */

const UUID = 'urn:uuid:c757873d-ec9a-4326-a141-556f43239520';
const OTHER = 'urn:uuid:c757873d-ec9a-4326-a141-556f43239521';

export const ACCEPTED_BUNDLES: readonly (readonly [string, string])[] = [
  [
    'a transaction of every verb',
    `{"resourceType":"Bundle","type":"transaction","entry":[
    {"fullUrl":"${UUID}","resource":{"resourceType":"Patient","active":true},"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=a|b"}},
    {"fullUrl":"${OTHER}","resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"${UUID}"},
      "performer":[{"reference":"Practitioner?identifier=a|b"}]},"request":{"method":"PUT","url":"Observation?identifier=c|d","ifMatch":"W/\\"2\\""}},
    {"resource":{"resourceType":"Binary","contentType":"application/json-patch+json","data":"W10="},"request":{"method":"PATCH","url":"Patient/1"}},
    {"request":{"method":"DELETE","url":"Patient/2"}},{"request":{"method":"GET","url":"Patient?name=x","ifNoneMatch":"W/\\"1\\"","ifModifiedSince":"2026-11-23T00:00:00Z"}},
    {"request":{"method":"HEAD","url":"metadata"}}]}`,
  ],
  [
    'a page of a search, with an include and an outcome',
    `{"resourceType":"Bundle","id":"x","type":"searchset","timestamp":"2026-11-23T10:00:00.000Z","total":0,"link":[{"relation":"self","url":"https://a.example/Patient?name=%C3%A9"},
    {"relation":"next","url":"https://a.example?page=2"}],"entry":[{"fullUrl":"https://a.example/Patient/1","resource":{"resourceType":"Patient","id":"1"},"search":{"mode":"match","score":1.0}},
    {"fullUrl":"https://a.example/Organization/1","resource":{"resourceType":"Organization","id":"1","name":"x"},"search":{"mode":"include"}},
    {"resource":{"resourceType":"OperationOutcome","issue":[{"severity":"warning","code":"processing","details":{"text":"x"},"expression":["Patient.name[0]"]}]},"search":{"mode":"outcome"}}]}`,
  ],
  ['an empty bundle', '{"resourceType":"Bundle","type":"searchset","total":0}'],
  [
    'a history with a deletion, and the same address twice',
    `{"resourceType":"Bundle","type":"history","total":3,"entry":[
    {"fullUrl":"https://a.example/Patient/1","request":{"method":"DELETE","url":"Patient/1"},"response":{"status":"204","lastModified":"2026-11-23T10:00:00+00:00"}},
    {"fullUrl":"https://a.example/Patient/1","resource":{"resourceType":"Patient","id":"1","meta":{"versionId":"2"}},"request":{"method":"PUT","url":"Patient/1"},"response":{"status":"200 OK","etag":"W/\\"2\\""}},
    {"fullUrl":"https://a.example/Patient/1","resource":{"resourceType":"Patient","id":"1","meta":{"versionId":"1"}},"request":{"method":"POST","url":"Patient"},"response":{"status":"201"}}]}`,
  ],
  [
    'an answer to a batch, with an outcome inside',
    `{"resourceType":"Bundle","type":"batch-response","entry":[{"response":{"status":"404","outcome":{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"not-found"}]}}},
    {"resource":{"resourceType":"Bundle","type":"searchset","total":0},"response":{"status":"200"}}]}`,
  ],
  [
    'a document with nested sections',
    `{"resourceType":"Bundle","identifier":{"system":"urn:ietf:rfc:3986","value":"${UUID}"},"type":"document","timestamp":"2026-11-23T10:00:00Z","entry":[
    {"fullUrl":"${UUID}","resource":{"resourceType":"Composition","status":"final","type":{"text":"letter"},"date":"2026-11","author":[{"reference":"${OTHER}"}],"title":"x",
    "confidentiality":"N","attester":[{"mode":"legal"}],"relatesTo":[{"code":"replaces","targetIdentifier":{"value":"1"}}],
    "section":[{"title":"a","section":[{"title":"b","emptyReason":{"text":"none"},"text":{"status":"empty","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\">none</div>"}},{"text":{"status":"empty","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\">-</div>"}}]}]}},
    {"fullUrl":"${OTHER}","resource":{"resourceType":"Practitioner","qualification":[{"code":{"text":"x"}}]}}]}`,
  ],
  [
    'a message',
    `{"resourceType":"Bundle","type":"message","entry":[{"fullUrl":"${UUID}","resource":{"resourceType":"MessageHeader","eventUri":"urn:a","source":{"endpoint":"urn:b"},
    "destination":[{"endpoint":"urn:c"}],"focus":[{"reference":"${OTHER}"}]}},{"fullUrl":"${OTHER}","resource":{"resourceType":"Patient"}}]}`,
  ],
  [
    'a collection in a collection',
    '{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Bundle","type":"collection"}}]}',
  ],
  [
    'parameters of many types, nested',
    `{"resourceType":"Parameters","parameter":[{"name":"a","valueDecimal":1.00},{"name":"a","valueInteger":-1},{"name":"b","valueBoolean":false},
    {"name":"c","part":[{"name":"d","valueCoding":{"code":"x"}},{"name":"e","part":[{"name":"f","valueTime":"00:00:00"}]}]},
    {"name":"g","resource":{"resourceType":"Patient"}},{"name":"h","valueMeta":{"tag":[{"code":"x"}]}},{"name":"i","valueExpression":{"language":"text/fhirpath","expression":"a"}},
    {"name":"j","valueUuid":"${UUID}"},{"name":"k","valueOid":"urn:oid:1.2.3"},{"name":"l","valueMoney":{"value":1e2,"currency":"GBP"}},
    {"name":"m","valueDosage":{"text":"x"}},{"name":"n","valueDataRequirement":{"type":"Patient"}},{"name":"o","valueMarkdown":"# a\\n\\n* b"},{"name":"p","valueBase64Binary":"AAAA"}]}`,
  ],
  [
    'guidance with its contained parameters (as in an example of R4)',
    `{"resourceType":"GuidanceResponse","contained":[{"resourceType":"Parameters","id":"out","parameter":[{"name":"a","valueString":"x"},
    {"name":"b","resource":{"resourceType":"Patient"}}]}],"moduleUri":"urn:a","status":"success","outputParameters":{"reference":"#out"}}`,
  ],
  ['parameters without any', '{"resourceType":"Parameters"}'],
  [
    'a questionnaire with groups in groups, conditions and every kind of option',
    `{"resourceType":"Questionnaire","url":"https://a.example/q","version":"1.0","status":"draft","subjectType":["Patient"],"contained":[{"resourceType":"ValueSet","id":"vs","status":"active",
    "compose":{"include":[{"system":"urn:a","concept":[{"code":"x"}]}]}}],"item":[{"linkId":"1","type":"group","item":[{"linkId":"1.1","type":"group","text":"x","repeats":true,"item":[
    {"linkId":"1.1.1","type":"choice","answerValueSet":"#vs","initial":[{"valueCoding":{"code":"x"}}]},
    {"linkId":"1.1.2","type":"open-choice","answerOption":[{"valueString":"a","initialSelected":true},{"valueCoding":{"code":"b"}}],"repeats":true,"maxLength":10},
    {"linkId":"1.1.3","type":"display","text":"only text"},{"linkId":"1.1.4","type":"quantity","enableBehavior":"any","enableWhen":[
      {"question":"1.1.1","operator":"exists","answerBoolean":true},{"question":"1.1.2","operator":"!=","answerString":"a"},{"question":"1.1.5","operator":">=","answerDecimal":1.50}]},
    {"linkId":"1.1.5","type":"decimal","initial":[{"valueDecimal":0.10}],"readOnly":true,"item":[{"linkId":"1.1.5.1","type":"reference"}]}]}]}]}`,
  ],
  [
    'an answered questionnaire: items in answers in items',
    `{"resourceType":"QuestionnaireResponse","questionnaire":"https://a.example/q|1.0","status":"in-progress","authored":"2026-11-23T10:00:00Z","item":[{"linkId":"1","item":[{"linkId":"1.1","answer":[
    {"valueCoding":{"display":"x"},"item":[{"linkId":"1.1.1","answer":[{"valueAttachment":{"url":"Binary/1"}},{"valueQuantity":{"value":0.000}}]}]}]},{"linkId":"1.2"},
    {"linkId":"1.3","answer":[{"valueBoolean":false},{"valueInteger":0},{"valueUri":"urn:a"},{"valueReference":{"reference":"Patient/1"}},{"_valueDate":{"extension":[{"url":
    "http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"asked-declined"}]}}]}]}]}`,
  ],
  [
    'a value set with filters, exclusions and an expansion',
    `{"resourceType":"ValueSet","status":"active","experimental":false,"useContext":[{"code":{"code":"focus"},"valueReference":{"reference":"Group/1"}}],"compose":{"lockedDate":"2026",
    "inactive":false,"include":[{"system":"http://snomed.info/sct","version":"http://snomed.info/sct/83821000000107","filter":[{"property":"concept","op":"is-a","value":"1"}]},{"valueSet":["https://a.example/v|1"]}],
    "exclude":[{"system":"urn:a","concept":[{"code":"x","designation":[{"language":"cy","value":"y"}]}]}]},"expansion":{"timestamp":"2026-11-23","total":1,"offset":0,
    "parameter":[{"name":"count","valueInteger":10}],"contains":[{"abstract":true,"display":"x","contains":[{"system":"urn:a","code":"b"}]}]}}`,
  ],
  [
    'a library with subject, data requirement and content',
    `{"resourceType":"Library","status":"unknown","type":{"text":"x"},"subjectCodeableConcept":{"text":"y"},"relatedArtifact":[{"type":"depends-on","resource":"https://a.example/l|1"}],
    "parameter":[{"use":"in","min":0,"max":"*","type":"Patient"}],"dataRequirement":[{"type":"Encounter","codeFilter":[{"path":"type","valueSet":"https://a.example/v|1"}],
    "dateFilter":[{"path":"period","valueDuration":{"value":1,"system":"http://unitsofmeasure.org","code":"mo"}}],"limit":1}],"content":[{"contentType":"text/cql; charset=utf-8","data":"YQ=="}]}`,
  ],
  [
    'an outcome and a subscription',
    '{"resourceType":"Subscription","status":"off","end":"2027-01-01T00:00:00Z","reason":"r","criteria":"Patient","error":"e","channel":{"type":"websocket","header":["a: b"]}}',
  ],
  [
    'a binary',
    '{"resourceType":"Binary","contentType":"text/plain;charset=utf-8","securityContext":{"reference":"Patient/1"},"data":"YWJj ZGVm"}',
  ],
];
