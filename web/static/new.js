// The form of a report: similar cases and suggestions while somebody types, files by drag, paste and camera, and a key to
// send it with.

const form = document.getElementById("report");
const pause = 400;

// part keeps a region up to date with what the server says of some fields. What is outdated is not waited for.
function part(region, address, fill) {
  let asked = "";
  let running;
  return async () => {
    const query = address();
    if (query === null || query === asked) return;
    asked = query;
    running?.abort();
    running = new AbortController();
    region.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(query, { signal: running.signal, headers: { Accept: "text/html" } });
      if (answer.ok && !answer.redirected) fill(await answer.text());
      region.removeAttribute("aria-busy");
    } catch (e) {
      if (e.name === "AbortError") return;
      asked = ""; // another time
      region.removeAttribute("aria-busy");
    }
  };
}

function soon(what) {
  let waiting;
  return () => {
    clearTimeout(waiting);
    waiting = setTimeout(what, pause);
  };
}

function field(name) {
  return form.elements.namedItem(name);
}

// What the server says of itself is read as a document, in which nothing runs.
const read = (html) => new DOMParser().parseFromString(html, "text/html");

function watchSimilar(region) {
  const first = region.dataset.similar + "?" + new URLSearchParams({ title: field("title").defaultValue.trim(), system: field("system").defaultValue.trim() });
  const address = () => region.dataset.similar + "?" + new URLSearchParams({ title: field("title").value.trim(), system: field("system").value.trim() });
  let shown = first;
  const ask = part(region, address, (html) => {
    const next = read(html).body;
    if (next.textContent !== region.textContent) region.replaceChildren(...next.childNodes);
  });
  const look = soon(() => {
    if (address() === shown && shown === first) return; // the page came with it
    shown = address();
    ask();
  });
  for (const name of ["title", "system"]) field(name).addEventListener("input", look);
  form.addEventListener("draft", look);
  if (address() !== first) look(); // a draft was there before
}

function watchSuggestions(region) {
  const address = () => region.dataset.suggestions + "?" + new URLSearchParams({ system: field("system").value.trim() });
  const ask = part(region, address, (html) => {
    const came = read(html);
    for (const id of ["used-modules", "used-assets"]) {
      const list = came.getElementById(id);
      if (list) document.getElementById(id)?.replaceWith(document.adoptNode(list));
    }
  });
  field("system").addEventListener("change", ask);
  form.addEventListener("draft", ask);
  if (field("system").value) ask();
}

function sized(bytes) {
  return bytes >= 1 << 20 ? `${(bytes / (1 << 20)).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1024))} kB`;
}

function keepFiles(box) {
  const [main, ...others] = box.querySelectorAll('input[type="file"]');
  const list = box.querySelector("[data-list]");
  const wrong = box.querySelector("[data-refused]");
  const count = box.querySelector("[data-count]");
  const most = Number(box.dataset.most);
  const largest = Number(box.dataset.largest);
  let files = [];
  let addresses = [];
  box.classList.add("scripted");

  const show = () => {
    addresses.forEach((address) => URL.revokeObjectURL(address));
    addresses = [];
    list.replaceChildren(
      ...files.map((file, i) => {
        const item = document.createElement("li");
        if (file.type.startsWith("image/")) {
          const picture = document.createElement("img");
          addresses.push((picture.src = URL.createObjectURL(file)));
          picture.alt = "";
          item.append(picture);
        } else {
          const kind = document.createElement("span");
          kind.className = "kind";
          kind.textContent = file.name.includes(".") ? file.name.split(".").pop().slice(0, 4) : "";
          kind.ariaHidden = "true";
          item.append(kind);
        }
        const name = document.createElement("span");
        name.className = "name";
        name.textContent = `${file.name} · ${sized(file.size)}`;
        const remove = document.createElement("button");
        remove.type = "button";
        remove.className = "plain";
        remove.textContent = box.dataset.remove;
        remove.setAttribute("aria-label", `${box.dataset.remove} ${file.name}`);
        remove.addEventListener("click", () => {
          files.splice(i, 1);
          wrong.textContent = "";
          show();
          (list.querySelectorAll("button")[Math.min(i, files.length - 1)] ?? main).focus();
        });
        item.append(name, remove);
        return item;
      }),
    );
    const all = new DataTransfer();
    files.forEach((file) => all.items.add(file));
    main.files = all.files;
    count.textContent = files.length ? box.dataset.chosen.replace("{n}", files.length) : "";
  };

  const add = (more) => {
    const refused = [];
    for (const file of more) {
      const again = files.some((f) => f.name === file.name && f.size === file.size && f.lastModified === file.lastModified);
      if (again) continue;
      if (file.size > largest) refused.push(`${file.name}: ${box.dataset.large}`);
      else if (files.length >= most) refused.push(`${file.name}: ${box.dataset.many}`);
      else files.push(file);
    }
    wrong.textContent = refused.join("\n");
    show();
  };

  main.addEventListener("change", () => add(main.files));
  for (const other of others) {
    other.addEventListener("change", () => {
      add(other.files);
      other.value = "";
    });
  }

  const carries = (event) => event.dataTransfer?.types.includes("Files");
  let within = 0;
  const over = (change) => {
    within = change;
    form.classList.toggle("over", within > 0);
  };
  document.addEventListener("dragenter", (event) => carries(event) && over(within + 1));
  document.addEventListener("dragleave", (event) => carries(event) && over(Math.max(within - 1, 0)));
  document.addEventListener("dragover", (event) => carries(event) && event.preventDefault());
  document.addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    over(0);
    add(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    const pasted = [...(event.clipboardData?.files ?? [])];
    if (!pasted.length || event.clipboardData.types.includes("text/plain")) return; // a table from a sheet comes as a picture, too
    event.preventDefault();
    const now = new Date().toTimeString().slice(0, 8).replaceAll(":", "-");
    add(pasted.map((file, i) => (/^image\.\w+$/.test(file.name) ? new File([file], `${box.dataset.shot} ${now}${i ? `-${i + 1}` : ""}.${file.name.split(".").pop()}`, { type: file.type, lastModified: file.lastModified }) : file)));
  });
}

if (form) {
  document.querySelectorAll("[data-unscripted]").forEach((e) => (e.hidden = true));
  document.querySelectorAll("[data-scripted]").forEach((e) => (e.hidden = false));
  const similar = form.querySelector("[data-similar]");
  if (similar) watchSimilar(similar);
  const suggestions = form.querySelector("[data-suggestions]");
  if (suggestions) watchSuggestions(suggestions);
  const files = form.querySelector("[data-files]");
  if (files) keepFiles(files);
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) form.requestSubmit();
  });
}
