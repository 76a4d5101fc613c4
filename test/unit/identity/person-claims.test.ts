/** Claims of a sign-in as a person: CIS2's names and a local provider's (domain.md 4.6). */
import { describe, expect, test } from '@jest/globals';
import { assuranceFault, CIS2_CLAIMS, personOf } from '../../../src/identity/person-claims.ts';

const CIS2 = {
  iss: 'https://cis2.example.org',
  sub: '910000000001',
  nhsid_useruid: '910000000001',
  selected_roleid: '555043300081',
  authentication_assurance_level: '3',
  nhsid_nrbac_roles: [{ person_roleid: '555043300081', role_code: 'S8000:G8000:R8001' }],
};

describe('who', () => {
  test('a CIS2 sign-in names the person and the role she chose', () => {
    expect(personOf(CIS2, CIS2_CLAIMS)).toEqual({
      issuer: 'https://cis2.example.org',
      subject: '910000000001',
      userId: '910000000001',
      roleProfileId: '555043300081',
      provenAt: null,
      assurance: 'AAL3',
    });
    const proven = { ...CIS2, auth_time: 1_780_000_000 };
    expect(personOf(proven, CIS2_CLAIMS)?.provenAt).toEqual(new Date(1_780_000_000_000));
    expect(personOf({ ...CIS2, auth_time: 'now' }, CIS2_CLAIMS)?.provenAt).toBeNull();
  });
  test('a local provider has names of its own, and may name no role', () => {
    const names = { person: 'staff_number', role: 'role_profile', assurance: 'acr' };
    const claims = { iss: 'https://login.council.example', sub: 'abc', staff_number: 'C-0042', acr: 'AAL2' };
    expect(personOf(claims, names)).toMatchObject({ userId: 'C-0042', roleProfileId: null });
    expect(assuranceFault(claims, names, 2)).toBe(false);
  });
  test.each<[string, object]>([
    ['no user id', { ...CIS2, nhsid_useruid: undefined }],
    ['a number instead of text', { ...CIS2, nhsid_useruid: 910000000001 }],
    ['a separator of the index in it', { ...CIS2, nhsid_useruid: 'a|b' }],
    ['a control character in it', { ...CIS2, nhsid_useruid: 'a\u001fb' }],
    ['a role with a separator', { ...CIS2, selected_roleid: 'x\\y' }],
    ['no subject', { ...CIS2, sub: '' }],
    ['a claim of the prototype only', Object.create(CIS2)],
  ])('%s: nobody', (_words, claims) => {
    expect(personOf(claims, CIS2_CLAIMS)).toBeNull();
  });
});

describe('how strongly', () => {
  test.each<[unknown, number, boolean]>([
    ['3', 2, false],
    ['2', 2, false],
    ['1', 2, true],
    ['AAL3', 3, false],
    [undefined, 1, true],
    [3, 2, true],
    ['33', 2, true],
  ])('level %j of at least %i is refused: %j', (level, least, refused) => {
    expect(assuranceFault({ authentication_assurance_level: level }, CIS2_CLAIMS, least)).toBe(refused);
  });
});
