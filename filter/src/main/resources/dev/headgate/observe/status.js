"use strict";
// Fetches this very page again and takes over what differs: one template makes both, what is open stays open, and what
// is being typed stays typed.
(() => {
  const EVERY_MILLIS = 3000;
  const live = document.getElementById("live");
  const pause = document.createElement("button");
  let paused = false;
  let asking = false;
  let last = Date.now();

  function alike(one, other) {
    return one.nodeType === other.nodeType && one.nodeName === other.nodeName
        && (one.nodeType !== 1 || one.dataset.key === other.dataset.key);
  }

  function takeOver(now, next, keepFeedback) {
    if (now.nodeType !== 1) {
      if (now.data !== next.data) now.data = next.data;
      return;
    }
    if (now.id === "live" || (now.id === "feedback" && keepFeedback)) return;
    for (const { name } of [...now.attributes]) {
      if (name !== "open" && !next.hasAttribute(name)) now.removeAttribute(name);
    }
    for (const { name, value } of [...next.attributes]) {
      if (name !== "open" && now.getAttribute(name) !== value) now.setAttribute(name, value);
    }
    const wanted = [...next.childNodes];
    wanted.forEach((child, i) => {
      let mine = now.childNodes[i];
      if (mine && !alike(mine, child)) {
        const later = child.nodeType === 1 && child.dataset.key !== undefined
            ? [...now.children].find((each) => alike(each, child)) : undefined;
        now.insertBefore(later ?? document.importNode(child, true), mine);
        mine = now.childNodes[i];
      }
      if (mine) takeOver(mine, child, keepFeedback);
      else now.append(document.importNode(child, true));
    });
    while (now.childNodes.length > wanted.length) now.lastChild.remove();
  }

  async function load(request, isAction) {
    const response = await fetch(location.pathname, { ...request, cache: "no-store", credentials: "same-origin",
      redirect: "error", headers: { ...request.headers, Accept: "text/html" } });
    const next = new DOMParser().parseFromString(await response.text(), "text/html");
    // A login page or an error page of the app is none of ours.
    if (!next.getElementById("live")) throw new Error(`status ${response.status}`);
    document.title = next.title;
    document.querySelector("link[rel=icon]").href = next.querySelector("link[rel=icon]").href;
    for (const part of ["header", "main", "footer"]) {
      takeOver(document.querySelector(`body > ${part}`), next.querySelector(`body > ${part}`), !isAction);
    }
    last = Date.now();
  }

  function tell(lost) {
    live.classList.toggle("lost", lost);
    const seconds = Math.round((Date.now() - last) / 1000);
    live.firstElementChild.textContent = lost ? `No answer for ${seconds} s: this is how it was`
        : paused ? `Paused ${seconds} s ago` : "Live";
  }

  async function refresh() {
    if (paused || asking || document.hidden) return;
    asking = true;
    try {
      await load({}, false);
      tell(false);
    } catch (lost) {
      tell(true);
    } finally {
      asking = false;
    }
  }

  document.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const button = event.submitter;
    if (button?.dataset.confirm && !confirm(button.dataset.confirm)) return;
    const fields = new URLSearchParams(new FormData(form));
    if (button?.name) fields.set(button.name, button.value);
    if (button) button.disabled = true;
    asking = true;
    try {
      await load({ method: "POST", body: fields }, true);
      tell(false);
    } catch (lost) {
      tell(true);
    } finally {
      asking = false;
      if (button) button.disabled = false;
    }
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("#feedback .plain")) {
      const feedback = document.getElementById("feedback");
      feedback.replaceChildren();
      feedback.className = "";
    }
  });

  pause.type = "button";
  pause.textContent = "Pause";
  pause.addEventListener("click", () => {
    paused = !paused;
    last = Date.now();
    pause.textContent = paused ? "Go on" : "Pause";
    tell(false);
    refresh();
  });
  live.replaceChildren(document.createElement("span"), pause);
  tell(false);
  setInterval(() => (paused ? tell(false) : refresh()), EVERY_MILLIS);
  document.addEventListener("visibilitychange", refresh);
})();
