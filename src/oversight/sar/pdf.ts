/**
 * A copy of a record as tagged PDF (PDF/UA): language, title, headings, lists and reading order stand in it for screen
 * readers, fonts are embedded. It is made from headings and lines alone; nothing else of a resource comes in here.
 */
import { fileURLToPath } from 'node:url';
import type { Line, Readable } from './readable.ts';

export interface Letter {
  title: string;
  /** Paragraphs before the first part. */
  about: readonly string[];
  parts: readonly { heading: string; entries: readonly Readable[] }[];
  /** Files that come with it; readers find them among its attachments. */
  files?: readonly LetterFile[];
  /** At the foot of each page: whose copy it is. */
  foot?: string;
  /** Of the document; the same letter gives the same bytes. */
  at: Date;
}

export interface LetterFile {
  name: string;
  type: string;
  bytes: Uint8Array;
}

const SIZES = { title: 20, part: 15, entry: 12, text: 10 } as const;
const MARGIN = 56;
const REGULAR = 'regular';
const BOLD = 'bold';

function fontFile(name: string): string {
  return fileURLToPath(import.meta.resolve(`roboto-fontface/fonts/roboto/Roboto-${name}.woff`));
}

/** Letters of scripts the font has not: they stand in the FHIR file, and here it says so instead of showing boxes. */
const OTHER_SCRIPT =
  /[^\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Common}\p{Script=Inherited}]+(?:\s+[^\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Common}\p{Script=Inherited}]+)*/gu;
const PICTURE = /\p{Extended_Pictographic}(?:\u{FE0F}|\u{200D}\p{Extended_Pictographic})*/gu;

function printable(text: string): string {
  return text
    .replace(OTHER_SCRIPT, '[in another script: see the FHIR file]')
    .replace(PICTURE, (one) => (one.length === 1 && one.charCodeAt(0) < 256 ? one : '[picture]'))
    .replace(/(?!\n)\p{Cc}/gu, ' ');
}

/** The bytes of the PDF. The library is loaded when the first copy is made: most processes never make one. */
export async function pdfOf(letter: Letter): Promise<Buffer> {
  const { default: PDFDocument } = await import('pdfkit');
  const doc = new PDFDocument({
    ...{
      size: 'A4',
      margin: MARGIN,
      pdfVersion: '1.7',
      subset: 'PDF/UA',
      tagged: true,
      lang: 'en-GB',
      displayTitle: true,
    },
    bufferPages: true,
    font: fontFile('Regular'),
    // Title and time, nothing else: what is said of a file is read by whoever finds it.
    info: { Title: letter.title, Creator: 'Tandem', Producer: 'Tandem', CreationDate: letter.at, ModDate: letter.at },
  });
  const chunks: Buffer[] = [];
  doc.on('data', (chunk: Buffer) => chunks.push(chunk));
  const done = new Promise<void>((resolve, reject) => doc.on('end', resolve).on('error', reject));
  doc.registerFont(REGULAR, fontFile('Regular')).registerFont(BOLD, fontFile('Bold'));
  const root = doc.struct('Document');
  doc.addStructure(root);
  const say = (tag: string, text: string, size: keyof typeof SIZES, space = 0.4) =>
    root.add(
      doc.struct(tag, () => {
        doc.font(tag === 'P' ? REGULAR : BOLD).fontSize(SIZES[size]);
        doc.text(printable(text), MARGIN, doc.y);
        doc.moveDown(space);
      }),
    );
  say('H1', letter.title, 'title');
  for (const paragraph of letter.about) say('P', paragraph, 'text');
  for (const { heading, entries } of letter.parts) {
    say('H2', heading, 'part');
    for (const { title, lines } of entries) {
      if (title !== '') say('H3', title, 'entry', 0.2);
      if (lines.length > 0) root.add(listOf(doc, lines));
    }
  }
  root.end();
  for (const { name, type, bytes } of letter.files ?? [])
    doc.file(bytes, {
      name,
      type,
      description: `A file of this record: ${name}`,
      creationDate: letter.at,
      modifiedDate: letter.at,
    });
  numberPages(doc, letter.foot ?? '');
  doc.end();
  await done;
  return Buffer.concat(chunks);
}

type Doc = InstanceType<typeof import('pdfkit').default>;

function listOf(doc: Doc, lines: readonly Line[]) {
  const list = doc.struct('L');
  for (const { label, value } of lines) {
    const body = doc.struct('LBody', () => {
      doc.font(BOLD).fontSize(SIZES.text);
      doc.text(label === '' ? '' : printable(`${label}: `), MARGIN, doc.y, { continued: true });
      doc.font(REGULAR).text(value === '' ? ' ' : printable(value));
      doc.moveDown(0.15);
    });
    const item = doc.struct('LI');
    item.add(body);
    list.add(item);
  }
  return list;
}

/** Page numbers are no content: readers skip them. */
function numberPages(doc: Doc, foot: string): void {
  const { count } = doc.bufferedPageRange();
  for (let page = 0; page < count; page += 1) {
    doc.switchToPage(page);
    const { margins, height, width } = doc.page;
    margins.bottom = 0;
    doc.markContent('Artifact', { type: 'Pagination' });
    doc.font(REGULAR).fontSize(8);
    const line = { width: width - 2 * MARGIN, lineBreak: false };
    if (foot !== '') doc.text(printable(foot), MARGIN, height - 36, line);
    doc.text(`Page ${page + 1} of ${count}`, MARGIN, height - 36, { ...line, align: 'right' });
    doc.endMarkedContent();
    margins.bottom = MARGIN;
  }
}
