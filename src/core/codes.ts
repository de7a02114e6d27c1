/**
 * Every problem code with one sentence of meaning. `docs/errors.md` lists the same codes; a test compares both ways.
 * Add a line here, and one there, when you add a code.
 */
export const PROBLEM_CODES = {
  E_USAGE: 'the command line is wrong',
  E_FILE: 'a file cannot be read or written',
  E_YAML: 'the text is not the YAML that copse reads',
  E_KEY: 'a key is not known here',
  E_VALUE: 'a value has the wrong type or form',
  E_MISSING: 'something required is absent',
  E_MODULE: 'no module has that name',
  E_PARAM: 'a module parameter is wrong',
  E_EXPR: 'an expression cannot be parsed, checked or evaluated',
  E_NAME: 'a name is not known here',
  E_ANSIBLE: 'an Ansible spelling that copse writes differently',
  E_INVENTORY: 'the inventory is wrong',
  E_PATTERN: 'a host pattern is wrong or matches nothing',
  E_LIMIT: 'a limit of size, depth or count is exceeded',
  E_SECRET: 'a secret cannot be read or would leak',
  E_CONNECT: 'the host cannot be reached',
  E_AUTH: 'the host refused to log us in',
  E_HOSTKEY: 'the host key is unknown, changed or revoked',
  E_BECOME: 'another user could not be become on the host',
  E_LOST: 'the connection was lost while something ran',
  E_TIMEOUT: 'something did not finish in its time',
  E_ABORTED: 'the run was interrupted',
  E_ANSWER: 'a host answered something that cannot be understood',
  E_COMMAND: 'a command on the host failed',
  E_UNSUPPORTED: 'the host lacks a tool or version that is needed',
  E_DESTROY: 'a step would destroy data that the playbook did not name',
  E_NOT_CONVERGED: 'after the steps the host is still not as wanted',
  E_ASSERT: 'an assertion of the playbook does not hold',
  E_REBOOT: 'a reboot could not be proven',
  E_BUSY: 'somebody else holds what we need',
  E_JOURNAL: 'the journal cannot be written or read',
  E_DENIED: 'a deployment that failed here before is not tried again',
  E_GUARD: 'a guarded change was not confirmed',
  E_SPACE: 'a disk of the host is full',
  E_SKEW: 'base image and package repositories do not fit together',
} as const;

/** A problem's stable identity, for tests and for people who search. */
export type ProblemCode = keyof typeof PROBLEM_CODES;
