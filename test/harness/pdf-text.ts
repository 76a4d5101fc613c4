/** The words of a PDF made by pdfkit with embedded fonts, for tests: streams inflated, glyphs read through ToUnicode. */
import { inflateSync } from 'node:zlib';

/** Everything a reader could find: the text of all pages, and the file's own strings (metadata, outlines, tags). */
export function pdfText(pdf: Buffer): { words: string; raw: string } {
  const streams = streamsOf(pdf);
  const glyphs = streams.filter((text) => text.includes('begincmap')).map(glyphsOf);
  const words = streams.filter((text) => /\bTJ\b|\bTj\b/.test(text)).map((text) => shown(text, glyphs));
  return { words: words.join('\n'), raw: `${pdf.toString('latin1')}\n${streams.join('\n')}` };
}

function streamsOf(pdf: Buffer): string[] {
  const text = pdf.toString('latin1');
  return [...text.matchAll(/stream\r?\n([\s\S]*?)\r?\nendstream/g)].map(([, body = '']) => {
    try {
      return inflateSync(Buffer.from(body, 'latin1')).toString('latin1');
    } catch {
      return body;
    }
  });
}

/** Glyph number -> text of one font. */
function glyphsOf(cmap: string): Map<number, string> {
  const glyphs = new Map<number, string>();
  const unicode = (hex: string) => Buffer.from(hex, 'hex').swap16().toString('utf16le');
  for (const [, from = '', list = ''] of cmap.matchAll(/<([0-9a-fA-F]{4})>\s*<[0-9a-fA-F]{4}>\s*\[([^\]]*)\]/g)) {
    const first = Number.parseInt(from, 16);
    for (const [i, [, hex = '']] of [...list.matchAll(/<([0-9a-fA-F ]*)>/g)].entries())
      glyphs.set(first + i, unicode(hex.replaceAll(' ', '')));
  }
  return glyphs;
}

/** Glyphs of each font in turn: fonts are named in the order in which they are made. */
function shown(content: string, fonts: readonly Map<number, string>[]): string {
  let lines: string[] = fonts.map(() => '');
  for (const [, list = '', single = ''] of content.matchAll(/\[([^\]]*)\]\s*TJ|<([0-9a-fA-F]+)>\s*Tj/g)) {
    const hex = single === '' ? [...list.matchAll(/<([0-9a-fA-F]*)>/g)].map(([, one = '']) => one).join('') : single;
    const numbers = hex.match(/.{4}/g)?.map((one) => Number.parseInt(one, 16)) ?? [];
    lines = lines.map((line, i) => `${line}${numbers.map((one) => fonts[i]?.get(one) ?? '?').join('')}\n`);
  }
  return lines.join('\n');
}
