import type { Json } from '../../core/json.ts';
import { defineModule } from '../../core/module.ts';
import { ask } from './ask.ts';
import { examples } from './examples.ts';
import { plan } from './plan.ts';
import { Params } from './schema.ts';
import { read, type Have } from './state.ts';

/** Containers that run as services of systemd. */
export const containerService = defineModule<Params, Have>({
  name: 'container_service',
  summary: 'Runs a container as a service, with podman, docker or ostree.',
  notes: [
    'The unit is a Quadlet file where podman has it (4.4, cgroup v2), and a plain systemd unit otherwise; docker gets a plain one. Keys that this podman does not know become PodmanArgs, so that no version refuses the file. Every Quadlet file is tried by the generator before it replaces anything.',
    'Three things are compared: the text of the unit, the image that the container really runs with the one its name means now, and the specification that the running container carries as the label copse.spec. What differs restarts it, and the plan says why. Afterwards the task waits until it runs, stays and is healthy.',
    'A secret is a file of its own, 0600, below /etc/copse/containers/NAME/secrets; a new value is a new file with the next number, so that the container is made anew and a host that is rolled back finds the old one. Secrets stand in no unit and in no argument list. Docker and podman show variables to root with "inspect": prefer files.',
    'A missing source of a mount is refused, as podman would not start and docker would make a folder of a file. "create_folders: true" makes those written with a slash at the end.',
    'A setup runs once, before the first start, as root of the whole host; its output is never shown. It counts as done when all of "creates" are there, or without "creates" when it ended with 0. The wish for absent takes the same image and mounts; what a container or network shares with others is kept.',
    'Labels such as INSTALL and RUN are taken apart and run by copse, not by the image: the plan shows the command before. They can be read only from an image that is there: a task with "state: pulled" goes before.',
    'A container that was started by hand, or a unit that somebody else wrote, is not replaced unless "migrate" names it. A unit file that is replaced is kept beside as .before-copse.',
  ],
  kind: 'state',
  params: Params,
  returns: {
    name: { type: 'string', description: 'name of the container' },
    unit: { type: 'string', description: 'its unit' },
    engine: { type: 'string', description: 'podman or docker; empty when the host has none' },
    active: { type: 'string', description: 'active, inactive, failed and more, as systemd says' },
    status: { type: 'string', description: 'running, exited and more, as the engine says; empty without a container' },
    health: { type: 'string', description: 'starting, healthy, unhealthy; empty where nothing looks after it' },
    image: { type: 'string', description: 'the image as it was wished' },
    image_id: { type: 'string', description: 'id of the image the container runs, without "sha256:"' },
    digests: { type: 'list', description: 'digests of the image of the host, to pin it' },
    labels: { type: 'map', description: 'labels of the image' },
    restarts: { type: 'int', description: 'how often systemd started it anew by itself' },
    set_up: { type: 'bool', description: 'the setup was noted as done' },
  },
  examples,
  probe: ask,
  read: (answers) => read(answers['host']),
  plan,
  result,
});

function result(want: Params, have: Have): Record<string, Json> {
  return {
    name: want.name,
    unit: `${want.name}.service`,
    engine: have.engine?.name ?? '',
    active: have.unit.get('ActiveState') ?? '',
    status: have.container?.status ?? '',
    health: have.container?.health ?? '',
    image: want.image ?? '',
    image_id: have.container?.image ?? '',
    digests: [...(have.image?.digests ?? [])],
    labels: { ...have.image?.labels },
    restarts: Number(have.unit.get('NRestarts') ?? 0),
    set_up: have.isSetUp,
  };
}
