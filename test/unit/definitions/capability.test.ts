import { describe, expect, test } from '@jest/globals';
import { type CapabilityInput, capabilityStatement, type TypeCapability } from '../../../src/definitions/capability.ts';
import { testDefinitions } from './cache.ts';

const definitions = await testDefinitions();

function typeCapability(type: string): TypeCapability {
  return {
    type,
    interactions: ['read', 'create', 'search-type'],
    versioning: 'versioned',
    readHistory: false,
    updateCreate: false,
    conditionalCreate: true,
    conditionalRead: 'not-supported',
    conditionalUpdate: false,
    conditionalDelete: 'not-supported',
    searchParams: [...definitions.searchParams(type).values()].filter((param) => param.type === 'token'),
    includes: [],
    revIncludes: [],
    operations: [],
  };
}

const INPUT: CapabilityInput = {
  date: '2026-01-01T00:00:00Z',
  baseUrl: 'http://127.0.0.1:8080/fhir/R4',
  software: { name: 'Tandem', version: '0.1.0' },
  formats: ['application/fhir+json'],
  patchFormats: ['application/json-patch+json'],
  types: [typeCapability('Subscription'), typeCapability('Encounter')],
  system: { interactions: ['transaction'], operations: [] },
  security: {
    cors: false,
    description: 'SMART Backend Services',
    tokenUrl: 'http://127.0.0.1:8080/token',
    authorizeUrl: null,
  },
  topics: ['https://tandem.example/fhir/SubscriptionTopic/antenatal-referral'],
  instantiates: [],
  commonParams: [],
};

describe('CapabilityStatement', () => {
  const statement = capabilityStatement(INPUT, definitions);

  test('is sound FHIR, also with nothing registered', () => {
    expect(definitions.validate(statement)).toEqual([]);
    const bare: CapabilityInput = {
      ...INPUT,
      types: [],
      topics: [],
      patchFormats: [],
      security: { ...INPUT.security, tokenUrl: null },
    };
    expect(definitions.validate(capabilityStatement(bare, definitions))).toEqual([]);
  });

  test('says what is registered and no more', () => {
    expect(statement).toMatchObject({
      rest: [
        {
          interaction: [{ code: 'transaction' }],
          resource: [
            {
              type: 'Encounter',
              supportedProfile: ['https://tandem.example/fhir/StructureDefinition/JV-JointVisit'],
              interaction: [{ code: 'read' }, { code: 'create' }, { code: 'search-type' }],
            },
            { type: 'Subscription', extension: [{ valueCanonical: INPUT.topics[0] }] },
          ],
        },
      ],
    });
    const text = JSON.stringify(statement);
    for (const absent of ['searchInclude', 'operation', 'authorize', '"delete"', '"patch"'])
      expect(text).not.toContain(absent);
  });
});
