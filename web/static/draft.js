// Drafts: a form with data-draft="name" keeps what is typed into it in this browser, for the person who has signed in, until
// it was taken. It is kept with the form's idempotency key, so that sending it again after an unknown outcome does nothing
// twice. What was taken is known by the address of the page that follows (?filed=key).
//
// Within the form, where wanted: [data-draft-state] says when it was saved (data-saved, a text with {time}) or that it cannot be
// (data-full); [data-draft-note] with [data-draft-told] says that it was restored (data-restored); [data-draft-discard] throws it
// away. data-draft-typed="key" on the form says that the page shows already what was typed, and with which key it was sent. A
// form whose draft was restored gets the event "draft". Every window has a draft of its own: one that is open elsewhere is not
// restored here.

const prefix = "yunwei.draft.";
const lifetime = 30 * 24 * 60 * 60 * 1000;
const pause = 500;
const user = document.body.dataset.user;
const own = `${prefix}${encodeURIComponent(user)}.`;
let over = false; // somebody signs out

function kept() {
  try {
    return Object.keys(localStorage).filter((name) => name.startsWith(prefix));
  } catch {
    return []; // the browser keeps nothing
  }
}

function read(name) {
  try {
    const draft = JSON.parse(localStorage.getItem(name));
    return draft && draft.at && draft.values ? draft : null;
  } catch {
    return null;
  }
}

function forget(name) {
  try {
    localStorage.removeItem(name);
  } catch {
    // it was not kept
  }
}

function tidy() {
  const filed = new URLSearchParams(location.search).get("filed");
  for (const name of kept()) {
    const draft = read(name);
    const taken = filed && name.startsWith(own) && draft?.key === filed;
    if (!draft || taken || Date.now() - draft.at > lifetime) forget(name);
  }
  if (filed) {
    const here = new URL(location.href);
    here.searchParams.delete("filed");
    history.replaceState(history.state, "", here);
  }
}

function time(at) {
  const that = new Date(at);
  const shape = { hour: "2-digit", minute: "2-digit", hour12: false };
  if (that.toDateString() !== new Date().toDateString()) Object.assign(shape, { month: "2-digit", day: "2-digit" });
  return new Intl.DateTimeFormat(document.documentElement.lang, shape).format(that);
}

// fields are the controls whose values are kept.
function fields(form) {
  return [...form.elements].filter((e) => e.name && !["hidden", "file", "submit", "button", "password"].includes(e.type) && e.tagName !== "FIELDSET");
}

// values are what the controls say, or what they said when the page came.
function values(form, first = false) {
  const out = {};
  for (const e of fields(form)) {
    if (e.type === "radio" || e.type === "checkbox") {
      if (first ? e.defaultChecked : e.checked) (out[e.name] ??= []).push(e.value);
    } else if (e.tagName === "SELECT" && first) {
      (out[e.name] ??= []).push(([...e.options].find((o) => o.defaultSelected) ?? e.options[0])?.value ?? "");
    } else {
      (out[e.name] ??= []).push(first ? e.defaultValue : e.value);
    }
  }
  return out;
}

// fill puts values into a form. What the address of the page has asked for stays.
function fill(form, all) {
  const asked = new URLSearchParams(location.search);
  const at = {};
  for (const e of fields(form)) {
    const list = all[e.name] ?? [];
    if (asked.get(e.name)) continue;
    if (e.type === "radio" || e.type === "checkbox") {
      e.checked = list.includes(e.value);
    } else {
      at[e.name] ??= 0;
      e.value = list[at[e.name]++] ?? "";
    }
  }
}

// held are the keys of the forms of this page. Another window that opens leaves their drafts alone.
const held = new Set();
const windows = new BroadcastChannel("yunwei.draft");
const answers = 150; // milliseconds that other windows have to say what they hold

windows.addEventListener("message", ({ data }) => {
  if (held.has(data.ask)) windows.postMessage({ held: data.ask });
});

async function heldElsewhere(keys) {
  const out = new Set();
  const hear = ({ data }) => data.held && out.add(data.held);
  windows.addEventListener("message", hear);
  keys.forEach((ask) => windows.postMessage({ ask }));
  await new Promise((done) => setTimeout(done, answers));
  windows.removeEventListener("message", hear);
  return out;
}

const keeping = new WeakSet();

async function keep(form) {
  const key = form.elements.namedItem("_key");
  if (!key || keeping.has(form)) return;
  keeping.add(form);
  const names = `${own}${form.dataset.draft}:`;
  const states = form.querySelectorAll("[data-draft-state]");
  const note = form.querySelector("[data-draft-note]");
  const blank = JSON.stringify(values(form, true));
  const typed = "draftTyped" in form.dataset;
  let waiting = 0;

  const say = (which, at) => {
    for (const state of states) {
      const said = (state.dataset[which] ?? "").replace("{time}", time(at));
      if (state.textContent !== said) state.textContent = said;
    }
  };
  const save = () => {
    clearTimeout(waiting);
    waiting = 0;
    if (over) return;
    const now = values(form);
    const at = Date.now();
    if (JSON.stringify(now) === blank && !typed) {
      forget(names + key.value);
      say("", at);
      return;
    }
    try {
      localStorage.setItem(names + key.value, JSON.stringify({ at, key: key.value, values: now }));
      say("saved", at);
    } catch {
      say("full", at);
    }
  };
  const restore = (draft) => {
    fill(form, draft.values);
    key.value = draft.key;
    say("saved", draft.at);
    if (note) {
      note.hidden = false;
      const told = note.querySelector("[data-draft-told]");
      if (told) told.textContent = (note.dataset.restored ?? "").replace("{time}", time(draft.at));
    }
    form.closest("details")?.setAttribute("open", "");
    form.dispatchEvent(new CustomEvent("draft"));
  };

  const later = () => {
    clearTimeout(waiting);
    waiting = setTimeout(save, pause);
  };
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  form.addEventListener("submit", save);
  addEventListener("pagehide", () => waiting && save());
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && waiting && save());
  form.querySelector("[data-draft-discard]")?.addEventListener("click", () => {
    clearTimeout(waiting);
    waiting = 0;
    forget(names + key.value);
    form.reset();
    location.reload(); // for a key of its own
  });

  held.add(key.value);
  if (typed) {
    if (form.dataset.draftTyped && form.dataset.draftTyped !== key.value) forget(names + form.dataset.draftTyped);
    save();
    return;
  }
  const drafts = kept().filter((name) => name.startsWith(names)).map(read).filter((draft) => draft?.key).sort((a, b) => b.at - a.at);
  if (!drafts.length) return;
  const others = await heldElsewhere(drafts.map((draft) => draft.key));
  const shown = JSON.stringify(values(form)); // somebody may type already, or the browser has brought it back itself
  const draft = drafts.find((one) => !others.has(one.key) && (shown === blank || shown === JSON.stringify(one.values)));
  if (!draft) return;
  held.delete(key.value);
  restore(draft);
  held.add(key.value);
}

if (user) {
  tidy();
  const all = () => document.querySelectorAll("form[data-draft]").forEach(keep);
  all();
  document.addEventListener("live", all); // forms that came in place of others
  for (const way of document.querySelectorAll('form[action$="/sign-out"]')) { // of this session, and of all
    way.addEventListener("submit", () => {
      over = true;
      kept().filter((name) => name.startsWith(own)).forEach(forget);
    });
  }
}
