// Asks for the page anew and takes over what has changed; whoever reads on is not disturbed.
(() => {
  const main = document.getElementById("main");
  const live = document.getElementById("live");
  const said = document.getElementById("said");
  const button = document.createElement("button");
  let paused = false, failing = 0, timer = 0, asking = false;

  const pause = () =>
    failing ? Math.min(60, 2 * 2 ** failing) : main.dataset.running === "yes" ? 2 : 20;

  const plan = () => {
    clearTimeout(timer);
    if (!paused && !document.hidden) timer = setTimeout(refresh, pause() * 1000);
  };

  const tell = () => {
    button.textContent = paused ? "Resume updates" : "Pause updates";
    live.dataset.state = paused ? "paused" : failing ? "failing" : "live";
    live.firstChild.textContent = paused ? "paused" : failing ? "no answer" : "live";
  };

  const opened = (section) =>
    new Map([...section.querySelectorAll("details[id]")].map((one) => [one.id, one.open]));

  const scrolled = (section) =>
    [...section.querySelectorAll(".scroll[id]")].map((one) => [one.id, one.scrollLeft, one.scrollTop]);

  // What is read aloud: that a run is over, never every step of it.
  const news = (page) => {
    const before = new Map([...main.querySelectorAll("[data-run]")].map((one) => [one.dataset.run, one.dataset.state]));
    return [...page.querySelectorAll("[data-run]")]
      .filter((one) => before.get(one.dataset.run) === "running" && one.dataset.state !== "running")
      .map((one) => `${one.dataset.name}: ${one.dataset.state}.`)
      .join(" ");
  };

  // What had the focus, found again: by its id, by its address, by its place in a details.
  const path = (one) => {
    if (!one) return null;
    if (one.id) return `#${CSS.escape(one.id)}`;
    if (one.matches("summary")) return `#${CSS.escape(one.parentElement.id)} > summary`;
    return one.hasAttribute("href") ? `a[href="${CSS.escape(one.getAttribute("href"))}"]` : null;
  };

  const take = (page) => {
    const told = news(page);
    for (const fresh of page.querySelectorAll("[data-live]")) {
      const old = document.getElementById(fresh.id);
      if (!old || old.innerHTML === fresh.innerHTML) continue;
      const open = opened(old), places = scrolled(old);
      const focus = old.contains(document.activeElement) ? path(document.activeElement) : null;
      for (const one of fresh.querySelectorAll("details[id]"))
        if (open.has(one.id)) one.open = open.get(one.id);
      if (old.innerHTML === fresh.innerHTML) continue;
      old.replaceChildren(...document.adoptNode(fresh).childNodes);
      for (const [id, left, top] of places) document.getElementById(id)?.scrollTo(left, top);
      if (focus) old.querySelector(focus)?.focus({ preventScroll: true });
    }
    main.dataset.running = page.getElementById("main").dataset.running;
    if (told) said.textContent = told;
  };

  const refresh = async () => {
    if (asking) return;
    asking = true;
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!paused) take(page);
      failing = 0;
    } catch {
      failing = Math.min(failing + 1, 5);
    } finally {
      asking = false;
      tell();
      plan();
    }
  };

  document.getElementById("still").remove();
  live.append(document.createElement("span"), button);
  button.type = "button";
  button.addEventListener("click", () => {
    paused = !paused;
    tell();
    if (paused) clearTimeout(timer);
    else refresh();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer);
    else if (!paused) refresh();
  });
  tell();
  plan();
})();
