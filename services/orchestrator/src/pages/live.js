// Loads the same page again every two seconds and puts its newest state in place; a button stops it.
const EVERY_MS = 2000;
const button = document.getElementById("pause");
let paused = false;

button.hidden = false;
button.addEventListener("click", () => {
  paused = !paused;
  button.setAttribute("aria-pressed", String(paused));
});

async function refresh() {
  if (paused || document.hidden) return;
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("live");
  const shown = document.getElementById("live");
  if (!fresh || fresh.innerHTML === shown.innerHTML) return;
  const held = shown.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  shown.replaceWith(document.adoptNode(fresh));
  // Whoever has tabbed to a link stays there.
  if (held) document.querySelector(`#live a[href="${CSS.escape(held)}"]`)?.focus();
}

async function live() {
  for (;;) {
    await new Promise((done) => setTimeout(done, EVERY_MS));
    await refresh().catch(() => {}); // The server is away for a moment; the page stays as it was.
  }
}

live();
