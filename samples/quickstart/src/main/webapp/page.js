"use strict";

// Every request of this page goes to the app's own origin and port; only the path decides who answers.

const byId = (id) => document.getElementById(id);
const SHOWN = 8;

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// ---- Who answers --------------------------------------------------------------------------------------------------

function log(line, status, name, millis) {
  byId("log").querySelector(".empty")?.remove();
  const row = element("tr");
  const by = element("td");
  by.append(element("span", `by ${name}`, name));
  row.append(element("td", "mono", line), element("td", "", status), by,
      element("td", "number", shownMillis(millis)));
  byId("log").prepend(row);
  while (byId("log").children.length > SHOWN) byId("log").lastChild.remove();
}

function shownMillis(millis) {
  return millis < 1000 ? `${millis.toFixed(millis < 10 ? 1 : 0)} ms` : `${(millis / 1000).toFixed(1)} s`;
}

/** One GET: who answered it, how, and what. Null when the session has ended, and the page is on its way to the login. */
async function get(path) {
  const begin = performance.now();
  try {
    const response = await fetch(path, { cache: "no-store", headers: { Accept: "application/json" } });
    if (response.redirected) {
      location.reload();
      return null;
    }
    const answer = response.ok ? await response.json() : null;
    return {
      // The app and the services say their name; the gateway's own answers have none.
      name: response.headers.get("Answered-By") ?? "gateway",
      attempts: Number(response.headers.get("Answer-Attempts") ?? 1),
      status: response.status,
      ok: response.ok,
      answer,
      millis: performance.now() - begin,
    };
  } catch (lost) {
    return { name: "nobody", attempts: 1, status: "–", ok: false, answer: null, millis: performance.now() - begin };
  }
}

/** Sends one GET for a button and enters who answered it; the answer's JSON, or null when there is none. */
async function ask(path) {
  const got = await get(path);
  if (got === null) return null;
  log(`GET /${path}`, got.status, got.name, got.millis);
  if (got.answer?.fields) showReceived(got.answer);
  return got.answer;
}

for (const button of document.querySelectorAll("[data-ask]")) {
  button.addEventListener("click", () => ask(button.dataset.ask));
}

// ---- Trouble: the ticker ------------------------------------------------------------------------------------------

const CELLS = 60;
const WINDOW_MILLIS = 10_000;
const AT_ONCE_AT_MOST = 4; // of the browser's six connections; the rest are for the buttons

const totals = { sent: 0, retried: 0, errors: 0 };
const recent = []; // of the last ten seconds: { at, name, ok, millis }
let inFlight = 0;

for (let i = 0; i < CELLS; i++) byId("ticker").append(element("i", "dot none"));

function show(cell, kind, text) {
  cell.className = `dot ${kind}`;
  cell.textContent = text;
}

/** One request of the ticker. It fills its cell in place, like a pen that goes round a drum; nothing scrolls. */
async function tick() {
  if (inFlight >= AT_ONCE_AT_MOST) return;
  const cell = byId("ticker").children[totals.sent % CELLS];
  totals.sent++;
  byId("ticker").children[totals.sent % CELLS].className = "dot none next";
  byId("ticker").children[totals.sent % CELLS].textContent = "";
  const mine = totals.sent;
  show(cell, "waiting", "");
  inFlight++;
  const got = await get("api/whoami");
  inFlight--;
  if (got === null) return;
  recent.push({ at: Date.now(), name: got.name, ok: got.ok, millis: got.millis });
  if (!got.ok) totals.errors++;
  const again = got.attempts > 1;
  if (again && got.ok) totals.retried++;
  if (mine > totals.sent - CELLS) {
    if (got.ok) show(cell, `${got.name}${again ? " again" : ""}`, got.name.replace(/^.*-/, ""));
    else show(cell, "gateway", "✕");
    cell.title = `${got.ok ? got.name : `error ${got.status}`}, ${shownMillis(got.millis)}`
        + (again ? `, ${got.attempts} attempts` : "");
  }
  if (got.answer?.fields) showReceived(got.answer);
}

function showTotals() {
  const from = Date.now() - WINDOW_MILLIS;
  while (recent.length > 0 && recent[0].at < from) recent.shift();
  byId("total").textContent = totals.sent.toLocaleString("en");
  byId("retried").textContent = totals.retried.toLocaleString("en");
  byId("errors").textContent = totals.errors.toLocaleString("en");
  byId("errors").parentElement.classList.toggle("some", totals.errors > 0);
  byId("slowest").textContent = recent.length === 0 ? "–" : shownMillis(Math.max(...recent.map((each) => each.millis)));
  const shares = [];
  for (const [name, card] of cards) {
    const answered = recent.filter((each) => each.ok && each.name === name).length;
    const percent = recent.length === 0 ? 0 : Math.round((100 * answered) / recent.length);
    card.share.textContent = `${percent} %`;
    card.bar.style.width = `${percent}%`;
    shares.push(`${name} ${percent} %`);
  }
  byId("ticker").setAttribute("aria-label",
      `Last 10 seconds: ${recent.length} answers, ${recent.filter((each) => !each.ok).length} errors. ${shares.join(", ")}.`);
}

let steady = null;

function keepAsking(on) {
  if (steady !== null) clearInterval(steady);
  steady = on ? setInterval(tick, 1000 / Number(byId("rate").value)) : null;
  byId("steady").setAttribute("aria-pressed", String(on));
  byId("steady").textContent = on ? "Stop asking" : "Keep asking";
}

byId("steady").addEventListener("click", () => keepAsking(steady === null));
byId("rate").addEventListener("change", () => keepAsking(true));

// ---- Trouble: the services ----------------------------------------------------------------------------------------

const cards = new Map(); // name -> { item, share, bar, state, place, buttons, delay }
let token = null;

const STATES = {
  well: "is well",
  killed: "is killed: its port refuses connections",
  frozen: "is frozen: connections open, nobody answers",
  slow: "is slow",
  broken: "answers 500",
};

// What a button does, and what it is called once that is done: then it undoes it.
const BUTTONS = { killed: ["Kill", "Revive"], frozen: ["Freeze", "Thaw"], slow: ["Slow down", "Speed up"], broken: ["Break", "Heal"] };

function card(name) {
  const item = element("li", name);
  const head = element("h3");
  const sign = element("i", `dot ${name}`, name.replace(/^.*-/, ""));
  sign.setAttribute("aria-hidden", "true");
  head.append(sign, element("span", "name", name));
  const share = element("span", "count", "0 %");
  const bar = element("i");
  const track = element("span", "share");
  track.append(bar);
  const state = element("p", "state");
  const place = element("p", "place");
  const row = element("div", "actions");
  const delay = element("select");
  delay.setAttribute("aria-label", `How slow ${name} gets`);
  for (const [millis, text] of [[300, "0.3 s"], [1000, "1 s"], [2000, "2 s"], [4000, "4 s"]]) {
    delay.append(new Option(text, millis, millis === 2000, millis === 2000));
  }
  const buttons = {};
  for (const wanted of Object.keys(BUTTONS)) {
    const button = element("button", "quiet");
    buttons[wanted] = button;
    button.addEventListener("click", () => {
      become([name], cards.get(name).now === wanted ? "well" : wanted);
    });
    if (wanted === "slow") {
      const pair = element("span", "pair");
      pair.append(button, delay);
      row.append(pair);
    } else {
      row.append(button);
    }
  }
  delay.addEventListener("change", () => {
    if (cards.get(name).now === "slow") become([name], "slow");
  });
  item.append(head, share, track, state, place, row);
  byId("services").append(item);
  const made = { item, share, bar, state, place, buttons, delay, now: "well" };
  cards.set(name, made);
  return made;
}

function showServices(all) {
  token = all.token;
  for (const service of all.services) {
    const shown = cards.get(service.name) ?? card(service.name);
    shown.now = service.state;
    shown.item.dataset.state = service.state;
    shown.state.textContent = STATES[service.state] + (service.state === "slow" ? `: ${service.delay / 1000} s` : "");
    shown.place.textContent = `port ${new URL(service.address).port}, `
        + (service.state === "killed" ? "no process" : `process ${service.process}`);
    for (const [wanted, button] of Object.entries(shown.buttons)) {
      const is = service.state === wanted;
      const text = BUTTONS[wanted][is ? 1 : 0];
      if (button.textContent !== text) {
        button.textContent = text;
        button.setAttribute("aria-label", `${text} ${service.name}`);
        button.classList.toggle("undo", is);
      }
      button.hidden = (wanted === "frozen" && !all.canFreeze) || (service.state === "killed" && !is);
    }
    shown.delay.parentElement.hidden = service.state === "killed";
  }
  const gone = all.services.filter((each) => each.state === "killed").length;
  advise(gone < all.services.length ? "" : "Every service is gone. Open /api/whoami in a new tab to see what a user sees now.");
  showNotices(all);
}

function advise(text) {
  if (byId("advice").textContent !== text) byId("advice").textContent = text;
}

function showNotices(all) {
  if (all.notices.length === 0) return;
  byId("notices").replaceChildren(...all.notices.map((notice) => {
    let text = notice.text;
    for (const service of all.services) text = text.replaceAll(service.address, service.name);
    const item = element("li");
    item.append(element("time", "", new Date(notice.millis).toLocaleTimeString()), element("span", "", text));
    return item;
  }));
}

/** Puts services into a state, all at once. */
async function become(names, state) {
  const answers = await Promise.all(names.map((name) => {
    const query = new URLSearchParams({ state, delay: state === "slow" ? cards.get(name).delay.value : 0 });
    return fetch(`app/services/${name}?${query}`, { method: "POST", headers: { "X-CSRF-Token": token } });
  }));
  const refused = answers.find((each) => !each.ok);
  await watchServices();
  if (refused) advise(`That did not work (status ${refused.status}). Try again.`);
}

byId("kill-all").addEventListener("click", () => become([...cards.keys()], "killed"));
byId("heal-all").addEventListener("click", () => become([...cards.keys()], "well"));

/** Asks the launcher what there is. False when there is none: the WAR runs in a container of its own. */
async function watchServices() {
  try {
    const response = await fetch("app/services", { cache: "no-store" });
    if (!response.ok || response.redirected) return false;
    showServices(await response.json());
    return true;
  } catch (lost) {
    return false;
  }
}

// ---- What the service received ------------------------------------------------------------------------------------

const SET_BY_GATEWAY = /^(via|forwarded|x-forwarded-.*|x-request-id|x-user)$/i;

function showReceived(answer) {
  const lines = [document.createTextNode(`${answer.line}\n`)];
  let cookies = 0;
  for (const [name, value] of answer.fields) {
    if (/^cookie$/i.test(name)) cookies++;
    const line = `${name}: ${value}`;
    lines.push(SET_BY_GATEWAY.test(name) ? element("mark", "", line) : document.createTextNode(line));
    lines.push(document.createTextNode("\n"));
  }
  byId("received").replaceChildren(...lines);
  byId("session").textContent = cookies === 0 ? "The app’s session cookie is not among them." : "";
}

// ---- Upload -------------------------------------------------------------------------------------------------------

const HASHED_HERE_AT_MOST = 256 * 1024 * 1024;

function facts(pairs) {
  byId("upload").replaceChildren(...pairs.flatMap(([term, value]) => {
    const description = element("dd");
    description.append(value);
    return [element("dt", "", term), description];
  }));
}

function upload(content, name) {
  const request = new XMLHttpRequest(); // fetch cannot report the progress of an upload
  const begin = performance.now();
  const progress = byId("progress");
  progress.hidden = false;
  progress.value = 0;
  facts([["Sending", `${name}, ${content.size.toLocaleString("en")} bytes`]]);
  request.upload.onprogress = (event) => { progress.value = event.loaded / event.total; };
  request.onerror = () => facts([["Failed", "The connection was lost."]]);
  request.onloadend = () => { progress.hidden = true; byId("file").value = ""; };
  request.onload = async () => {
    const by = request.getResponseHeader("Answered-By") ?? "gateway";
    const millis = performance.now() - begin;
    log(`PUT /api/files/…`, request.status, by, millis);
    if (request.status !== 200) {
      facts([["Failed", `Status ${request.status}, answered by ${by}.`]]);
      return;
    }
    const answer = JSON.parse(request.responseText);
    const shown = [
      ["Received by", element("span", `by ${by}`, by)],
      ["Size", `${answer.bytes.toLocaleString("en")} bytes in ${Math.round(millis)} ms`],
      ["SHA-256", element("code", "", answer.sha256)],
    ];
    facts(shown);
    if (content.size <= HASHED_HERE_AT_MOST && crypto.subtle) {
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", await content.arrayBuffer()));
      const own = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
      facts([...shown, ["Compared", own === answer.sha256 ? "Same as computed in this browser." : "Differs!"]]);
    }
  };
  request.open("PUT", `api/files/${encodeURIComponent(name)}`);
  request.send(content);
}

byId("file").addEventListener("change", (event) => {
  const file = event.target.files[0];
  if (file) upload(file, file.name);
});

byId("noise").addEventListener("click", () => {
  const part = new Uint8Array(65536); // as much as getRandomValues gives at once
  crypto.getRandomValues(part);
  upload(new Blob(Array(800).fill(part)), "noise");
});

// ---- Event stream -------------------------------------------------------------------------------------------------

let stream = null;

function showEvent(...parts) {
  const item = element("li");
  item.append(...parts);
  byId("events").prepend(item);
  while (byId("events").children.length > SHOWN) byId("events").lastChild.remove();
}

byId("watch").addEventListener("click", (event) => {
  if (stream) {
    stream.close();
    stream = null;
  } else {
    stream = new EventSource("api/events");
    stream.onmessage = (message) => {
      const data = JSON.parse(message.data);
      showEvent(element("span", `by ${data.name}`, data.name), element("span", "", `event ${data.number}`),
          element("span", "", `here ${Math.max(0, Date.now() - data.sentMillis)} ms after it was sent`));
    };
    stream.onerror = () => showEvent(element("span", "", "The stream was cut. The browser connects again."));
  }
  event.target.setAttribute("aria-pressed", String(stream !== null));
  event.target.textContent = stream ? "Stop" : "Start";
});

// ---- Begin --------------------------------------------------------------------------------------------------------

(async () => {
  const hello = await ask("hello");
  if (!hello) return;
  byId("user").textContent = hello.user;
  if (!await watchServices()) {
    byId("trouble").hidden = true;
    return;
  }
  keepAsking(true);
  setInterval(showTotals, 250);
  setInterval(watchServices, 1000);
})();
