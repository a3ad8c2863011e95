// A screen on a wall loads its page again by itself, as long as there is somebody to ask: also one that tells of an error, which
// may be over, and one whose session a look keeps alive. Without a script the page says so itself.
const every = 30000;

setInterval(async () => {
  try {
    await fetch(location.href, { cache: "no-store", redirect: "manual" });
  } catch {
    return; // what is shown is better than the browser's word that nobody answers
  }
  location.reload();
}, every);
