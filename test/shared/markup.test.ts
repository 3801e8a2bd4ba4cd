import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeMarkup, markup, trusted } from '../../shared/markup.ts';

describe('markup', () => {
  it('escapes strings and keeps markup as it is', () => {
    const name = `<script>alert("1 & 'one'")</script>`;
    expect(markup`<td title="${name}">${markup`<b>${name}</b>`}</td>`.text).toBe(
      '<td title="&lt;script&gt;alert(&quot;1 &amp; &#39;one&#39;&quot;)&lt;/script&gt;">' +
        '<b>&lt;script&gt;alert(&quot;1 &amp; &#39;one&#39;&quot;)&lt;/script&gt;</b></td>',
    );
    expect(markup`<style>${trusted('a > b {}')}</style>`.text).toBe('<style>a > b {}</style>');
  });

  it('leaves no character that could open a tag, an attribute or an entity', () => {
    const unit = fc.oneof(
      fc.constantFrom('<', '>', '"', "'", '&', '#', ';', 'a'),
      fc.nat(0xffff).map((code) => String.fromCharCode(code)),
    );
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        const escaped = escapeMarkup(text);
        expect(escaped).not.toMatch(/[<>"']/);
        expect(escaped.replace(/&(amp|lt|gt|quot|#39);/g, '')).not.toContain('&');
      }),
    );
  });

  it('drops control characters but tabs and line ends', () => {
    expect(escapeMarkup('a\u0000b\u001bc\td\r\ne\u0085f')).toBe('abc\td\r\nef');
  });

  it('rounds coordinates to hundredths, never writes a negative zero, and refuses what is none', () => {
    expect(markup`${1 / 3} ${-0.0001} ${12}`.text).toBe('0.33 0 12');
    expect(() => markup`${Number.NaN}`).toThrow(RangeError);
  });

  it('joins lists and leaves nothing behind for nothing', () => {
    expect(markup`[${['a', markup`<br>`, null, undefined, false]}]`.text).toBe('[a<br>]');
  });
});
