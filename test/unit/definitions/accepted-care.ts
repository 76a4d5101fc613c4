/** Clinical resources: name and JSON text. */

const WHO = '"subject":{"reference":"Patient/1"}';
const UCUM = '"system":"http://unitsofmeasure.org"';

export const ACCEPTED_CARE: readonly (readonly [string, string])[] = [
  [
    'sampled data, ratios and ranges of components',
    `{"resourceType":"Observation","status":"preliminary","code":{"coding":[{"system":"http://loinc.org","code":"1-8"}],"text":"trace"},"effectiveInstant":"2026-11-23T10:00:00.1+05:45",
    "focus":[{"reference":"Patient/2"}],"valueSampledData":{"origin":{"value":2048.0},"period":10,"factor":1.612,"lowerLimit":-3300,"upperLimit":3300,"dimensions":1,"data":"2041 E U L 20.5"},
    "component":[{"code":{"text":"a"},"valueRatio":{"numerator":{"value":1,"comparator":"<"},"denominator":{"value":128}}},{"code":{"text":"b"},"valueRange":{"low":{"value":-1.50}}},
    {"code":{"text":"c"},"dataAbsentReason":{"text":"x"}},{"code":{"text":"d"},"valueTime":"10:11:12"}],"referenceRange":[{"text":"any"},{"high":{"value":1,"unit":"x"},"appliesTo":[{"text":"y"}],"age":{"low":{"value":1,${UCUM},"code":"a"}}}]}`,
  ],
  [
    'an ordinal value on the coding of a value, and of a component',
    `{"resourceType":"Observation","status":"final","code":{"text":"score"},"valueCodeableConcept":{"coding":[{"system":"urn:a","code":"b","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/ordinalValue","valueDecimal":2}]}]},
    "component":[{"code":{"text":"colour"},"valueCodeableConcept":{"coding":[{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/ordinalValue","valueDecimal":1}],"system":"urn:a","code":"c"}]}}]}`,
  ],
  [
    'decimals as they are spelt',
    `{"resourceType":"Observation","status":"amended","code":{"text":"x"},"valueQuantity":{"value":0.0100000000000000000001,"comparator":">=","unit":"mg",${UCUM},"code":"mg"},
    "component":[{"code":{"text":"a"},"valueQuantity":{"value":-1.0E-7}},{"code":{"text":"b"},"valueQuantity":{"value":12345678901234567890.10}}]}`,
  ],
  [
    'a value by reason only, a text interpretation, a timing of events',
    `{"resourceType":"Observation","status":"registered","code":{"text":"x"},"effectiveTiming":{"event":["2026","2026-11-23"],"code":{"text":"BID"}},"dataAbsentReason":{"coding":[{"system":"urn:a","code":"b"}]},
    "interpretation":[{"text":"high"}],"note":[{"authorString":"me","time":"2026","text":"*a*"}],"derivedFrom":[{"reference":"QuestionnaireResponse/1"}]}`,
  ],
  [
    'a prescription with a contained medicine and dosages of every kind',
    `{"resourceType":"MedicationRequest","status":"active","intent":"order","doNotPerform":false,${WHO},"contained":[{"resourceType":"Medication","id":"m","amount":{"numerator":{"value":5.00},"denominator":{"value":1}},
    "ingredient":[{"itemCodeableConcept":{"text":"iron"},"strength":{"numerator":{"value":1,${UCUM},"code":"mg"},"denominator":{"value":1,${UCUM},"code":"mL"}}}]}],"medicationReference":{"reference":"#m"},
    "dosageInstruction":[{"sequence":1,"timing":{"repeat":{"boundsDuration":{"value":10,"unit":"d",${UCUM},"code":"d"},"when":["ACM","PCM"],"offset":30}},"asNeededCodeableConcept":{"text":"pain"}},
    {"timing":{"repeat":{"boundsPeriod":{"start":"2026-11-23"},"count":3,"countMax":4,"duration":1.5,"durationMax":2,"durationUnit":"h","frequency":1,"frequencyMax":2,"period":1,"periodMax":2.5,"periodUnit":"wk","dayOfWeek":["mon","wed"],"timeOfDay":["08:00:00"]}},
    "asNeededBoolean":false,"doseAndRate":[{"doseRange":{"low":{"value":1},"high":{"value":2}},"rateRatio":{"numerator":{"value":1},"denominator":{"value":1,"unit":"h"}}}],"maxDosePerPeriod":{"numerator":{"value":4},"denominator":{"value":1}}}],
    "dispenseRequest":{"numberOfRepeatsAllowed":0,"expectedSupplyDuration":{"value":28,${UCUM},"code":"d"}},"substitution":{"allowedBoolean":false},"instantiatesUri":["urn:a"]}`,
  ],
  [
    'a request with a range and a logical subject',
    `{"resourceType":"ServiceRequest","status":"on-hold","intent":"original-order","code":{"text":"x"},"orderDetail":[{"text":"y"}],"quantityRange":{"low":{"value":1},"high":{"value":1}},
    "subject":{"identifier":{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990001006"},"display":"A"},"occurrencePeriod":{"end":"2026-11"},"asNeededBoolean":true,
    "instantiatesCanonical":["https://a.example/PlanDefinition/1|2.0"],"locationReference":[{"reference":"Location/1"}]}`,
  ],
  [
    'conditions by verification and abatement',
    `{"resourceType":"Condition",${WHO},"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"entered-in-error"}]},"onsetAge":{"value":30,${UCUM},"code":"a"},"recordedDate":"2026"}`,
  ],
  [
    'a condition resolved in words, with a local code beside the required one',
    `{"resourceType":"Condition",${WHO},"clinicalStatus":{"coding":[{"system":"urn:local","code":"over"},{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","version":"4.0.1","code":"resolved","display":"Resolved"}]},
    "abatementString":"last summer","stage":[{"summary":{"text":"x"}}],"evidence":[{"detail":[{"reference":"Observation/1"}]}]}`,
  ],
  [
    'an allergy entered in error',
    `{"resourceType":"AllergyIntolerance","patient":{"reference":"Patient/1"},"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-verification","code":"entered-in-error"}]},
    "category":["food","environment"],"onsetString":"childhood","reaction":[{"manifestation":[{"text":"rash"}],"severity":"mild","onset":"2020-02-29"}]}`,
  ],
  [
    'an appointment without times, one participant by role only',
    `{"resourceType":"Appointment","status":"proposed","requestedPeriod":[{"start":"2026-11-23T09:00:00Z"}],"minutesDuration":30,"priority":0,"participant":[{"type":[{"text":"interpreter"}],"required":"optional","status":"needs-action"},
    {"actor":{"reference":"Patient/1"},"status":"tentative","period":{"start":"2026"}}]}`,
  ],
  [
    'a task with inputs and outputs',
    `{"resourceType":"Task","status":"in-progress","intent":"unknown","code":{"coding":[{"system":"http://hl7.org/fhir/CodeSystem/task-code","code":"fulfill"}]},"focus":{"reference":"Basic/1"},"for":{"reference":"Group/1"},
    "authoredOn":"2026-11-23","lastModified":"2026-11-23T00:00:00Z","restriction":{"repetitions":1,"period":{"end":"2026"}},"input":[{"type":{"text":"a"},"valueUnsignedInt":0},{"type":{"text":"b"},"valueSignature":{"type":[{"code":"x"}],"when":"2026-11-23T00:00:00Z","who":{"display":"me"}}}],
    "output":[{"type":{"text":"c"},"valueReference":{"reference":"Encounter/1"}},{"type":{"text":"d"},"valueTiming":{"repeat":{"boundsRange":{"low":{"value":1},"high":{"value":2}}}}}]}`,
  ],
  [
    'provenance of a version, signed, for a patient',
    `{"resourceType":"Provenance","target":[{"reference":"Patient/1/_history/1"}],"occurredPeriod":{"start":"2026"},"recorded":"2026-11-23T10:00:00Z","policy":["urn:p"],"agent":[{"type":{"text":"author"},"who":{"reference":"Practitioner/1"},
    "onBehalfOf":{"reference":"Organization/1"}},{"who":{"reference":"Device/1"}}],"entity":[{"role":"source","what":{"display":"paper"},"agent":[{"who":{"display":"x"}}]}],"signature":[{"type":[{"system":"urn:iso-astm:E1762-95:2013","code":"1.2.840.10065.1.12.1.1"}],
    "when":"2026-11-23T10:00:00Z","who":{"reference":"Practitioner/1"},"sigFormat":"application/jose","data":"AAAA"}]}`,
  ],
  [
    'an audit event with a query and details',
    `{"resourceType":"AuditEvent","type":{"system":"http://terminology.hl7.org/CodeSystem/audit-event-type","code":"rest"},"action":"E","recorded":"2026-11-23T10:00:00.000Z","outcome":"0","agent":[{"requestor":false,"altId":"x","network":{"address":"127.0.0.1","type":"2"},"policy":["urn:a"]}],
    "source":{"observer":{"display":"x"}},"entity":[{"query":"YQ==","detail":[{"type":"a","valueString":"b"},{"type":"c","valueBase64Binary":"AAAA"}]},{"name":"n"}]}`,
  ],
  [
    'a consent with provisions in provisions',
    `{"resourceType":"Consent","status":"active","scope":{"text":"x"},"category":[{"text":"y"}],"policyRule":{"text":"z"},"sourceAttachment":{"title":"form"},"provision":{"type":"deny","provision":[{"type":"permit","actor":[{"role":{"text":"r"},"reference":{"reference":"CareTeam/1"}}],
    "dataPeriod":{"start":"2026"},"class":[{"system":"http://hl7.org/fhir/resource-types","code":"Patient"}],"data":[{"meaning":"related","reference":{"reference":"Patient/1"}}],"provision":[{"purpose":[{"code":"x"}]}]}]}}`,
  ],
  [
    'a plan with a contained goal and activities in detail',
    `{"resourceType":"CarePlan","status":"draft","intent":"plan",${WHO},"contained":[{"resourceType":"Goal","id":"g","lifecycleStatus":"planned","description":{"text":"x"},${WHO},"startCodeableConcept":{"text":"s"},
    "target":[{"measure":{"text":"m"},"detailRange":{"high":{"value":1.0}},"dueDuration":{"value":1,${UCUM},"code":"wk"}},{"dueDate":"2026-11"}]}],"goal":[{"reference":"#g"}],"activity":[{"detail":{"status":"not-started","kind":"Task","scheduledString":"weekly","productCodeableConcept":{"text":"p"}}},
    {"reference":{"reference":"ServiceRequest/1"},"outcomeReference":[{"reference":"Observation/1"}],"progress":[{"text":"t"}]}],"contributor":[{"reference":"CareTeam/1"}]}`,
  ],
  [
    'an immunisation in words',
    `{"resourceType":"Immunization","status":"not-done","statusReason":{"text":"x"},"vaccineCode":{"text":"pertussis"},"patient":{"reference":"Patient/1"},"occurrenceString":"in pregnancy","primarySource":false,"education":[{"reference":"https://a.example"}],
    "protocolApplied":[{"doseNumberString":"booster","seriesDosesPositiveInt":1}],"expirationDate":"2027"}`,
  ],
  [
    'family history with ages as ranges',
    `{"resourceType":"FamilyMemberHistory","status":"partial","patient":{"reference":"Patient/1"},"relationship":{"text":"sister"},"bornString":"around 1990","deceasedRange":{"low":{"value":1,${UCUM},"code":"a"}},"condition":[{"code":{"text":"x"},"onsetString":"y","contributedToDeath":false}]}`,
  ],
  [
    'risks by decimal, by range and by word',
    `{"resourceType":"RiskAssessment","status":"final",${WHO},"occurrencePeriod":{"start":"2026"},"prediction":[{"probabilityDecimal":0.000168,"whenRange":{"high":{"value":53,${UCUM},"code":"a"}}},
    {"probabilityRange":{"low":{"value":1.0,${UCUM},"code":"%"},"high":{"value":2,${UCUM},"code":"%"}}},{"qualitativeRisk":{"text":"low"},"relativeRisk":1.25}],"mitigation":"none"}`,
  ],
  [
    'a list with nothing in it, and why',
    '{"resourceType":"List","status":"current","mode":"working","emptyReason":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/list-empty-reason","code":"nilknown"}]},"orderedBy":{"text":"x"}}',
  ],
  [
    'an encounter with history of status, class and places',
    `{"resourceType":"Encounter","status":"in-progress","statusHistory":[{"status":"planned","period":{"start":"2026-11-23","end":"2026-11-23"}}],"class":{"code":"x"},"classHistory":[{"class":{"display":"y"},"period":{"start":"2026"}}],
    "length":{"value":1,"unit":"min",${UCUM},"code":"min"},"location":[{"location":{"display":"home"},"status":"active"}],"diagnosis":[{"condition":{"reference":"Condition/1"},"rank":1}],"hospitalization":{"preAdmissionIdentifier":{"value":"1"}},"partOf":{"reference":"Encounter/2"}}`,
  ],
  [
    'an invoice and its money',
    `{"resourceType":"Invoice","status":"draft","lineItem":[{"chargeItemCodeableConcept":{"text":"x"},"priceComponent":[{"type":"base","factor":1.0,"amount":{"value":10.00,"currency":"GBP"}}]}],"totalNet":{"value":0.00}}`,
  ],
];
