import { z } from 'zod';
import type { Answer } from '../../core/answer.ts';
import type { Json } from '../../core/json.ts';
import { defineModule } from '../../core/module.ts';
import { fault } from '../../core/problem.ts';
import { explain, parseUpdate, updateQuestion, type CachedUpdate } from '../rpm-ostree-tool.ts';

const Params = z.strictObject({
  refresh: z
    .boolean({ error: 'expected true or false' })
    .default(true)
    .describe('Asks the remote and the repositories now; false tells what an earlier look found, without the network.'),
});
type Params = z.infer<typeof Params>;

/** An update that waits, or none. */
interface Have {
  readonly isAvailable: boolean;
  readonly cached: CachedUpdate | undefined;
}

/** Which update there is for an rpm-ostree host. */
export const rpmOstreeCheck = defineModule<Params, Have>({
  name: 'rpm_ostree_check',
  summary: 'Tells which update an rpm-ostree host could get, with its packages.',
  notes: [
    'It runs "rpm-ostree upgrade --check", which reads the metadata of the image and, on hosts with layers, of the repositories; it downloads no image and stages nothing. The result is compared with the booted deployment, as rpm-ostree does: an update that is staged already is told too, with "staged".',
    'rpm-ostree itself calls the look unreliable in rare cases; what an upgrade really brings is told by rpm_ostree with "upgrade: true". Before 2018.2 only "available" is known.',
    'Of a container image the packages are not known before it is downloaded: "upgraded" and the others are empty then.',
  ],
  kind: 'state',
  inert: true,
  params: Params,
  returns: {
    available: {
      type: 'bool',
      description: 'there is an image or a layered package that the booted deployment does not have',
    },
    version: { type: 'string', description: 'version of the newer image, empty when there is none' },
    checksum: { type: 'string', description: 'commit of the newer image, empty when there is none' },
    staged: { type: 'string', description: 'id of the deployment that has the update already, empty when none has' },
    upgraded: { type: 'list', description: 'packages that get newer: {name, from, to, layered}' },
    downgraded: { type: 'list', description: 'packages that get older: {name, from, to, layered}' },
    added: { type: 'list', description: 'packages that come: {name, version, layered}' },
    removed: { type: 'list', description: 'packages that go: {name, version, layered}' },
    advisories: {
      type: 'list',
      description:
        'advisories the update fixes: {id, severity, packages}; severity none, low, moderate, important or critical',
    },
  },
  examples: [
    '- rpm_ostree_check: {}\n  become: true\n  register: update',
    '- name: what the nightly look found, without the network\n  rpm_ostree_check: {refresh: false}\n  register: known',
  ],
  probe: ({ refresh }) => ({ update: updateQuestion(refresh) }),
  read: (answers) => read(answers['update']),
  plan: () => ({ steps: [] }),
  result: (_, have) => resultOf(have),
});

function read(answer: Answer | undefined): Have {
  const { code, cached } = answer === undefined ? {} : parseUpdate(answer);
  if (code === 77) return { isAvailable: false, cached: undefined };
  // A look without the network always ends well; then what was noted decides.
  if (code === 0) return { isAvailable: cached !== undefined || isFromCheck(answer), cached };
  const told = explain({ code: code ?? null, stdout: '', stderr: answer?.stderr ?? '' });
  throw fault({
    code: told?.code ?? 'E_COMMAND',
    message: told?.message ?? 'rpm-ostree did not look for updates, and does not say why',
    ...(told?.hint === undefined ? {} : { hint: told.hint }),
  });
}

/** Old versions note nothing: their exit code alone says that there is something. */
function isFromCheck(answer: Answer | undefined): boolean {
  return answer !== undefined && !/"cached-update"\s*:/.test(answer.stdout) && answer.stderr !== '';
}

const SEVERITIES = ['none', 'low', 'moderate', 'important', 'critical'];

function resultOf({ isAvailable, cached }: Have): Readonly<Record<string, Json>> {
  const { upgraded = [], downgraded = [], added = [], removed = [] } = cached?.['rpm-diff'] ?? {};
  const moved = (rows: typeof upgraded): Json[] =>
    rows.map(([kind, name, [from], [to]]) => ({ name, from, to, layered: kind === 1 }));
  const single = (rows: typeof added): Json[] =>
    rows.map(([kind, name, version]) => ({ name, version, layered: kind === 1 }));
  return {
    available: isAvailable,
    version: cached?.version ?? '',
    checksum: cached?.checksum ?? '',
    staged: cached?.deployment ?? '',
    upgraded: moved(upgraded),
    downgraded: moved(downgraded),
    added: single(added),
    removed: single(removed),
    advisories: (cached?.advisories ?? []).map(([id, , severity, packages]) => ({
      id,
      severity: SEVERITIES[severity] ?? 'none',
      packages,
    })),
  };
}
