// Language, ways out of Airflow's frame, lists that narrow as one types, changes that are sent from here.
const base = document.body.dataset.base;
const airflow = document.body.dataset.airflow;

function framed() {
  try { return parent !== window && Boolean(parent.document); } catch { return false; }
}

// Airflow's language is known to its pages only: note it, and load the page again if it is another.
function followLanguage() {
  let wanted = "";
  try {
    wanted = (framed() && parent.document.documentElement.lang) || localStorage.getItem("i18nextLng") || "";
  } catch { return; }
  if (!/^[A-Za-z]{2}(-[A-Za-z]{2,4})?$/.test(wanted)) return;
  const name = "amazon_listings_language";
  const known = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
  if (known === `${name}=${wanted}`) return;
  document.cookie = `${name}=${wanted}; path=${base || "/"}; max-age=31536000; samesite=lax`;
  if (document.cookie.includes(`${name}=${wanted}`) && document.documentElement.lang !== wanted.slice(0, 2)) {
    location.reload();
  }
}

// Airflow's frame lets no link out: an Airflow page is opened by its own router, others by a link of the parent.
function leave(event) {
  const link = event.target.closest("a[data-airflow-path], a[data-out]");
  if (!link || event.defaultPrevented || !framed()) return;
  if (link.dataset.airflowPath && !(event.metaKey || event.ctrlKey || event.shiftKey)) {
    event.preventDefault();
    parent.history.pushState(null, "", new URL(link.dataset.airflowPath, parent.document.baseURI));
    parent.dispatchEvent(new parent.PopStateEvent("popstate", { state: null }));
    return;
  }
  event.preventDefault();
  const outside = parent.document.createElement("a");
  outside.href = link.href;
  outside.target = "_blank";
  outside.rel = "noopener noreferrer";
  outside.click();
}

async function swap(address, target, keep) {
  let answer, text;
  try {
    answer = await fetch(address, { headers: { accept: "text/html" }, credentials: "same-origin" });
    text = await answer.text();
  } catch { return; /* no network, or the page is being left: what is there stays */ }
  const page = new DOMParser().parseFromString(text, "text/html");
  const found = page.getElementById(target);
  const place = document.getElementById(target);
  if (!answer.ok || !found || !place) { location.assign(address); return; }
  keep?.(place, found);
  place.replaceWith(document.adoptNode(found));
  const shown = document.getElementById(target);
  shown.querySelectorAll("form[data-send]").forEach(send);
  load(shown);
}

// A list of what is still going on is asked for again, unless somebody is using it.
setInterval(() => {
  const list = document.getElementById("list");
  if (!list?.dataset.refresh || document.hidden || list.contains(document.activeElement)) return;
  swap(location.pathname + location.search, "list", keepChoices);
}, 5000);

// What was chosen, but not sent yet, is chosen in the list that comes in place of the one before.
function keepChoices(before, after) {
  for (const one of before.querySelectorAll("input[type=radio]:checked, select")) {
    const same = [...after.querySelectorAll(`[name="${one.name}"]`)];
    if (one.type === "radio") same.filter((each) => each.value === one.value).forEach((each) => { each.checked = true; });
    else if (same.length === 1) same[0].value = one.value;
  }
}

// A form marked `data-live` narrows the list of the page as one types or chooses.
function live(form) {
  let timer;
  const narrow = () => {
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    const address = `${form.getAttribute("action")}${query.size ? `?${query}` : ""}`;
    history.replaceState(null, "", address);
    swap(address, "list");
  };
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(narrow, 250); });
  form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(timer); narrow(); });
}

// What costs something is asked for when it is opened, one after the other.
let opened = Promise.resolve();
document.addEventListener("toggle", (event) => {
  const place = event.target.querySelector?.("div");
  if (!event.target.dataset?.open || !event.target.open || !place) return;
  place.dataset.load = event.target.dataset.open;
  place.setAttribute("aria-busy", "true");
  delete event.target.dataset.open;
  opened = opened.then(() => load(event.target));
}, true);

// What an answer puts in a place of the page: a part of a page, or the sentence that says why there is none.
async function part(answer) {
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (answer.ok) return page.body.childNodes;
  const told = page.querySelectorAll("main pre");
  if (!told.length) throw new Error(answer.statusText);
  return told;
}

// What takes a while is loaded after the page is there.
function load(root) {
  return Promise.all([...root.querySelectorAll("[data-load]")].map((place) => {
    const address = place.dataset.load;
    delete place.dataset.load;
    return fetch(address, { headers: { accept: "text/html" }, credentials: "same-origin" })
      .then(async (answer) => {
        place.replaceChildren(...await part(answer));
        place.removeAttribute("aria-busy");
        place.querySelectorAll("form[data-send]").forEach(send);
      })
      .catch(() => { place.removeAttribute("aria-busy"); place.textContent = place.dataset.failed || ""; });
  }));
}

// Controls of one name of which several may be answered; of radios and of buttons one is.
function several(controls) {
  if (!(controls instanceof RadioNodeList)) return Boolean(controls?.multiple);
  return ![...controls].every((one) => ["radio", "submit"].includes(one.type));
}

// The answers of a form; several of one name are a list.
function answers(form, submitter) {
  const values = {};
  for (const [name, value] of new FormData(form, submitter)) {
    if (several(form.elements[name])) (values[name] ??= []).push(value);
    else values[name] = value;
  }
  return values;
}

function say(place, sentence, isGood) {
  if (!place) return;
  place.textContent = sentence;
  place.className = isGood ? "note good" : "note bad";
}

// A button that is disabled loses the focus: it goes to the first answer that is wrong, or back.
function focusAgain(form, button) {
  if (document.activeElement !== document.body) return;
  const wrong = form.querySelector("[data-error]:not(:empty)")?.closest("label, fieldset");
  (wrong?.querySelector("input, select, textarea") || button)?.focus();
}

// A form marked `data-send` is sent as JSON; its answer is shown in the page, or leads on.
function send(form) {
  form.addEventListener("submit", async (event) => {
    if (event.submitter?.hasAttribute("formmethod")) return; // a download
    event.preventDefault();
    const place = document.getElementById(event.submitter?.dataset.answerAt || "")
      || [...form.querySelectorAll("[role=status]")].pop() || document.querySelector("[data-answer]");
    const buttons = [...form.querySelectorAll("button")];
    const values = answers(form, event.submitter);
    buttons.forEach((one) => { one.disabled = true; });
    try {
      const answer = await fetch(event.submitter?.hasAttribute("formaction") ? event.submitter.formAction : form.action, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json" },
        body: JSON.stringify(values),
        credentials: "same-origin",
      }).catch(() => null);
      if (!answer) {
        say(place, document.body.dataset.notSent, false);
        return;
      }
      const told = await answer.json().catch(() => ({}));
      for (const old of form.querySelectorAll("[data-error]")) old.textContent = "";
      for (const [name, sentence] of Object.entries(told.errors || {})) {
        const at = form.querySelector(`[data-error="${CSS.escape(name)}"]`);
        if (at) at.textContent = sentence;
      }
      say(place, told.message || told.detail || "", answer.ok);
      for (const [name, value] of Object.entries(told.set || {})) {
        const field = form.elements[name];
        if (field) { field.value = value; field.dispatchEvent(new Event("input", { bubbles: true })); }
      }
      form.querySelector("[data-error]:not(:empty)")?.scrollIntoView({ block: "center" });
      if (answer.ok && told.next) location.assign(told.next);
      else if (answer.ok && form.dataset.send === "reload") location.reload();
    } finally {
      buttons.forEach((one) => { one.disabled = false; });
      focusAgain(form, event.submitter);
    }
  });
}

// PIM fields behind `item.`, and formulas behind `|`, are offered as one types.
function complete(area) {
  const place = area.parentElement.querySelector("[data-completions]");
  let known;
  const offer = async () => {
    const before = area.value.slice(0, area.selectionStart);
    const found = /(item\.|\|\s*)(\w*)$/.exec(before);
    if (!found) { place.replaceChildren(); return; }
    known ??= fetch(area.dataset.names, { credentials: "same-origin" }).then((answer) => answer.json());
    const names = await known.catch(() => ({ fields: [], formulas: [] }));
    const ofItem = found[1] === "item.";
    const typed = ofItem ? `item.${found[2]}` : found[2];
    const like = (ofItem ? names.fields : names.formulas).filter((one) => one.startsWith(typed)).slice(0, 8);
    place.replaceChildren(...like.map((name) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn small mono";
      button.textContent = name;
      button.addEventListener("click", () => {
        const start = before.length - typed.length;
        area.setRangeText(name, start, before.length, "end");
        area.focus();
        area.dispatchEvent(new Event("input", { bubbles: true }));
        place.replaceChildren();
      });
      return button;
    }));
  };
  area.addEventListener("input", offer);
}

// A part of a form that depends on other answers is asked for when they change.
function ask(place) {
  const form = place.closest("form");
  const names = place.dataset.from.split(" ");
  let timer;
  let asked = 0;
  const show = async () => {
    const query = new URLSearchParams([...new FormData(form)].filter(([name]) => names.includes(name)));
    const turn = ++asked;
    place.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(`${place.dataset.ask}?${query}`, { headers: { accept: "text/html" }, credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (turn !== asked) return;
      if (answer.ok) place.replaceChildren(...page.body.childNodes);
    } catch { /* what is there stays */ }
    if (turn === asked) place.removeAttribute("aria-busy");
  };
  form.addEventListener("input", (event) => {
    if (!names.includes(event.target.name) || place.contains(event.target)) return;
    clearTimeout(timer);
    timer = setTimeout(show, 400);
  });
  show();
}

// A choice can suggest other answers, and decide which fields are shown.
function follow(form) {
  const shown = () => {
    for (const one of form.querySelectorAll("[data-only]")) {
      const [name, value] = one.dataset.only.split("=");
      one.hidden = form.elements[name].value !== value;
    }
  };
  form.addEventListener("input", (event) => {
    const sets = event.target.selectedOptions?.[0]?.dataset.sets;
    for (const [name, value] of Object.entries(sets ? JSON.parse(sets) : {})) {
      const field = form.elements[name];
      if (field && field.value !== value) {
        field.value = value;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
    }
    shown();
  });
  shown();
}

// Each step of a long form shows whether it has what it needs, and where one is.
function steps(form) {
  const links = [...document.querySelectorAll(".steps a")];
  const show = () => {
    for (const part of form.querySelectorAll("[data-needs]")) {
      const filled = Boolean(form.elements[part.dataset.needs]?.value) && !part.querySelector("[data-error]:not(:empty)");
      links.find((one) => one.hash === `#${part.id}`)?.classList.toggle("done", filled);
    }
  };
  form.addEventListener("focusin", (event) => {
    const part = event.target.closest("section");
    for (const one of links) {
      if (part && one.hash === `#${part.id}`) one.setAttribute("aria-current", "step");
      else one.removeAttribute("aria-current");
    }
  });
  form.addEventListener("input", show);
  new MutationObserver(show).observe(form, { childList: true, subtree: true });
  show();
}

// What a field's value would make of real products, as one types.
function preview(form) {
  const place = document.getElementById("preview");
  let timer;
  let asked = 0;
  const show = async () => {
    const values = answers(form);
    const turn = ++asked;
    try {
      const answer = await fetch(form.dataset.preview, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "text/html" },
        body: JSON.stringify(values),
        credentials: "same-origin",
      });
      const told = await part(answer);
      if (turn !== asked) return;
      const open = new Set([...place.querySelectorAll("details[open]")].map((one) => one.dataset.fold));
      place.replaceChildren(...told);
      for (const one of place.querySelectorAll("details")) one.open = open.has(one.dataset.fold);
    } catch { if (turn === asked) place.textContent = place.dataset.failed; }
  };
  form.addEventListener("input", (event) => {
    const kind = event.target.dataset.kind;
    if (kind) form.querySelector(`input[name=kind][value=${kind}]`).checked = true;
    clearTimeout(timer);
    timer = setTimeout(show, 300);
  });
  for (const one of form.querySelectorAll("[data-use]")) {
    one.addEventListener("click", () => {
      form.elements.expression.value = one.dataset.use;
      form.elements.expression.dispatchEvent(new Event("input", { bubbles: true }));
      form.elements.expression.focus();
    });
  }
  show();
}

document.addEventListener("click", leave);
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (event.key === "/" && !typing) {
    const search = document.querySelector("input[type=search]");
    if (search) { event.preventDefault(); search.focus(); }
  }
});
document.querySelectorAll("form[data-live]").forEach(live);
document.querySelectorAll("form[data-send]").forEach(send);
document.querySelectorAll("form[data-preview]").forEach(preview);
document.querySelectorAll("[data-ask]").forEach(ask);
document.querySelectorAll("[data-names]").forEach(complete);
document.querySelectorAll("form.form").forEach(follow);
document.querySelectorAll("form.form").forEach(steps);
const current = document.querySelector(".fieldlist [aria-current]");
if (current) current.closest("ul").scrollTop = current.offsetTop - 80;
// A field that was chosen is where the keyboard goes on, not above the list of all fields; nothing moves on a wide page.
document.querySelector("[data-chosen]")?.focus({ preventScroll: matchMedia("(min-width: 901px)").matches });
load(document);
followLanguage();
if (framed()) {
  new MutationObserver(followLanguage).observe(parent.document.documentElement, { attributeFilter: ["lang"] });
}
addEventListener("storage", (event) => { if (event.key === "i18nextLng") followLanguage(); });

export { airflow, base, load, swap };
