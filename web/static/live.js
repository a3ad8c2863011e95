// Shows what others change while somebody looks at a page. The page names what to watch; sections that bear data-live
// are replaced by what the server says now, each in its place. What somebody is typing in stays as it is.
const watched = document.querySelector("main[data-watch]");
const quiet = 2000; // at most one refresh in so many milliseconds
const patience = 60000; // between tries, at most

let source = null;
let wait = 1000;
let last = 0;
let timer = 0;
let late = false; // changes may have been missed

// A form that somebody has begun to fill in differs from what the server sent.
function touched(element) {
  if (element.contains(document.activeElement) && document.activeElement !== document.body && document.activeElement.matches("input, textarea, select")) {
    return true;
  }
  for (const field of element.querySelectorAll("input, textarea, select")) {
    if (field.type === "hidden") {
      continue;
    }
    if (field.type === "checkbox" || field.type === "radio") {
      if (field.checked !== field.defaultChecked) {
        return true;
      }
    } else if (field.tagName === "SELECT") {
      const set = [...field.options].filter((o) => o.defaultSelected);
      const first = set.length > 0 ? set[set.length - 1].value : field.options[0]?.value ?? "";
      if (field.value !== first) {
        return true;
      }
    } else if (field.value !== field.defaultValue) {
      return true;
    }
  }
  return false;
}

// What somebody has unfolded stays unfolded, and what has the focus keeps it.
function put(now, next) {
  const open = [...now.querySelectorAll("details[open] > summary")].map((s) => s.textContent.trim());
  const focused = now.contains(document.activeElement) ? path(now, document.activeElement) : null;
  for (const details of next.querySelectorAll("details")) {
    const summary = details.querySelector("summary");
    if (summary && open.includes(summary.textContent.trim())) {
      details.open = true;
    }
  }
  now.replaceWith(next);
  focused?.reduce((at, i) => at?.children[i], next)?.focus({ preventScroll: true });
}

function path(from, to) {
  const steps = [];
  for (let at = to; at !== from; at = at.parentElement) {
    steps.unshift([...at.parentElement.children].indexOf(at));
  }
  return steps;
}

async function refresh() {
  timer = 0;
  last = Date.now();
  // Nobody has asked: it does not keep the session of somebody who has left.
  const response = await fetch(location.href, { redirect: "manual", headers: { "X-Unasked": "true" } });
  if (!response.ok) {
    late = true;
    return;
  }
  late = false;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const seq = page.querySelector("main")?.dataset.seq;
  if (seq) {
    watched.dataset.seq = seq;
  }
  let changed = false;
  for (const now of document.querySelectorAll("[data-live][id]")) {
    const next = page.getElementById(now.id);
    if (!next || next.isEqualNode(now) || touched(now)) {
      continue;
    }
    put(now, document.adoptNode(next));
    changed = true;
  }
  if (changed) {
    announce();
    document.dispatchEvent(new Event("live"));
  }
}

// Emptied first, so that the same words are said again.
function announce() {
  const note = document.getElementById("live-note");
  if (note) {
    note.textContent = "";
    requestAnimationFrame(() => { note.textContent = note.dataset.changed; });
  }
}

function soon() {
  if (!timer) {
    timer = setTimeout(() => refresh().catch(() => { late = true; }), Math.max(0, last + quiet - Date.now()));
  }
}

function begin() {
  if (source || document.hidden) {
    return;
  }
  const query = new URLSearchParams({ number: watched.dataset.watch, seq: watched.dataset.seq ?? "0" });
  source = new EventSource("/live?" + query);
  source.addEventListener("open", () => {
    wait = 1000;
    if (late) {
      soon();
    }
  });
  source.addEventListener("change", soon);
  source.addEventListener("end", end);
  source.addEventListener("error", () => {
    end();
    late = true;
    setTimeout(begin, wait);
    wait = Math.min(2 * wait, patience);
  });
}

function end() {
  source?.close();
  source = null;
}

// A page that nobody sees holds no connection: browsers keep few, and for all tabs together.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    end();
    late = true;
  } else {
    begin();
  }
});
addEventListener("pagehide", end);
addEventListener("pageshow", (event) => {
  if (event.persisted) {
    late = true;
    begin();
  }
});
if (watched) {
  begin();
}
