import type { Problem } from '../core/problem.ts';
import { celHint } from './jinja.ts';
import { closing } from './template-scan.ts';

/** Jinja where `${{ }}` was meant. Go templates (`{{.Names}}`, `{{ range }}`) and others that are not Jinja stay plain text. */
export function jinjaIn(
  text: string,
): { readonly from: number; readonly length: number; readonly problem: Problem } | undefined {
  const statement = /\{%-?\s*(?:if|for|set|else|elif|end\w+|include|macro)\b/.exec(text);
  if (statement !== null) {
    const hint = 'compute the text with ${{ a ? b : c }}';
    const problem: Problem = { code: 'E_ANSIBLE', message: 'Jinja statements are not evaluated', hint };
    return { from: statement.index, length: statement[0].length, problem };
  }
  for (let open = text.indexOf('{{'); open !== -1; open = text.indexOf('{{', open + 2)) {
    const close = closing(text, open + 2);
    if (close === -1) return undefined;
    const whole = text.slice(open, close + 2);
    if (!isJinjaExpression(whole.replace(/^\{\{-?\s*/, '').replace(/\s*-?\}\}$/, ''))) continue;
    const hint = `write \${{ ${celHint(whole) ?? 'vars.name'} }}`;
    return {
      from: open,
      length: whole.length,
      problem: { code: 'E_ANSIBLE', message: '"{{ }}" is Jinja, it is not evaluated', hint },
    };
  }
  return undefined;
}

function isJinjaExpression(inner: string): boolean {
  if (/(?:^|[\s(])\.[A-Za-z_]?|\$/.test(inner)) return false;
  if (/^(?:range|end|if|else|with|define|template|block|json|print|printf|len|index)\b(?!\s*[|(])/.test(inner))
    return /^index\b\s*$/.test(inner);
  return /^[A-Za-z_][\w.]*\s*(?:$|[|([~+*/=!<>-]|(?:if|is|in|not|or|and)\b)/.test(inner);
}
