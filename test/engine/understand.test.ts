import { expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { Fault, type Problem } from '../../src/core/problem.ts';
import { understand } from '../../src/engine/understand.ts';
import { containerService } from '../../src/modules/container-service/index.ts';

const want = containerService.params.parse({ name: 'app', image: 'quay.io/o/a:1' });

/** What is told of an answer that ended so. */
function toldOf(code: number): readonly Problem[] {
  try {
    understand(containerService, { host: { code, bytes: new Uint8Array() as Bytes, stdout: '', stderr: '' } }, want, {
      facts: {},
      check: false,
      run: 'r',
    } as never);
    return [];
  } catch (error) {
    return error instanceof Fault ? error.problems : [];
  }
}

it.each([
  [124, 'E_TIMEOUT', 'the host took too long to tell container_service its state, so that nothing was decided'],
  [3, 'E_ANSWER', "expected a description of the container's host, found exit 3: "],
])('an answer that ended with %s is told as %s', (code, told, message) => {
  expect(toldOf(code)).toMatchObject([{ code: told, message }]);
});

it('an answer that is understood is what the module makes of it', () => {
  expect(toldOf(0)).toEqual([]);
});
