// Every two seconds, reload the elements of the page that are marked data-live.
const SECONDS = 2;

async function refresh() {
  if (document.hidden || document.querySelector("details[open]") || !getSelection().isCollapsed) return;
  const response = await fetch(location.href).catch(() => null);
  if (!response || !response.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const element of document.querySelectorAll("[data-live]")) {
    const next = fresh.querySelector(`[data-live="${element.dataset.live}"]`);
    if (next && next.innerHTML !== element.innerHTML) element.innerHTML = next.innerHTML;
  }
}

setInterval(refresh, SECONDS * 1000);
