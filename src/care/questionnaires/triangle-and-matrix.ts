/** The two tools of the assessment as item groups: My World Triangle and the resilience matrix (domain.md 2.3 to 2.5). */
import { local } from '../canon.ts';
import { FACTORS, type Side, TRIANGLE } from './headings.ts';
import {
  choice,
  constraint,
  group,
  type Item,
  item,
  localSystem,
  maxValue,
  minValue,
  prompt,
  whenCode,
  whenTrue,
} from './items.ts';

function heading(side: Side['side'], index: number, title: string, words: string): Item {
  const id = `mwt.${side}.${index}`;
  const talked = { enableWhen: [whenCode(`${id}.discussed`, localSystem('discussed'), 'yes')] };
  const rule = constraint(
    id.replaceAll('.', '-'),
    `item.where(linkId='${id}.discussed').answer.where(value.code = 'yes').empty() or item.where(linkId='${id}.strengths' or linkId='${id}.challenges').answer.exists()`,
    'A strength or a challenge, if you talked about it',
  );
  return group(
    id,
    title,
    [
      prompt(`${id}.prompt`, words),
      choice(`${id}.discussed`, 'Talked about today?', 'discussed', { required: true }),
      item(`${id}.strengths`, 'text', 'Strengths', { repeats: true, ...talked }),
      item(`${id}.challenges`, 'text', 'Challenges', { repeats: true, ...talked }),
      choice(`${id}.balance`, 'On balance, as you see it together', 'balance', talked),
      item(`${id}.parent-words`, 'text', "In the parent's own words", talked),
      choice(`${id}.indicators`, 'Wellbeing indicators this touches', 'shanarri', { repeats: true, ...talked }),
    ],
    { code: [local('my-world-triangle', `${side}-${index}`)], extension: [rule] },
  );
}

/** `mwt`: three sides of seven headings, and the whole child. */
export const triangle = (): Item =>
  group('mwt', 'My World Triangle', [
    ...TRIANGLE.map(({ side, title, headings }) =>
      group(
        `mwt.${side}`,
        title,
        headings.map(([name, words], index) => heading(side, index + 1, name, words)),
        { code: [local('my-world-triangle', side)] },
      ),
    ),
    group('mwt.whole', 'The whole child', [item('mwt.whole.note', 'text', 'Anything about the whole child')], {
      code: [local('my-world-triangle', 'whole')],
    }),
  ]);

const used = { enableWhen: [whenTrue('rm.used')] };

const position = (id: string, text: string, code: string): Item =>
  item(id, 'integer', text, { code: [local('jv-observation', code)], extension: [minValue(-2), maxValue(2)], ...used });

/** `rm`: four factor lists, where it sits today and why; positions are for drawing only and never added up. */
export const matrix = (): Item =>
  group('rm', 'Resilience and vulnerability matrix', [
    item('rm.used', 'boolean', 'Did you use the matrix together?'),
    ...FACTORS.map(({ factor, title, prompt: words }) =>
      group(
        `rm.${factor}`,
        title,
        [
          prompt(`rm.${factor}.prompt`, words),
          item(`rm.${factor}.text`, 'text', 'In your words', { required: true }),
          item(`rm.${factor}.from`, 'string', 'Heading it came from'),
        ],
        { repeats: true, code: [local('matrix-factor', factor)], ...used },
      ),
    ),
    choice('rm.quadrant', 'Where does this sit today?', 'resilience-quadrant', used),
    item('rm.rationale', 'text', 'Why there, in your own words', {
      required: true,
      enableBehavior: 'all',
      enableWhen: [
        whenTrue('rm.used'),
        whenCode('rm.quadrant', localSystem('resilience-quadrant'), 'not-plotted', '!='),
      ],
    }),
    position('rm.x', 'Vulnerability (-2) to resilience (+2)', 'resilience-position'),
    position('rm.y', 'Adversity (-2) to protective environment (+2)', 'environment-position'),
  ]);
