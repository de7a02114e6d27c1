// What the modules about rpm-ostree share; it lives with the one that needs it most.
export { readAround } from './rpm-ostree/around.ts';
export { explain } from './rpm-ostree/explain.ts';
export { spelling } from './rpm-ostree/live.ts';
export { DOWN_MS, isAtLeast, transactionStep } from './rpm-ostree/steps.ts';
export { readStatus, statusQuestion } from './rpm-ostree/state.ts';
export { parseUpdate, updateQuestion, type CachedUpdate } from './rpm-ostree/update-check.ts';
