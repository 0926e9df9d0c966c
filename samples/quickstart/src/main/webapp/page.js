"use strict";

// Every request of this page goes to the app's own origin and port; only the path decides who answers.

const byId = (id) => document.getElementById(id);
const SHOWN = 10;

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// ---- Who answers --------------------------------------------------------------------------------------------------

const nodes = new Map(); // name -> { item, count, place, bar, answers }

/** The card of one answerer; "gateway" gets one only when it had to answer itself. */
function node(name) {
  if (!nodes.has(name)) {
    const item = element("li", name);
    const count = element("span", "count", "0");
    const place = element("span", "place", name === "gateway" ? "answers itself when no service does" : "");
    const share = element("span", "share");
    const bar = element("i");
    share.append(bar);
    item.append(element("span", "name", name), count, place, share);
    byId("nodes").append(item);
    nodes.set(name, { item, count, place, bar, answers: 0 });
  }
  return nodes.get(name);
}

function count(name) {
  const answered = node(name);
  answered.answers++;
  let all = 0;
  for (const each of nodes.values()) all += each.answers;
  for (const each of nodes.values()) {
    each.count.textContent = each.answers;
    each.bar.style.width = `${(100 * each.answers) / all}%`;
    each.item.classList.toggle("now", each === answered);
  }
}

function log(line, status, name, millis) {
  byId("log").querySelector(".empty")?.remove();
  const row = element("tr");
  const by = element("td");
  by.append(element("span", `by ${name}`, name));
  row.append(element("td", "mono", line), element("td", "", status), by,
      element("td", "number", `${millis.toFixed(millis < 10 ? 1 : 0)} ms`));
  byId("log").prepend(row);
  while (byId("log").children.length > SHOWN) byId("log").lastChild.remove();
}

/** Sends one GET and enters who answered it; the answer's JSON, or null when there is none. */
async function ask(path) {
  const begin = performance.now();
  let response;
  try {
    response = await fetch(path, { cache: "no-store", headers: { Accept: "application/json" } });
  } catch (lost) {
    log(`GET /${path}`, "–", "nobody", performance.now() - begin);
    return null;
  }
  if (response.redirected) { // to the login page: the session has ended
    location.reload();
    return null;
  }
  // The app and the services say their name; the gateway's own answers have none.
  const name = response.headers.get("Answered-By") ?? "gateway";
  count(name);
  log(`GET /${path}`, response.status, name, performance.now() - begin);
  if (!response.ok) return null;
  const answer = await response.json();
  if (answer.fields) {
    node(name).place.textContent = `process ${answer.process}, port ${answer.port}`;
    showReceived(answer);
  }
  return answer;
}

for (const button of document.querySelectorAll("[data-ask]")) {
  button.addEventListener("click", () => ask(button.dataset.ask));
}

byId("many").addEventListener("click", async (event) => {
  event.target.disabled = true;
  for (let i = 0; i < 20; i++) await ask("api/whoami");
  event.target.disabled = false;
});

let steady = null;
byId("steady").addEventListener("click", (event) => {
  if (steady === null) {
    steady = setInterval(() => ask("api/whoami"), 200);
  } else {
    clearInterval(steady);
    steady = null;
  }
  event.target.setAttribute("aria-pressed", String(steady !== null));
  event.target.textContent = steady === null ? "Keep asking" : "Stop asking";
});

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
    count(by);
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
  node("app").place.textContent = "the servlet of this WAR";
  const hello = await ask("hello");
  if (!hello) return;
  byId("user").textContent = hello.user;
  node("app").place.textContent = `the servlet of this WAR, process ${hello.process}`;
  hello.services.forEach((address, index) => {
    node(`service-${index + 1}`).place.textContent = `port ${new URL(address).port}`;
  });
})();
