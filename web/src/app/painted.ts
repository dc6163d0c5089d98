/** Where nothing is painted, as in a tab that nobody sees, it is not waited for longer. */
const AT_MOST = 250;

/**
 * When what was just changed is on the screen. What a press begins beside its answer begins then, so that it takes no processor
 * from it. Whoever asks later is not told sooner.
 */
export function painted(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, AT_MOST);
  });
}
