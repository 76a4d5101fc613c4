/** Pages from templates: Nunjucks with escaping always on, and nothing in them that was not handed in. */
import { fileURLToPath } from 'node:url';
import nunjucks from 'nunjucks';
import type { FieldError } from './access-form.ts';
import { NHSUK } from './assets.ts';

const TEMPLATES = fileURLToPath(new URL('./templates/', import.meta.url));

export type Render = (template: string, context: Readonly<Record<string, unknown>>) => string;

/** Compiles templates once each. @throws Error for an undefined variable that is printed */
export function openTemplates(common: Readonly<Record<string, unknown>>): Render {
  const loader = new nunjucks.FileSystemLoader([TEMPLATES, `${NHSUK}dist`], { noCache: false, watch: false });
  const environment = new nunjucks.Environment(loader, { autoescape: true, trimBlocks: true, lstripBlocks: true });
  return (template, context) =>
    environment.render(`${template}.njk`, { errors: [], ...common, ...context, wrong: byField(context.errors) });
}

/** Field -> its error as the components take it. */
function byField(errors: unknown): Record<string, { text: string }> {
  if (!Array.isArray(errors)) return {};
  return Object.fromEntries(errors.map(({ field, text }: FieldError) => [field, { text }]));
}
