// Promises count down while their page is open, and change their tone at the moments that the server has told: what is
// said of them comes from #countdown. Elements are looked for anew each time, for sections of a page come and go.

const words = document.getElementById("countdown")?.dataset;

// The server's clock, not that of the machine, which may be wrong.
const ahead = words ? Date.parse(words.now) - Date.now() : 0;

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

// span says how long something takes, to two units, as the server does.
function span(milliseconds) {
  const minutes = Math.floor(milliseconds / 60_000);
  const values = { days: Math.floor(minutes / 1440), hours: Math.floor(minutes / 60) % 24, minutes: minutes % 60 };
  if (values.days > 0) return fill(words.days, values);
  if (values.hours > 0) return fill(words.hours, values);
  return fill(words.minutes, values);
}

function tell(promise, now) {
  const due = Date.parse(promise.dataset.due);
  const warn = Date.parse(promise.dataset.warn); // not a number where nothing warns
  const left = promise.nextElementSibling;
  if (left?.classList.contains("left")) {
    say(left, now >= due ? fill(words.over, { span: span(now - due) }) : fill(words.left, { span: span(due - now) }));
  }
  if (now >= due) turn(promise, "late", words.late);
  else if (now >= warn) turn(promise, "soon", words.soon);
}

// turn gives a promise its tone, once: what the server has told as worse stays.
function turn(promise, tone, word) {
  if (promise.classList.contains(`tone-${tone}`) || promise.classList.contains("tone-late")) return;
  promise.classList.remove("tone-calm", "tone-soon");
  promise.classList.add(`tone-${tone}`);
  say(promise, `${promise.dataset.name} · ${word}`);
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function tick() {
  const now = Date.now() + ahead;
  for (const promise of document.querySelectorAll("[data-due]")) tell(promise, now);
}

if (words) {
  tick();
  setInterval(tick, 1000);
  document.addEventListener("visibilitychange", tick); // a page in the background is asked less often
}
