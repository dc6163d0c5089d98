// Whether this is the browser inside another app: a mail program's, say. It closes with that app, and keeps a session of its own.

/** On Apple's devices everything but Safari and its like leaves "Safari/" out; Android's WebView calls itself "wv". */
const APPLE = /\((?:iPhone|iPad|iPod)[^)]*\)(?!.*Safari\/)/;
const ANDROID = /; wv\)/;

export function isInApp(userAgent: string): boolean {
  return APPLE.test(userAgent) || ANDROID.test(userAgent);
}
