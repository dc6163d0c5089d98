// Whoever has a mailbox open in this browser goes there. Nobody is asked: the page is the same bytes for everybody.
try {
  if (localStorage.getItem("securemailbox.signed_in") !== null && location.hash === "") location.replace("/mail");
} catch {
  // A browser that keeps nothing has nobody's mailbox.
}
