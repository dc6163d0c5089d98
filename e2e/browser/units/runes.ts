// Lets a class of `*.svelte.ts` be asked without a page: its state is plain then, and nothing follows it.
const plain = <T>(value: T): T => value;

Object.assign(globalThis, { $state: Object.assign(plain, { raw: plain }) });
