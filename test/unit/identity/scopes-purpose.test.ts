import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Outcome } from '../../../src/fhir/outcome.ts';
import { purposeOf } from '../../../src/identity/purpose.ts';
import { grantScopes, parseScope } from '../../../src/identity/scopes.ts';
import { NOW, place } from './place.ts';

describe('scopes', () => {
  test.each([
    ['system/*.rs', ['system/*.cruds'], ['system/*.rs']],
    ['system/*.cruds', ['system/*.rs'], ['system/*.rs']],
    ['system/*.rs', ['system/Patient.r', 'system/Task.cu'], ['system/Patient.r']],
    ['system/Patient.rs system/Patient.rs', ['system/*.cruds'], ['system/Patient.rs']],
    ['system/Patient.rs', ['user/*.cruds'], []],
    ['patient/*.rs user/*.rs', ['system/*.cruds'], []],
    ['system/Patient.d', ['system/Patient.rs'], []],
    [
      'system/Observation.rs',
      ['system/Observation.rs?category=vital-signs'],
      ['system/Observation.rs?category=vital-signs'],
    ],
    ['system/Observation.rs?category=a', ['system/Observation.rs?category=b'], []],
    ['system/Observation.rs?category=a', ['system/*.rs'], ['system/Observation.rs?category=a']],
    ['system/*.read system/*.* openid launch', ['system/*.cruds'], []],
    ['system/*.sr', ['system/*.cruds'], []],
    ['', ['system/*.cruds'], []],
  ])('%s of %p gives %p', (asked, registered, granted) => {
    expect(grantScopes(asked, registered)).toEqual(granted);
  });

  const letters = fc.subarray([...'cruds'], { minLength: 1 }).map((list) => list.join(''));
  const scope = fc
    .tuple(
      fc.constantFrom('system', 'user'),
      fc.constantFrom('*', 'Patient', 'Task'),
      letters,
      fc.constantFrom('', '?a=1', '?a=2'),
    )
    .map(([context, type, some, query]) => `${context}/${type}.${some}${query}`);

  test('never grants what is not both asked and registered', () => {
    const covers = (wide: string, narrow: string): boolean => {
      const [w, n] = [parseScope(wide), parseScope(narrow)];
      if (!w || !n || w.context !== n.context) return false;
      return (
        (w.type === '*' || w.type === n.type) &&
        (w.query === '' || w.query === n.query) &&
        [...n.letters].every((letter) => w.letters.includes(letter))
      );
    };
    fc.assert(
      fc.property(fc.array(scope, { maxLength: 4 }), fc.array(scope, { maxLength: 4 }), (asked, held) => {
        for (const granted of grantScopes(asked.join(' '), held)) {
          expect(asked.some((one) => covers(one, granted)) && held.some((one) => covers(one, granted))).toBe(true);
        }
      }),
    );
  });
});

describe('purpose of use', () => {
  const own = place();
  const midwife = own.verifier.verifyBearer(own.token(), NOW);
  const mother = own.verifier.verifyBearer(own.token('mother'), NOW);

  test.each([
    [midwife, undefined, null],
    [midwife, ' ', null],
    [midwife, 'BTG', 'BTG'],
    [midwife, 'http://terminology.hl7.org/CodeSystem/v3-ActReason|TREAT', 'TREAT'],
    [mother, undefined, 'PATRQT'],
    [mother, 'PATRQT', 'PATRQT'],
  ])('%#: header %p', (caller, header, purpose) => expect(purposeOf(caller, header)).toBe(purpose));

  test.each([
    [mother, 'TREAT', 400],
    [midwife, 'TREAT, BTG', 400],
    [midwife, 'treat', 403],
    [midwife, 'HMARKT', 403],
    [midwife, 'constructor', 403],
    [midwife, 'http://evil.example|TREAT', 403],
  ])('%#: header %p is refused with %p', (caller, header, status) => {
    let seen: unknown;
    try {
      purposeOf(caller, header);
    } catch (error) {
      seen = error;
    }
    expect(seen instanceof Outcome && seen.status).toBe(status);
  });
});
