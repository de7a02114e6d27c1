import { Command } from 'commander';
import { EXIT, statusOfThrown } from './exit.ts';
import type { Terminal } from './streams.ts';
import { version } from './version.ts';

/** Parses the command line and runs one command; gives the exit status. Never throws. */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    let status: number = EXIT.ok;
    const program = await buildProgram(terminal, (code) => {
      status = code;
    });
    await program.parseAsync([...argv]);
    return status;
  } catch (error) {
    return statusOfThrown(error, terminal);
  }
}

async function buildProgram(terminal: Terminal, exit: (status: number) => void): Promise<Command> {
  const { commands } = await import('./commands.ts');
  const program = new Command('copse')
    .description(
      'Typed playbooks over SSH for fleets of image-based Linux hosts: every mistake before the first connection, every reboot proven.',
    )
    .version(version(), '-V, --version')
    .helpCommand('help [command]', 'help for a command')
    .showHelpAfterError('(copse help shows what there is)')
    .addHelpText('after', EXAMPLES);
  for (const command of commands(terminal, exit)) program.addCommand(command);
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    });
  }
  return program;
}

const EXAMPLES = `
Examples:
  copse demo                                 a simulated fleet on this machine, nothing else needed
  copse check site.yaml -i inventory/        everything that can be wrong, without a connection
  copse run site.yaml -i inventory/ --check --diff --limit 'edge:&eu'
  copse exec edge -i inventory/ -- uptime
  copse doc rpm_ostree

Exit status: 0 ok, 2 a host failed, 3 not every host was done, 4 a host was unreachable, 64 usage, 65 wrong input (nothing was
touched), 70 a bug of copse, 74 the journal cannot be written, 99 interrupted.`;
